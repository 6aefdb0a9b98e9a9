"""Answers kept for the next caller: a snapshot never changes, so neither does what it answers.

The cache belongs to one snapshot and goes with it. It is bounded by the bytes of the answers; one that is large,
unfinished or not the same each time (``RAND()``, ``NOW()``, …) is not kept. What is asked by several at once is
evaluated once.
"""

import re
from dataclasses import dataclass
from functools import partial

from cachetools import LRUCache

from kg.engine.flights import Flights, at_once
from kg.engine.frames import Family
from kg.engine.limits import Limits
from kg.engine.store import Answer, Request, Store
from kg.formats import MediaType

_LARGEST_SHARE = 16
_VARYING = re.compile(r"\b(NOW|RAND|UUID|STRUUID|BNODE)\b", re.IGNORECASE)
"""May hit a variable or a text, too; then an answer is not kept that could have been."""


@dataclass(frozen=True)
class _Kept:
    media_type: MediaType
    family: Family
    body: bytes
    query: str


class CachedStore:
    """A store that answers what it has answered before from memory; ``size`` in bytes, 0 keeps nothing."""

    def __init__(self, store: Store, size: int) -> None:
        self._store = store
        self._largest = size // _LARGEST_SHARE
        self._kept: LRUCache[Request, _Kept] = LRUCache(size, getsizeof=_size)
        self._flights = Flights(store, self._largest)
        self.hits = 0
        self.misses = 0

    async def answer(self, request: Request, limits: Limits | None = None) -> Answer:
        """The answer of the store behind, the one that it gave before, or the one that it is about to give.

        Raises:
            KgError: as the store behind; errors are not kept.
        """
        kept = self._kept.get(request)
        if kept is not None:
            self.hits += 1
            return at_once(kept.media_type, kept.family, kept.body)
        self.misses += 1
        if not self._largest or varies(request.query):
            return await self._store.answer(request, limits)
        return await self._flights.answer(request, limits, partial(self._keep, request))

    def _keep(self, request: Request, answer: Answer, body: bytes) -> None:
        kept = _Kept(answer.media_type, answer.family, body, request.query)
        if _size(kept) <= self._kept.maxsize:
            self._kept[request] = kept

    async def close(self) -> None:
        """Forget everything and close the store behind."""
        self._kept.clear()
        await self._flights.close()
        await self._store.close()


def varies(query: str) -> bool:
    """Whether a query may answer otherwise the next time, over the same snapshot."""
    return _VARYING.search(query) is not None


def _size(kept: _Kept) -> int:
    return len(kept.body) + len(kept.query)
