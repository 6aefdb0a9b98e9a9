"""HTTP/1.1 as it comes off the wire, within limits: h11's parser, which refuses what is too long or too much.

A refusal is an error of the tree; :func:`refusal` writes it as the answer that ends the connection.
"""

import json

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES

from kg.errors import (
    AddressTooLong,
    BodyTooLarge,
    HeaderTooLarge,
    MalformedRequest,
    Refused,
    VersionNotSupported,
)
from kg.settings import Settings
from kg.web.security import SECURITY

_FRAMING = {b"content-length", b"transfer-encoding"}
_TOLD = 200
_SCHEMES = (b"http://", b"https://")


class Wire(h11.Connection):
    """The server's side of one connection.

    ``refused`` is what was wrong, once something was; ``sent`` counts the bytes to write so far; ``bodiless``
    says that the request wants an answer without a body.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(h11.SERVER, settings.line_bytes + settings.header_bytes)
        self._settings = settings
        self._body = 0
        self.sent = 0
        self.bodiless = False
        self.refused: Refused | None = None

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """The next event, or what there is to wait for.

        Raises:
            h11.RemoteProtocolError: the client breaks HTTP, or a limit; ``refused`` says which.
        """
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as error:
            self.refused = self._broken(error)
            raise
        if isinstance(event, h11.Request):
            self._body, self.bodiless = 0, event.method == b"HEAD"
            self.refused = self._judged(event)
            event = _to_origin(event)
        elif isinstance(event, h11.Data):
            self._body += len(event.data)
            self.refused = self._long(self._body)
        if self.refused is not None:
            raise h11.RemoteProtocolError(self.refused.detail)
        return event

    def send(self, event: h11.Event) -> bytes | None:  # type: ignore[override]  # one for all its overloads
        """What to write for an event.

        Raises:
            h11.LocalProtocolError: it cannot come now.
        """
        data = super().send(event)
        self.sent += len(data or b"")
        return data

    @property
    def begun(self) -> bool:
        """Whether bytes have come of which no event was made yet."""
        return bool(self.trailing_data[0])

    def _broken(self, error: h11.RemoteProtocolError) -> Refused:
        """What h11 objects to: a header without an end, or something that is not HTTP."""
        if error.error_status_hint == HeaderTooLarge.status:
            first = self.trailing_data[0].partition(b"\n")[0]
            return (
                self._long_line(first)
                or self._large_header(self._settings.header_bytes + 1, 0)
                or MalformedRequest(str(error))
            )
        return MalformedRequest(f"This is not HTTP as RFC 9112 has it: {str(error)[:_TOLD]}.")

    def _judged(self, request: h11.Request) -> Refused | None:
        names = [name for name, _ in request.headers]
        size = sum(len(name) + len(value) + 4 for name, value in request.headers)
        line = b"%s %s HTTP/1.1" % (request.method, request.target)
        if not request.http_version.startswith(b"1."):
            return VersionNotSupported("Send the request in HTTP/1.1.")
        if _FRAMING.issubset(names):
            return MalformedRequest("Send Content-Length or Transfer-Encoding, not both.")
        if not _to_origin(request).target.startswith(b"/") and request.target != b"*":
            return MalformedRequest("The request line must name a path that begins with '/'.")
        length = next((int(value) for name, value in request.headers if name == b"content-length"), 0)
        return self._long_line(line) or self._large_header(size, len(names)) or self._long(length)

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


def _to_origin(request: h11.Request) -> h11.Request:
    """A request to ``http://host/path`` as one to ``/path``: RFC 9112 has servers take both."""
    if not request.target.lower().startswith(_SCHEMES):
        return request
    path = b"/" + request.target.split(b"://", 1)[1].partition(b"/")[2]
    return h11.Request(method=request.method, target=path, headers=request.headers, http_version=request.http_version)


def refusal(error: Refused, identifier: str, *, bodiless: bool) -> list[h11.Event]:
    """The events of the answer to a request that is not read on."""
    body = json.dumps({**error.problem(), "request_id": identifier}).encode()
    headers = [
        (b"Content-Type", b"application/problem+json"),
        (b"Content-Length", str(len(body)).encode()),
        (b"X-Request-ID", identifier.encode()),
        (b"Access-Control-Allow-Origin", b"*"),
        *SECURITY,
        *((name.encode(), value.encode()) for name, value in error.headers().items()),
    ]
    status = int(error.status)
    start = h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status])
    return [start, *([] if bodiless else [h11.Data(data=body)]), h11.EndOfMessage()]
