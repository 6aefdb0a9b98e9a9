"""Pages, sheets and drawings that are sent compressed to browsers that take it.

Only an answer that comes whole is: results that stream are sent as they come, and files to download as they are.
"""

import gzip

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEVEL = 6
WORTH_PACKING = 1_000
"""Bytes; what is shorter fits into one packet anyway."""
_TYPES = ("text/html", "text/css", "image/svg+xml")


class Packed:
    """Next to the routes, so that HEAD is told the same length as GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def packed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _of_pages(Headers(raw=message["headers"])):
                start = message
                return
            if start is not None:
                begun, start = start, None
                message = _squeezed(begun, message, Headers(scope=scope))
                await send(begun)
            await send(message)

        await self._app(scope, receive, packed)


def takes_gzip(headers: Headers) -> bool:
    """Whether a request's ``Accept-Encoding`` names gzip, and not only to rule it out."""
    entries = (entry.partition(";") for entry in headers.get("accept-encoding", "").lower().split(","))
    return any(
        name.strip() == "gzip" and weight.replace(" ", "") not in ("q=0", "q=0.0") for name, _, weight in entries
    )


def _of_pages(headers: Headers) -> bool:
    kind = headers.get("content-type", "").partition(";")[0]
    return kind in _TYPES and not {"content-encoding", "content-range"} & set(headers.keys())


def _squeezed(start: Message, message: Message, asked: Headers) -> Message:
    """The first piece of a body, compressed if it is all of it; the header fields of ``start`` are made to match."""
    headers = MutableHeaders(raw=start["headers"])
    headers.add_vary_header("Accept-Encoding")
    start["headers"] = headers.raw
    body: bytes = message.get("body", b"")
    if message.get("more_body") or len(body) < WORTH_PACKING or not takes_gzip(asked):
        return message
    body = gzip.compress(body, LEVEL, mtime=0)
    headers["content-encoding"], headers["content-length"] = "gzip", str(len(body))
    if (tag := headers.get("etag", "")) and not tag.startswith("W/"):
        headers["etag"] = f"W/{tag}"
    del headers["accept-ranges"]
    return {**message, "body": body}
