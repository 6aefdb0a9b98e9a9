"""A client that reads its answer: how long it may take, and how the server waits for it."""

import asyncio
from collections.abc import Callable

from kg.settings import Settings
from kg.web.clock import Clock

_MOMENT = 0.01


class Patience:
    """The time that one client is given to read, which is more for one that has read much.

    ``sent`` counts the bytes that were written for it. The transport says when bytes wait for the client, and when
    none do any more: its time runs between.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        settings: Settings,
        transport: asyncio.WriteTransport,
        exhausted: Callable[[], None],
    ) -> None:
        self._loop, self._settings, self._transport = loop, settings, transport
        self._exhausted = exhausted
        self._clock = Clock(loop, self._look)
        self._waited, self._since, self._taken_before = 0.0, 0.0, 0
        self._waiter: asyncio.Future[None] | None = None
        self.sent = 0

    @property
    def owing(self) -> bool:
        """Whether bytes wait for the client."""
        return bool(self._since)

    @property
    def _taken(self) -> int:
        """The bytes that have left for the client."""
        return self.sent - self._transport.get_write_buffer_size()

    def begin(self) -> None:
        """A new answer begins; a client that has not read the last one has its time run on."""
        if not self._since:
            self._waited, self._taken_before = 0.0, self.sent

    def owe(self) -> None:
        """The client has not read what is ready for it: its time runs."""
        if not self._since:
            self._since = self._loop.time()
            self._clock.start(max(0.0, self._left()))

    def paid(self) -> None:
        """The client has read everything."""
        if self._since:
            self._waited += self._loop.time() - self._since
            self._since = 0.0
            self._clock.stop()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        self._waiter = None

    def end(self) -> None:
        """The client is gone; who waits for it need not any more."""
        self.paid()
        self._clock.end()

    async def writable(self) -> None:
        """Wait until nothing waits for the client."""
        if self._since:
            if self._waiter is None:
                self._waiter = self._loop.create_future()
            await asyncio.shield(self._waiter)

    def _left(self) -> float:
        """The seconds that are left to the client, which gets more of them for all that it has read."""
        blocked = self._waited + self._loop.time() - self._since
        earned = (self._taken - self._taken_before) / self._settings.least_rate
        return self._settings.transfer + earned - blocked

    def _look(self) -> None:
        if not self._since:
            return
        if (left := self._left()) > _MOMENT:
            self._clock.start(left)
        else:
            self._exhausted()
