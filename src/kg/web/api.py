"""Stored queries and the descriptions of the graph."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from kg import export, formats
from kg.engine.store import Accept
from kg.engine.store import Request as Query
from kg.errors import BadRequest, UnknownQuery
from kg.formats import HTML, JSON, Format, of_family
from kg.serving import Current, Serving, Values
from kg.stored import Parameter, StoredQuery, column_words, expand, find, offered
from kg.terms import ID
from kg.web import descriptions, kept, language, pages, queries_view, rates
from kg.web.exports import downloaded
from kg.web.replies import (
    REVALIDATE,
    chosen,
    documented,
    headers,
    local,
    root,
    split_suffix,
    tagged,
    unchanged,
)

SOLUTIONS = of_family("solutions")
GRAPHS = of_family("graph")
_QUERY_TEXT = Format("rq", "application/sparql-query", "SPARQL", ("page",))
_SCHEMA = {"iri": "string", "date": "string", "text": "string", "integer": "integer"}


def router(serving: Serving) -> APIRouter:
    """Every address that is neither a thing of the graph nor the SPARQL endpoint."""
    routes = APIRouter()
    _add_stored_queries(routes, serving)
    _add_descriptions(routes, serving)
    return routes


# Stored queries


def _add_stored_queries(routes: APIRouter, serving: Serving) -> None:
    @routes.get("/query", tags=["queries"], summary="The stored queries", response_class=Response)
    async def queries(request: Request) -> Response:
        if chosen(request, (HTML, JSON)) is JSON:
            return _list(request, serving)
        async with serving.current() as served:
            return await pages.queries(request, serving, served)

    for query in offered(serving.settings.queries).values():
        routes.add_api_route(
            f"/query/{query.name}",
            _endpoint(serving, query.name),
            methods=["GET"],
            tags=["queries"],
            operation_id=f"query_{query.name.replace('-', '_')}",
            summary=query.summary,
            description=query.description,
            response_class=Response,
            openapi_extra={"parameters": [*(_documented(query, p) for p in query.parameters), _formats(query)]},
        )

    @routes.get("/query/{name}", include_in_schema=False)
    async def suffixed(request: Request, name: str) -> Response:
        return await _stored(request, serving, name)


def _endpoint(serving: Serving, name: str) -> Callable[[Request], Awaitable[Response]]:
    async def stored(request: Request) -> Response:
        return await _stored(request, serving, name)

    return stored


def _list(request: Request, serving: Serving) -> Response:
    """The library as data: in English, unless the address names another language."""
    spoken = language.wanted(request) if request.query_params.get(language.PARAMETER) else "en"
    language.speak(spoken)
    columns = column_words(serving.settings.queries)
    listed = [_listed(query, columns) for query in offered(serving.settings.queries).values()]
    return JSONResponse(listed, headers={"Content-Language": spoken})


def _listed(query: StoredQuery, columns: Mapping[str, str]) -> dict[str, Any]:
    fields = queries_view.fields(query, {})
    told = queries_view.columns(query, query.columns, columns)
    return {
        "name": query.name,
        "summary": queries_view.summary(query).text,
        "questions": query.questions,
        "parameters": {one.name: {"type": one.kind, "description": one.description.text} for one in fields},
        "columns": {one.name: one.description.text for one in told},
    }


def _documented(query: StoredQuery, parameter: Parameter) -> dict[str, Any]:
    """A parameter as OpenAPI writes it."""
    without = "without it: no restriction" if query.open else "without it: the example; empty: no restriction"
    schema = {"type": _SCHEMA[parameter.kind], **({"format": "date"} if parameter.kind == "date" else {})}
    return {
        "name": parameter.name,
        "in": "query",
        "description": f"{parameter.description} For example `{parameter.example}`; {without}.",
        "schema": {"type": "array", "items": schema},
        "style": "form",
        "explode": True,
    }


def _formats(query: StoredQuery) -> dict[str, Any]:
    return documented((HTML, *(SOLUTIONS if _tabular(query) else GRAPHS)))


async def _stored(request: Request, serving: Serving, name: str) -> Response:
    stem, form = split_suffix(name, (HTML, *SOLUTIONS, *GRAPHS))
    if form is None and name.endswith(".rq"):
        stem, form = name.removesuffix(".rq"), _QUERY_TEXT
    if stem not in offered(serving.settings.queries):
        raise UnknownQuery(f"There is no stored query '{stem}'; see {local(request, '/query')} for the list.")
    stored = find(serving.settings.queries, stem)
    values = _values(request, stored)
    form = form or chosen(request, (HTML, *(SOLUTIONS if _tabular(stored) else GRAPHS)))
    text = stored.filled(values, serving.prefixes)
    if form is _QUERY_TEXT:
        return PlainTextResponse(text, media_type=_QUERY_TEXT.media_type)
    async with serving.current() as served:
        if moved := _moved(request, serving, served, stored):
            return moved
        tag = tagged(request, serving.settings, served, form)
        if held := unchanged(request, tag):
            return held
        left = rates.admit(request)
        response = await _ran(request, serving, served, stored, values, form, tag)
        response.headers.update(left)
        return response


def _tabular(stored: StoredQuery) -> bool:
    return stored.form in ("SELECT", "ASK")


def _values(request: Request, stored: StoredQuery) -> Values:
    """The parameters given; language and number of the page are the query's only where it has such."""
    pairs = request.query_params.multi_items()
    ours = {"format", "page", language.PARAMETER} - {parameter.name for parameter in stored.parameters}
    names = [name for name, _ in pairs if name not in ours]
    return {name: [value for n, value in pairs if n == name] for name in dict.fromkeys(names)}


def _moved(request: Request, serving: Serving, served: Current, stored: StoredQuery) -> Response | None:
    """301 to the same question about the successors of things that were replaced; ``None`` where it names none."""
    things = {parameter.name for parameter in stored.parameters if parameter.kind == "iri"}
    given = request.query_params.multi_items()
    meant = [(name, _successor(value, serving, served) if name in things else value) for name, value in given]
    if meant == given:
        return None
    path = str(request.scope["path"]).removeprefix(root(request))
    return RedirectResponse(local(request, f"{path}?{urlencode(meant)}"), 301, headers={"Cache-Control": REVALIDATE})


def _successor(name: str, serving: Serving, served: Current) -> str:
    """What has replaced the thing of a name, as short as it can be written; the name itself where nothing has."""
    successor = served.search.replaced.get(expand(name, serving.prefixes))
    return successor.removeprefix(ID) if successor else name


async def _ran(
    request: Request,
    serving: Serving,
    served: Current,
    stored: StoredQuery,
    values: Values,
    form: Format,
    tag: str,
) -> Response:
    if form is HTML:

        async def made() -> Response:
            rows = await serving.rows(served, stored, values) if _tabular(stored) else []
            return await pages.query(request, serving, served, stored, values, list(stored.columns), rows)

        return await kept.page(request, serving.settings, tag, made)
    if form in SOLUTIONS and _tabular(stored):
        text = stored.filled(values, serving.prefixes)
        body = await serving.body(served, Query(text, Accept(solutions=form.media_type)))
        response = Response(body, media_type=form.content_type)
    elif form in GRAPHS and not _tabular(stored):
        found = await serving.triples(served, stored, values)
        response = Response(export.rewritten(found, form, serving.prefixes), media_type=form.content_type)
    else:
        formats.named(form.name, SOLUTIONS if _tabular(stored) else GRAPHS)
        raise BadRequest(f"'{stored.name}' cannot be had as {form.name}.")
    response.headers.update(headers(tag))
    return response


# Descriptions


def _add_descriptions(routes: APIRouter, serving: Serving) -> None:
    def add(name: str, graph: str, page: Any, summary: str) -> None:
        async def answer(request: Request, suffix: str = "") -> Response:
            form = split_suffix(f"{name}{suffix}", (HTML, *GRAPHS))[1] or chosen(request, (HTML, *GRAPHS))
            async with serving.current() as served:
                tag = tagged(request, serving.settings, served, form)
                if held := unchanged(request, tag):
                    return held
                if form is not HTML:
                    return await downloaded(request, serving, served, graph, form, tag)
                return await kept.page(request, serving.settings, tag, lambda: page(request, serving, served))

        routes.add_api_route(
            f"/{name}", answer, methods=["GET"], tags=["descriptions"], summary=summary, response_class=Response
        )
        routes.add_api_route(f"/{name}{{suffix}}", answer, methods=["GET"], include_in_schema=False)

    add("ontology", "graph/ontology", pages.vocabulary, "The terms of the graph")
    add("shapes", "graph/shapes", pages.shapes, "The rules that the graph is held to")

    @routes.get("/.well-known/void", tags=["descriptions"], summary="The dataset", response_class=Response)
    async def void(request: Request) -> Response:
        async with serving.current() as served:
            triples = descriptions.dataset(served, str(request.base_url))
            return descriptions.described(request, serving, served, triples)

    @routes.get("/", include_in_schema=False)
    async def home(request: Request) -> Response:
        async with serving.current() as served:
            tag = tagged(request, serving.settings, served, HTML)
            if held := unchanged(request, tag):
                return held
            return await kept.page(request, serving.settings, tag, lambda: pages.home(request, serving, served))
