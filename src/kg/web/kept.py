"""Pages kept for the next reader, whole and compressed: a snapshot never changes, so neither do its pages.

A page is known by its validator (which stands for snapshot, software and language) and its address. What one reader
has asked for is sent to the next without a query or a template. Bounded by bytes, the least recently used goes first.
"""

import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from cachetools import LRUCache
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from kg.web.replies import root
from kg.web.shortfall import lacks, passing

Key: TypeAlias = tuple[str, str, str, str]

_BYTES = 32 << 20
_LARGEST = 1 << 20
_WORTH_PACKING = 1_000
_LEVEL = 6
_VARIES = "Accept-Encoding"


@dataclass(frozen=True)
class Kept:
    """A page: its bytes, the same compressed (empty where that is not worth it), and its header fields."""

    plain: bytes
    packed: bytes
    headers: dict[str, str]


_PAGES: LRUCache[Key, Kept] = LRUCache(_BYTES, getsizeof=lambda page: len(page.plain) + len(page.packed))


async def page(request: Request, tag: str, make: Callable[[], Awaitable[Response]], *, keep: bool = True) -> Response:
    """The page at the request's address: the one that is kept, or the one that ``make`` makes.

    A page that is not a success, or none at all, is sent as it is and not kept; nor is one that lacks a part.
    """
    key = (tag, root(request), request.scope["path"], request.url.query)
    found = _PAGES.get(key)
    if found is None:
        made = await make()
        if lacks(made):
            return passing(made)
        if made.status_code != 200 or not isinstance(made, HTMLResponse):  # noqa: PLR2004 - a success
            return made
        found = _kept(made)
        if keep and len(found.plain) <= _LARGEST:
            _PAGES[key] = found
    return _sent(request, found, tag)


def _kept(made: Response) -> Kept:
    body = bytes(made.body)
    packed = gzip.compress(body, _LEVEL, mtime=0) if len(body) > _WORTH_PACKING else b""
    left_out = ("content-length", "content-type")
    return Kept(body, packed, {name: text for name, text in made.headers.items() if name not in left_out})


def _sent(request: Request, found: Kept, tag: str) -> Response:
    headers = dict(found.headers)
    headers["vary"] = ", ".join([*filter(None, [headers.get("vary")]), _VARIES])
    if found.packed and _takes_gzip(request):
        headers |= {"content-encoding": "gzip", "etag": f"W/{tag}"}
        return HTMLResponse(found.packed, headers=headers)
    return HTMLResponse(found.plain, headers=headers)


def _takes_gzip(request: Request) -> bool:
    entries = (entry.partition(";") for entry in request.headers.get("accept-encoding", "").lower().split(","))
    return any(
        name.strip() == "gzip" and weight.replace(" ", "") not in ("q=0", "q=0.0") for name, _, weight in entries
    )
