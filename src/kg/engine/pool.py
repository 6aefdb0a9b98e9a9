"""The pool of readers of one store: a gate that says whose turn it is, and a crew of processes behind it.

``readers`` queries run at once, fewer of them strangers'. A caller has a place inside the gate for as long as
it has a reader: until that is given back, left behind, killed or found dead, whichever comes first.
"""

import asyncio
from pathlib import Path

from kg.engine import frames
from kg.engine.caller import HOUSE, Caller
from kg.engine.child import Child
from kg.engine.crew import Crew
from kg.engine.gate import Gate, Place
from kg.engine.limits import Limits
from kg.engine.line import Shares
from kg.engine.pipes import ReaderDiedError
from kg.engine.stats import PoolStats
from kg.errors import EngineFailure, TooBusy

_DRAIN_SECONDS = 0.02


class Pool:
    """Readers are started when the first caller comes; :meth:`close` ends them."""

    def __init__(
        self, directory: Path, limits: Limits, readers: int, prefixes: dict[str, str], public: int = 0
    ) -> None:
        shares = Shares.of(readers, public, limits.queue, limits.queue_client)
        self._patience = limits.queue_wait
        self._gate = Gate(shares, limits.queue_wait, limits.deadline)
        self._crew = Crew(directory, limits.memory, shares.places, prefixes)
        self._places: dict[Child, Place] = {}

    @property
    def pids(self) -> set[int]:
        """The processes that are alive."""
        return self._crew.pids

    def stats(self) -> PoolStats:
        """What the readers are doing now, and why others ended since the start."""
        return self._crew.stats(self._gate.waiting)

    @property
    def busy(self) -> int:
        """The queries that have a reader, or are about to get one."""
        return self._gate.inside

    @property
    def waiting(self) -> int:
        """The queries that wait for a reader."""
        return self._gate.waiting

    @property
    def closed(self) -> bool:
        return self._crew.closed

    async def take(self, caller: Caller = HOUSE) -> Child:
        """A reader of one's own, to be given back, left behind or discarded.

        Raises:
            TooBusy: the line is full, or did not move in time.
            TooManyRequests: the client has as many in line as it may.
            EngineFailure: no reader can be started, or the pool is closed.
        """
        place = await self._gate.enter(caller)
        try:
            child = await self._reader()
        except BaseException:
            self._gate.leave(place)
            raise
        place.begin()
        self._places[child] = place
        caller.turn()
        return child

    async def _reader(self) -> Child:
        if (child := self._crew.idle()) is not None:
            return child
        try:
            async with asyncio.timeout(self._patience):
                return await self._crew.get()
        except TimeoutError as error:
            raise TooBusy("The server is busy: its readers are being started.", retry_after=1) from error

    def give_back(self, child: Child) -> None:
        """The reader has answered and is free again."""
        self._crew.put(child)
        self._freed(child)

    def discard(self, child: Child, cause: str, seconds: float = 0.0) -> None:
        """Kill a reader that must not go on; ``cause`` and ``seconds`` go into the log."""
        self._crew.discard(child, cause, seconds)
        self._freed(child)

    def leave(self, child: Child) -> None:
        """Leave a reader in the middle of an answer that nobody wants any more."""
        self._crew.spawn(self._drain(child))

    async def end(self, child: Child, cause: str, seconds: float = 0.0) -> tuple[int, str]:
        """Like :meth:`discard`, but wait for it and tell the exit code and the last words."""
        self._freed(child)
        return await self._crew.end(child, cause, seconds)

    async def close(self) -> None:
        """End every reader, wait until they are gone; those who wait in line are told."""
        self._gate.close(EngineFailure("The engine is closed."))
        await self._crew.close()
        for child in list(self._places):
            self._freed(child)

    def _freed(self, child: Child) -> None:
        place = self._places.pop(child, None)
        if place is not None:
            self._gate.leave(place)

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
