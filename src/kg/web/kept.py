"""Pages kept for the next reader, whole and compressed: a snapshot never changes, so neither do its pages.

A page is known by its validator (which stands for snapshot, software and language) and its address. What one reader
has asked for is sent to the next without a query or a template. Bounded by bytes, the least recently used goes first.
"""

import gzip
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cachetools import LRUCache
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from kg.settings import Settings
from kg.web.packing import LEVEL, WORTH_PACKING, takes_gzip
from kg.web.replies import headers, root
from kg.web.shortfall import lacks, passing

Key: TypeAlias = tuple[str, str, str, str]

_BYTES = 32 << 20
_LARGEST = 1 << 20
_VARIES = "Accept-Encoding"


@dataclass(frozen=True)
class Kept:
    """A page: its bytes, the same compressed (empty where that is not worth it), and its header fields."""

    plain: bytes
    packed: bytes
    headers: dict[str, str]


_PAGES: LRUCache[Key, Kept] = LRUCache(_BYTES, getsizeof=lambda page: len(page.plain) + len(page.packed))


async def page(
    request: Request,
    settings: Settings,
    tag: str,
    make: Callable[[], Awaitable[Response]],
    extra: Mapping[str, str] | None = None,
) -> Response:
    """The page at the request's address: the one that is kept, or the one that ``make`` makes.

    It gets the headers of its validator, and ``extra`` ones. A page that is not a success, or none at all, is sent
    as it is and not kept; nor is one that lacks a part.
    """
    key = (tag, root(request), request.scope["path"], request.url.query)
    found = _PAGES.get(key)
    if found is None:
        made = await make()
        made.headers.update(headers(tag, extra))
        if lacks(made):
            return passing(made)
        if made.status_code != 200 or not isinstance(made, HTMLResponse):  # noqa: PLR2004 - a success
            return made
        found = _kept(made)
        if settings.cache_bytes > 0 and len(found.plain) <= _LARGEST:
            _PAGES[key] = found
    return _sent(request, found, tag)


def _kept(made: Response) -> Kept:
    body = bytes(made.body)
    packed = gzip.compress(body, LEVEL, mtime=0) if len(body) > WORTH_PACKING else b""
    left_out = ("content-length", "content-type")
    return Kept(body, packed, {name: text for name, text in made.headers.items() if name not in left_out})


def _sent(request: Request, found: Kept, tag: str) -> Response:
    sent = dict(found.headers)
    sent["vary"] = ", ".join([*filter(None, [sent.get("vary")]), _VARIES])
    if found.packed and takes_gzip(request.headers):
        sent |= {"content-encoding": "gzip", "etag": f"W/{tag}"}
        return HTMLResponse(found.packed, headers=sent)
    return HTMLResponse(found.plain, headers=sent)
