"""HTTP/1.1 as it comes off the wire, within limits: llhttp's parser, strict, which is told of one request at a time.

A refusal is an error of the tree; :func:`refusal` writes it as the answer that ends the connection.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Protocol, TypeAlias

import httptools

from kg.errors import (
    AddressTooLong,
    BodyTooLarge,
    HeaderTooLarge,
    MalformedRequest,
    MethodUnknown,
    Refused,
    VersionNotSupported,
)
from kg.settings import Settings
from kg.web.security import SECURITY

Headers: TypeAlias = list[tuple[bytes, bytes]]
"""Names (lower-case) and values, in order."""

_END = b"\r\n\r\n"
_VERSIONS = (b" HTTP/1.1", b" HTTP/1.0")
_OTHER_VERSION = re.compile(rb"[!-~]+ [!-~]+ HTTP/\d(?:\.\d)?")
_OTHER_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/1\.[01]")
_SCHEMES = (b"http://", b"https://")
_TOLD = 200
_CHUNK_OVERHEAD = 8
"""Bytes of chunks' frames for each byte that is in them; chunks of one byte have five."""


class Phase(Enum):
    """How much of a request has come."""

    NONE = "none"
    HEAD = "head"
    BODY = "body"
    WHOLE = "whole"


@dataclass(frozen=True)
class Head:
    """A request without its body; ``raw`` is what came, ``expects`` that the client waits to be told to go on."""

    method: str
    target: bytes
    version: str
    headers: Headers
    keep_alive: bool
    expects: bool
    raw: bytes


class Taker(Protocol):
    """Who is told of a request as it comes."""

    def on_request(self, head: Head) -> None:
        """A head is whole."""

    def on_body(self, piece: bytes) -> None:
        """Some more of the body."""


class Wire:
    """The reading side of one connection.

    llhttp refuses bare line feeds, folded lines, spaces before colons, two lengths, a length beside chunks. It is
    never fed beyond the end of a request, which is where a head or chunks end in an empty line or the announced
    length is reached: what a client sends ahead stays bytes until its turn comes.
    """

    def __init__(self, settings: Settings, taker: Taker) -> None:
        self._settings, self._taker = settings, taker
        self._parser = httptools.HttpRequestParser(self)
        self.phase = Phase.NONE
        self.bodiless = False
        self._head, self._tail = bytearray(), b""
        self._target, self._headers = b"", Headers()
        self._left = self._body = self._frames = 0
        self._replaying = False
        self._refused: Refused | None = None

    @property
    def begun(self) -> bool:
        """Whether a part of a head has come."""
        return self.phase is Phase.HEAD

    def is_whole(self) -> bool:
        """Whether a request has come to its end, and none has begun after it."""
        return self.phase is Phase.WHOLE

    def next(self) -> None:
        """The request is done with; another may come."""
        self.phase, self._tail = Phase.NONE, b""

    def feed(self, data: bytes) -> bytes:
        """Read on, up to the end of the request at most; returns what comes after that.

        Raises:
            Refused: the client breaks HTTP, or a limit.
        """
        if self.phase is Phase.NONE:
            data = data.lstrip(b"\r\n")
        if at := len(self._tail):
            data = self._tail + data
        while at < len(data) and self.phase is not Phase.WHOLE:
            end = self._pause(data, at)
            self._read(data[at:end])
            at = end
        self._tail = b"" if self.phase is Phase.WHOLE or self._left else data[-3:]
        return data[at:]

    def _pause(self, data: bytes, at: int) -> int:
        """Where the request could end: after that, or after all that there is, the parser is asked."""
        if self._left:
            return min(len(data), at + self._left)
        found = data.find(_END, max(at - 3, 0))
        return len(data) if found < 0 else found + 4

    def _read(self, piece: bytes) -> None:
        if self.phase is Phase.NONE:
            self.phase, self.bodiless = Phase.HEAD, False
            self._head.clear()
        if in_head := self.phase is Phase.HEAD:
            self._head += piece
        body = self._body
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            self._go_on()
        except httptools.HttpParserError as error:
            if self._refused is None and isinstance(error, httptools.HttpParserCallbackError):
                raise
            raise (self._refused or self._broken(error)) from error
        if self.phase is Phase.HEAD:
            self._refuse(self._endless_head())
        elif not in_head and not self._left:
            self._frames += len(piece) - (self._body - body)
            if self._frames > self._settings.header_bytes + _CHUNK_OVERHEAD * self._body:
                raise HeaderTooLarge("The chunks of the body have more around them than in them; send larger ones.")

    def _go_on(self) -> None:
        """What asks for another protocol is answered in this one: a new parser reads its body as it is framed."""
        self._parser = httptools.HttpRequestParser(self)
        if self.phase is Phase.BODY:
            framing = [b"%s: %s\r\n" % pair for pair in self._headers if pair[0] in _FRAMING]
            self._replaying = True
            self._parser.feed_data(b"".join([b"POST / HTTP/1.1\r\n", *framing, b"\r\n"]))
            self._replaying = False

    # What the parser tells

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if not self._replaying:
            self._target, self._headers = b"", []
            self._left = self._body = self._frames = 0

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        if not self._replaying:
            self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the header, or of a trailer, which nobody reads."""
        if self.phase is Phase.HEAD:
            self._headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is there."""
        if self._replaying:
            return
        raw = bytes(self._head)
        line = raw.partition(b"\r\n")[0]
        self.bodiless = line.startswith(b"HEAD ")
        self._refuse(self._judged(line))
        found = dict(self._headers)
        self._left = int(found.get(b"content-length", b"0"))
        version = line[-3:].decode()
        self.phase = Phase.BODY
        self._taker.on_request(
            Head(
                method=line.partition(b" ")[0].decode(),
                target=_to_origin(self._target),
                version=version,
                headers=self._headers,
                keep_alive=version == "1.1" and self._parser.should_keep_alive(),
                expects=version == "1.1" and found.get(b"expect", b"").lower() == b"100-continue",
                raw=raw,
            )
        )

    def on_body(self, piece: bytes) -> None:
        """A part of the body."""
        self._body += len(piece)
        if self._left:
            self._left -= len(piece)
        self._refuse(self._long(self._body))
        self._taker.on_body(piece)

    def on_message_complete(self) -> None:
        """The request is whole, unless it asked for another protocol, and has a body that was not read yet."""
        if not (self._parser.should_upgrade() and (self._left or self._is_chunked)):
            self.phase = Phase.WHOLE

    # What is too much

    @property
    def _is_chunked(self) -> bool:
        return any(name == b"transfer-encoding" for name, _ in self._headers)

    def _refuse(self, refused: Refused | None) -> None:
        if refused is not None:
            self._refused = refused
            raise refused

    def _endless_head(self) -> Refused | None:
        """A head that is too long already, though it has no end yet."""
        settings = self._settings
        if len(self._head) <= settings.line_bytes + settings.header_bytes:
            return None
        line = bytes(self._head).partition(b"\n")[0]
        return self._long_line(line) or self._large_header(settings.header_bytes + 1, 0)

    def _broken(self, error: httptools.HttpParserError) -> Refused:
        """What the parser objects to: another version or method, or something that is not HTTP."""
        line = bytes(self._head).partition(b"\r\n")[0]
        if self.phase is Phase.HEAD and not line.endswith(_VERSIONS) and _OTHER_VERSION.fullmatch(line):
            return VersionNotSupported("Send the request in HTTP/1.1.")
        if isinstance(error, httptools.HttpParserInvalidMethodError) and _OTHER_METHOD.fullmatch(line):
            return MethodUnknown("The method is none that this server knows; use GET, HEAD, OPTIONS or POST.")
        return MalformedRequest(f"This is not HTTP as RFC 9112 has it: {str(error)[:_TOLD]}.")

    def _judged(self, line: bytes) -> Refused | None:
        names = [name for name, _ in self._headers]
        version = line[-9:]
        if version not in _VERSIONS and _OTHER_VERSION.fullmatch(line):
            return VersionNotSupported("Send the request in HTTP/1.1.")
        if version not in _VERSIONS or line.count(b" ") != 2:  # noqa: PLR2004 - method, target and version
            return MalformedRequest("The request line must be a method, a target and HTTP/1.1, with a space between.")
        if (hosts := names.count(b"host")) != 1 and (hosts or version == _VERSIONS[0]):
            return MalformedRequest("Send exactly one Host header.")
        if not _to_origin(self._target).startswith(b"/") and line.split(b" ")[1] != b"*":
            return MalformedRequest("The request line must name a path that begins with '/'.")
        size = sum(len(name) + len(value) + 4 for name, value in self._headers)
        return (
            self._long_line(line)
            or self._large_header(size, len(names))
            or self._misframed(version)
            or self._long(int(dict(self._headers).get(b"content-length", b"0")))
        )

    def _misframed(self, version: bytes) -> MalformedRequest | None:
        """Bodies that two readers could take to end in different places."""
        coded = [value.lower() for name, value in self._headers if name == b"transfer-encoding"]
        if coded and (coded != [b"chunked"] or version != _VERSIONS[0]):
            return MalformedRequest("The one coding that a body may have is 'chunked', named once, in HTTP/1.1.")
        return None

    def _long_line(self, line: bytes) -> AddressTooLong | None:
        most = self._settings.line_bytes
        if len(line) <= most:
            return None
        return AddressTooLong(f"The request line has more than {most:,} bytes; send the query by POST.", limit=most)

    def _large_header(self, size: int, fields: int) -> HeaderTooLarge | None:
        most, most_fields = self._settings.header_bytes, self._settings.header_fields
        if size > most:
            return HeaderTooLarge(f"The header has more than {most:,} bytes; send less.", limit=most)
        if fields > most_fields:
            return HeaderTooLarge(f"The header has more than {most_fields:,} fields; send fewer.", limit=most_fields)
        return None

    def _long(self, length: int) -> BodyTooLarge | None:
        most = self._settings.body_bytes
        if length <= most:
            return None
        return BodyTooLarge(f"The body has more than {most:,} bytes; shorten it.", limit=most)


_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


def _to_origin(target: bytes) -> bytes:
    """The path of ``http://host/path``: RFC 9112 has servers take both forms."""
    if not target.lower().startswith(_SCHEMES):
        return target
    return b"/" + target.split(b"://", 1)[1].partition(b"/")[2]


STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


def refusal(error: Refused, identifier: str, date: Headers, *, bodiless: bool) -> bytes:
    """The answer to a request that is not read on."""
    body = json.dumps({**error.problem(), "request_id": identifier}).encode()
    headers = [
        *date,
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", identifier.encode()),
        (b"access-control-allow-origin", b"*"),
        *SECURITY,
        *((name.lower().encode(), value.encode()) for name, value in error.headers().items()),
        (b"connection", b"close"),
    ]
    head = b"".join(b"%s: %s\r\n" % pair for pair in headers)
    return STATUS_LINES[int(error.status)] + head + b"\r\n" + (b"" if bodiless else body)
