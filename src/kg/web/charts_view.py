"""``/chart/{panel}.csv``: the numbers of a chart on a page of a thing, as data."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg.errors import BadRequest, NotFound
from kg.formats import CSV
from kg.serving import Current, Serving
from kg.stored import expand
from kg.terms import Iri
from kg.web import answers, drawn
from kg.web.asker import Asker
from kg.web.declared import Declared, declared
from kg.web.markup import site
from kg.web.replies import days, etag, headers, unchanged, unknown

_PARAMETERS = [
    {"name": "panel", "in": "path", "required": True, "schema": {"type": "string"}, "description": "As `owned-by`."},
    {"name": "entity", "in": "query", "required": True, "schema": {"type": "string"}, "description": "As `arquus`."},
    *drawn.DAYS,
]


def router(serving: Serving) -> APIRouter:
    """The data of charts."""
    routes = APIRouter(tags=["views"])

    @routes.get(
        "/chart/{panel}.csv",
        summary="The numbers of a chart",
        description="A line for each shape of the chart that a panel has on the page of an entity; days in ISO.",
        response_class=Response,
        openapi_extra={"parameters": _PARAMETERS},
    )
    async def numbers(request: Request) -> Response:
        panel = _panel(serving, request.path_params["panel"])
        entity = _entity(request, serving)
        async with serving.current() as served:
            here = site(request, serving, served)
            tag = etag(serving.settings, served, CSV, here.language)
            return unchanged(request, tag) or await _numbers(request, serving, served, panel, entity, tag)

    return routes


async def _numbers(
    request: Request, serving: Serving, served: Current, panel: Declared, entity: Iri, tag: str
) -> Response:
    asker = Asker(serving, served)
    if not await asker.raw("statements", entity=[entity]):
        raise unknown(request, served.search, entity)
    drawing = await answers.drawing(asker, panel, entity, days(request))
    records = drawing.records if drawing else ()
    columns = tuple(records[0]) if records else ()
    answer = drawn.table(columns, (tuple(record[name] for name in columns) for record in records))
    answer.headers.update(headers(tag))
    return answer


def _panel(serving: Serving, name: str) -> Declared:
    charted = [panel for panel in declared(serving.settings.queries) if panel.chart]
    for panel in charted:
        if panel.name == name:
            return panel
    raise NotFound(f"No panel '{name[:40]}' has a chart; these have: {', '.join(panel.name for panel in charted)}.")


def _entity(request: Request, serving: Serving) -> Iri:
    name = request.query_params.get("entity", "")
    try:
        if name:
            return expand(name, serving.prefixes)
    except ValueError as error:
        raise BadRequest(f"'{name[:80]}' names no entity: {error}.") from error
    raise BadRequest("Name the entity whose chart is meant, as in 'entity=arquus'.")
