"""The store over another SPARQL server: what it sends, how it takes failures, and that no answer is cut short."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest
from tests.scripted import CHUNKED, Script, Scripted, answer, chunk, scripted

from kg.engine.endpoint import Dataset
from kg.engine.limits import Limits
from kg.engine.remote import RemoteStore
from kg.engine.store import Accept, Request
from kg.engine.translate import Manner, at_once
from kg.errors import (
    KgError,
    NotAcceptable,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    ResultTooLarge,
    ServiceRefused,
    StoreFailure,
    StoreUnreachable,
    TooBusy,
)
from kg.formats import CSV, JSON, N_TRIPLES, TURTLE

T = TypeVar("T")
ROW = b'{"s":{"type":"uri","value":"urn:a"}}'
HEAD = b'{"head":{"vars":["s"]},"results":{"bindings":['
ONE = HEAD + ROW + b"]}}"
SELECT = "SELECT ?s { ?s ?p ?o }"
EITHER = Accept(CSV.media_type, N_TRIPLES.media_type)
LIMITS = Limits(deadline=3, transfer=2, queue_wait=5)
PREFIXES = {"x": "urn:x:", "y": "urn:y:"}


def ask(
    script: Script,
    request: Request | None = None,
    limits: Limits = LIMITS,
    use: Callable[[RemoteStore, Scripted], Awaitable[T]] | None = None,
    dataset: Dataset | None = None,
) -> T | bytes:
    """The body of one answer over a scripted server, or what ``use`` makes of the store."""

    async def asked(server: Scripted) -> T | bytes:
        store = RemoteStore(server.url, limits, readers=2, prefixes=PREFIXES, dataset=dataset)
        try:
            if use is not None:
                return await use(store, server)
            return await body(store, request or Request(SELECT, EITHER))
        finally:
            await store.close()

    with scripted(script) as server:
        return asyncio.run(asked(server))


async def body(store: RemoteStore, request: Request) -> bytes:
    """The whole of an answer."""
    found = await store.answer(request)
    try:
        return b"".join([piece async for piece in found.chunks])
    finally:
        await found.aclose()


@pytest.mark.parametrize(
    ("told", "error", "words"),
    [
        (answer(b"line 1: no", "400 Bad Request", "text/plain"), QuerySyntaxError, "does not take the query: line 1"),
        (answer(b"", "401 Unauthorized"), StoreFailure, "KG_STORE_USER"),
        (answer(b"", "403 Forbidden"), StoreFailure, "does not let us in"),
        (answer(b"gone", "404 Not Found"), StoreFailure, "answered 404: gone"),
        (answer(b"", "413 Too Large"), QueryTooLarge, "takes no query of this length"),
        (answer(b"", "503 Busy", "text/plain", "Retry-After: 7"), TooBusy, "is busy"),
        (answer(b"", "504 Gateway Timeout"), QueryTimeout, "took it too long"),
        (answer(b"S1T00 Error SR171: Transaction timed out", "500 Error"), QueryTimeout, "took it too long"),
        (answer(b"boom", "500 Error"), StoreFailure, "answered 500: boom"),
        (answer(b"<html>", kind="text/html"), StoreFailure, "came as text/html"),
        (answer(HEAD + ROW), StoreFailure, "cannot be read"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\ns\r\nurn:a\r\n", StoreFailure, "no length"),
        (b"", StoreUnreachable, "cannot be reached"),
        (answer(ONE)[:-5], StoreUnreachable, "cannot be reached"),
        (answer(b"", "302 Found", "text/plain", "Location: http://127.0.0.1:9/"), StoreFailure, "answered 302"),
    ],
)
def test_a_failure_of_the_server_is_a_clear_error(told: bytes, error: type[KgError], words: str) -> None:
    with pytest.raises(error, match=words) as raised:
        ask(lambda _: told)
    assert "127.0.0.1" not in raised.value.detail


def test_a_busy_server_says_when_to_come_again() -> None:
    with pytest.raises(TooBusy) as raised:
        ask(lambda _: answer(b"", "503 Busy", "text/plain", "Retry-After: 7"))
    assert raised.value.headers() == {"Retry-After": "7"}


def test_nobody_at_the_address() -> None:
    async def asked() -> None:
        store = RemoteStore("http://127.0.0.1:9/", LIMITS)
        try:
            await store.answer(Request(SELECT, EITHER))
        finally:
            await store.close()

    with pytest.raises(StoreUnreachable) as raised:
        asyncio.run(asked())
    assert raised.value.headers() == {"Retry-After": "5"}


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("INSERT DATA { <urn:a> <urn:b> 1 }", QuerySyntaxError),
        ("SELECT * { ?s ?p ?o } ; DROP ALL", QuerySyntaxError),
        ("LOAD <http://127.0.0.1:9/>", QuerySyntaxError),
        ("SELECT * {", QuerySyntaxError),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", ServiceRefused),
    ],
)
def test_only_queries_leave_the_house(query: str, error: type[KgError]) -> None:
    async def use(store: RemoteStore, server: Scripted) -> int:
        with pytest.raises(error):
            await store.answer(Request(query, EITHER))
        return len(server.heard)

    assert ask(lambda _: answer(ONE), use=use) == 0


def test_a_format_that_does_not_fit_the_query_is_told_before_it_is_asked() -> None:
    async def use(store: RemoteStore, server: Scripted) -> int:
        with pytest.raises(NotAcceptable):
            await store.answer(Request(SELECT, Accept(graph=TURTLE.media_type)))
        return len(server.heard)

    assert ask(lambda _: answer(ONE), use=use) == 0


def sent(request: Request, dataset: Dataset | None = None) -> bytes:
    """The form that reaches the server for a request."""

    async def use(store: RemoteStore, server: Scripted) -> bytes:
        await body(store, request)
        (heard,) = server.heard
        return heard.body

    found = ask(lambda _: answer(ONE), use=use, dataset=dataset)
    assert isinstance(found, bytes)
    return found


OURS = Dataset(("urn:merge",), ("urn:g1", "urn:g2"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * { ?s ?p ?o }", b"&default-graph-uri=urn%3Amerge"),
        (
            "SELECT * { GRAPH ?g { ?s ?p ?o } }",
            b"&default-graph-uri=urn%3Amerge&named-graph-uri=urn%3Ag1&named-graph-uri=urn%3Ag2",
        ),
        (
            "SELECT * { GRAPH <urn:g2> { ?s ?p ?o } graph <urn:no> { ?s ?q ?r } }",
            b"&default-graph-uri=urn%3Amerge&named-graph-uri=urn%3Ag2",
        ),
        ("SELECT * FROM <urn:own> { ?s ?p ?o }", b""),
    ],
)
def test_a_query_is_about_our_graphs_unless_it_names_its_own(query: str, expected: bytes) -> None:
    form = sent(Request(query, EITHER), OURS)
    assert form[len(b"query=") :].partition(b"&")[2] == expected.removeprefix(b"&")


def test_the_graphs_of_the_request_go_before_ours() -> None:
    request = Request(SELECT, EITHER, ("urn:d",), ("urn:n",))
    assert sent(request, OURS).endswith(b"&default-graph-uri=urn%3Ad&named-graph-uri=urn%3An")


def test_our_prefixes_are_declared_where_the_query_does_not() -> None:
    form = sent(Request('PREFIX y: <urn:other:> SELECT ?s { ?s x:a y:b ; x:c "z:d" }', EITHER)).decode()
    assert form.startswith("query=PREFIX+x%3A+%3Curn%3Ax%3A%3E+PREFIX+y%3A+%3Curn%3Aother%3A%3E+SELECT")


def test_answers_are_written_as_they_were_asked_for() -> None:
    assert ask(lambda _: answer(ONE)) == b"s\r\nurn:a\r\n"
    turtle = b"@prefix z: <urn:x:> . z:a z:b 1 ."
    request = Request("CONSTRUCT WHERE { ?s ?p ?o }", Accept(graph=TURTLE.media_type))
    told = ask(lambda _: answer(turtle, kind="text/turtle"), request)
    assert isinstance(told, bytes)
    assert b"@prefix x: <urn:x:> ." in told
    assert b"x:a x:b 1 ." in told
    cell = {"__ASK_RETVAL": {"type": "literal", "value": "1"}}
    table = json.dumps({"head": {"vars": ["__ASK_RETVAL"]}, "results": {"bindings": [cell]}}).encode()
    told = ask(lambda _: answer(table), Request("ASK {}", Accept(JSON.media_type)))
    assert json.loads(told)["boolean"] is True


def rows(number: int) -> Iterator[bytes]:
    """A chunked result of so many rows, without its last chunk."""
    yield CHUNKED + chunk(HEAD)
    piece = b",".join([ROW] * 1_000)
    for place in range(number // 1_000):
        yield chunk((b"," if place else b"") + piece)


def whole(number: int) -> Iterator[bytes]:
    """The same, whole."""
    yield from rows(number)
    yield chunk(b"]}}") + b"0\r\n\r\n"


def test_a_large_result_is_streamed() -> None:
    found = ask(lambda _: whole(200_000))
    assert isinstance(found, bytes)
    assert found.count(b"urn:a") == 200_000


@pytest.mark.parametrize("end", [b"", chunk(b"]}}")], ids=["in a row", "before the last chunk"])
def test_a_result_that_breaks_off_is_never_taken_for_whole(end: bytes) -> None:
    def broken(_: object) -> Iterator[bytes]:
        yield from rows(50_000)
        yield end

    with pytest.raises((StoreUnreachable, StoreFailure)):
        ask(broken)


def test_a_graph_that_breaks_off_is_never_taken_for_whole() -> None:
    def broken(_: object) -> Iterator[bytes]:
        yield CHUNKED.replace(b"sparql-results+json", b"n-triples")
        for _ in range(50):
            yield chunk(b"<urn:a> <urn:b> <urn:c> .\n" * 1_000)

    with pytest.raises((StoreUnreachable, StoreFailure)):
        ask(broken, Request("CONSTRUCT WHERE { ?s ?p ?o }", EITHER))


def test_the_deadline_holds_for_the_server() -> None:
    def slow(_: object) -> Iterator[bytes]:
        time.sleep(2)
        yield answer(ONE)

    with pytest.raises(QueryTimeout, match="was stopped"):
        ask(slow, limits=Limits(deadline=0.3))


def test_the_deadline_holds_in_the_middle_of_a_result() -> None:
    def slow(_: object) -> Iterator[bytes]:
        yield from rows(50_000)
        time.sleep(3)

    with pytest.raises(QueryTimeout):
        ask(slow, limits=Limits(deadline=1))


def test_the_cap_on_a_result_holds() -> None:
    with pytest.raises(ResultTooLarge):
        ask(lambda _: whole(200_000), limits=Limits(result_bytes=500_000))


def test_a_client_that_does_not_read_is_left() -> None:
    async def use(store: RemoteStore, _: Scripted) -> None:
        found = await store.answer(Request(SELECT, EITHER))
        chunks = found.chunks
        await anext(chunks)
        await asyncio.sleep(0.6)
        with pytest.raises(QueryTimeout, match="not fetched"):
            await anext(chunks)
        assert store.stats().busy == 0

    ask(lambda _: whole(500_000), limits=Limits(deadline=5, transfer=0.3), use=use)


def test_failures_are_counted_by_problem() -> None:
    async def use(store: RemoteStore, _: Scripted) -> None:
        with pytest.raises(StoreFailure):
            await body(store, Request(SELECT, EITHER))
        figures = store.stats()
        assert (figures.busy, figures.remote, figures.ended) == (0, True, {"store-failure": 1})

    ask(lambda _: answer(b"boom", "500 Error"), use=use)


def test_a_boolean_that_comes_as_a_number_is_spelled_out() -> None:
    term = b'{ "type": "typed-literal", "datatype": "http://www.w3.org/2001/XMLSchema#boolean", "value": "%s" }'
    text = b'{"type":"literal","value":"} #boolean\\", \\"value\\": \\"0\\" }"}'
    cells = b"".join(b'{"s":' + (term % value) + b',"t":' + text + b"}," for value in (b"0", b"1", b"true") * 2_000)
    result = b'{"head":{"vars":["s","t"]},"results":{"bindings":[' + cells.rstrip(b",") + b"]}}"
    manner = Manner("solutions", JSON.media_type, CSV.media_type, {})
    lines = at_once(result, manner).decode().splitlines()
    said = [line.partition(",")[0] for line in lines[1:]]
    assert said == ["false", "true", "true"] * 2_000
    assert {line.partition(",")[2] for line in lines[1:]} == {'"} #boolean"", ""value"": ""0"" }"'}
