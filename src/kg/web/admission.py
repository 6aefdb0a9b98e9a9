"""Who is connected: how many in all, how many from one address, and who must make room for the next.

A connection on which the server waits for a request, or for the rest of one, is worth less than a new one: when
all are taken, the one that has been waited for longest is closed. Only when every connection has a whole request
under way is the next one turned away.
"""

import ipaddress
from collections import Counter
from typing import Protocol

from kg.errors import TooManyConnections, TooManyOfOneClient
from kg.settings import Settings
from kg.web.forwarded import Proxies

_RETRY_SECONDS = 5
_REFUSED_SHARE, _REFUSED_LEAST = 4, 16
_IPV6_CLIENT = 64
"""Bits of an IPv6 address that one client has for itself."""


class Guest(Protocol):
    """One connection, as the admission sees it."""

    @property
    def address(self) -> str:
        """The address of the other side; empty where there is none."""

    def make_room(self) -> None:
        """Close, for another's sake."""


class Admission:
    """The connections of one server process."""

    def __init__(self, settings: Settings) -> None:
        self._most, self._most_of_one = settings.connections, settings.connections_per_client
        self._proxies = Proxies(settings.forwarded_allow_ips)
        self._guests: set[Guest] = set()
        self._of_client: Counter[str] = Counter()
        self._waiting: dict[Guest, None] = {}
        self._refused: set[Guest] = set()

    def __len__(self) -> int:
        return len(self._guests)

    def enter(self, guest: Guest) -> None:
        """Admit a connection.

        Raises:
            TooManyOfOneClient, TooManyConnections: it is to be told so and closed.
        """
        client = self._client(guest)
        if client and self._of_client[client] >= self._most_of_one:
            self._refused.add(guest)
            most = self._most_of_one
            detail = f"Your address has {most:,} connections open already; close some, or wait."
            raise TooManyOfOneClient(detail, limit=most, retry_after=_RETRY_SECONDS)
        if len(self._guests) >= self._most and not self._made_room():
            self._refused.add(guest)
            raise TooManyConnections(
                f"The server is busy with {self._most:,} connections. Try again in {_RETRY_SECONDS} s.",
                limit=self._most,
                retry_after=_RETRY_SECONDS,
            )
        self._guests.add(guest)
        if client:
            self._of_client[client] += 1

    @property
    def overrun(self) -> bool:
        """Whether even those turned away are too many to be told why."""
        return len(self._refused) > max(self._most // _REFUSED_SHARE, _REFUSED_LEAST)

    def waits(self, guest: Guest) -> None:
        """From now on the server waits for this connection's next request to arrive whole."""
        if guest in self._guests:
            self._waiting.setdefault(guest)

    def works(self, guest: Guest) -> None:
        """The connection has a request under way."""
        self._waiting.pop(guest, None)

    def leave(self, guest: Guest) -> None:
        """The connection is gone, or as good as gone; saying so twice does no harm."""
        self._refused.discard(guest)
        self._waiting.pop(guest, None)
        if guest in self._guests:
            self._guests.remove(guest)
            if client := self._client(guest):
                self._of_client[client] -= 1
                if not self._of_client[client]:
                    del self._of_client[client]

    def _made_room(self) -> bool:
        longest = next(iter(self._waiting), None)
        if longest is None:
            return False
        self.leave(longest)
        longest.make_room()
        self._refused.add(longest)
        return True

    def _client(self, guest: Guest) -> str:
        """Whom a connection counts for; empty for a proxy, which has many clients behind it."""
        if not guest.address or guest.address in self._proxies:
            return ""
        address = ipaddress.ip_address(guest.address.partition("%")[0])
        if address.version == 4:  # noqa: PLR2004 - the number of the protocol
            return str(address)
        return str(ipaddress.ip_network((int(address), _IPV6_CLIENT), strict=False))
