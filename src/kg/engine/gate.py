"""The gate: lets callers in as the line says, turns away who cannot wait, and charges who was in.

Whoever is let in goes out again by :meth:`Gate.leave`, whatever became of it; whoever gives up waiting owes
nothing.
"""

import asyncio
import math
import time
from dataclasses import dataclass

from kg.engine.caller import Caller
from kg.engine.line import Full, Line, Shares
from kg.errors import KgError, TooBusy, TooManyRequests


@dataclass(eq=False)
class Place:
    """One caller inside the gate, who pays from the moment when :meth:`begin` is called."""

    caller: Caller
    since: float | None = None
    left: bool = False

    def begin(self) -> None:
        """What the place is for has been got; from now on it costs."""
        self.since = time.monotonic()


class Gate:
    """At most as many inside as ``shares`` say; the others wait up to ``patience`` seconds.

    ``pace`` is how many seconds a place is held at the longest: what those are told who shall come again.
    """

    def __init__(self, shares: Shares, patience: float, pace: float) -> None:
        self._line: Line[asyncio.Future[Place]] = Line(shares)
        self._patience = patience
        self._again = max(1, math.ceil(pace / 2))
        self._closed: KgError | None = None

    @property
    def inside(self) -> int:
        """How many are inside."""
        return self._line.held()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._line.waiting()

    async def enter(self, caller: Caller) -> Place:
        """Wait for one's turn.

        Raises:
            TooBusy: the line is full, or did not move in time.
            TooManyRequests: this client has as many waiting as it may.
            KgError: the gate is closed.
        """
        if self._closed is not None:
            raise self._closed
        if self._line.pass_by(caller):
            return Place(caller)
        waiter: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._join(caller, waiter)
        self._admit()
        if waiter.done():
            return waiter.result()
        try:
            async with asyncio.timeout(self._patience):
                return await waiter
        except BaseException as error:
            self._line.leave(caller, waiter)
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.leave(waiter.result())
            if isinstance(error, TimeoutError):
                raise self._busy("no reader came free in time") from error
            raise

    def leave(self, place: Place) -> None:
        """Go out, and be charged. Going out twice does no harm."""
        if place.left:
            return
        place.left = True
        seconds = 0.0 if place.since is None else time.monotonic() - place.since
        self._line.release(place.caller, seconds)
        if place.since is not None:
            place.caller.meter(seconds)
        self._admit()

    def close(self, error: KgError) -> None:
        """Let nobody in any more, and tell those who wait."""
        self._closed = error
        self.dismiss(error)

    def dismiss(self, error: KgError) -> None:
        """Tell those who wait that it is in vain."""
        for waiter in self._line.clear():
            if not waiter.done():
                waiter.set_exception(error)

    def _join(self, caller: Caller, waiter: asyncio.Future[Place]) -> None:
        try:
            pushed = self._line.join(caller, waiter)
        except Full as full:
            if full.client:
                raise self._too_many() from full
            raise self._busy("all queries that may wait are waiting") from full
        if pushed is not None and not pushed.done():
            pushed.set_exception(self._busy("others came who have fewer queries waiting"))

    def _admit(self) -> None:
        """Let in those whose turn it is; one who has given up meanwhile passes the turn on."""
        while (found := self._line.next()) is not None:
            caller, waiter = found
            if waiter.done():
                self._line.release(caller, 0.0)
            else:
                waiter.set_result(Place(caller))

    def _busy(self, reason: str) -> TooBusy:
        return TooBusy(f"The server is busy: {reason}. Try again in {self._again} s.", retry_after=self._again)

    def _too_many(self) -> TooManyRequests:
        most = self._line.shares.queue_client
        return TooManyRequests(
            f"You have {most} queries waiting already; send the next when some are answered.",
            retry_after=self._again,
            limit=most,
        )
