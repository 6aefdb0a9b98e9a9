"""The readers of one store: started, handed out, replaced when they die, ended.

One process more than may be asked at once is kept warm, so that killing one costs the next caller nothing.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Coroutine
from contextvars import Context
from pathlib import Path
from typing import Any, TypeVar

from kg.engine.child import Child, KilledAtStartError
from kg.engine.stats import PoolStats
from kg.errors import EngineFailure

T = TypeVar("T")
log = logging.getLogger("kg.engine.pool")

_SPARES = 1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_TRIES = 3


class Crew:
    """Readers are started when the first one is asked for; :meth:`close` ends them."""

    def __init__(self, directory: Path, memory: int, readers: int, prefixes: dict[str, str]) -> None:
        self._directory, self._memory, self._prefixes = directory, memory, prefixes
        self._wanted = readers + _SPARES
        self._idle: deque[Child] = deque()
        self._busy: set[Child] = set()
        self._waiters: deque[asyncio.Future[Child]] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._starter: asyncio.Task[None] | None = None
        self._failure = ""
        self._causes: Counter[str] = Counter()
        self.closed = False

    @property
    def pids(self) -> set[int]:
        """The processes that are alive."""
        return {child.process.pid for child in (*self._idle, *self._busy) if child.alive}

    def stats(self, waiting: int) -> PoolStats:
        """What the readers are doing now, and why others ended since the start."""
        return PoolStats(len(self._busy), len(self._idle), waiting, dict(self._causes))

    def idle(self) -> Child | None:
        """A reader that lives and has nothing to do, if there is one and none is missing."""
        return None if self.closed or self._missing() else self._next_idle()

    async def get(self) -> Child:
        """A reader that lives, as soon as there is one.

        Raises:
            EngineFailure: none can be started, or the crew is dismissed.
        """
        if self.closed:
            raise EngineFailure("The engine is closed.")
        if self._failure and not self._idle and not self._busy:
            raise EngineFailure(self._failure)
        self._tend()
        if (child := self._next_idle()) is not None:
            return child
        waiter: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.put(waiter.result())
            raise
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def put(self, child: Child) -> None:
        """The reader has answered and is free again."""
        self._busy.discard(child)
        if self.closed or not child.alive:
            self._end_later(child, "died")
        else:
            self._idle.append(child)
        self._hand_out()

    def discard(self, child: Child, cause: str, seconds: float = 0.0) -> None:
        """Kill a reader that must not go on; ``cause`` and ``seconds`` go into the log."""
        child.kill()
        self._busy.discard(child)
        self._end_later(child, cause, seconds)
        self._hand_out()

    async def end(self, child: Child, cause: str, seconds: float) -> tuple[int, str]:
        """Like :meth:`discard`, but wait for it and tell the exit code and the last words."""
        self._busy.discard(child)
        self._hand_out()
        code = await asyncio.shield(self.spawn(self._ended(child, cause, seconds)))  # whoever waits may be cancelled
        return code, child.last_words

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Have something done that :meth:`close` waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """End every reader, and wait until they are gone."""
        self.closed = True
        if self._starter is not None:
            self._starter.cancel()
            await asyncio.gather(self._starter, return_exceptions=True)
        self._fail_waiters("The engine is closed.")
        for child in (*self._idle, *self._busy):
            self._end_later(child, "closed")
        self._idle.clear()
        self._busy.clear()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _next_idle(self) -> Child | None:
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                self._busy.add(child)
                return child
            self._end_later(child, "died")
        return None

    def _hand_out(self) -> None:
        """Give idle readers to those who wait, and see that there are enough readers."""
        if self._waiters:
            self._waiters = deque(waiter for waiter in self._waiters if not waiter.done())
        while self._waiters and (child := self._next_idle()) is not None:
            self._waiters.popleft().set_result(child)
        self._tend()

    def _tend(self) -> None:
        """Have readers started until there are enough."""
        if not self.closed and self._starter is None and self._missing():
            # readers outlive the request that has them started: what becomes of them is not told in its name
            self._starter = asyncio.get_running_loop().create_task(self._start_missing(), context=Context())
            self._starter.add_done_callback(self._tended)

    def _tended(self, starter: asyncio.Task[None]) -> None:
        self._starter = None
        if not starter.cancelled() and (error := starter.exception()) is not None:
            self._fail(f"No reader could be started: {error!r}")

    def _missing(self) -> bool:
        return len(self._idle) + len(self._busy) < self._wanted

    async def _start_missing(self) -> None:
        """Those that cannot be started are tried again; only when several rounds fail are those in line told.

        Somebody may be killing readers, those that are just starting among them: that passes, and whoever is in line
        waits for it. All that are missing start at once, so that nobody can kill each of them as it comes.
        """
        pause, failed = _FIRST_PAUSE, 0
        while (missing := self._wanted - len(self._idle) - len(self._busy)) > 0:
            async with asyncio.TaskGroup() as starting:  # whose end waits for all, also when it is called off
                tasks = [starting.create_task(self._start()) for _ in range(missing)]
            told = [task.result() for task in tasks]
            failures = [failure for failure in told if failure and not isinstance(failure, KilledAtStartError)]
            failed = failed + 1 if len(failures) == missing else 0
            if failed >= _TRIES:
                self._fail(failures[0].detail)
            pause = min(pause * 2, _LONGEST_PAUSE) if failed > _TRIES else _FIRST_PAUSE
            if None not in told:
                await asyncio.sleep(pause)

    async def _start(self) -> EngineFailure | None:
        """Start one reader and hand it out; why that failed, if it did."""
        try:
            child = await Child.start(self._directory, self._prefixes, self._memory)
        except EngineFailure as failure:
            log.warning("reader not started: %s", failure.detail)
            return failure
        self._failure = ""
        self._idle.append(child)
        self.spawn(self._watch(child))
        self._hand_out()
        return None

    def _fail(self, failure: str) -> None:
        """No reader can be started: nobody need wait if none is alive."""
        self._failure = failure
        if not self._busy and not self._idle:
            self._fail_waiters(failure)

    def _fail_waiters(self, failure: str) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(EngineFailure(failure))
        self._waiters.clear()

    async def _watch(self, child: Child) -> None:
        """Replace a reader that dies while it is idle."""
        await child.process.wait()
        if child in self._idle:
            self._idle.remove(child)
            self._end_later(child, "died")
            self._hand_out()

    def _end_later(self, child: Child, cause: str, seconds: float = 0.0) -> None:
        self.spawn(self._ended(child, cause, seconds))

    async def _ended(self, child: Child, cause: str, seconds: float) -> int:
        code = await child.end()
        self._report(child, cause, code, seconds)
        return code

    def _report(self, child: Child, cause: str, code: int, seconds: float) -> None:
        self._causes[cause] += 1
        level = logging.DEBUG if cause == "closed" else logging.WARNING
        line = "reader ended cause=%s pid=%d code=%d seconds=%.3f words=%r"
        log.log(level, line, cause, child.process.pid, code, seconds, child.last_words[:200])
