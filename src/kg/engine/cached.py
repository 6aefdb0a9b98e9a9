"""Answers kept for the next caller: a snapshot never changes, so neither does what it answers.

The cache belongs to one snapshot and goes with it. It is bounded by the bytes of the answers; one that is large,
unfinished or not the same each time (``RAND()``, ``NOW()``, ``SERVICE``, …) is not kept.
"""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cachetools import LRUCache

from kg.engine.frames import Family
from kg.engine.limits import Limits
from kg.engine.stats import PoolStats
from kg.engine.store import Answer, Request, Store
from kg.errors import KgError
from kg.formats import MediaType

_LARGEST_SHARE = 16
_VARYING = tuple(
    re.compile(rf"{word}(?<!\w{word})\b") for word in ("NOW", "RAND", "UUID", "STRUUID", "BNODE", "SERVICE")
)
"""May hit a variable or a text, too; then an answer is not kept that could have been."""


@dataclass(frozen=True)
class Kept:
    """An answer in memory."""

    media_type: MediaType
    family: Family
    body: bytes
    query: str


class CachedStore:
    """A store that answers what it has answered before from memory; ``size`` in bytes, 0 keeps nothing."""

    def __init__(self, store: Store, size: int) -> None:
        self.behind = store
        self._largest = size // _LARGEST_SHARE
        self._kept: LRUCache[Request, Kept] = LRUCache(size, getsizeof=_size)
        self.hits = 0
        self.misses = 0

    @property
    def size(self) -> int:
        """The bytes that the kept answers take."""
        return int(self._kept.currsize)

    async def answer(self, request: Request, limits: Limits | None = None) -> Answer:
        """The answer of the store behind, or the one that it gave before.

        Raises:
            KgError: as the store behind; errors are not kept.
        """
        if (kept := self.kept(request)) is not None:
            return Answer(kept.media_type, kept.family, _at_once(kept.body), _nothing, kept.body)
        self.misses += 1
        answer = await self.behind.answer(request, limits)
        if varies(request.query):
            return answer
        if answer.whole is not None:
            self._keep(request, Kept(answer.media_type, answer.family, answer.whole, request.query))
            return answer
        return Answer(answer.media_type, answer.family, self._keeping(request, answer), answer.close)

    async def several(self, requests: Sequence[Request]) -> list[bytes | KgError]:
        """What is in memory of some answers, and the rest from the store behind; failures are not kept."""
        found: dict[Request, bytes | KgError] = {
            request: kept.body for request in requests if (kept := self.kept(request)) is not None
        }
        missing = [request for request in dict.fromkeys(requests) if request not in found]
        self.misses += len(missing)
        for request, body in zip(missing, await self.behind.several(missing), strict=True):
            found[request] = body
            if isinstance(body, bytes) and request.accept.solutions:
                self._keep(request, Kept(request.accept.solutions, "solutions", body, request.query))
        return [found[request] for request in requests]

    def kept(self, request: Request) -> Kept | None:
        """What was answered before, if it is still in memory."""
        kept = self._kept.get(request)
        self.hits += kept is not None
        return kept

    def _keep(self, request: Request, kept: Kept) -> None:
        if len(kept.body) <= self._largest:
            self._kept[request] = kept

    async def _keeping(self, request: Request, answer: Answer) -> AsyncIterator[bytes]:
        pieces: list[bytes] = []
        size = 0
        async for chunk in answer.chunks:
            size += len(chunk)
            if size <= self._largest:
                pieces.append(chunk)
            yield chunk
        if size <= self._largest:
            self._keep(request, Kept(answer.media_type, answer.family, b"".join(pieces), request.query))

    def stats(self) -> PoolStats:
        """Those of the store behind."""
        return self.behind.stats()

    async def close(self) -> None:
        """Forget everything and close the store behind."""
        self._kept.clear()
        await self.behind.close()


@lru_cache(maxsize=16)
def varies(query: str) -> bool:
    """Whether a query may answer otherwise the next time, over the same snapshot."""
    letters = query.upper()
    return any(word.search(letters) for word in _VARYING)


def _size(kept: Kept) -> int:
    return len(kept.body) + len(kept.query)


async def _at_once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _nothing() -> None:
    """There is nothing to close: the answer is in memory."""
