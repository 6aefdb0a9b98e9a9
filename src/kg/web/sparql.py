"""The SPARQL 1.1 Protocol for queries, at ``/sparql``."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from kg import formats
from kg.engine.cached import varies
from kg.engine.store import Accept, Answer
from kg.engine.store import Request as Query
from kg.errors import BadRequest, KgError, NotAcceptable, QueryTooLarge, UnsupportedMediaType
from kg.formats import of_family
from kg.serving import Current, Serving
from kg.web import descriptions, pages, rates, replies
from kg.web.replies import VARY, unchanged, wants_page

T = TypeVar("T")

SOLUTIONS = of_family("solutions")
GRAPHS = tuple(f for f in of_family("graph"))
_FORM = "application/x-www-form-urlencoded"
_DIRECT = "application/sparql-query"


@dataclass(frozen=True)
class Asked:
    """One protocol request: what it says in the query string or the body."""

    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    format: str | None


class ClientGone(KgError):
    """The client closed the connection before its answer was ready; nobody reads this."""

    status = 499
    title = "Client closed the request"


def router(serving: Serving) -> APIRouter:
    """GET and POST of ``/sparql``."""
    routes = APIRouter(tags=["sparql"])
    about = {
        "summary": "Query the graph (SPARQL 1.1 Protocol)",
        "description": "SELECT and ASK answer in JSON, XML, CSV or TSV; CONSTRUCT and DESCRIBE in Turtle, "
        "JSON-LD, N-Triples or RDF/XML: by Accept, or by `format`. Without a query: the service description.",
        "response_class": Response,
    }
    query = {"name": "query", "in": "query", "schema": {"type": "string"}, "description": "SPARQL 1.1"}
    body = {"content": {_DIRECT: {"schema": {"type": "string"}}, _FORM: {"schema": {"type": "object"}}}}

    @routes.get("/sparql", operation_id="sparql_get", openapi_extra={"parameters": [query]}, **about)  # type: ignore[arg-type]  # one dict for both
    async def get(request: Request) -> Response:
        asked = _asked(list(request.query_params.multi_items()))
        if asked is not None:
            return await _answer(request, serving, asked)
        async with serving.current() as served:
            if wants_page(request):
                return await pages.workbench(request, serving, served, "")
            triples = descriptions.service(serving, served, str(request.base_url))
            return descriptions.described(request, serving, served, triples)

    @routes.post("/sparql", operation_id="sparql_post", openapi_extra={"requestBody": body}, **about)  # type: ignore[arg-type]  # one dict for both
    async def post(request: Request) -> Response:
        return await _answer(request, serving, await _posted(request, serving.settings.query_length))

    return routes


def _asked(pairs: list[tuple[str, str]]) -> Asked | None:
    """The request that name–value pairs make; ``None`` without a query.

    Raises:
        BadRequest: more than one query, or an update.
    """
    queries = [value for name, value in pairs if name == "query"]
    if any(name == "update" for name, _ in pairs):
        raise BadRequest("This endpoint answers queries; the graph cannot be updated here.")
    if len(queries) > 1:
        raise BadRequest(f"Send exactly one 'query'; there are {len(queries)}.")
    if not queries:
        return None
    return Asked(
        query=queries[0],
        default_graphs=tuple(value for name, value in pairs if name == "default-graph-uri"),
        named_graphs=tuple(value for name, value in pairs if name == "named-graph-uri"),
        format=next((value for name, value in pairs if name == "format"), None),
    )


async def _posted(request: Request, most: int) -> Asked | None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    pairs = list(request.query_params.multi_items())
    if kind == _FORM:
        text = await _body(request, most * 3)
        try:
            return _asked(pairs + parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict"))
        except UnicodeDecodeError as error:
            raise BadRequest("The form is not UTF-8 once it is decoded; encode the query as UTF-8.") from error
    if kind == _DIRECT:
        if any(name == "query" for name, _ in pairs):
            raise BadRequest("Send the query in the body or in the address, not in both.")
        return _asked([*pairs, ("query", await _body(request, most))])
    raise UnsupportedMediaType(f"A POST carries the query as {_FORM} or {_DIRECT}; this is '{kind or 'nothing'}'.")


async def _body(request: Request, most: int) -> str:
    """The body as text, refused as soon as it grows too long (in bytes)."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise QueryTooLarge(f"The request has more than {most:,} bytes; shorten the query.", limit=most)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The request is not UTF-8: byte {error.start} cannot be read.") from error


async def _answer(request: Request, serving: Serving, asked: Asked | None) -> Response:
    if asked is None or not asked.query.strip():
        raise BadRequest("There is no query; send it as 'query=…' (see /query for examples).")
    accept = _accept(request, asked.format)
    query = Query(asked.query, accept, asked.default_graphs, asked.named_graphs, rates.stranger())
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving.current())
        tag = "" if request.method != "GET" or varies(asked.query) else _tag(served, query)
        if tag and (held := unchanged(request, tag)):
            return held
        left = rates.admit(request)
        answer = await _while_connected(request, served.store.answer(query))
        stack.push_async_callback(answer.aclose)
        form = formats.BY_MEDIA_TYPE[answer.media_type]
        about = {"X-Armature-Snapshot": served.hash, **left}
        headers = replies.headers(tag, about) if tag else {**VARY, **about}
        return _Streamed(answer, stack.pop_all(), media_type=form.content_type, headers=headers)


def _tag(served: Current, query: Query) -> str:
    """The validator of an answer: the snapshot, the query with its dataset, and what may be written."""
    return f'"{served.hash[:16]}-{sha256(repr(query).encode()).hexdigest()[:16]}"'


class _Streamed(StreamingResponse):
    """An answer on its way out; reader and snapshot are given back at the end, however that comes."""

    def __init__(self, answer: Answer, resources: AsyncExitStack, **options: Any) -> None:
        super().__init__(answer.chunks, **options)
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._resources:
            await super().__call__(scope, receive, send)


def _accept(request: Request, name: str | None) -> Accept:
    """What to write for each form of result.

    Raises:
        NotAcceptable: neither solutions nor graphs can be written as asked.
    """
    if name:
        form = formats.named(name, [*SOLUTIONS, *GRAPHS])
        solutions, graph = (form, None) if form in SOLUTIONS else (None, form)
    else:
        header = request.headers.get("accept")
        solutions, graph = formats.preferred(header, SOLUTIONS), formats.preferred(header, GRAPHS)
    if solutions is None and graph is None:
        offered = [f.media_type for f in (*SOLUTIONS, *GRAPHS)]
        raise NotAcceptable(f"Results are offered as: {', '.join(offered)}.", offered=offered)
    return Accept(solutions=solutions.media_type if solutions else None, graph=graph.media_type if graph else None)


async def _while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await the work, but cancel it when the client closes the connection."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone("The client closed the connection.")
        return task.result()
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
