"""Islands: the scripts of the pages that use one, built from ``web/`` into ``static/islands/``.

A page works without them. Their files bear the hash of their content in their name, so that browsers keep them for
good, and are sent compressed. ``web/README.md`` says how they are built.
"""

import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kg.errors import NotFound

FOLDER = Path(__file__).parent / "static" / "islands"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}
_FOR_GOOD = "public, max-age=31536000, immutable"
_HASHED = (".js", ".css")


@cache
def _manifest() -> Mapping[str, Mapping[str, Any]]:
    """Island → its script, the files that this one imports, and its sheet where it has one."""
    found: Mapping[str, Mapping[str, Any]] = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    return found


@pass_context
def island(context: Context, name: str) -> Markup:
    """The elements that load an island, for the head of a page; the page's ``site`` says where the files are."""
    files, folder = _manifest()[name], f"{context['site'].root}/static/islands/"
    parts = [Markup('<link rel="modulepreload" href="{}{}">').format(folder, one) for one in files["shared"]]
    if "sheet" in files:
        parts.append(Markup('<link rel="stylesheet" href="{}{}">').format(folder, files["sheet"]))
    parts.append(Markup('<script type="module" src="{}{}"></script>').format(folder, files["script"]))
    return Markup("\n").join(parts)


@cache
def _file(name: str) -> tuple[bytes, bytes]:
    """A file as it is, and compressed."""
    body = (FOLDER / name).read_bytes()
    return body, gzip.compress(body, 9, mtime=0)


@cache
def _names() -> frozenset[str]:
    return frozenset(path.name for path in FOLDER.iterdir() if path.is_file())


async def files(scope: Scope, receive: Receive, send: Send) -> None:
    """The files of the islands, mounted as an ASGI application.

    Raises:
        NotFound: there is none of this name.
    """
    request = Request(scope)
    name = str(scope["path"]).rpartition("/")[2]
    if name not in _names():
        raise NotFound(f"There is no script or sheet '{name[:80]}' here; load the page anew.")
    plain, packed = _file(name)
    suffix = Path(name).suffix
    squeezed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "Cache-Control": _FOR_GOOD if suffix in _HASHED else "no-cache",
        "Vary": "Accept-Encoding",
        **({"Content-Encoding": "gzip"} if squeezed else {}),
    }
    response = Response(packed if squeezed else plain, media_type=_TYPES[suffix], headers=headers)
    await response(scope, receive, send)
