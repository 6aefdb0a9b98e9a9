"""A clock that can be set as often as one likes at next to no cost."""

import asyncio
from collections.abc import Callable

_MOMENT = 0.001


class Clock:
    """Calls once when time is up, unless it was stopped or set anew.

    Setting it later than it is set leaves the loop's timer as it is: when that goes off, the rest is waited for.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[], None]) -> None:
        self._loop, self._expired = loop, expired
        self._handle: asyncio.TimerHandle | None = None
        self._goes_off, self._due = 0.0, 0.0

    def start(self, seconds: float) -> None:
        """Call in so many seconds, and not before."""
        self._due = self._loop.time() + seconds
        if self._handle is None or self._due < self._goes_off:
            self._arm()

    def stop(self) -> None:
        """Do not call."""
        self._due = 0.0

    def end(self) -> None:
        """Do not call, and let go of everything."""
        self._due = 0.0
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._goes_off = self._due
        self._handle = self._loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        self._handle = None
        if not self._due:
            return
        if self._due > self._loop.time() + _MOMENT:
            self._arm()
        else:
            self._due = 0.0
            self._expired()
