"""One connection: requests in, answers out, a clock for each thing that the server waits for, and manners at the end.

The server waits for a header, a body, an idle client's next request, or a client that reads its answer. Each
wait has an end, so that nobody can hold a connection by doing nothing, or next to nothing.
"""

import asyncio
import time
from typing import Any, Protocol, cast
from urllib.parse import unquote

import uvicorn
from uvicorn.protocols.utils import get_local_addr, get_remote_addr
from uvicorn.server import ServerState

from kg.errors import Refused, RequestTimeout, TooManyConnections
from kg.settings import Settings
from kg.web.access import fresh
from kg.web.admission import Admission
from kg.web.again import Answers, Key, Ready, Repeatable
from kg.web.clock import Clock
from kg.web.forwarded import plain
from kg.web.ledger import Entry
from kg.web.reading import Patience
from kg.web.turn import Turn
from kg.web.wire import Head, Phase, Wire, refusal

_READ = bytearray(1 << 14)
"""One for all connections of the process: what is read into it is used up before the next read."""

_VIEW = memoryview(_READ)
_LINGER_SECONDS = 2.0


class Observer(Protocol):
    """Who counts and writes down what never became a request for the application."""

    def refused(self, error: Refused, client: str, identifier: str) -> None:
        """A connection was told of an error and is not served on."""

    def cut(self, cause: str, client: str) -> None:
        """A connection was closed without a word."""

    def repeated(self, entry: Entry, identifier: str, seconds: float, size: int) -> None:
        """An answer was given again."""


class Config(uvicorn.Config):
    """uvicorn's configuration, with what the connections of a process share."""

    def __init__(self, app: Any, settings: Settings) -> None:
        super().__init__(
            app,
            http=cast("type[asyncio.Protocol]", Connection),
            loop="auto",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=cast("int", settings.shutdown),
        )
        self.settings = settings
        self.admission = Admission(settings)
        self.answers = Answers()


class Connection(asyncio.BufferedProtocol):
    """Reads little at a time, so that limits are met before much has come; see :class:`kg.web.wire.Wire`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._loop = _loop or asyncio.get_running_loop()
        self._app = cast("Any", config.loaded_app)
        self._settings, self._admission, self._answers = config.settings, config.admission, config.answers
        self._server, self._app_state = server_state, app_state
        self._observer: Observer = app_state["observer"]
        self._wire = Wire(config.settings, self)
        self._turn: Turn | None = None
        self._rest = b""
        self._request_clock = Clock(self._loop, self._late)
        self._half_clock = Clock(self._loop, self._left)
        self._linger_clock = Clock(self._loop, self._lingered)
        self._waits_for: tuple[str, int] = ("", 0)
        self._over = self._half_closed = self._held = False

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(0)
        self._server.connections.add(cast("Any", self))
        self._local, self._client = get_local_addr(self._transport), get_remote_addr(self._transport)
        if self._client:
            self._client = (plain(self._client[0]), self._client[1])
        self.address = self._client[0] if self._client else ""
        self._patience = Patience(self._loop, self._settings, self._transport, lambda: self._cut("slow reader"))
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
        if self._over:
            return
        data = _VIEW[:nbytes].tobytes()
        if self._wire.phase is Phase.NONE and not self._rest and not self._patience.owing:
            key = self.address, data
            if (ready := self._answers.find(key)) is not None and self._repeat(ready, key):
                return
        self._rest = self._rest + data if self._rest else data
        self._read_on()

    def eof_received(self) -> bool:
        """The client sends no more; an answer that is under way, or begins soon, is still for it."""
        if self._over or self._half_closed or self._turn is None or self._turn.complete:
            return self._half_closed
        self._half_closed = True
        if self._turn.more:
            return False
        self._half_clock.start(self._settings.half_closed)
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as the transport calls it
        for clock in (self._request_clock, self._half_clock, self._linger_clock):
            clock.end()
        self._over = True
        self._patience.end()
        self._admission.leave(self)
        self._server.connections.discard(cast("Any", self))
        if self._turn is not None and not self._turn.complete:
            self._turn.leave()

    def pause_writing(self) -> None:
        self._patience.owe()

    def resume_writing(self) -> None:
        self._patience.paid()

    # What the server asks for

    def shutdown(self) -> None:
        """Answer what is under way, and nothing more."""
        if self._over:
            self._transport.abort()
        elif self._turn is None or self._turn.complete:
            self._close()
        else:
            self._turn.keep_alive = False

    # Requests

    def _repeat(self, ready: Ready, key: Key) -> bool:
        """Give an answer again, if it holds still."""
        begun = time.perf_counter()
        body = ready.body()
        if body is None:
            self._answers.forget(key)
            return False
        self._patience.begin()
        identifier = fresh()
        date = b"".join([b"%s: %s\r\n" % pair for pair in self._server.default_headers])
        self.write(b"".join([ready.head, date, b"x-request-id: ", identifier.encode(), b"\r\n\r\n", body]))
        self._observer.repeated(ready.entry, identifier, time.perf_counter() - begun, len(body))
        self._waits_for = ("idle", -1)
        self._admission.works(self)
        self._admission.waits(self)
        self._request_clock.start(self._settings.keep_alive)
        return True

    def _read_on(self) -> None:
        """Read until a request is whole whose answer must be waited for; the rest stays bytes until then."""
        try:
            while self._rest and not self._over and not self._wire.is_whole():
                self._rest = self._wire.feed(self._rest)
                if self._wire.is_whole() and self._turn is not None:
                    self._turn.end()
                    self._next()
        except Refused as error:
            self._refuse(error)
            return
        if self._rest:
            self.hold(reading=False)
        self._keep_time()

    def _next(self) -> None:
        """Both sides are done with a request: another may come."""
        turn = self._turn
        if turn is not None and turn.complete and self._wire.is_whole() and turn.keep_alive:
            self._wire.next()

    def on_request(self, head: Head) -> None:
        """A head is whole: the application may begin."""
        raw_path, _, query = head.target.partition(b"?")
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": head.version,
            "server": self._local,
            "client": self._client,
            "scheme": "http",
            "method": head.method,
            "root_path": "",
            "path": unquote(raw_path.decode("ascii")) if b"%" in raw_path else raw_path.decode("ascii"),
            "raw_path": raw_path,
            "query_string": query,
            "headers": head.headers,
            "state": self._app_state.copy(),
        }
        self._turn = turn = Turn(self, head, scope, self._server.default_headers, Repeatable())
        task = self._loop.create_task(turn.run(self._app))
        task.add_done_callback(self._server.tasks.discard)
        self._server.tasks.add(task)

    def on_body(self, piece: bytes) -> None:
        """Some more of a body."""
        if self._turn is not None:
            self._turn.take(piece)

    # What a turn asks for

    def write(self, *pieces: bytes) -> None:
        """Have bytes sent, and counted."""
        for piece in pieces:
            self._patience.sent += len(piece)
        if len(pieces) == 1:
            self._transport.write(pieces[0])
        else:
            self._transport.writelines(pieces)

    async def writable(self) -> None:
        """Wait until the client has read what is ready for it."""
        await self._patience.writable()

    def hold(self, *, reading: bool) -> None:
        """Read no more, or read on."""
        if self._held is reading and not self._transport.is_closing():
            self._held = not reading
            (self._transport.resume_reading if reading else self._transport.pause_reading)()

    def broken_off(self) -> None:
        """There will be no end of the answer."""
        if not self._over:
            self._cut("broken off")

    def answered(self) -> None:
        """An answer is written to its end: what came meanwhile is next."""
        turn = self._turn
        self._server.total_requests += 1
        if self._over or turn is None:
            return
        if turn.lasting and self._wire.is_whole():
            key = self.address, turn.head.raw
            self._loop.call_soon(self._answers.keep, key, turn.lasting, turn.repeatable)
        if not turn.keep_alive:
            self._close()
            return
        self._next()
        self._keep_time()
        self.hold(reading=True)
        if self._rest:
            self._read_on()
        if self._half_closed and not self._over:
            if self._turn is turn:
                self._close()
            else:
                self._half_clock.start(self._settings.half_closed)

    # Waiting for the request

    def _keep_time(self) -> None:
        """Set the clock for what the server waits for now, unless it runs for that already."""
        if self._over or self._transport.is_closing():
            return
        awaited = self._awaited(), id(self._turn)
        if awaited == self._waits_for:
            return
        self._waits_for = awaited
        if awaited[0] == "answer":
            self._request_clock.stop()
            self._admission.works(self)
            self._patience.begin()
            return
        self._admission.waits(self)
        settings = self._settings
        seconds = {"idle": settings.keep_alive, "body": settings.body_seconds}.get(
            awaited[0], settings.header_seconds
        )
        self._request_clock.start(seconds)

    def _awaited(self) -> str:
        phase = self._wire.phase
        if phase is Phase.NONE:
            return "header" if self._turn is None else "idle"
        return {Phase.HEAD: "header", Phase.BODY: "body", Phase.WHOLE: "answer"}[phase]

    def _late(self) -> None:
        part = self._waits_for[0]
        if part == "idle":
            self._close()
            return
        if part == "header" and not self._wire.begun:
            self._cut("silent")
            return
        most = self._settings.body_seconds if part == "body" else self._settings.header_seconds
        self._refuse(RequestTimeout(f"The {part} of the request did not arrive within {most:g} s.", limit=most))

    def _left(self) -> None:
        """Half-closed looks like gone; who waits for an answer that does not begin is taken to be."""
        if self._turn is not None and not self._turn.started:
            self._cut("left")

    def make_room(self) -> None:
        """Close, for another's sake."""
        if self._admission.overrun or self._wire.phase is Phase.NONE:
            self._cut("room")
        else:
            self._refuse(
                TooManyConnections("The server is busy, and your request was slow to arrive.", retry_after=5)
            )

    # The end

    def _refuse(self, error: Refused) -> None:
        """Tell the client what is wrong, if it can still be told, and read nothing more that it sends."""
        self._request_clock.stop()
        self._admission.works(self)
        turn, reading_next = self._turn, self._wire.phase in (Phase.NONE, Phase.HEAD)
        if turn is not None and not turn.complete:
            turn.leave()
        if turn is None or reading_next or not turn.started:
            identifier = fresh()
            self._observer.refused(error, self.address, identifier)
            date = self._server.default_headers
            self.write(refusal(error, identifier, date, bodiless=self._wire.bodiless))
            self._linger()
        elif turn.complete:
            self._linger()
        else:
            self._cut("broken off")

    def _close(self) -> None:
        """Close once everything is written; an answer that lacks its end is cut so that nobody takes it for whole."""
        if self._transport.is_closing():
            return
        if self._turn is not None and self._turn.started and not self._turn.complete:
            self._cut("broken off")
        elif self._wire.phase is Phase.BODY or self._rest:
            self._linger()
        else:
            self._over = True
            self._transport.close()

    def _linger(self) -> None:
        """Close after the client has had time to read: with bytes unread, a close would take the answer back."""
        self._over = True
        self._rest = b""
        self._linger_clock.start(_LINGER_SECONDS)
        if self._transport.can_write_eof():
            self._transport.write_eof()
            self.hold(reading=True)
        else:
            self._transport.close()

    def _lingered(self) -> None:
        if self._transport.get_write_buffer_size():
            self._linger_clock.start(_LINGER_SECONDS)
        else:
            self._transport.abort()

    def _cut(self, cause: str) -> None:
        self._over = True
        self._observer.cut(cause, self.address)
        self._transport.abort()
