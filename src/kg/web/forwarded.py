"""Where the server stands: the path at which it is shown, and what trusted proxies say of scheme, host and client."""

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from kg.settings import Settings

_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?")
_WITH_PORT = re.compile(r"\[([0-9a-fA-F:.]+)\](?::\d+)?|([0-9.]+):\d+")
_REMEMBERED = 4_096


class Proxies:
    """The addresses of the proxies that are believed: addresses and networks with commas between them, or ``*``."""

    def __init__(self, allowed: str) -> None:
        names = [name.strip() for name in allowed.split(",") if name.strip()]
        self._all = "*" in names
        self._believes = lru_cache(maxsize=_REMEMBERED)(self._believed)
        self._networks = [ipaddress.ip_network(name) for name in names if name != "*"]

    def __contains__(self, address: str) -> bool:
        return self._believes(address)

    def _believed(self, address: str) -> bool:
        known = plain(address)
        return self._all or bool(known and any(ipaddress.ip_address(known) in one for one in self._networks))


def plain(text: str) -> str:
    """An address without brackets, port, zone and the wrapping of IPv4 in IPv6; empty where it is none.

    ``::ffff:192.0.2.1`` → ``192.0.2.1``, ``[2001:db8::1]:443`` → ``2001:db8::1``.
    """
    found = _WITH_PORT.fullmatch(text.strip())
    bare = (found[1] or found[2]) if found else text.strip()
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


class Forwarded:
    """Corrects what the connection says of scheme, host and client, if a trusted proxy stands at its other end.

    The path of a request is the same with and without the prefix, as proxies may strip it or leave it.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._proxies = Proxies(settings.forwarded_allow_ips)
        self._root = settings.root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": list(scope["headers"])}
            told = any(name.startswith(b"x-forwarded-") for name, _ in scope["headers"])
            if told and scope["client"] and scope["client"][0] in self._proxies:
                self._believe(scope)
            if self._root and scope["path"] == self._root:
                await RedirectResponse(f"{self._root}/", 308)(scope, receive, send)
                return
            if self._root:
                self._place(scope)
        await self._app(scope, receive, send)

    def _believe(self, scope: Scope) -> None:
        scheme = _last(scope, b"x-forwarded-proto").lower()
        if scheme in ("http", "https"):
            scope["scheme"] = scheme
        if _HOST.fullmatch(host := _last(scope, b"x-forwarded-host")):
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope["headers"] = [(b"host", host.encode("ascii")), *others]
        if client := self._client(_values(scope, b"x-forwarded-for")):
            scope["client"] = (client, 0)

    def _client(self, chain: list[str]) -> str:
        """The nearest address that is no trusted proxy's; each proxy appends the one that it was asked from."""
        nearest = ""
        for entry in reversed(chain):
            address = plain(entry)
            if not address:
                break
            nearest = address
            if address not in self._proxies:
                break
        return nearest

    def _place(self, scope: Scope) -> None:
        scope["root_path"] = self._root
        if not scope["path"].startswith(f"{self._root}/"):
            scope["path"] = self._root + scope["path"]
            scope["raw_path"] = self._root.encode() + scope.get("raw_path", b"")


def _values(scope: Scope, header: bytes) -> list[str]:
    return list(_split(value.decode("latin-1") for name, value in scope["headers"] if name == header))


def _split(values: Iterator[str]) -> Iterator[str]:
    for value in values:
        yield from (part.strip() for part in value.split(",") if part.strip())


def _last(scope: Scope, header: bytes) -> str:
    """The value that the nearest proxy set."""
    return next(reversed(_values(scope, header)), "")
