"""The one way to ask the graph: query text in, media type and bytes out.

Nothing above this module knows what answers: here it is an immutable snapshot read by processes that can be
killed; any other SPARQL 1.1 server can stand behind the same :class:`Store`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kg.engine import batch
from kg.engine.caller import HOUSE, Caller
from kg.engine.exchange import Exchange
from kg.engine.frames import Family, Manner, Question
from kg.engine.limits import Limits
from kg.engine.pool import Pool
from kg.engine.precheck import DatasetClause, check_politely
from kg.engine.stats import PoolStats
from kg.errors import KgError
from kg.formats import MediaType

__all__ = ["Accept", "Answer", "EmbeddedStore", "Limits", "Request", "Store", "one_by_one", "question"]

_ABREAST = 2
"""Readers that share what belongs together."""
_AT_ONCE = 8


@dataclass(frozen=True)
class Accept:
    """The media type to write for each form of result; ``None`` where the caller can use none.

    Before a query is evaluated nobody knows whether it is a SELECT or a CONSTRUCT. The answer to an ASK is
    written like solutions.
    """

    solutions: MediaType | None = None
    graph: MediaType | None = None


@dataclass(frozen=True)
class Request:
    """A query, what to write, and the graphs (IRIs) that replace its own dataset clause, if any are given.

    ``caller`` says who asks. It makes no difference to the answer, and so none to whether two requests are equal.
    """

    query: str
    accept: Accept
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    caller: Caller = field(default=HOUSE, compare=False, repr=False)


@dataclass(frozen=True)
class Answer:
    """An answer on its way.

    ``chunks`` raises a :class:`kg.errors.KgError` if the engine fails after the first of them. Whoever stops
    before the end calls :meth:`aclose`; doing so after it does no harm. ``whole`` is all of it, where that is
    there already; ``chunks`` gives the same then.
    """

    media_type: MediaType
    family: Family
    chunks: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]
    whole: bytes | None = None

    async def aclose(self) -> None:
        """Stop the evaluation if it is still under way."""
        await self.close()


class Store(Protocol):
    """What answers queries."""

    async def answer(self, request: Request, limits: Limits | None = None) -> Answer:
        """Evaluate a query.

        Raises:
            KgError: whatever is wrong with the query or its cost and shows before the first bytes do.
        """

    async def several(self, requests: Sequence[Request]) -> list[bytes | KgError]:
        """The whole answers to some queries of one caller that belong together, or the failure of each.

        They are the house's own, so that nobody looks whether their text is harmless, and give the same each time.
        """

    def stats(self) -> PoolStats:
        """What its places are doing: query processes, or queries at another server."""

    async def close(self) -> None:
        """Let go of processes, files and connections; what is under way fails."""


class EmbeddedStore:
    """A snapshot directory, queried by ``readers`` processes at once, ``public_readers`` of them for strangers.

    The latter 0 is all but one; of a single reader another is made for the house. ``prefixes`` shorten the IRIs of
    Turtle and RDF/XML results. ``limits`` hold for every query; a single one may be given others, but for the
    memory, which is that of the processes.
    """

    def __init__(
        self,
        directory: Path,
        limits: Limits,
        readers: int = 2,
        prefixes: Mapping[str, str] | None = None,
        public_readers: int = 0,
    ) -> None:
        self._limits = limits
        self._pool = Pool(directory, limits, readers, dict(prefixes or {}), public_readers)

    @property
    def pids(self) -> set[int]:
        """The query processes that are alive, for metrics."""
        return self._pool.pids

    def stats(self) -> PoolStats:
        """What the query processes are doing."""
        return self._pool.stats()

    @property
    def load(self) -> tuple[int, int]:
        """The queries that have a reader, and those that wait for one."""
        return self._pool.busy, self._pool.waiting

    async def answer(self, request: Request, limits: Limits | None = None) -> Answer:
        limits = limits or self._limits
        clause = await check_politely(request.query, limits)
        exchange = Exchange(self._pool, await self._pool.take(request.caller), limits)
        family, media_type = await exchange.begin(question(request, clause, limits))
        return Answer(media_type, family, exchange.chunks(), exchange.aclose, exchange.whole)

    async def several(self, requests: Sequence[Request]) -> list[bytes | KgError]:
        order = sorted(range(len(requests)), key=lambda place: -len(requests[place].query))
        parts = [part for part in (order[start::_ABREAST] for start in range(_ABREAST)) if part]
        told = await asyncio.gather(*(self._together([requests[place] for place in part]) for part in parts))
        found = {
            place: body
            for part, bodies in zip(parts, told, strict=True)
            for place, body in zip(part, bodies, strict=True)
        }
        return [found[place] for place in range(len(requests))]

    async def _together(self, requests: Sequence[Request]) -> list[bytes | KgError]:
        """The answers of one reader, one after the other."""
        questions = [question(request, DatasetClause(), self._limits) for request in requests]
        return await batch.answers(self._pool, requests[0].caller, questions, self._limits)

    async def close(self) -> None:
        await self._pool.close()


async def read(answer: Answer) -> bytes:
    """All of an answer.

    Raises:
        KgError: the engine fails on the way.
    """
    try:
        return b"".join([chunk async for chunk in answer.chunks])
    finally:
        await answer.aclose()


async def one_by_one(store: Store, requests: Sequence[Request]) -> list[bytes | KgError]:
    """What :meth:`Store.several` promises, of a store that answers one query at a time."""

    turns = asyncio.Semaphore(_AT_ONCE)

    async def whole(request: Request) -> bytes | KgError:
        try:
            async with turns:
                return await read(await store.answer(request))
        except KgError as error:
            return error

    return await asyncio.gather(*map(whole, requests))


def question(request: Request, clause: DatasetClause, limits: Limits, *, form_only: bool = False) -> Question:
    """What a reader is asked for a request."""
    manner = Manner(
        solutions=request.accept.solutions,
        graph=request.accept.graph,
        default_graphs=request.default_graphs,
        named_graphs=request.named_graphs,
        prologue=clause.prologue,
        from_default=clause.default,
        from_named=clause.named,
        result_bytes=limits.result_bytes,
        form_only=form_only,
    )
    return Question(request.query, manner)
