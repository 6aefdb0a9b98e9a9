"""What every HTTP answer has in common: validators, negotiation of the format, and links to the twins."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kg import __version__, formats
from kg.errors import BadRequest, UnknownEntity
from kg.formats import Format
from kg.search import SearchIndex
from kg.serving import Current
from kg.settings import Settings
from kg.terms import Iri
from kg.web import language

VARY = {"Vary": "Accept, Accept-Language"}
"""What decides which answer an address gives: pages come in several languages."""
DAYS = ("asOf", "knownOn")
"""The reader's two dates: what can be true on a day, what was published by a day."""
SEARCH = "/search?q=…"
REVALIDATE = "no-cache"
"""Pages and data may be kept, but are asked for again each time: a new snapshot shows at once."""


@cache
def edition(settings: Settings) -> str:
    """A short hash of what shapes the answers besides the graph: version, queries and templates."""
    digest = sha256(__version__.encode())
    shown = Path(__file__).parent
    for folder in (settings.queries, *(shown / name for name in ("templates", "static", "messages"))):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def etag(settings: Settings, served: Current, form: Format | None = None, language: str = "") -> str:
    """The validator of an answer that depends on the address, the snapshot, the format and the language only."""
    parts = (served.validator, edition(settings), form.name if form else "", language)
    return f'"{"-".join(part for part in parts if part)}"'


def tagged(request: Request, settings: Settings, served: Current, form: Format) -> str:
    """The validator of an answer in a format; a page has one for each language.

    Raises:
        BadRequest: the address names a language that the pages do not come in.
    """
    return etag(settings, served, form, language.wanted(request) if form is formats.HTML else "")


def unchanged(request: Request, tag: str) -> Response | None:
    """A 304 where the client holds this very answer already."""
    held = [entry.strip() for entry in request.headers.get("if-none-match", "").split(",")]
    same = next((entry for entry in held if entry.removeprefix("W/") == tag), tag if "*" in held else None)
    if same is not None:
        return Response(status_code=304, headers={"ETag": same, "Cache-Control": REVALIDATE, **VARY})
    return None


def headers(tag: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headers of an answer that can be validated."""
    return {"ETag": tag, "Cache-Control": REVALIDATE, **VARY, **(extra or {})}


def chosen(request: Request, offered: Sequence[Format]) -> Format:
    """The format asked for by ``?format=`` or, without that, by ``Accept``.

    Raises:
        NotAcceptable: none of those offered.
    """
    name = request.query_params.get("format")
    return formats.named(name, offered) if name else formats.accepted(request.headers.get("accept"), offered)


def documented(offered: Sequence[Format]) -> dict[str, Any]:
    """The parameter ``format`` as OpenAPI writes it, with every name that is understood."""
    known = [formats.names(one) for one in offered]
    others = "; ".join(f"`{own}`: {', '.join(f'`{name}`' for name in more)}" for own, *more in known)
    return {
        "name": "format",
        "in": "query",
        "description": f"What to answer in, before `Accept`. Other names, in `Accept` the media types: {others}.",
        "schema": {"type": "string", "enum": [name for several in known for name in several]},
    }


def split_suffix(path: str, offered: Sequence[Format]) -> tuple[str, Format | None]:
    """``arquus.ttl`` → ``("arquus", Turtle)``; the format is ``None`` where no known suffix ends the path."""
    stem, dot, suffix = path.rpartition(".")
    form = formats.BY_NAME.get(suffix) if dot and stem else None
    return (stem, form) if form in offered else (path, None)


def root(request: Request) -> str:
    """The path at which the server is shown, without a slash at its end; empty for the root of the host."""
    scope = request.scope
    return str(scope.get("app_root_path", scope.get("root_path", ""))).rstrip("/")


def local(request: Request, path: str) -> str:
    """An address of this server, as its clients see it: ``/query`` → ``/armature/query`` behind that prefix."""
    return root(request) + path


def allowed_at(request: Request) -> str:
    """The methods that an address answers, for ``Allow``."""
    path = str(request.scope["path"]).removeprefix(root(request)).rstrip("/")
    return "GET, HEAD, OPTIONS, POST" if path == "/sparql" else "GET, HEAD, OPTIONS"


def wants_page(request: Request) -> bool:
    """Whether the client is a browser: it names HTML among what it accepts."""
    return "text/html" in request.headers.get("accept", "")


def integer(request: Request, name: str, default: int, most: int) -> int:
    """A whole number of the query string, from 0 up to ``most``.

    Raises:
        BadRequest: it is not one.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text[:9]) > most:
        raise BadRequest(f"'{name}' must be a whole number from 0 to {most}; it is '{text[:40]}'.")
    return int(text)


def days(request: Request) -> dict[str, list[str]]:
    """The reader's dates, by parameter; those left empty are left out.

    Raises:
        BadRequest: one of them is no date.
    """
    found = {name: [request.query_params[name].strip()] for name in DAYS if request.query_params.get(name)}
    for name, (text,) in found.items():
        try:
            date.fromisoformat(text)
        except ValueError as error:
            raise BadRequest(f"'{name}' must be a day such as 2024-05-21; it is '{text[:40]}'.") from error
    return found


def unknown(request: Request, index: SearchIndex, iri: Iri) -> UnknownEntity:
    """The error for an IRI of which the graph says nothing, with what its name resembles."""
    words = iri.rpartition("/")[2].replace("-", " ")
    alike = [hit.iri for hit in index.find(words, limit=3)[1]]
    hint = f"Did you mean {' or '.join(alike)}?" if alike else f"Search at {local(request, SEARCH)}."
    return UnknownEntity(f"The graph says nothing of <{iri}>. {hint}", iri=iri)
