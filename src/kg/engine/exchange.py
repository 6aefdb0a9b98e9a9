"""One question to one reader, from the first frame to the last, under the clock.

Two clocks run, never both: the deadline while the engine is waited for, the transfer time while the caller
takes its time. Either kills the reader when it runs out; whoever reads then meets the end of the pipe, and
the cause says which error that is.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Protocol, cast

from kg.engine import frames
from kg.engine.child import Child
from kg.engine.failures import of_death, of_failure
from kg.engine.frames import Family, Question
from kg.engine.limits import Limits
from kg.engine.pipes import ReaderDiedError
from kg.errors import EngineFailure, KgError, QueryTimeout
from kg.formats import MediaType

_FIRST_BYTES = 1 << 16
_DEADLINE, _TRANSFER, _LEFT = "deadline", "transfer", "left"
_LONG = 0.05
"""Seconds after which a query gives way to others: by then most have been answered."""


class Keeper(Protocol):
    """Whom a reader is given back to: the pool, or whoever has more questions for it."""

    @property
    def closed(self) -> bool:
        """Whether no reader is needed any more."""

    def give_back(self, child: Child) -> None:
        """The reader has answered and is free again."""

    def discard(self, child: Child, cause: str, seconds: float = 0.0) -> None:
        """Kill a reader that must not go on."""

    def leave(self, child: Child) -> None:
        """Leave a reader in the middle of an answer that nobody wants any more."""

    async def end(self, child: Child, cause: str, seconds: float = 0.0) -> tuple[int, str]:
        """Kill a reader and wait for it: its exit code and its last words."""


class Exchange:
    """The reader is the exchange's own until it has answered, failed or been left."""

    def __init__(self, pool: Keeper, child: Child, limits: Limits) -> None:
        self._pool, self._child, self._limits = pool, child, limits
        self._started = time.monotonic()
        self._left = {_DEADLINE: limits.deadline, _TRANSFER: limits.transfer}
        self._clock: asyncio.TimerHandle | None = None
        self._clock_name, self._clock_since = "", 0.0
        self._cause: str | None = None
        self._over = self._slowed = False
        self._query = ""
        self._first: list[bytes] = []

    async def begin(self, question: Question, *, sent: bool = False) -> tuple[Family, MediaType]:
        """Ask, and wait for the first bytes, so that most failures come before the answer does.

        ``sent``: the reader has the question already.

        Raises:
            KgError: what is wrong with the query, or what it would cost.
        """
        self._query = question.query
        try:
            self._run(_DEADLINE)
            if not sent:
                await self._ask(question)
            family, _, media_type = (await self._frame())[1].decode().partition(" ")
            size = 0
            while not self._over and size < _FIRST_BYTES:
                kind, data = await self._frame()
                if kind == frames.DATA:
                    self._first.append(data)
                    size += len(data)
        except BaseException:
            await self.aclose()
            raise
        self._run(_TRANSFER)
        return cast("Family", family), media_type

    @property
    def whole(self) -> bytes | None:
        """All bytes of the answer, if the engine has sent them all by now."""
        return b"".join(self._first) if self._over else None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the answer, to be read once.

        Raises:
            KgError: the engine failed, or a clock ran out, on the way.
        """
        try:
            for data in self._first:
                yield data
            while not self._over:
                self._run(_DEADLINE)
                kind, data = await self._frame()
                self._run(_TRANSFER)
                if kind == frames.DATA:
                    yield data
            if (error := self._stopped()) is not None:
                raise error
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Leave the reader, if it has not finished."""
        self._stop()
        if not self._over:
            self._over = True
            self._cause = _LEFT
            self._pool.leave(self._child)

    async def _ask(self, question: Question) -> None:
        try:
            self._child.ask(question)
        except ReaderDiedError as error:
            raise await self._death() from error

    async def _frame(self) -> tuple[bytes, bytes]:
        """The next frame; gives the reader back with the last one.

        Raises:
            KgError: the reader told of a failure, or died.
        """
        try:
            kind, data = await self._child.frame()
        except ReaderDiedError as error:
            raise await self._death() from error
        if kind == frames.END:
            self._finish(worn=data == b"worn")
        elif kind == frames.FAILED:
            failure, message = json.loads(data)
            self._finish(worn=failure == "memory")
            raise of_failure(failure, message, self._query, self._limits)
        return kind, data

    def _finish(self, *, worn: bool) -> None:
        self._stop()
        self._over = True
        if worn or self._cause:
            self._pool.discard(self._child, self._cause or "worn")
        else:
            self._pool.give_back(self._child)

    async def _death(self) -> KgError:
        """What to tell of a reader that is gone."""
        self._stop()
        self._over = True
        cause = self._cause or "died"
        code, words = await self._pool.end(self._child, cause, time.monotonic() - self._started)
        return self._stopped() or of_death(code, words, self._limits)

    def _stopped(self) -> KgError | None:
        """The error for a reader that was stopped from this side."""
        if self._cause == _DEADLINE:
            most = self._limits.deadline
            return QueryTimeout(f"The query ran for {most:g} s and was stopped; narrow it.", limit=most)
        if self._cause == _TRANSFER:
            most = self._limits.transfer
            return QueryTimeout(f"The result was not fetched within {most:g} s.", limit=most)
        if self._cause == _LEFT or self._pool.closed:
            return EngineFailure("The answer was given up before its end.")
        return None

    def _run(self, name: str) -> None:
        """Let one clock run and the other stand."""
        self._stop()
        if not self._over:
            self._clock_name, self._clock_since = name, time.monotonic()
            left = max(0.0, self._left[name])
            quick = max(0.0, _LONG - self._limits.deadline + left)
            if name == _DEADLINE and not self._slowed and quick < left:
                self._clock = asyncio.get_running_loop().call_later(quick, self._slow, left - quick)
            else:
                self._clock = asyncio.get_running_loop().call_later(left, self._expire, name)

    def _slow(self, left: float) -> None:
        """The query has turned out to be a long one."""
        self._slowed = True
        self._child.slow()
        self._clock = asyncio.get_running_loop().call_later(left, self._expire, _DEADLINE)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
            self._left[self._clock_name] -= time.monotonic() - self._clock_since

    def _expire(self, cause: str) -> None:
        """A clock has run out. At the deadline someone waits for a frame, and meets the end of the pipe."""
        self._cause = cause
        self._child.kill()
        if cause == _TRANSFER:
            self._over = True
            self._pool.discard(self._child, cause, time.monotonic() - self._started)
