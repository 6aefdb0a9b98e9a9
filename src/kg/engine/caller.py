"""Who asks: the lane and the client of a query, which decide when it gets a reader, never what it answers."""

import ipaddress
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias

Lane: TypeAlias = Literal["house", "public"]
"""``house``: queries of our own library, behind pages and endpoints. ``public``: SPARQL that a stranger wrote."""

Client: TypeAlias = str
"""The key of a client: an IPv4 address, an IPv6 /64 network; empty for the house itself."""

Meter: TypeAlias = Callable[[float], None]
"""Told the seconds for which a query held a reader, or kept another server busy."""

_V6_BITS = 64


def unmetered(_: float) -> None:
    """The meter of those who are not counted."""


def at_once() -> None:
    """The signal of those who need not know when their turn comes."""


@dataclass(frozen=True)
class Caller:
    """One caller: two are equal when they share lane and client.

    ``meter`` is charged when a reader comes back; ``turn`` is called when a reader is granted.
    """

    lane: Lane
    client: Client = ""
    meter: Meter = field(default=unmetered, compare=False, repr=False)
    turn: Callable[[], None] = field(default=at_once, compare=False, repr=False)


HOUSE = Caller("house")
"""The command line, and whatever asks without a client: no client's bounds hold for it."""

ASKING: ContextVar[Caller] = ContextVar("asking", default=HOUSE)
"""The caller on whose behalf the current task runs, in the house's lane; set once per HTTP request."""


@lru_cache(maxsize=4096)
def client_of(address: str) -> Client:
    """The key of an address: IPv6 by its /64, which is what one customer gets; other text stands for itself."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100] or "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _V6_BITS), strict=False))
