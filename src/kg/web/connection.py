"""One connection: uvicorn's HTTP protocol with a clock for each thing that it waits for, and manners at the end.

The server waits for a header, a body, an idle client's next request, or a client that reads its answer. Each
wait has an end, so that nobody can hold a connection by doing nothing, or next to nothing.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any, Protocol, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from kg.errors import MalformedRequest, Refused, RequestTimeout, TooManyConnections
from kg.settings import Settings
from kg.web.admission import Admission
from kg.web.forwarded import plain
from kg.web.wire import Wire, refusal

log = logging.getLogger("kg.web.connection")

_READ_BYTES = 1 << 14
_LINGER_SECONDS, _MOMENT = 2.0, 0.01
_READ = bytearray(_READ_BYTES)
"""One for all connections of the process: what is read into it is used up before the next read."""


class Observer(Protocol):
    """Who counts and writes down what never became a request."""

    def refused(self, error: Refused, client: str, identifier: str) -> None:
        """A connection was told of an error and is not served on."""

    def cut(self, cause: str, client: str) -> None:
        """A connection was closed without a word."""


class Config(uvicorn.Config):
    """uvicorn's configuration, with what the connections of a process share."""

    def __init__(self, app: Any, settings: Settings) -> None:
        super().__init__(
            app,
            http=Connection,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=cast("int", settings.keep_alive),
            timeout_graceful_shutdown=cast("int", settings.shutdown),
        )
        self.settings = settings
        self.admission = Admission(settings)


class Clock:
    """Calls once when time is up, unless it was stopped or set anew."""

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[], None]) -> None:
        self._loop, self._expired = loop, expired
        self._handle: asyncio.TimerHandle | None = None

    def start(self, seconds: float) -> None:
        self.stop()
        self._handle = self._loop.call_later(seconds, self._expired)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class Polite:
    """A transport on which closing is left to the connection; everything else goes straight through."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport = transport
        self.close = close

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Connection(H11Protocol, asyncio.BufferedProtocol):
    """Reads little at a time, so that limits are met before much has come; see :class:`kg.web.wire.Wire`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._settings, self._admission = config.settings, config.admission
        self._observer: Observer = app_state["observer"]
        self.conn: Wire = Wire(config.settings)
        self._request_clock = Clock(self.loop, self._late)
        self._answer_clock = Clock(self.loop, self._slow)
        self._half_clock = Clock(self.loop, self._left)
        self._linger_clock = Clock(self.loop, self._lingered)
        self._waits_for: tuple[str, int] = ("", 0)
        self._waited, self._blocked_since, self._taken_before = 0.0, 0.0, 0
        self._over = self._half_closed = False

    @property
    def address(self) -> str:
        """The address of the other side; empty where there is none."""
        return self.client[0] if self.client else ""

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._bare = cast("asyncio.Transport", transport)
        super().connection_made(cast("asyncio.Transport", Polite(self._bare, self._close)))
        if self.client:
            self.client = (plain(self.client[0]), self.client[1])
        try:
            self._admission.enter(self)
        except TooManyConnections as error:
            if self._admission.overrun:
                self._cut("overrun")
            else:
                self._refuse(error)
            return
        self._keep_time()

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - as the transport calls it
        """Where the transport reads to."""
        return _READ

    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes were read."""
        self.data_received(bytes(_READ[:nbytes]))

    def data_received(self, data: bytes) -> None:
        if not self._over:
            super().data_received(data)
            self._keep_time()

    def eof_received(self) -> bool | None:  # type: ignore[override]  # uvicorn's never keeps a half-closed connection
        """The client sends no more; an answer that is under way, or begins soon, is still for it."""
        if self._over or self._half_closed or self.cycle is None or self.cycle.response_complete:
            return self._half_closed
        self._half_closed = True
        if self.cycle.more_body:
            return None
        self._half_clock.start(self._settings.half_closed)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        for clock in (self._request_clock, self._answer_clock, self._half_clock, self._linger_clock):
            clock.stop()
        self._unset_keepalive_if_required()
        self._admission.leave(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._owe()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._paid()

    # What uvicorn asks for

    def on_response_complete(self) -> None:
        if self.transport.get_write_buffer_size():
            self._owe()
        if self._over:
            return
        super().on_response_complete()
        self._keep_time()
        if self._half_closed and self.cycle.response_complete:
            self._close()
        elif self._half_closed:
            self._half_clock.start(self._settings.half_closed)

    def shutdown(self) -> None:
        if self._over:
            self._bare.abort()
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """The answer to what cannot be read on; uvicorn calls it for every protocol error."""
        self._refuse(self.conn.refused or MalformedRequest(msg))

    def _should_upgrade(self) -> bool:
        return False

    # Waiting for the request

    def _keep_time(self) -> None:
        """Set the clock for what the server waits for now, unless it runs for that already."""
        if self._over or self.transport.is_closing():
            return
        awaited = self._awaited(), id(self.cycle)
        if awaited == self._waits_for:
            return
        self._waits_for = awaited
        self._request_clock.stop()
        if awaited[0] == "answer":
            self._admission.works(self)
            self._begin_to_count()
            return
        self._admission.waits(self)
        if awaited[0] != "idle":
            settings = self._settings
            self._request_clock.start(settings.body_seconds if awaited[0] == "body" else settings.header_seconds)

    def _awaited(self) -> str:
        state = self.conn.their_state
        if state is h11.IDLE:
            return "header" if self.cycle is None or self.conn.begun else "idle"
        return "body" if state is h11.SEND_BODY else "answer"

    def _late(self) -> None:
        if self._waits_for[0] == "header" and not self.conn.begun:
            self._cut("silent")
            return
        part = self._waits_for[0]
        most = self._settings.body_seconds if part == "body" else self._settings.header_seconds
        self._refuse(RequestTimeout(f"The {part} of the request did not arrive within {most:g} s.", limit=most))

    def _left(self) -> None:
        """Half-closed looks like gone; who waits for an answer that does not begin is taken to be."""
        if not self.cycle.response_started:
            self._cut("left")

    def make_room(self) -> None:
        """Close, for another's sake."""
        if self._admission.overrun or (self.conn.their_state is h11.IDLE and not self.conn.begun):
            self._cut("room")
        else:
            self._refuse(
                TooManyConnections("The server is busy, and your request was slow to arrive.", retry_after=5)
            )

    # Waiting for the client to read

    @property
    def _taken(self) -> int:
        """The bytes that have left for the client."""
        return self.conn.sent - self._bare.get_write_buffer_size()

    def _begin_to_count(self) -> None:
        """A new answer begins; a client that has not read the last one has its time run on."""
        if not self._bare.get_write_buffer_size():
            self._answer_clock.stop()
            self._waited, self._blocked_since, self._taken_before = 0.0, 0.0, self._taken

    def _owe(self) -> None:
        """The client has not read what is ready for it: its time runs."""
        if not self._blocked_since:
            self._blocked_since = self.loop.time()
            self._answer_clock.start(max(0.0, self._patience()))

    def _paid(self) -> None:
        if self._blocked_since:
            self._waited += self.loop.time() - self._blocked_since
            self._blocked_since = 0.0
            self._answer_clock.stop()

    def _patience(self) -> float:
        """The seconds that are left to the client, which gets more of them for all that it has read."""
        blocked = self._waited + self.loop.time() - self._blocked_since
        earned = (self._taken - self._taken_before) / self._settings.least_rate
        return self._settings.transfer + earned - blocked

    def _slow(self) -> None:
        if not self._bare.get_write_buffer_size():
            return
        if (left := self._patience()) > _MOMENT:
            self._answer_clock.start(left)
        else:
            self._cut("slow reader")

    # The end

    def _refuse(self, error: Refused) -> None:
        """Tell the client what is wrong, if it can still be told, and read nothing more that it sends."""
        self._request_clock.stop()
        self._unset_keepalive_if_required()
        self._admission.works(self)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            identifier = uuid.uuid4().hex
            self._observer.refused(error, self.address, identifier)
            for event in refusal(error, identifier, bodiless=self.conn.bodiless):
                self._bare.write(self.conn.send(event) or b"")
            self._linger()
        elif self.cycle is not None and self.cycle.response_complete:
            self._linger()
        else:
            self._cut("broken off")

    def _close(self) -> None:
        """Close once everything is written; an answer that lacks its end is cut so that nobody takes it for whole."""
        if self._bare.is_closing():
            return
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self._cut("broken off")
        elif self.conn.their_state is h11.SEND_BODY:
            self._linger()
        else:
            self._over = True
            self._bare.close()

    def _linger(self) -> None:
        """Close after the client has had time to read: with bytes unread, a close would take the answer back."""
        self._over = True
        self._unset_keepalive_if_required()
        self._linger_clock.start(_LINGER_SECONDS)
        if self._bare.get_write_buffer_size():
            self._owe()
        if self._bare.can_write_eof():
            self._bare.write_eof()
            self.flow.resume_reading()
        else:
            self._bare.close()

    def _lingered(self) -> None:
        if self._bare.get_write_buffer_size():
            self._linger_clock.start(_LINGER_SECONDS)
        else:
            self._bare.abort()

    def _cut(self, cause: str) -> None:
        self._over = True
        self._observer.cut(cause, self.address)
        self._bare.abort()
