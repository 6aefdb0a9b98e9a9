"""The pool of readers of one store: who may ask now, who waits, and what replaces the dead.

``readers`` queries run at once. One process more than that is kept warm, so that killing one costs the next
caller nothing. Callers beyond that wait in line, and beyond the length of the line are turned away.
"""

import asyncio
import logging
import math
from collections import Counter, deque
from collections.abc import Coroutine
from contextvars import Context
from pathlib import Path
from typing import Any

from kg.engine import frames
from kg.engine.child import Child, ReaderDiedError
from kg.engine.limits import Limits
from kg.engine.stats import PoolStats
from kg.errors import EngineFailure, TooBusy

log = logging.getLogger(__name__)

_SPARES = 1
_DRAIN_SECONDS = 0.02
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0


class Pool:
    """Readers are started when the first caller comes; :meth:`close` ends them."""

    def __init__(self, directory: Path, limits: Limits, readers: int, prefixes: dict[str, str]) -> None:
        self._directory, self._limits, self._prefixes = directory, limits, prefixes
        self._readers = readers
        self._idle: deque[Child] = deque()
        self._busy: set[Child] = set()
        self._waiters: deque[asyncio.Future[Child]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._starter: asyncio.Task[None] | None = None
        self._failure = ""
        self._causes: Counter[str] = Counter()
        self.closed = False

    @property
    def pids(self) -> set[int]:
        """The processes that are alive."""
        return {child.process.pid for child in (*self._idle, *self._busy) if child.alive}

    def stats(self) -> PoolStats:
        """What the readers are doing now, and why others ended since the start."""
        return PoolStats(len(self._busy), len(self._idle), len(self._waiters), dict(self._causes))

    async def take(self) -> Child:
        """A reader of one's own, to be given back, left behind or discarded.

        Raises:
            TooBusy: the line is full, or did not move in time.
            EngineFailure: no reader can be started, or the pool is closed.
        """
        if self.closed:
            raise EngineFailure("The engine is closed.")
        if self._failure and not self._idle and not self._busy:
            raise EngineFailure(self._failure)
        self._tend()
        if (child := self._next_idle()) is not None:
            return child
        if len(self._waiters) >= self._limits.queue + self._readers - len(self._busy):
            raise self._too_busy("all queries that may wait are waiting")
        return await self._wait()

    async def _wait(self) -> Child:
        waiter: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(self._limits.queue_wait):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.give_back(waiter.result())
            if isinstance(error, TimeoutError):
                raise self._too_busy("no reader came free in time") from error
            raise
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _too_busy(self, reason: str) -> TooBusy:
        seconds = max(1, math.ceil(self._limits.deadline / 2))
        return TooBusy(f"The server is busy: {reason}. Try again in {seconds} s.", retry_after=seconds)

    def give_back(self, child: Child) -> None:
        """The reader has answered and is free again."""
        self._busy.discard(child)
        if self.closed or not child.alive:
            self._end_later(child, "died")
        else:
            self._idle.append(child)
        self._serve_line()

    def discard(self, child: Child, cause: str, seconds: float = 0.0) -> None:
        """Kill a reader that must not go on; ``cause`` and ``seconds`` go into the log."""
        child.kill()
        self._busy.discard(child)
        self._end_later(child, cause, seconds)
        self._serve_line()

    def leave(self, child: Child) -> None:
        """Leave a reader in the middle of an answer that nobody wants any more."""
        self._spawn(self._drain(child))

    async def end(self, child: Child, cause: str, seconds: float = 0.0) -> tuple[int, str]:
        """Like :meth:`discard`, but wait for it and tell the exit code and the last words."""
        self._busy.discard(child)
        code = await child.end()
        self._report(child, cause, code, seconds)
        self._serve_line()
        return code, child.last_words

    async def close(self) -> None:
        """End every reader, wait until they are gone; those who wait in line are told."""
        self.closed = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(EngineFailure("The engine is closed."))
        if self._starter is not None:
            self._starter.cancel()
            await asyncio.gather(self._starter, return_exceptions=True)
        for child in (*self._idle, *self._busy):
            self._end_later(child, "closed")
        self._idle.clear()
        self._busy.clear()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _next_idle(self) -> Child | None:
        """An idle reader that lives, if one more may be busy."""
        while self._idle and len(self._busy) < self._readers:
            child = self._idle.pop()
            if child.alive:
                self._busy.add(child)
                return child
            self._end_later(child, "died")
        return None

    def _serve_line(self) -> None:
        """Give idle readers to those who wait, and see that there are enough readers."""
        while self._waiters and (child := self._next_idle()) is not None:
            waiter = self._waiters.popleft()
            if waiter.done():
                self._busy.discard(child)
                self._idle.append(child)
            else:
                waiter.set_result(child)
        self._tend()

    def _tend(self) -> None:
        """Have readers started, one after the other, until there are enough."""
        if not self.closed and self._starter is None and self._missing():
            # readers outlive the request that has them started: what becomes of them is not told in its name
            self._starter = asyncio.get_running_loop().create_task(self._start_missing(), context=Context())
            self._starter.add_done_callback(self._tended)

    def _tended(self, starter: asyncio.Task[None]) -> None:
        self._starter = None
        if not starter.cancelled() and (error := starter.exception()) is not None:
            self._fail_line(f"No reader could be started: {error!r}")

    def _missing(self) -> bool:
        return len(self._idle) + len(self._busy) < self._readers + _SPARES

    async def _start_missing(self) -> None:
        pause = _FIRST_PAUSE
        while self._missing():
            try:
                child = await Child.start(self._directory, self._prefixes, self._limits.memory)
            except EngineFailure as failure:
                self._fail_line(failure.detail)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self._failure = ""
                self._idle.append(child)
                self._spawn(self._watch(child))
                self._serve_line()

    def _fail_line(self, failure: str) -> None:
        """No reader can be started: those in line need not wait if none is alive."""
        log.error("reader not started: %s", failure)
        self._failure = failure
        while self._waiters and not self._busy and not self._idle:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(EngineFailure(failure))

    async def _watch(self, child: Child) -> None:
        """Replace a reader that dies while it is idle."""
        await child.process.wait()
        if child in self._idle:
            self._idle.remove(child)
            self._end_later(child, "died")
            self._serve_line()

    async def _drain(self, child: Child) -> None:
        """Keep a reader that is about to be done; kill one that is not."""
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                kind = frames.HEAD
                while kind not in {frames.END, frames.FAILED}:
                    kind, _ = await child.frame()
        except (TimeoutError, ReaderDiedError):
            self.discard(child, "abandoned")
        else:
            self.give_back(child)

    def _end_later(self, child: Child, cause: str, seconds: float = 0.0) -> None:
        self._spawn(self._ended(child, cause, seconds))

    async def _ended(self, child: Child, cause: str, seconds: float) -> None:
        code = await child.end()
        self._report(child, cause, code, seconds)

    def _report(self, child: Child, cause: str, code: int, seconds: float) -> None:
        self._causes[cause] += 1
        level = logging.DEBUG if cause == "closed" else logging.WARNING
        line = "reader ended cause=%s pid=%d code=%d seconds=%.3f words=%r"
        log.log(level, line, cause, child.process.pid, code, seconds, child.last_words[:200])

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
