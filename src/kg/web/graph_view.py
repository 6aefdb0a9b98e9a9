"""``/graph-view``: the neighbourhood of some entities as a picture, with its table, and as JSON, CSV and GraphML."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.formats import CSV, HTML, JSON, Format
from kg.serving import Serving
from kg.stored import find
from kg.terms import DEF
from kg.web import drawn, graphml, naming, neighbourhood
from kg.web.asker import Asker
from kg.web.markup import Site, site
from kg.web.neighbourhood import Line, Neighbourhood, View
from kg.web.replies import days, headers, local, tagged, unchanged, unknown
from kg.web.ties import NEVER, STANDINGS

_NAME = "graph-view"
GRAPHML = Format("graphml", "application/graphml+xml", "GraphML", ("page",))
OFFERED = (HTML, JSON, CSV, GRAPHML)
COLUMNS = (
    *("claim", "subject", "subjectLabel", "relation", "relationLabel", "object", "objectLabel"),
    *("details", "share", "when", "earliest", "latest", "standing"),
)
_DESCRIPTION = (
    "The accepted claims between some entities and their neighbours, as of a day and as known on one. The page draws "
    "them; `json`, `csv` and `graphml` have the same lines."
)
_MANY = {"type": "array", "items": {"type": "string"}}
_PARAMETERS = [
    {"name": "of", "in": "query", "schema": _MANY, "description": "Entities in the middle, such as `arquus`."},
    {"name": "without", "in": "query", "schema": _MANY, "description": "Entities to leave out."},
    {"name": "hide", "in": "query", "schema": _MANY, "description": "Relations to leave out, such as `partOf`."},
    *drawn.DAYS,
]


def router(serving: Serving) -> APIRouter:
    """``/graph-view`` and its data twins."""

    async def answer(request: Request, form: Format) -> Response:
        return await _answer(request, serving, form)

    return drawn.routes(
        _NAME,
        OFFERED,
        answer,
        summary="The neighbourhood of some entities",
        description=_DESCRIPTION,
        openapi_extra={"parameters": _PARAMETERS},
    )


def _view(request: Request, serving: Serving) -> View:
    given = request.query_params
    of, without, hide = (given.getlist(name) for name in ("of", "without", "hide"))
    return neighbourhood.asked(of, without, hide, days(request), serving.prefixes)


async def _answer(request: Request, serving: Serving, form: Format) -> Response:
    async with serving.current() as served:
        if elsewhere := naming.settled(request, served.search, ("of",)):
            return elsewhere
        view = _view(request, serving)
        tag = tagged(request, serving.settings, served, form)
        if held := unchanged(request, tag):
            return held
        here = site(request, serving, served)
        found = await neighbourhood.found(Asker(serving, served), view, served.record_date or NEVER)
        for iri in view.of:
            if iri not in found.nodes and iri not in view.without:
                raise unknown(request, served.search, iri)
        response = _written(request, serving, here, view, found, form)
        response.headers.update(headers(tag))
        return response


def _written(
    request: Request,
    serving: Serving,
    here: Site,
    view: View,
    found: Neighbourhood,
    form: Format,
) -> Response:
    if form is JSON:
        return JSONResponse(_json(here, view, found))
    if form is CSV:
        return drawn.table(COLUMNS, map(_row, found.lines))
    if form is GRAPHML:
        about = {"Content-Disposition": 'attachment; filename="armature.graphml"'}
        return Response(graphml.written(found), media_type=GRAPHML.media_type, headers=about)
    return drawn.printed(
        request,
        _NAME,
        here,
        OFFERED,
        view.of,
        view=view,
        found=found,
        hidden={iri: iri in view.hide for iri in found.relations},
        queried=find(serving.settings.queries, "ties").name,
        endpoint=local(request, f"/{_NAME}.json"),
    )


def _json(here: Site, view: View, found: Neighbourhood) -> Mapping[str, object]:
    """The picture as data: nodes, lines and relations, with the words that label them."""
    return {
        "of": view.of,
        "total": found.total,
        **drawn.head(here),
        "nodes": [
            {
                "iri": node.iri,
                "label": node.label,
                "kind": node.kind,
                "kindLabel": found.kinds.get(node.kind, ""),
                "ties": found.counts.get(node.iri, 0),
            }
            for node in found.nodes.values()
        ],
        "lines": [_line(line) for line in found.lines],
        "relations": [
            {"iri": iri, "name": iri.removeprefix(DEF), "label": label, "count": number}
            for iri, (label, number) in found.relations.items()
        ],
    }


def _line(line: Line) -> Mapping[str, str]:
    return {
        **drawn.told(line.tie),
        "earliest": line.tie.earliest,
        "latest": line.tie.latest,
        "begun": line.begun,
        "ended": line.ended,
        "standing": line.standing,
    }


def _row(line: Line) -> Sequence[str]:
    tie = line.tie
    return (
        *(tie.claim, tie.subject.iri, tie.subject.label, tie.relation, tie.relation_label, tie.object.iri),
        *(tie.object.label, "; ".join(tie.details), tie.share, tie.when, tie.earliest, tie.latest),
        STANDINGS[line.standing],
    )
