"""One evaluation for all who ask the same at the same time.

The question stands in line once for each of its callers, in that caller's own turn, so nobody waits behind
another's slow queries for having asked the same. Whoever's turn comes first evaluates for all; the others leave
the line. One of them gets the answer as it comes; the others get it when it is whole, or, if it grows beyond
``largest`` bytes, go their own way, so that none of them hangs on another's slow connection. The evaluation ends
when nobody is left who waits for it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from kg.engine.caller import Caller
from kg.engine.frames import Family
from kg.engine.limits import Limits
from kg.engine.store import Answer, Request, Store
from kg.errors import EngineFailure, KgError
from kg.formats import MediaType

Landed: TypeAlias = Callable[[Answer, bytes], None]
"""Told of an answer that is whole, with its body."""

_Key: TypeAlias = tuple[Request, Limits | None]
_Ticket: TypeAlias = asyncio.Future[Answer | None]


def at_once(media_type: MediaType, family: Family, body: bytes) -> Answer:
    """An answer whose body is in memory."""
    return Answer(media_type, family, _single(body), _nothing)


async def _single(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _nothing() -> None:
    """There is nothing to close."""


async def _given_up(answer: Answer | None) -> None:
    if answer is not None:
        await answer.aclose()


@dataclass
class _Progress:
    """How far an evaluation has come: what it has brought, and whether anything follows here."""

    answer: Answer
    pieces: list[bytes] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False
    large: bool = False
    error: BaseException | None = None


class Flight:
    """One question under way, with a ticket for everyone who waits for its answer."""

    def __init__(self, store: Store, request: Request, limits: Limits | None, largest: int, landed: Landed) -> None:
        self._store, self._request, self._limits = store, request, limits
        self._largest, self._landed = largest, landed
        self.over: Callable[[], None] = lambda: None
        self._tasks: dict[Caller, asyncio.Task[None]] = {}
        self._tickets: list[tuple[Caller, _Ticket]] = []
        self._chosen: Caller | None = None
        self._progress: _Progress | None = None
        self._streaming = False
        self.joinable = True

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What runs for it."""
        return list(self._tasks.values())

    async def board(self, caller: Caller) -> Answer | None:
        """Wait for the answer; ``None`` where it is too large to be shared.

        Raises:
            KgError: why the evaluation failed, or why this caller may not wait for one.
        """
        ticket: _Ticket = asyncio.get_running_loop().create_future()
        self._tickets.append((caller, ticket))
        self._stand_in_line(caller)
        try:
            return await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled() and ticket.exception() is None:
                await _given_up(ticket.result())
            raise
        finally:
            self._tickets = [held for held in self._tickets if held[1] is not ticket]
            self._stop_the_needless()

    def end(self) -> None:
        """Stop, and tell everyone."""
        self.joinable = False
        for task in self.tasks:
            task.cancel()
        self._settle(self._tickets, EngineFailure("The engine is closed."))

    def _stand_in_line(self, caller: Caller) -> None:
        if self._chosen is None and caller not in self._tasks:
            task = self._tasks[caller] = asyncio.get_running_loop().create_task(self._evaluate(caller))
            task.add_done_callback(lambda done: self._ended(caller, done))

    def _ended(self, caller: Caller, task: asyncio.Task[None]) -> None:
        """One that stood in line is through; whoever came for it in the same moment is not forgotten."""
        del self._tasks[caller]
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self._settle(self._tickets, failure)
        elif self._chosen is None and any(held == caller and not ticket.done() for held, ticket in self._tickets):
            self._stand_in_line(caller)
        if not self._tasks:
            self.joinable = False
            self._settle(self._tickets, EngineFailure("The answer was given up before its end."))
            self.over()

    async def _evaluate(self, caller: Caller) -> None:
        """Ask for all, once it is the turn of this caller."""

        def turn() -> None:
            self._choose(caller)
            caller.turn()

        try:
            mine = replace(self._request, caller=replace(caller, turn=turn))
            answer = await self._store.answer(mine, self._limits)
            self._choose(caller)
            if self._chosen is caller:
                await self._carry(answer)
            else:
                await answer.aclose()
        except KgError as error:
            chosen = self._chosen is caller
            self.joinable = self.joinable and not chosen
            self._settle([held for held in self._tickets if chosen or held[0] == caller], error)

    def _choose(self, caller: Caller) -> None:
        """This caller's turn has come: the others need not stand in line."""
        if self._chosen is None:
            self._chosen = caller
            for other, task in self._tasks.items():
                if other is not caller and task is not asyncio.current_task():
                    task.cancel()

    async def _carry(self, answer: Answer) -> None:
        """Gather the answer up to the largest that is shared, while one may read along."""
        progress = self._progress = _Progress(answer)
        try:
            self._let_one_read_along(progress)
            size = 0
            async for chunk in answer.chunks:
                progress.pieces.append(chunk)
                progress.more.set()
                size += len(chunk)
                if size > self._largest:
                    progress.large = True
                    break
        except BaseException as error:
            progress.error = error
            raise
        finally:
            self.joinable = False
            progress.over = True
            progress.more.set()
            if not (progress.large and self._streaming):
                await answer.aclose()
        self._deliver(progress)

    def _deliver(self, progress: _Progress) -> None:
        if progress.large:
            self._settle(self._tickets, None)
            return
        body = b"".join(progress.pieces)
        self._landed(progress.answer, body)
        for _, ticket in self._tickets:
            if not ticket.done():
                ticket.set_result(at_once(progress.answer.media_type, progress.answer.family, body))

    def _let_one_read_along(self, progress: _Progress) -> None:
        ticket = next((ticket for _, ticket in self._tickets if not ticket.done()), None)
        if ticket is not None:
            self._streaming = True
            answer = progress.answer
            ticket.set_result(Answer(answer.media_type, answer.family, self._stream(progress), self._leave_stream))

    async def _stream(self, progress: _Progress) -> AsyncIterator[bytes]:
        """The answer as it comes; what lies beyond the shared part is fetched at the reader's own pace."""
        sent = 0
        while sent < len(progress.pieces) or not progress.over:
            if sent < len(progress.pieces):
                yield progress.pieces[sent]
                sent += 1
            else:
                progress.more.clear()
                await progress.more.wait()
        if isinstance(progress.error, asyncio.CancelledError):
            raise EngineFailure("The answer was given up before its end.")
        if progress.error is not None:
            raise progress.error
        if progress.large:
            async for chunk in progress.answer.chunks:
                yield chunk

    async def _leave_stream(self) -> None:
        """Who read along has the whole, or wants no more."""
        self._streaming = False
        self._stop_the_needless()
        if self._progress is not None and self._progress.large:
            await self._progress.answer.aclose()

    def _stop_the_needless(self) -> None:
        """Nobody stands in line, or evaluates, for callers who have left."""
        wanted = {caller for caller, ticket in self._tickets if not ticket.done()}
        for caller, task in self._tasks.items():
            if caller not in wanted and not (caller is self._chosen and (wanted or self._streaming)):
                self.joinable = self.joinable and caller is not self._chosen
                task.cancel()

    def _settle(self, tickets: list[tuple[Caller, _Ticket]], outcome: BaseException | None) -> None:
        for _, ticket in tickets:
            if ticket.done():
                continue
            if outcome is None:
                ticket.set_result(None)
            else:
                ticket.set_exception(outcome)


class Flights:
    """The questions under way over one store; answers up to ``largest`` bytes are shared."""

    def __init__(self, store: Store, largest: int) -> None:
        self._store, self._largest = store, largest
        self._flights: dict[_Key, Flight] = {}

    @property
    def under_way(self) -> int:
        """How many questions are under way."""
        return len(self._flights)

    async def answer(self, request: Request, limits: Limits | None, landed: Landed) -> Answer:
        """The answer that is on its way already, or a fresh one.

        Raises:
            KgError: as the store behind.
        """
        key = (request, limits)
        flight = self._flights.get(key)
        if flight is None or not flight.joinable:
            flight = self._flights[key] = Flight(self._store, request, limits, self._largest, landed)
            flight.over = partial(self._over, key, flight)
        return await flight.board(request.caller) or await self._store.answer(request, limits)

    def _over(self, key: _Key, flight: Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def close(self) -> None:
        """End what is under way."""
        flights = list(self._flights.values())
        self._flights.clear()
        tasks = [task for flight in flights for task in flight.tasks]
        for flight in flights:
            flight.end()
        await asyncio.gather(*tasks, return_exceptions=True)
