"""Another SPARQL server over HTTP: how it is let in to, asked, and what its refusals mean."""

import asyncio
import logging
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

import httpx2

from kg.errors import (
    KgError,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    StoreFailure,
    StoreUnreachable,
    TooBusy,
)
from kg.settings import Settings
from kg.terms import Iri

log = logging.getLogger("kg.engine.endpoint")

BEHIND = "The SPARQL server behind this one"
_CONNECT_SECONDS = 5.0
_SHOWN = 300
_READ_OF_A_REFUSAL = 4_000
_BROKEN = (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)
_TOO_SLOW = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT}
_TOO_LONG = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_URI_TOO_LONG}
_BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_CLOSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_TIMED_OUT = ("s1t00", "timed out", "timeout", "time limit", "execution time")
"""How servers that answer 500 to it say that a query ran too long."""


class Credentials(httpx2.Auth):
    """A bearer token, or user and password as the server asks for them: Digest before Basic.

    The password is never sent before the server has said how it wants it.
    """

    def __init__(self, user: str, password: str, token: str) -> None:
        self._user, self._password, self._token = user, password, token
        self._known: httpx2.Auth | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Credentials":
        """Those of the settings; without any, nothing is sent."""
        token, password = settings.store_token.get_secret_value(), settings.store_password.get_secret_value()
        return cls(settings.store_user, password, token)

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        if self._known is None:
            response = yield request
            if response.status_code != HTTPStatus.UNAUTHORIZED or not self._user or self._token:
                return
            self._known = self._wanted(response.headers.get("www-authenticate", ""))
        yield from self._known.auth_flow(request)

    def _wanted(self, challenge: str) -> httpx2.Auth:
        if "digest" in challenge.lower():
            return httpx2.DigestAuth(self._user, self._password)
        return httpx2.BasicAuth(self._user, self._password)


@dataclass(frozen=True)
class Dataset:
    """The graphs (IRIs) that a query is about; none of either kind leaves it to the query and the server."""

    default: tuple[Iri, ...] = ()
    named: tuple[Iri, ...] = ()

    def fields(self) -> list[tuple[str, str]]:
        """The parameters of the protocol."""
        default = [("default-graph-uri", graph) for graph in self.default]
        return default + [("named-graph-uri", graph) for graph in self.named]


class Endpoint:
    """The query address of a server. Redirects are not followed: it is this server, or none.

    ``who`` is what it is called in errors, which strangers read.
    """

    def __init__(self, url: str, credentials: Credentials | None, connections: int, who: str = BEHIND) -> None:
        self._url, self.who = url, who
        self._client = httpx2.AsyncClient(
            auth=credentials,
            timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS),
            limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
            trust_env=False,
        )

    async def ask(self, query: str, accept: str, dataset: Dataset) -> httpx2.Response:
        """The answer to a query as it begins, with a status of success; the caller closes it.

        Raises:
            StoreUnreachable, StoreFailure, QuerySyntaxError, QueryTimeout, QueryTooLarge, TooBusy
        """
        fields = [("query", query), *dataset.fields()]
        response = await self._sent(urlencode(fields).encode(), accept)
        if response.status_code == HTTPStatus.OK:
            if not _is_framed(response):
                await response.aclose()
                raise StoreFailure("The store's answers have no length; one that breaks off could not be told.")
            return response
        try:
            words = await _beginning(response)
        finally:
            await response.aclose()
        raise refusal(self.who, response.status_code, words, response.headers.get("retry-after"))

    async def _sent(self, body: bytes, accept: str) -> httpx2.Response:
        """The response; a kept connection that the server has closed meanwhile is replaced once."""
        headers = {"Accept": accept, "Content-Type": "application/x-www-form-urlencoded"}
        for last in (False, True):
            request = self._client.build_request("POST", self._url, content=body, headers=headers)
            try:
                return await self._client.send(request, stream=True)
            except httpx2.TransportError as error:
                if last or not isinstance(error, _BROKEN):
                    raise unreachable(self.who, error) from error
        raise AssertionError  # the loop returns or raises

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _is_framed(response: httpx2.Response) -> bool:
    """Whether the end of the answer can be told from its breaking off."""
    headers = response.headers
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    return chunked or "content-length" in headers or response.http_version not in {"HTTP/1.0", "HTTP/1.1"}


async def _beginning(response: httpx2.Response) -> str:
    data = b""
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            async for piece in response.aiter_bytes():
                data += piece
                if len(data) >= _READ_OF_A_REFUSAL:
                    break
    except (httpx2.HTTPError, TimeoutError):
        pass
    return data.decode("utf-8", "replace")


def unreachable(who: str, error: Exception) -> StoreUnreachable:
    """The error for a server to which no connection could be made, or which broke it off."""
    reason = str(error) or type(error).__name__
    return StoreUnreachable(f"{who} cannot be reached: {reason[:_SHOWN]}.", retry_after=5)


def refusal(who: str, status: int, words: str, retry_after: str | None = None) -> KgError:
    """What another server's status means for those who asked; its own words go along, cut to size."""
    said = " ".join(words.split())[:_SHOWN] or "no reason given"
    too_slow = status >= HTTPStatus.INTERNAL_SERVER_ERROR and any(sign in said.lower() for sign in _TIMED_OUT)
    if too_slow or status in _TOO_SLOW:
        return QueryTimeout(f"{who} stopped the query, which took it too long; narrow it.")
    if status == HTTPStatus.BAD_REQUEST:
        return QuerySyntaxError(f"{who} does not take the query: {said}")
    if status in _TOO_LONG:
        return QueryTooLarge(f"{who} takes no query of this length; shorten it.")
    if status in _BUSY:
        wait = int(retry_after) if retry_after and retry_after.isdecimal() else 1
        return TooBusy(f"{who} is busy: {said}", retry_after=wait)
    log.warning("store refused status=%d words=%r", status, said)
    if status in _CLOSED:
        hint = "set KG_STORE_USER and KG_STORE_PASSWORD, or KG_STORE_TOKEN, to one that may"
        return StoreFailure(f"{who} does not let us in ({status}); {hint}.", remote_status=status)
    return StoreFailure(f"{who} answered {status}: {said}", remote_status=status)


def accepts(media_types: Iterable[str]) -> str:
    """An ``Accept`` header for the types, best first."""
    return ", ".join(f"{name};q={max(0.1, 1 - place / 10):g}" for place, name in enumerate(media_types))
