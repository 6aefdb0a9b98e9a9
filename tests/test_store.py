"""Asking through the store: what the engine answers in process, in every format; or one clear error."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.engine.limits import Limits
from kg.engine.store import Accept, EmbeddedStore, Request
from kg.errors import (
    BadRequest,
    EngineFailure,
    KgError,
    NotAcceptable,
    QuerySyntaxError,
    QueryTimeout,
    ResultTooLarge,
    ServiceRefused,
)
from kg.formats import Format, of_family

NODES = 1_000
JSON_AND_TURTLE = Accept("application/sparql-results+json", "text/turtle")
PROBE = "SELECT ?label WHERE { <urn:x:7> <urn:x:label> ?label }"
PROBE_ANSWER = b'{"head":{"vars":["label"]},"results":{"bindings":[{"label":{"type":"literal","value":"node 7"}}]}}'
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
EVEN, ODD = "urn:x:even", "urn:x:odd"


def _quads() -> Iterator[ox.Quad]:
    """A ring of labelled nodes in the default graph; two graphs share a third of what they say."""
    both: list[ox.NamedNode | ox.DefaultGraph] = [ox.NamedNode(EVEN), ox.NamedNode(ODD)]
    for number in range(NODES):
        node, following = ox.NamedNode(f"urn:x:{number}"), ox.NamedNode(f"urn:x:{(number + 1) % NODES}")
        for graph in [ox.DefaultGraph(), *(both if number % 3 == 0 else both[number % 2 :][:1])]:
            yield ox.Quad(node, ox.NamedNode("urn:x:next"), following, graph)
            yield ox.Quad(node, ox.NamedNode("urn:x:label"), ox.Literal(f"node {number}"), graph)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("engine") / "store"
    store = ox.Store(directory)
    store.bulk_extend(_quads())
    store.flush()
    return directory


async def ask(
    store: EmbeddedStore,
    query: str,
    *,
    accept: Accept = JSON_AND_TURTLE,
    graphs: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
    limits: Limits | None = None,
) -> bytes:
    """The whole answer; ``graphs`` are the default and the named ones."""
    answer = await store.answer(Request(query, accept, *graphs), limits)
    return b"".join([chunk async for chunk in answer.chunks])


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def store(directory: Path, loop: asyncio.Runner) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(directory, limits=Limits(deadline=5), readers=1, prefixes={"x": "urn:x:"})
    yield store
    loop.run(store.close())


@pytest.fixture(scope="module")
def engine(directory: Path) -> ox.Store:
    return ox.Store.read_only(str(directory))


SELECTS = [
    PROBE,
    "SELECT ?s ?p ?o WHERE { ?s ?p ?o }",
    "SELECT ?s ?label WHERE { ?s <urn:x:next> <urn:x:8> OPTIONAL { ?s <urn:x:none> ?label } }",
    'SELECT ?x WHERE { VALUES ?x { "ł, \\"\\n<&>" "e"@fr 1.50 <urn:x:ü> UNDEF } }',
    "SELECT ?x WHERE { FILTER(false) }",
    "ASK { <urn:x:7> <urn:x:next> <urn:x:8> }",
]
CONSTRUCTS = [
    "CONSTRUCT WHERE { ?s <urn:x:next> ?o }",
    "CONSTRUCT { <urn:x:a> <urn:x:b> ?p } WHERE { ?s ?p ?o }",
    "DESCRIBE <urn:x:7>",
    "DESCRIBE <urn:x:nobody>",
]


@pytest.mark.parametrize("form", of_family("solutions"), ids=lambda form: form.name)
@pytest.mark.parametrize("query", SELECTS)
def test_solutions_are_the_engines_own(
    store: EmbeddedStore, loop: asyncio.Runner, engine: ox.Store, query: str, form: Format
) -> None:
    results = engine.query(query)
    assert isinstance(results, ox.QuerySolutions | ox.QueryBoolean)
    expected = results.serialize(format=form.results)
    assert loop.run(ask(store, query, accept=Accept(solutions=form.media_type))) == expected


@pytest.mark.parametrize("form", of_family("graph"), ids=lambda form: form.name)
@pytest.mark.parametrize("query", CONSTRUCTS)
def test_graphs_are_the_engines_own(
    store: EmbeddedStore, loop: asyncio.Runner, engine: ox.Store, query: str, form: Format
) -> None:
    results = engine.query(query)
    assert isinstance(results, ox.QueryTriples)
    answer = loop.run(ask(store, query, accept=Accept(graph=form.media_type)))
    triples = [quad.triple for quad in ox.parse(answer, form.rdf)]
    assert sorted(map(str, triples)) == sorted(map(str, results))


def test_turtle_has_the_projects_prefixes(store: EmbeddedStore, loop: asyncio.Runner) -> None:
    assert b"x:7 x:next x:8" in loop.run(ask(store, "DESCRIBE <urn:x:7>"))


def test_a_constructed_triple_comes_once(store: EmbeddedStore, loop: asyncio.Runner) -> None:
    query = "CONSTRUCT { <urn:x:a> <urn:x:b> <urn:x:c> } WHERE { ?s ?p ?o }"
    assert loop.run(ask(store, query)).count(b"x:a") == 1


def test_the_family_decides_the_media_type(store: EmbeddedStore, loop: asyncio.Runner) -> None:
    async def told(query: str) -> tuple[str, str]:
        answer = await store.answer(Request(query, Accept("text/csv", "application/n-triples")))
        await answer.aclose()
        return answer.family, answer.media_type

    assert loop.run(told(PROBE)) == ("solutions", "text/csv")
    assert loop.run(told("ASK {}")) == ("boolean", "text/csv")
    assert loop.run(told("DESCRIBE <urn:x:7>")) == ("graph", "application/n-triples")


@pytest.mark.parametrize(
    ("query", "accept", "offered"),
    [
        (PROBE, Accept(graph="text/turtle"), "text/csv"),
        ("DESCRIBE <urn:x:7>", Accept("text/csv"), "text/turtle"),
    ],
)
def test_what_cannot_be_written_is_not_acceptable(
    store: EmbeddedStore, loop: asyncio.Runner, query: str, accept: Accept, offered: str
) -> None:
    with pytest.raises(NotAcceptable) as refused:
        loop.run(ask(store, query, accept=accept))
    assert offered in str(refused.value.members["offered"])


BOTH = NODES * 2
IN_EVEN = sum(2 for number in range(NODES) if number % 3 == 0 or number % 2 == 0)
IN_ODD = sum(2 for number in range(NODES) if number % 3 == 0 or number % 2 == 1)


@pytest.mark.parametrize(
    ("query", "default", "named", "count"),
    [
        (COUNT, (), (), BOTH),
        (COUNT, (EVEN,), (), IN_EVEN),
        (COUNT, (EVEN, EVEN), (), IN_EVEN),
        (COUNT, (EVEN, ODD), (), BOTH),
        (COUNT, (EVEN, "urn:x:nothing"), (), IN_EVEN),
        (COUNT, (), (EVEN,), 0),
        (COUNT.replace("WHERE", "FROM <urn:x:even> FROM <urn:x:odd> WHERE"), (), (), BOTH),
        (f"BASE <urn:x:y> {COUNT}".replace("WHERE", "FROM <even> FROM <odd> WHERE"), (), (), 0),
        (f"PREFIX y: <urn:x:> {COUNT}".replace("WHERE", "FROM y:even FROM y:odd WHERE"), (), (), BOTH),
        (COUNT.replace("WHERE", "FROM <urn:x:even> FROM <urn:x:odd> WHERE"), (ODD,), (), IN_ODD),
        ("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }", (), (), IN_EVEN + IN_ODD),
        ("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }", (EVEN,), (), 0),
        ("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }", (EVEN, ODD), (ODD,), IN_ODD),
        ("SELECT (COUNT(*) AS ?n) FROM NAMED <urn:x:odd> { GRAPH ?g { ?s ?p ?o } }", (), (), IN_ODD),
    ],
)
def test_a_dataset_is_the_merge_of_its_graphs(
    store: EmbeddedStore,
    loop: asyncio.Runner,
    query: str,
    default: tuple[str, ...],
    named: tuple[str, ...],
    count: int,
) -> None:
    answer = loop.run(ask(store, query, graphs=(default, named)))
    assert json.loads(answer)["results"]["bindings"][0]["n"]["value"] == str(count)


@pytest.mark.parametrize(
    ("query", "graphs", "error"),
    [
        ("SELECT * WHERE { ?s ?p }", (), QuerySyntaxError),
        ("SELECT (<urn:x:f>(1) AS ?y) WHERE { }", (), QuerySyntaxError),
        ("SELECT * WHERE { SERVICE <http://127.0.0.1/> { } }", (), ServiceRefused),
        (COUNT, ("not an iri",), BadRequest),
        (COUNT, ("relative",), BadRequest),
    ],
)
def test_what_is_wrong_with_a_request(
    store: EmbeddedStore, loop: asyncio.Runner, query: str, graphs: tuple[str, ...], error: type[KgError]
) -> None:
    with pytest.raises(error):
        loop.run(ask(store, query, graphs=(graphs, ())))
    assert loop.run(ask(store, PROBE)) == PROBE_ANSWER


def test_a_syntax_error_tells_its_place(store: EmbeddedStore, loop: asyncio.Runner) -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        loop.run(ask(store, "SELECT *\nWHERE {\n  ?s ?p ?o .\n  FOO }"))
    assert (raised.value.members["line"], raised.value.members["column"]) == (4, 3)


@pytest.mark.parametrize("most", [100, 90_000])
def test_too_large_a_result_is_an_error_and_no_short_answer(
    store: EmbeddedStore, loop: asyncio.Runner, most: int
) -> None:
    with pytest.raises(ResultTooLarge):
        loop.run(ask(store, "SELECT * WHERE { ?s ?p ?o }", limits=Limits(result_bytes=most)))


def test_an_engine_that_fails_on_the_way_breaks_the_answer_off(store: EmbeddedStore, loop: asyncio.Runner) -> None:
    """The first bytes are out when the deadline comes: reading on raises, it does not end."""

    chunks: list[bytes] = []

    async def read() -> None:
        request = Request("SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", Accept("text/csv"))
        answer = await store.answer(request, Limits(deadline=0.5, result_bytes=1 << 40))
        async for chunk in answer.chunks:
            chunks.append(chunk)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(QueryTimeout):
        loop.run(read())
    assert len(b"".join(chunks)) > 1 << 16


def test_an_answer_that_was_closed_cannot_be_read_on(store: EmbeddedStore, loop: asyncio.Runner) -> None:
    async def read() -> None:
        answer = await store.answer(Request("SELECT * WHERE { ?a ?b ?c . ?d ?e ?f }", Accept("text/csv")))
        await answer.aclose()
        await answer.aclose()
        async for _ in answer.chunks:
            pass

    with pytest.raises(EngineFailure):
        loop.run(read())
    assert loop.run(ask(store, PROBE)) == PROBE_ANSWER


def test_a_directory_without_a_store_is_an_engine_failure(tmp_path: Path) -> None:
    async def attempt() -> None:
        store = EmbeddedStore(tmp_path / "nowhere", limits=Limits(), readers=1)
        try:
            await ask(store, PROBE)
        finally:
            await store.close()

    with pytest.raises(EngineFailure, match="No reader could be started"):
        asyncio.run(attempt())
