"""The SPARQL 1.1 Protocol for queries, at ``/sparql``."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, TypeAlias, TypeVar

from cachetools import LRUCache
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from kg import formats, trace
from kg.engine.cached import CachedStore, varies
from kg.engine.store import Accept, Answer
from kg.engine.store import Request as Query
from kg.errors import BadRequest, KgError, NotAcceptable, QueryTooLarge, UnsupportedMediaType
from kg.formats import of_family
from kg.serving import Current, Serving
from kg.web import descriptions, encoded, pages, rates, replies
from kg.web.replies import VARY, unchanged, wants_page

T = TypeVar("T")
Key: TypeAlias = tuple[bytes, bytes | None]
"""Query string and Accept header of a GET."""

SOLUTIONS = of_family("solutions")
GRAPHS = tuple(f for f in of_family("graph"))
_FORM = "application/x-www-form-urlencoded"
_DIRECT = "application/sparql-query"
_DATASET = [
    {
        "name": f"{kind}-graph-uri",
        "in": "query",
        "description": f"A graph of the {kind} graphs that replace the query's own dataset clause.",
        "schema": {"type": "array", "items": {"type": "string", "format": "uri"}},
    }
    for kind in ("default", "named")
]
_SEEN_BYTES, _SEEN_HEAD_BYTES = 16 << 20, 2_000
_SHORT_SECONDS = 0.05
_EITHER = Accept(solutions=SOLUTIONS[0].media_type, graph=GRAPHS[0].media_type)
_NO_GRAPH = "urn:x-no-graph"


@dataclass(frozen=True)
class Asked:
    """One protocol request: what it says in the query string or the body."""

    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    format: str | None


@dataclass(frozen=True)
class Seen:
    """A GET that was answered from a snapshot: what it asks, and the head of its answer but for the length.

    ``size`` is about how many bytes it takes to remember it.
    """

    validator: str
    query: Query
    headers: list[tuple[bytes, bytes]]
    size: int


class ClientGone(KgError):
    """The client closed the connection before its answer was ready; nobody reads this."""

    status = 499
    title = "Client closed the request"


def router(endpoint: "Endpoint") -> APIRouter:
    """GET and POST of ``/sparql``: documented for the framework, answered by :class:`Endpoint`."""
    routes = APIRouter(tags=["sparql"])
    routes.routes.append(Route("/sparql", endpoint, methods=["GET", "POST"], include_in_schema=False))
    about = {
        "summary": "Query the graph (SPARQL 1.1 Protocol)",
        "description": "SELECT and ASK answer in JSON, XML, CSV or TSV; CONSTRUCT and DESCRIBE in Turtle, "
        "JSON-LD, N-Triples or RDF/XML: by Accept, or by `format`. Without a query: the service description.",
        "response_class": Response,
        "response_model": None,
    }
    query = {"name": "query", "in": "query", "schema": {"type": "string"}, "description": "SPARQL 1.1"}
    chosen = replies.documented([*SOLUTIONS, *GRAPHS])
    body = {"content": {_DIRECT: {"schema": {"type": "string"}}, _FORM: {"schema": {"type": "object"}}}}

    for method, handler, extra in (
        ("GET", endpoint.get, {"parameters": [query, *_DATASET, chosen]}),
        ("POST", endpoint.post, {"requestBody": body, "parameters": [*_DATASET, chosen]}),
    ):
        name = f"sparql_{method.lower()}"
        routes.add_api_route("/sparql", handler, methods=[method], operation_id=name, openapi_extra=extra, **about)  # type: ignore[arg-type]  # texts by name
    return routes


class Endpoint:
    """The protocol as a plain ASGI application, since the framework's own way takes longer than most queries.

    A GET whose bytes were seen before, and whose answer is still in memory, is answered without being read again.
    """

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._route = Route("/sparql", self, methods=["GET", "POST"])
        self._seen: LRUCache[Key, Seen] = LRUCache(_SEEN_BYTES, getsizeof=lambda seen: seen.size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self._route  # figures and logs are by route
        answer: ASGIApp | None = self._again(scope)
        if answer is None:
            request = Request(scope, receive, send)
            answer = await (self.get(request) if request.method == "GET" else self.post(request))
        await answer(scope, receive, send)

    async def get(self, request: Request) -> ASGIApp:
        """A query in the address; without one the description of the service, or the page for people."""
        asked = _asked(encoded.pairs(request.scope["query_string"].decode("latin-1")))
        if asked is not None and not _browsing(request):
            return await _answer(request, self._serving, asked, self._seen)
        async with self._serving.current() as served:
            if wants_page(request):
                wrong = await _refused(request, served, asked) if asked else None
                return await pages.workbench(request, self._serving, served, asked.query if asked else "", wrong)
            triples = descriptions.service(self._serving, served, str(request.base_url))
            return descriptions.described(request, self._serving, served, triples)

    async def post(self, request: Request) -> ASGIApp:
        """A query in the body."""
        return await _answer(request, self._serving, await _posted(request, self._serving.settings.query_length))

    def _again(self, scope: Scope) -> "_Whole | None":
        """The answer that such a request had before, from memory."""
        seen = self._seen.get(_key(scope)) if scope["method"] == "GET" else None
        if seen is None or any(name == b"if-none-match" for name, _ in scope["headers"]):
            return None
        if (body := self._kept(seen)) is None:
            return None
        trace.answers(self._serving.open().hash)
        if (repeatable := scope.get("kg.repeatable")) is not None:
            repeatable.body = partial(self._kept, seen)
        return _Whole(body, seen.headers)

    def _kept(self, seen: Seen) -> bytes | None:
        """The body of an answer, if its snapshot serves still and it is in memory."""
        served = self._serving.open()
        if served.validator != seen.validator or not isinstance(served.store, CachedStore):
            return None
        kept = served.store.kept(seen.query)
        return kept.body if kept else None


def _key(scope: Scope) -> Key:
    """What the answer to a GET depends on, as it came in."""
    accept = next((value for name, value in scope["headers"] if name == b"accept"), None)
    return scope["query_string"], accept


def _remember(seen: LRUCache[Key, Seen], key: Key, entry: Seen) -> None:
    size = _SEEN_HEAD_BYTES + len(entry.query.query) + len(key[0]) + len(key[1] or b"")
    if size < _SEEN_BYTES:
        seen[key] = Seen(entry.validator, entry.query, entry.headers, size)


class _Whole:
    """An answer that is all there, with its headers."""

    def __init__(self, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self._body, self._headers = body, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        headers = [*self._headers, (b"content-length", str(len(self._body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


def _browsing(request: Request) -> bool:
    """Whether a link with a query was followed in a browser, which is shown the query and not sent its answer."""
    accept = request.headers.get("accept", "").lstrip()
    return accept.startswith("text/html") and "format" not in request.query_params


async def _refused(request: Request, served: Current, asked: Asked) -> KgError | None:
    """Why a query cannot be answered, whatever the data: it is asked of graphs that do not exist.

    What goes wrong only on the way to the answer is told where the query is run.
    """
    if not asked.query.strip():
        return _nothing(request)
    query = Query(asked.query, _EITHER, (_NO_GRAPH,), (_NO_GRAPH,), rates.stranger())
    rates.admit(request)
    try:
        answer = await _while_connected(request, served.store.answer(query))
        await answer.aclose()
    except KgError as error:
        return error if isinstance(error, BadRequest | QueryTooLarge) else None
    return None


def _nothing(request: Request) -> BadRequest:
    examples = replies.local(request, "/query")
    return BadRequest(f"There is no query; send it as 'query=…' (see {examples} for examples).")


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
            return _asked(pairs + encoded.pairs(text, errors="strict"))
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


async def _answer(
    request: Request, serving: Serving, asked: Asked | None, seen: LRUCache[Key, Seen] | None = None
) -> ASGIApp:
    if asked is None or not asked.query.strip():
        raise _nothing(request)
    accept = _accept(request, asked.format)
    query = Query(asked.query, accept, asked.default_graphs, asked.named_graphs, rates.stranger())
    served = serving.enter()
    streams = False
    try:
        tag = "" if request.method != "GET" or varies(asked.query) else _tag(served, query)
        if tag and (held := unchanged(request, tag)):
            return held
        left = rates.admit(request)
        answer = await _while_connected(request, served.store.answer(query))
        form = formats.BY_MEDIA_TYPE[answer.media_type]
        about = {"X-Armature-Snapshot": served.hash}
        headers = replies.headers(tag, about) if tag else {**VARY, **about}
        if answer.whole is not None:
            raw = _raw({**headers, "Content-Type": form.content_type})
            if tag and seen is not None:
                _remember(seen, _key(request.scope), Seen(served.validator, query, raw, 0))
            return _Whole(answer.whole, [*raw, *_raw(left)])
        streams = True
        return _Streamed(
            answer, partial(serving.leave, served), media_type=form.content_type, headers={**headers, **left}
        )
    finally:
        if not streams:
            serving.leave(served)


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _tag(served: Current, query: Query) -> str:
    """The validator of an answer: the snapshot, the query with its dataset, and what may be written."""
    accept = query.accept
    told = query.query, accept.solutions, accept.graph, query.default_graphs, query.named_graphs
    return f'"{served.validator}-{sha256(repr(told).encode()).hexdigest()[:16]}"'


class _Streamed(StreamingResponse):
    """An answer on its way out; reader and snapshot are given back at the end, however that comes."""

    def __init__(self, answer: Answer, leave: Callable[[], None], **options: Any) -> None:
        super().__init__(answer.chunks, **options)
        self._answer, self._leave = answer, leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            try:
                await self._answer.aclose()
            finally:
                self._leave()


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
    """Await the work, but give it up when the client closes the connection; a short one is not watched."""
    watch = _Watch(request)
    try:
        return await work
    except asyncio.CancelledError:
        watch.end()
        if watch.called_off():
            raise ClientGone("The client closed the connection.") from None
        raise
    finally:
        watch.end()


class _Watch:
    """Looks after a while whether the client of a request is there still, and calls the task off when it is gone."""

    def __init__(self, request: Request) -> None:
        self._request, self._task = request, asyncio.current_task()
        self._later = asyncio.get_running_loop().call_later(_SHORT_SECONDS, self._begin)
        self._looking: asyncio.Task[None] | None = None
        self._gone = False

    def _begin(self) -> None:
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._task is not None:
            self._task.cancel()

    def called_off(self) -> bool:
        """Whether it was this watch that called the task off, and nobody else did besides."""
        return self._gone and self._task is not None and self._task.uncancel() == 0

    def end(self) -> None:
        """Look no more."""
        self._later.cancel()
        if self._looking is not None:
            self._looking.cancel()
