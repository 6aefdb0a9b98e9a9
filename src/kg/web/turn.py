"""One request and its answer on a connection, as ASGI has them."""

import asyncio
import logging
from typing import Protocol

from starlette.types import ASGIApp, Message, Scope

from kg.web.again import Repeatable
from kg.web.wire import STATUS_LINES, Head, Headers

log = logging.getLogger("kg.web.connection")

_HELD_BYTES = 1 << 12
"""Of a body; more is read when the application has taken these, which may well refuse the rest."""

_JOINED_BYTES = 1 << 16
_WITHOUT_BODY = frozenset({204, 304})
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_OWN = frozenset({b"date", b"x-request-id"})
"""The fields of an answer that the next one like it has otherwise."""


class Line(Protocol):
    """The connection, as the turn sees it."""

    def write(self, *pieces: bytes) -> None:
        """Have bytes sent."""

    async def writable(self) -> None:
        """Wait until the client has read what is ready for it."""

    def hold(self, *, reading: bool) -> None:
        """Read no more, or read on."""

    def answered(self) -> None:
        """The answer is written to its end."""

    def broken_off(self) -> None:
        """There will be no end of the answer."""


class Turn:
    """A request with its body as it comes, and the answer as it goes.

    ``more``: the body is not whole. ``gone``: nobody waits for the answer. The head of an answer is sent with the
    first piece of its body: one write, one packet. ``lasting`` is that head but for date and identifier.
    """

    def __init__(self, line: Line, head: Head, scope: Scope, date: Headers, repeatable: Repeatable) -> None:
        self._line, self._date = line, date
        self.head, self.scope, self.repeatable = head, scope, repeatable
        scope["kg.repeatable"] = repeatable
        self.keep_alive = head.keep_alive
        self.more = True
        self.gone = self.started = self.complete = False
        self.lasting = b""
        self._body = bytearray()
        self._awaits_word = head.expects
        self._has_news = False
        self._waiter: asyncio.Future[None] | None = None
        self._begun: bytes | None = None
        self._left, self._chunked = 0, False

    # The request's body

    def take(self, piece: bytes) -> None:
        """Some more of the body; nobody wants it once the answer is complete."""
        self._awaits_word = False
        if not self.complete:
            self._body += piece
            if len(self._body) > _HELD_BYTES:
                self._line.hold(reading=False)
            self._tell()

    def end(self) -> None:
        """The body is whole."""
        self.more = False
        self._tell()

    def leave(self) -> None:
        """The client is gone, or its request is not read on."""
        self.gone = True
        self._tell()

    def _tell(self) -> None:
        self._has_news = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def receive(self) -> Message:
        """The next piece of the body, or the news that nobody waits for the answer."""
        if self._awaits_word and not self.gone:
            self._awaits_word = False
            self._line.write(_CONTINUE)
        while not (self._has_news or self.gone or self.complete):
            if self.more:
                self._line.hold(reading=True)
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._has_news = False
        if self.gone or self.complete:
            return {"type": "http.disconnect"}
        piece, self._body = bytes(self._body), bytearray()
        return {"type": "http.request", "body": piece, "more_body": self.more}

    # The answer

    async def run(self, app: ASGIApp) -> None:
        """Have the application answer; one that does not is a failure of ours, and the connection ends."""
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException as error:
            log.error("unforeseen failure at %s", self.scope["path"], exc_info=error)  # noqa: TRY400 - whatever it is
        if not self.complete and not self.gone:
            self._line.broken_off()

    async def send(self, message: Message) -> None:
        """Send what the application says, as fast as the client reads.

        Raises:
            RuntimeError: the application says what cannot be said now.
        """
        await self._line.writable()
        if self.gone:
            return
        if message["type"] == "http.response.start" and self._begun is None and not self.started:
            self._begun = self._head(message["status"], message["headers"])
        elif message["type"] == "http.response.body" and (self.started or self._begun is not None):
            self._send(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"'{message['type']}' cannot come now.")

    def _head(self, status: int, headers: Headers) -> bytes:
        """The head of the answer, framed as its fields and the request allow."""
        lines = [STATUS_LINES[status], *(b"%s: %s\r\n" % pair for pair in headers)]
        known = {name.lower(): value for name, value in headers}
        if self.scope["method"] == "HEAD" or status in _WITHOUT_BODY:
            self._left = 0
        elif (length := known.get(b"content-length")) is not None:
            self._left = int(length)
        elif self.head.version == "1.0":
            self._left, self.keep_alive = -1, False
        else:
            self._left, self._chunked = -1, True
            lines.append(b"transfer-encoding: chunked\r\n")
        if b"close" in known.get(b"connection", b"").lower():
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines):
            raise RuntimeError("A header field of the answer has a line break in it.")
        if self.repeatable.body is not None and self.keep_alive and self.scope["method"] == "GET":
            self.lasting = b"".join([lines[0], *(b"%s: %s\r\n" % pair for pair in headers if pair[0] not in _OWN)])
        return b"".join([head, *(b"%s: %s\r\n" % pair for pair in self._date), b"\r\n"])

    def _send(self, body: bytes, *, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            body = b""
        if self.complete or (self._left >= 0 and (len(body) > self._left or (not more and len(body) < self._left))):
            raise RuntimeError("The answer is longer or shorter than it said.")
        self._left -= len(body) if self._left > 0 else 0
        head, self._begun = self._begun or b"", None
        self.started = True
        framed = self._framed(body, more=more)
        if head and sum(map(len, framed)) < _JOINED_BYTES:
            framed = [b"".join([head, *framed])]
        elif head:
            framed = [head, *framed]
        if framed:
            self._line.write(*framed)
        if not more:
            self.complete = True
            self._tell()
            self._line.answered()

    def _framed(self, body: bytes, *, more: bool) -> list[bytes]:
        if not self._chunked:
            return [body] if body else []
        chunk = [b"%x\r\n" % len(body), body, b"\r\n"] if body else []
        return chunk if more else [*chunk, b"0\r\n\r\n"]
