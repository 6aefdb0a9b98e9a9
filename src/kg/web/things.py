"""The addresses of IRIs: ``/id/arquus`` leads, by Accept or suffix, to its page or its data.

Every IRI of the graph has the same path here as in its name, whatever host serves it.
"""

import re
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from kg import export, terms
from kg.engine.store import Accept
from kg.engine.store import Request as Query
from kg.errors import BadRequest, NotFound
from kg.formats import CSV, HTML, JSON, JSON_LD, N_TRIPLES, RDF_XML, TURTLE, Format
from kg.serving import Current, Serving, Values
from kg.stored import find
from kg.terms import Iri
from kg.web import kept, thing_pages
from kg.web.replies import (
    REVALIDATE,
    SEARCH,
    VARY,
    chosen,
    days,
    headers,
    local,
    split_suffix,
    tagged,
    unchanged,
    unknown,
)

OFFERED = (HTML, TURTLE, JSON_LD, N_TRIPLES, RDF_XML, JSON, CSV)
_ONTOLOGY = re.compile(r"(\d+\.\d+\.\d+)?")
"""The ontology as a whole, or one version of it: of these the current one is described."""


def router(serving: Serving) -> APIRouter:
    """One route per namespace of the graph."""
    routes = APIRouter(tags=["things"])

    def add(space: str) -> None:
        async def thing(request: Request, slug: str) -> Response:
            async with serving.current() as served:
                return await _answer(request, serving, served, space, slug)

        routes.add_api_route(
            f"/{space}/{{slug:path}}",
            thing,
            methods=["GET"],
            name=space,
            operation_id=f"get_{space}",
            summary=f"One thing of the namespace {terms.BASE}{space}/: its page or its data",
            response_class=Response,
        )

    for space in terms.SPACES:
        add(space)
    return routes


async def _answer(request: Request, serving: Serving, served: Current, space: str, slug: str) -> Response:
    if space == "def" and _ONTOLOGY.fullmatch(slug):
        return RedirectResponse(local(request, "/ontology"), 303, headers=VARY)
    if not slug:
        raise NotFound(f"Name a thing after {local(request, f'/{space}/')}, or search at {local(request, SEARCH)}.")
    name, form = split_suffix(slug, OFFERED)
    iri = f"{terms.BASE}{space}/{name}"
    if successor := served.search.replaced.get(iri):
        return _moved(request, successor, form)
    if form is None:
        return _redirect(request, space, name, chosen(request, OFFERED))
    tag = tagged(request, serving.settings, served, form)
    return unchanged(request, tag) or await _twin(request, serving, served, iri, form, tag)


def _moved(request: Request, successor: Iri, form: Format | None) -> Response:
    """301 to the same of what replaced a thing; all parameters travel along."""
    suffix = f".{form.name}" if form else ""
    query = f"?{request.url.query}" if request.url.query else ""
    address = local(request, f"/{quote(successor.removeprefix(terms.BASE))}{suffix}{query}")
    return RedirectResponse(
        address, 301, headers={"Cache-Control": REVALIDATE, "Link": f'<{successor}>; rel="canonical"'}
    )


def _redirect(request: Request, space: str, name: str, form: Format) -> Response:
    """303 from the thing to a document about it; the time parameters travel along."""
    kept = {k: v for k, v in request.query_params.multi_items() if k != "format"}
    query = "?" + "&".join(f"{quote(k)}={quote(v)}" for k, v in kept.items()) if kept else ""
    document = local(request, f"/{space}/{quote(name)}.{form.name}{query}")
    return RedirectResponse(document, 303, headers=VARY)


async def _twin(request: Request, serving: Serving, served: Current, iri: str, form: Format, tag: str) -> Response:
    times = _times(request, form)
    links = {"Link": _links(request, iri)}
    if form is HTML:
        return await kept.page(
            request, serving.settings, tag, lambda: thing_pages.thing(request, serving, served, iri, times), links
        )
    if form in (JSON, CSV):
        response = await _claims(request, serving, served, iri, form, times)
    else:
        response = await _description(request, serving, served, iri, form)
    response.headers.update(headers(tag, links))
    return response


def _times(request: Request, form: Format) -> Values:
    given = days(request)
    if given and form not in (HTML, JSON, CSV):
        raise BadRequest(
            f"'{form.name}' describes the thing on the record's date only; "
            f"for {' and '.join(given)} take the page, .json or .csv."
        )
    return given


async def _description(request: Request, serving: Serving, served: Current, iri: str, form: Format) -> Response:
    """The statements about a thing in a graph format."""
    if iri in served.snapshot.manifest.graphs:
        path = await served.downloads.file(iri.removeprefix(terms.BASE), form)
        return FileResponse(path, media_type=form.content_type)
    found = await serving.triples(served, find(serving.settings.queries, "describe"), {"entity": [iri]})
    if not found:
        raise unknown(request, served.search, iri)
    return Response(export.rewritten(found, form, serving.prefixes), media_type=form.content_type)


async def _claims(
    request: Request, serving: Serving, served: Current, iri: str, form: Format, times: Values
) -> Response:
    """The claims that speak of a thing, or the things that a graph speaks of, as a table."""
    queries = serving.settings.queries
    if iri in served.snapshot.manifest.graphs:
        text = find(queries, "graph-contents").filled({"graph": [iri]}, serving.prefixes)
    elif await serving.rows(served, find(queries, "statements"), {"entity": [iri]}):
        text = find(queries, "claims").filled({"entity": [iri], **times}, serving.prefixes)
    else:
        raise unknown(request, served.search, iri)
    body = await serving.body(served, Query(text, Accept(solutions=form.media_type)))
    return Response(body, media_type=form.content_type)


def _links(request: Request, iri: str) -> str:
    """The ``Link`` header: the thing itself, and its twins in every format."""
    path = local(request, f"/{quote(iri.removeprefix(terms.BASE))}")
    twins = [f'<{path}.{f.name}>; rel="alternate"; type="{f.media_type}"' for f in OFFERED]
    return ", ".join([f'<{iri}>; rel="describes"', *twins])
