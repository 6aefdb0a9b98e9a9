"""``/graph-view``: the neighbourhood of some entities as a picture, with its table, and as JSON, CSV and GraphML."""

import csv
import io
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.errors import NotFound
from kg.formats import CSV, HTML, JSON, Format
from kg.serving import Serving
from kg.stored import find
from kg.terms import DEF, ID
from kg.web import graphml, neighbourhood
from kg.web.asker import Asker
from kg.web.language import say
from kg.web.markup import Site, page, site
from kg.web.neighbourhood import Line, Neighbourhood, View
from kg.web.replies import chosen, days, headers, local, tagged, unchanged, unknown
from kg.web.security import DRAWING
from kg.web.ties import NEVER, STANDINGS

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
    {"name": "asOf", "in": "query", "schema": {"type": "string", "format": "date"}},
    {"name": "knownOn", "in": "query", "schema": {"type": "string", "format": "date"}},
]


def router(serving: Serving) -> APIRouter:
    """``/graph-view`` and its data twins."""
    routes = APIRouter(tags=["views"])

    async def view(request: Request) -> Response:
        return await _answer(request, serving, chosen(request, OFFERED))

    async def suffixed(request: Request, suffix: str) -> Response:
        form = next((one for one in OFFERED if one.name == suffix), None)
        if form is None:
            raise NotFound(
                f"The graph view comes as {', '.join(one.name for one in OFFERED)}; not as '{suffix[:20]}'."
            )
        return await _answer(request, serving, form)

    routes.add_api_route(
        "/graph-view",
        view,
        methods=["GET"],
        summary="The neighbourhood of some entities",
        description=_DESCRIPTION,
        response_class=Response,
        openapi_extra={"parameters": _PARAMETERS},
    )
    routes.add_api_route("/graph-view.{suffix}", suffixed, methods=["GET"], include_in_schema=False)
    return routes


def _view(request: Request, serving: Serving) -> View:
    given = request.query_params
    of, without, hide = (given.getlist(name) for name in ("of", "without", "hide"))
    return neighbourhood.asked(of, without, hide, days(request), serving.prefixes)


async def _answer(request: Request, serving: Serving, form: Format) -> Response:
    view = _view(request, serving)
    async with serving.current() as served:
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
        return Response(_csv(found), media_type=CSV.content_type)
    if form is GRAPHML:
        about = {"Content-Disposition": 'attachment; filename="armature.graphml"'}
        return Response(graphml.written(found), media_type=GRAPHML.media_type, headers=about)
    answer = page(
        "graph-view.html",
        here,
        view=view,
        found=found,
        standings=STANDINGS,
        slugs=[iri.removeprefix(ID) for iri in view.of],
        hidden={iri: iri in view.hide for iri in found.relations},
        twins=[(one, local(request, f"/graph-view.{one.name}?{request.url.query}")) for one in OFFERED[1:]],
        queried=find(serving.settings.queries, "ties").name,
        endpoint=local(request, "/graph-view.json"),
    )
    answer.headers.update(DRAWING)
    return answer


def _json(here: Site, view: View, found: Neighbourhood) -> Mapping[str, object]:
    """The picture as data: nodes, lines and relations, with the words that label them."""
    return {
        "of": view.of,
        "total": found.total,
        "recordDate": here.record_date,
        "standings": {name: say(word) for name, word in STANDINGS.items()},
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
    tie = line.tie
    return {
        "claim": tie.claim,
        "subject": tie.subject.iri,
        "object": tie.object.iri,
        "relation": tie.relation,
        "label": tie.relation_label,
        "details": " · ".join(tie.details),
        "when": tie.when,
        "earliest": tie.earliest,
        "latest": tie.latest,
        "begun": line.begun,
        "ended": line.ended,
        "standing": line.standing,
    }


def _csv(found: Neighbourhood) -> str:
    body = io.StringIO()
    rows = csv.writer(body)
    rows.writerow(COLUMNS)
    for line in found.lines:
        tie = line.tie
        rows.writerow(
            [
                *(tie.claim, tie.subject.iri, tie.subject.label, tie.relation, tie.relation_label, tie.object.iri),
                *(tie.object.label, "; ".join(tie.details), tie.share, tie.when, tie.earliest, tie.latest),
                STANDINGS[line.standing],
            ]
        )
    return body.getvalue()
