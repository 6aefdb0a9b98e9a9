"""What the views that draw ties have in common: an address for each format, the page, and the head of their JSON."""

import csv
import io
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg.errors import NotFound
from kg.formats import CSV, Format
from kg.terms import ID, Iri
from kg.web.language import say
from kg.web.markup import Site, page
from kg.web.replies import chosen, local
from kg.web.security import DRAWING
from kg.web.ties import STANDINGS, Tie

Answering: TypeAlias = Callable[[Request, Format], Awaitable[Response]]
"""Makes the answer to a request in a format."""

DAYS: Sequence[Mapping[str, Any]] = tuple(
    {"name": name, "in": "query", "schema": {"type": "string", "format": "date"}} for name in ("asOf", "knownOn")
)
"""The reader's two days as OpenAPI writes them."""


def routes(name: str, offered: Sequence[Format], answer: Answering, **about: Any) -> APIRouter:
    """``/name`` by ``Accept``, and ``/name.json`` and so on; ``about`` is what OpenAPI is told of it."""
    made = APIRouter(tags=["views"])

    async def view(request: Request) -> Response:
        return await answer(request, chosen(request, offered))

    async def suffixed(request: Request, suffix: str) -> Response:
        form = next((one for one in offered if one.name == suffix), None)
        if form is None:
            known = ", ".join(one.name for one in offered)
            raise NotFound(f"/{name} comes as {known}; not as '{suffix[:20]}'.")
        return await answer(request, form)

    made.add_api_route(f"/{name}", view, methods=["GET"], response_class=Response, **about)
    made.add_api_route(f"/{name}.{{suffix}}", suffixed, methods=["GET"], include_in_schema=False)
    return made


def printed(
    request: Request, name: str, here: Site, offered: Sequence[Format], given: Sequence[Iri], **context: object
) -> Response:
    """The page, with the entities that were ``given`` by the ends of their addresses, and links to its twins."""
    answer = page(
        f"{name}.html",
        here,
        standings=STANDINGS,
        slugs=[iri.removeprefix(ID) for iri in given],
        twins=[(one, local(request, f"/{name}.{one.name}?{request.url.query}")) for one in offered[1:]],
        **context,
    )
    answer.headers.update(DRAWING)
    return answer


def told(tie: Tie) -> dict[str, str]:
    """What the JSON of each view says of a tie."""
    return {
        "claim": tie.claim,
        "subject": tie.subject.iri,
        "object": tie.object.iri,
        "relation": tie.relation,
        "label": tie.relation_label,
        "details": " · ".join(tie.details),
        "when": tie.when,
    }


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A table as CSV."""
    body = io.StringIO()
    writer = csv.writer(body)
    writer.writerow(columns)
    writer.writerows(rows)
    return Response(body.getvalue(), media_type=CSV.content_type)


def head(here: Site) -> dict[str, object]:
    """What the JSON of each view begins with: the record's date, and the words for how a tie stands."""
    return {"recordDate": here.record_date, "standings": {name: say(word) for name, word in STANDINGS.items()}}
