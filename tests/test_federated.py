"""SERVICE: nobody is called by default, only those on the list are with it, and the answers are right."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient
from tests.scripted import Heard, Scripted, answer, scripted

from kg.engine.clauses import blanked, clauses
from kg.engine.federated import FederatedStore, Services, values
from kg.engine.limits import Limits
from kg.engine.store import Accept, EmbeddedStore, Request
from kg.errors import (
    KgError,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooDeep,
    ResultTooLarge,
    ServiceRefused,
    StoreFailure,
    StoreUnreachable,
)
from kg.formats import JSON, N_TRIPLES
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.app import create_app

EITHER = Accept(JSON.media_type, N_TRIPLES.media_type)
LIMITS = Limits(deadline=4)
HERE = "<urn:a> <urn:name> 'A' . <urn:b> <urn:name> 'B' . <urn:c> <urn:name> 'C' ."
THERE = """<urn:a> <urn:size> 1 . <urn:b> <urn:size> 2 . <urn:b> <urn:colour> "red"@en . <urn:z> <urn:size> 9 .
<urn:q> <urn:text> "} SERVICE <urn:x> { # \\" ' \\\\ \\n" ."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store that queries are put to."""
    folder = tmp_path_factory.mktemp("federated") / "store"
    store = ox.Store(folder)
    store.load(HERE.encode(), ox.RdfFormat.TURTLE)
    store.flush()
    return folder


def evaluating(data: str = THERE) -> Callable[[Heard], bytes]:
    """A server that answers as the engine does."""

    def script(heard: Heard) -> bytes:
        store = ox.Store()
        store.load(data.encode(), ox.RdfFormat.TURTLE)
        results = store.query(heard.query)
        assert isinstance(results, ox.QuerySolutions)
        return answer(results.serialize(format=ox.QueryResultsFormat.JSON) or b"")

    return script


def ask(
    here: Path,
    query: str,
    script: Callable[[Heard], bytes | Iterator[bytes]] | None = None,
    limits: Limits = LIMITS,
    size: int = 100_000,
    allowed: bool = True,
) -> tuple[list[dict[str, str]], Scripted]:
    """The solutions of a query whose ``{url}`` is a scripted server, and that server."""

    async def asked(server: Scripted) -> bytes:
        engine = EmbeddedStore(here, limits, readers=1)
        services = Services((server.url,) if allowed else ("http://127.0.0.1:9/other",), size)
        store = FederatedStore(engine, services, limits, 1, {"there": server.url.removesuffix("sparql")})
        try:
            found = await store.answer(Request(query.replace("URL", server.url), EITHER))
            return b"".join([piece async for piece in found.chunks])
        finally:
            await store.close()

    with scripted(script or evaluating()) as server:
        told = json.loads(asyncio.run(asked(server)))
    rows = told["results"]["bindings"] if "results" in told else [{"ask": {"value": str(told["boolean"])}}]
    return [{name: term["value"] for name, term in row.items()} for row in rows], server


RIGHT = {
    "join": ("SELECT ?n ?z { ?s <urn:name> ?n SERVICE <URL> { ?s <urn:size> ?z } } ORDER BY ?n", ["A1", "B2"]),
    "first": ("SELECT ?n ?z { SERVICE <URL> { ?s <urn:size> ?z } ?s <urn:name> ?n } ORDER BY ?n", ["A1", "B2"]),
    "lower case": (
        "SELECT ?n ?z { ?s <urn:name> ?n service silent<URL>{?s <urn:size> ?z}} ORDER BY ?n",
        ["A1", "B2"],
    ),
    "optional": (
        "SELECT ?n ?z { ?s <urn:name> ?n OPTIONAL { SERVICE <URL> { ?s <urn:size> ?z } } } ORDER BY ?n",
        ["A1", "B2", "C"],
    ),
    "optional inside": (
        "SELECT ?n ?z ?c { ?s <urn:name> ?n SERVICE <URL> { ?s <urn:size> ?z OPTIONAL { ?s <urn:colour> ?c } } } "
        "ORDER BY ?n",
        ["A1", "B2red"],
    ),
    "two": (
        "SELECT ?n ?z ?c { ?s <urn:name> ?n SERVICE <URL> { ?s <urn:size> ?z } "
        "SERVICE <URL> { ?s <urn:colour> ?c } }",
        ["B2red"],
    ),
    "prefixed": (
        "PREFIX u: <urn:> SELECT ?n ?z { ?s u:name ?n SERVICE there:sparql { { ?s u:size ?z } } } ORDER BY ?n",
        ["A1", "B2"],
    ),
    "sub-select": (
        "SELECT ?n ?z { ?s <urn:name> ?n { SELECT ?s (MAX(?y) AS ?z) { SERVICE <URL> { ?s <urn:size> ?y } } "
        "GROUP BY ?s } } ORDER BY ?n",
        ["A1", "B2"],
    ),
    "union": (
        "SELECT ?n ?z { { ?s <urn:name> ?n } UNION { SERVICE <URL> { <urn:z> <urn:size> ?z } } } ORDER BY ?n ?z",
        ["9", "A", "B", "C"],
    ),
    "minus": ("SELECT ?n { ?s <urn:name> ?n MINUS { SERVICE <URL> { ?s <urn:size> ?z } } }", ["C"]),
    "exists": ("SELECT ?n { ?s <urn:name> ?n FILTER NOT EXISTS { SERVICE <URL> { ?s <urn:size> ?z } } }", ["C"]),
    "values inside": ("SELECT ?z { SERVICE <URL> { VALUES ?s { <urn:b> } ?s <urn:size> ?z } }", ["2"]),
    "no variable": (
        "SELECT ?n { ?s <urn:name> ?n SERVICE <URL> { <urn:a> <urn:size> 1 } } ORDER BY ?n",
        ["A", "B", "C"],
    ),
    "nothing": ("SELECT ?n { ?s <urn:name> ?n SERVICE <URL> { <urn:a> <urn:size> 7 } }", []),
    "ask": ("ASK { ?s <urn:name> 'B' SERVICE <URL> { ?s <urn:size> 2 } }", ["True"]),
    "hostile text": ("SELECT (STRLEN(?t) AS ?l) { SERVICE <URL> { <urn:q> <urn:text> ?t } }", ["29"]),
    "comment": ("SELECT ?z { SERVICE <URL> { # }\n <urn:a> <urn:size> ?z } }", ["1"]),
}


@pytest.mark.parametrize("case", RIGHT)
def test_a_service_on_the_list_gives_the_right_answer(here: Path, case: str) -> None:
    query, expected = RIGHT[case]
    found, server = ask(here, query)
    assert ["".join(row.values()) for row in found] == expected
    assert server.heard


EVERYWHERE = [
    "SELECT * { SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { SERVICE SILENT <URL> { ?s ?p ?o } }",
    "SELECT * { sErViCe<URL>{ ?s ?p ?o } }",
    "SELECT * { BIND(<URL> AS ?u) SERVICE ?u { ?s ?p ?o } }",
    "SELECT * { VALUES ?u { <URL> } SERVICE SILENT ?u { ?s ?p ?o } }",
    "PREFIX t: <URL> SELECT * { SERVICE t: { ?s ?p ?o } }",
    "SELECT * { SERVICE there:sparql { ?s ?p ?o } }",
    "BASE <URL> SELECT * { SERVICE <> { ?s ?p ?o } }",
    "SELECT * { { SELECT * { SERVICE <URL> { ?s ?p ?o } } } }",
    "SELECT * { ?s ?p ?o OPTIONAL { SERVICE <URL> { ?s ?p ?o } } }",
    "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <URL> { ?s ?p ?o } } }",
    "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { \\u0053ERVICE <URL> { ?s ?p ?o } }",
    "SELECT * FROM <URL> { ?s ?p ?o }",
    "SELECT * FROM NAMED <URL> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * { GRAPH <URL> { ?s ?p ?o } }",
]


@pytest.mark.parametrize("query", EVERYWHERE)
def test_a_listener_that_is_not_on_the_list_hears_nothing(here: Path, query: str) -> None:
    heard: list[Heard] = []

    def listener(one: Heard) -> bytes:
        heard.append(one)
        return answer(b"{}")

    try:
        found, _ = ask(here, query, listener, allowed=False)
        assert found == []
    except (ServiceRefused, QuerySyntaxError):
        pass
    assert heard == []


@pytest.mark.parametrize("query", EVERYWHERE)
def test_a_listener_hears_nothing_by_default(client: TestClient, query: str) -> None:
    heard: list[Heard] = []
    with scripted(lambda one: heard.append(one) or answer(b"{}")) as server:  # type: ignore[func-returns-value]  # for its effect
        text = query.replace("URL", server.url).replace("there:sparql", f"<{server.url}>")
        status = client.get(f"/sparql?query={quote(text)}").status_code
    assert heard == []
    assert status == (400 if "SERVICE" in text.upper() or "\\u" in text else 200)


@pytest.mark.parametrize(
    ("query", "error", "words"),
    [
        ("SELECT * { SERVICE ?u { ?s ?p ?o } }", ServiceRefused, "a variable could name any server"),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", ServiceRefused, "it may call: http://127"),
        ("SELECT * { SERVICE <URL> { SERVICE <URL> { ?s ?p ?o } } }", ServiceRefused, "within another one"),
        ("SELECT * { SERVICE <sparql> { ?s ?p ?o } }", ServiceRefused, "absolute address"),
        ("SELECT * { SERVICE no:where { ?s ?p ?o } }", ServiceRefused, "whose prefix is declared"),
        ("SELECT * { SERVICE <URL> ?s ?p ?o }", ServiceRefused, "a group in brackets"),
        ("SELECT * { SERVICE <URL> { ?s ?p ?o }", QuerySyntaxError, "stops being valid"),
        ("SELECT * { SERVICE <URL> { ?s ?p ?o ", ServiceRefused, "never closed"),
        ("SELECT * { SERVICE <URL> { ?s ?p } }", QuerySyntaxError, "stops being valid"),
        ("SELECT * { SERVICE <URL> { ?s ?p ?o } ?s }", QuerySyntaxError, "line 1"),
        ("INSERT { ?s ?p ?o } WHERE { SERVICE <URL> { ?s ?p ?o } }", QuerySyntaxError, "stops being valid"),
        ("SELECT * { SERVICE <URL> " + "{" * 150 + "}" * 150 + " }", QueryTooDeep, "brackets"),
        ("SELECT * { SERVICE <URL> { ?s ?p ?o } trueSERVICE <URL> { } }", ServiceRefused, "SERVICE"),
    ],
)
def test_what_cannot_be_carried_out_says_why_and_calls_nobody(
    here: Path, query: str, error: type[KgError], words: str
) -> None:
    heard: list[Heard] = []

    def listener(one: Heard) -> bytes:
        heard.append(one)
        return answer(b"{}")

    with pytest.raises(error, match=words):
        ask(here, query, listener)
    assert heard == []


FAILING = "SELECT ?n ?z { ?s <urn:name> ?n SERVICE <URL> { ?s <urn:size> ?z } }"
BLANK = b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"bnode","value":"b"}}]}}'


def large(_: Heard) -> bytes:
    """More than fits."""
    row = b'{"s":{"type":"uri","value":"urn:' + b"x" * 1_000 + b'"}}'
    return answer(b'{"head":{"vars":["s"]},"results":{"bindings":[' + b",".join([row] * 200) + b"]}}")


def endless(_: Heard) -> Iterator[bytes]:
    """A server that says nothing for a while."""
    time.sleep(2)
    yield b""


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        (lambda _: answer(b"boom", "500 Error"), StoreFailure, "answered 500: boom"),
        (lambda _: answer(b"", "302 Found", "text/html", "Location: http://127.0.0.1:9/"), StoreFailure, "302"),
        (lambda _: b"", StoreUnreachable, "cannot be reached"),
        (lambda _: answer(b"<html>"), StoreFailure, "cannot be read"),
        (lambda _: answer(b'{"head":{},"boolean":true}'), StoreFailure, "cannot be read"),
        (lambda _: answer(BLANK), StoreFailure, "blank nodes"),
        (large, ResultTooLarge, "more than 100,000 bytes"),
        (endless, QueryTimeout, "did not answer in time"),
    ],
)
def test_a_failing_service_fails_the_query_unless_it_is_silent(
    here: Path, script: Callable[[Heard], bytes], error: type[KgError], words: str
) -> None:
    limits = Limits(deadline=1)
    with pytest.raises(error, match=words):
        ask(here, FAILING, script, limits)
    found, _ = ask(here, FAILING.replace("SERVICE", "SERVICE SILENT"), script, limits)
    assert sorted(row["n"] for row in found) == ["A", "B", "C"]


def test_the_server_is_asked_for_the_group_alone_with_the_prologue(here: Path) -> None:
    query = "PREFIX u: <urn:>\nSELECT ?n { ?s u:name ?n . SERVICE <URL> { ?s u:size 2 } FILTER(?n != 'x') }"
    _, server = ask(here, query)
    (heard,) = server.heard
    assert heard.query.endswith("PREFIX u: <urn:>\n SELECT * WHERE { ?s u:size 2 }")
    assert "authorization" not in heard.headers


def test_blanking_keeps_every_place() -> None:
    query = "SELECT * {\n SERVICE\n<urn:a:b>\n{\n?s ?p ?o }\n ?x ?y ?z }"
    blank = blanked(query, clauses(query, {}))
    assert len(blank) >= len(query)
    assert blank.index("?x") - blank.rindex("\n", 0, blank.index("?x")) == query.index("?x") - query.rindex(
        "\n", 0, query.index("?x")
    )
    assert blank.count("\n") == query.count("\n")


@pytest.mark.parametrize("term", ["<urn:a>", '"x\\"}\\n"', '"é"@fr', '"1"^^<urn:t>', "28.5", "true"])
def test_terms_are_carried_over_as_they_are(term: str) -> None:
    solutions = ox.Store().query(f"SELECT ?x ?y {{ VALUES (?x ?y) {{ ({term} UNDEF) }} }}")
    assert isinstance(solutions, ox.QuerySolutions)
    block = values(solutions.serialize(format=ox.QueryResultsFormat.JSON) or b"")
    again = ox.Store().query(f"SELECT ?x ?y {{ {block} }}")
    known = ox.Store().query(f"SELECT ?x ?y {{ VALUES (?x ?y) {{ ({term} UNDEF) }} }}")
    assert isinstance(again, ox.QuerySolutions)
    assert isinstance(known, ox.QuerySolutions)
    assert [(row["x"], row["y"]) for row in again] == [(row["x"], row["y"]) for row in known]


def test_the_endpoint_calls_those_on_its_list(settings: Settings, built: Snapshot) -> None:
    data = "<https://w3id.org/armature/id/arquus> <urn:size> 5 ."
    with scripted(evaluating(data)) as server:
        allowing = settings.model_copy(update={"services": server.url})
        with TestClient(create_app(allowing)) as client:
            text = f"SELECT ?n {{ SERVICE <{server.url}> {{ ?s <urn:size> ?n }} ?s a kg:Firm }}"
            told = client.get(f"/sparql?format=csv&query={quote(text)}")
            again = client.get(f"/sparql?format=csv&query={quote(text)}")
    assert (told.status_code, told.text.split()) == (200, ["n", "5"])
    assert "etag" not in told.headers
    assert again.text == told.text
    assert len(server.heard) == 2
