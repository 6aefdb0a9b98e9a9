"""Search by name: the page, and the same as JSON for programs and for the box that searches as you type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.errors import BadRequest
from kg.formats import HTML, JSON
from kg.search import Hit
from kg.serving import Current, Serving
from kg.stored import expand, offered
from kg.terms import DEF, ID, Iri
from kg.web import kept, language, queries_view, views
from kg.web.markup import page, site
from kg.web.replies import chosen, headers, integer, tagged, unchanged

_MOST_HITS = 100
_LONGEST = 200
_FEW, _MOST_NEAR = 5, 8
"""With fewer hits the page tells what has some of the words, and which questions may be meant."""
_PARAMETERS = [
    {
        "name": "q",
        "in": "query",
        "schema": {"type": "string"},
        "description": "Words of a name; the last may be begun.",
    },
    {
        "name": "kind",
        "in": "query",
        "schema": {"type": "array", "items": {"type": "string"}},
        "description": "Only things of these kinds, such as `Firm`.",
    },
    {
        "name": "state",
        "in": "query",
        "schema": {"type": "array", "items": {"type": "string"}},
        "description": "Only things of these states, such as `belgium`.",
    },
    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": _MOST_HITS}},
    {"name": "offset", "in": "query", "schema": {"type": "integer"}},
]


@dataclass(frozen=True)
class Search:
    """What is searched for, and which page of the hits is wanted; kinds and states are IRIs."""

    text: str
    kinds: tuple[Iri, ...]
    states: tuple[Iri, ...]
    limit: int
    offset: int


def router(serving: Serving) -> APIRouter:
    """``/search``."""
    routes = APIRouter(tags=["search"])

    @routes.get(
        "/search",
        summary="Find things by name",
        description="Exact names come first, then names that begin so, then names with a typo; of equal ones those "
        "of which more is claimed. `formerly` is there where the name that matched is borne no longer.",
        response_class=Response,
        openapi_extra={"parameters": _PARAMETERS},
    )
    async def search(request: Request) -> Response:
        wanted, form = asked(request, serving), chosen(request, (HTML, JSON))
        async with serving.current() as served:
            tag = tagged(request, serving.settings, served, form)
            if held := unchanged(request, tag):
                return held
            if form is HTML:
                return await kept.page(
                    request, serving.settings, tag, lambda: _page(request, serving, served, wanted)
                )
            total, hits = _found(served, wanted)
            found = [_hit(hit) for hit in hits]
            answer = JSONResponse({"query": wanted.text, "total": total, "offset": wanted.offset, "hits": found})
            answer.headers.update(headers(tag))
            return answer

    return routes


def asked(request: Request, serving: Serving) -> Search:
    """The search that an address asks for.

    Raises:
        BadRequest: a number is none, or a kind or state is no name.
    """
    given = request.query_params
    return Search(
        given.get("q", "")[:_LONGEST],
        _iris(given.getlist("kind"), DEF, serving),
        _iris(given.getlist("state"), ID, serving),
        max(integer(request, "limit", 20, _MOST_HITS), 1),
        integer(request, "offset", 0, 10_000),
    )


def _iris(names: list[str], space: Iri, serving: Serving) -> tuple[Iri, ...]:
    try:
        return tuple(expand(one, serving.prefixes) if ":" in one else space + one for one in names if one)
    except ValueError as error:
        raise BadRequest(f"Narrow a search by a name such as 'Firm' or 'belgium': {error}.") from error


def _hit(hit: Hit) -> dict[str, object]:
    return {
        "iri": hit.iri,
        "label": hit.label,
        "labels": hit.labels,
        "names": hit.names,
        "matched": hit.matched,
        **({"formerly": hit.matched} if hit.former else {}),
        "kind": hit.kind,
        "kindLabel": hit.kind_label,
        "kindLabels": hit.kind_labels,
        "claims": hit.claims,
    }


def _found(served: Current, wanted: Search) -> tuple[int, list[Hit]]:
    return served.search.find(wanted.text, wanted.limit, wanted.offset, wanted.kinds, wanted.states)


def _near(served: Current, wanted: Search, hits: Sequence[Hit]) -> list[Hit]:
    """What has some of the words, besides what has all."""
    found = {hit.iri for hit in hits}
    near = served.search.near(wanted.text, _MOST_NEAR + len(found))
    return [hit for hit in near if hit.iri not in found][:_MOST_NEAR]


def _told(hit: Hit, spoken: str) -> tuple[Hit, str, str]:
    """A hit with its label and its kind in the reader's language."""
    return hit, hit.labels.get(spoken) or hit.label, hit.kind_labels.get(spoken) or hit.kind_label


async def _page(request: Request, serving: Serving, served: Current, wanted: Search) -> Response:
    total, hits = _found(served, wanted)
    seen = wanted.offset + len(hits)
    near = _near(served, wanted, hits) if total < _FEW else []
    stored = queries_view.likely(offered(serving.settings.queries).values(), wanted.text) if total < _FEW else ()
    here, spoken = site(request, serving, served), language.spoken()
    return page(
        "search.html",
        here,
        shown=[_told(hit, spoken) for hit in hits],
        near=[_told(hit, spoken) for hit in near],
        stored=[(query, queries_view.summary(query)) for query in stored],
        text=wanted.text,
        total=total,
        hits=hits,
        first=wanted.offset + 1,
        last=seen,
        before=max(wanted.offset - wanted.limit, 0) if wanted.offset else None,
        after=seen if hits and seen < total else None,
        limit=wanted.limit,
        kinds=_options(served.search.facets.kinds, wanted.kinds, DEF),
        states=_options(served.search.facets.states, wanted.states, ID),
        kind=next((one.removeprefix(DEF) for one in wanted.kinds), ""),
        state=next((one.removeprefix(ID) for one in wanted.states), ""),
    )


def _options(
    known: Mapping[Iri, Mapping[str, str]], chosen: tuple[Iri, ...], space: Iri
) -> list[tuple[str, str, bool]]:
    """Value, label in the language of the page, and whether it is chosen; by label."""
    spoken = language.spoken()
    options = [
        (iri.removeprefix(space), labels.get(spoken) or labels.get("en") or views.local_name(iri), iri in chosen)
        for iri, labels in known.items()
    ]
    return sorted(options, key=lambda option: option[1].lower())
