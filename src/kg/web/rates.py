"""How much one client may ask in a minute: requests, and seconds for which its queries held a reader.

A request is counted when it comes, the seconds when the reader is free again: nobody knows before what a query
costs. So a client that has used its seconds up is refused until the minute is over; it may have overdrawn by
what was under way. Counted in this process and per client of :func:`kg.engine.caller.client_of`.
"""

import ipaddress
import math
import time
from functools import lru_cache, partial

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from kg.engine.caller import ASKING, Caller, Client, client_of, unmetered
from kg.errors import QuotaExceeded
from kg.settings import Settings

_WINDOW = 60
_MILLI = 1_000
_REMEMBERED = 4_096
_FREE = ("HEAD", "OPTIONS")
_COUNTED, _RATES = "kg.counted", "kg.rates"
_REQUESTS, _SECONDS = "requests", "query-seconds"


class Rates:
    """The quotas of all clients; 0 lifts one. ``window`` in seconds."""

    def __init__(self, requests: int, seconds: int, trusted: tuple[str, ...] = (), window: int = _WINDOW) -> None:
        quotas = {_REQUESTS: requests, _SECONDS: seconds * _MILLI}
        self._window = window
        self._items: dict[str, RateLimitItem] = {
            name: RateLimitItemPerSecond(most, window, namespace=name) for name, most in quotas.items() if most
        }
        self._trusted = [ipaddress.ip_network(network, strict=False) for network in trusted]
        self._counts = FixedWindowRateLimiter(MemoryStorage())
        self.trusts = lru_cache(maxsize=_REMEMBERED)(self._trusted_by_network)

    @classmethod
    def of(cls, settings: Settings) -> "Rates":
        """The quotas that the settings give."""
        return cls(settings.rate_requests, settings.rate_seconds, settings.trusted_networks)

    def _trusted_by_network(self, address: str) -> bool:
        """Whether the quotas do not hold for an address; ``trusts`` is the same, remembered."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self._trusted)

    def charge(self, client: Client, seconds: float) -> None:
        """A query of the client has held a reader for so long."""
        if item := self._items.get(_SECONDS):
            self._counts.hit(item, client, cost=max(1, round(seconds * _MILLI)))

    def admit(self, client: Client, *, counted: bool = True) -> dict[str, str]:
        """Count a request, and tell in header fields what is left; ``counted`` false only looks at the quotas.

        Raises:
            QuotaExceeded: one of the quotas is used up.
        """
        if not self._items:
            return {}
        spent = [name for name in self._items if not self._has_left(name, client, counted=counted)]
        fields = self._fields(client)
        if spent:
            raise self._exceeded(spent, client, fields)
        return fields

    def _has_left(self, name: str, client: Client, *, counted: bool) -> bool:
        if name == _REQUESTS and counted:
            return self._counts.hit(self._items[name], client)
        return name == _REQUESTS or self._counts.test(self._items[name], client)

    def _fields(self, client: Client) -> dict[str, str]:
        """``RateLimit-Policy`` and ``RateLimit`` as draft-ietf-httpapi-ratelimit-headers writes them."""
        policies, states = [], []
        for name, item in self._items.items():
            unit, scale = ("", 1) if name == _REQUESTS else (f';qu="{name}"', _MILLI)
            left = self._counts.get_window_stats(item, client).remaining // scale
            policies.append(f'"{name}";q={item.amount // scale}{unit};w={self._window}')
            states.append(f'"{name}";r={left};t={self._reset(name, client)}')
        return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}

    def _reset(self, name: str, client: Client) -> int:
        """Seconds until the quota is whole again."""
        stats = self._counts.get_window_stats(self._items[name], client)
        return max(1, min(self._window, math.ceil(stats.reset_time - time.time())))

    def _exceeded(self, spent: list[str], client: Client, fields: dict[str, str]) -> QuotaExceeded:
        again = max(self._reset(name, client) for name in spent)
        most = {name: item.amount for name, item in self._items.items()}
        allowed = {
            _REQUESTS: f"{most.get(_REQUESTS, 0):,} requests",
            _SECONDS: f"{most.get(_SECONDS, 0) // _MILLI:,} seconds of query time",
        }
        told = " and ".join(allowed[name] for name in spent)
        detail = f"You have used your {told} per {self._window} s. Go on in {again} s, or download /export instead."
        return QuotaExceeded(detail, fields, retry_after=again, **{"violated-policies": spent})


class Callers:
    """Middleware: names the caller of every request for what runs on its behalf."""

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        address = (scope.get("client") or ("unknown",))[0]
        client = client_of(address)
        rates = None if self._rates.trusts(address) else self._rates
        # Into the scope itself, which those outside read the route from afterwards.
        scope[_RATES], scope[_COUNTED] = rates, scope["method"] not in _FREE
        token = ASKING.set(Caller("house", client, partial(rates.charge, client) if rates else unmetered))
        try:
            await self._app(scope, receive, send)
        finally:
            ASKING.reset(token)


def stranger() -> Caller:
    """Who asks, as the author of a query of their own."""
    house = ASKING.get()
    return Caller("public", house.client, house.meter, house.turn)


def admit(request: Request) -> dict[str, str]:
    """Count a request that asks the engine; the header fields that tell what is left.

    Raises:
        QuotaExceeded: the client has used its share.
    """
    rates: Rates | None = request.scope.get(_RATES)
    return rates.admit(ASKING.get().client, counted=request.scope[_COUNTED]) if rates else {}
