"""The short way to an answer: what was answered before is sent again as it was, and nothing else."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from kg.compiler.build import build
from kg.engine import precheck
from kg.engine.cached import CachedStore
from kg.engine.lexer import tokens
from kg.engine.limits import Limits
from kg.engine.store import Accept, EmbeddedStore, Request
from kg.errors import KgError
from kg.formats import JSON
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.app import create_app

QUERY = "SELECT ?firm { ?firm a kg:Firm } ORDER BY STR(?firm)"


def test_the_second_answer_is_the_first_with_all_its_headers(client: TestClient) -> None:
    first, second = (client.get("/sparql", params={"query": QUERY}) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    own = {"x-request-id", "ratelimit", "ratelimit-policy"}
    told = [{name: value for name, value in answer.headers.items() if name not in own} for answer in (first, second)]
    assert told[0] == told[1]
    assert {"etag", "vary", "x-armature-snapshot", "content-length"} <= set(second.headers)


def test_another_format_is_another_answer(client: TestClient) -> None:
    for _ in range(2):
        for accept in ("application/sparql-results+json", "text/csv"):
            got = client.get("/sparql", params={"query": QUERY}, headers={"Accept": accept})
            assert got.headers["content-type"].startswith(accept)


def test_a_held_answer_is_validated_and_its_head_can_be_had_alone(client: TestClient) -> None:
    whole = [client.get("/sparql", params={"query": QUERY}) for _ in range(2)][1]
    held = client.get("/sparql", params={"query": QUERY}, headers={"If-None-Match": whole.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")
    head = client.head("/sparql", params={"query": QUERY})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))


def test_pages_of_other_sites_are_let_read_what_is_in_memory(client: TestClient) -> None:
    for _ in range(2):
        got = client.get("/sparql", params={"query": QUERY}, headers={"Origin": "https://example.org"})
        assert got.headers["access-control-allow-origin"] == "*"
        assert got.headers["x-content-type-options"] == "nosniff"


def test_what_varies_is_asked_again(client: TestClient) -> None:
    drawn = {client.get("/sparql", params={"query": "SELECT (RAND() AS ?x) {}"}).content for _ in range(3)}
    assert len(drawn) == 3


def test_a_new_snapshot_is_asked_anew(project: Settings) -> None:
    query = {"query": 'SELECT ?thing { ?thing rdfs:label "Griffon Mepac"@en }'}
    build(project)
    with TestClient(create_app(project)) as client:
        before = [client.get("/sparql", params=query).json()["results"]["bindings"] for _ in range(2)]
        path = project.home / "data" / "equipment" / "vehicles.ttl"
        path.write_text(path.read_text("utf-8").replace("MEPAC", "Mepac"), "utf-8")
        build(project)
        after = client.get("/sparql", params=query).json()["results"]["bindings"]
    assert before == [[], []]
    assert len(after) == 1


async def answered(store: Path, query: str) -> tuple[bytes | None, bytes, bytes | None]:
    cached = CachedStore(EmbeddedStore(store, Limits(), readers=1), 1 << 20)
    request = Request(query, Accept(solutions=JSON.media_type))
    try:
        first = await cached.answer(request)
        body = b"".join([chunk async for chunk in first.chunks])
        await first.aclose()
        again = await cached.answer(request)
        return first.whole, body, again.whole
    finally:
        await cached.close()


def test_a_small_answer_is_whole_at_once(built: Snapshot) -> None:
    whole, body, again = asyncio.run(answered(built.store, "SELECT * { ?s a ?class } LIMIT 5"))
    assert whole == body == again


def test_a_large_answer_comes_in_pieces(built: Snapshot) -> None:
    whole, body, again = asyncio.run(answered(built.store, "SELECT * { ?s ?p ?o } LIMIT 3000"))
    assert whole is None
    assert len(body) > 1 << 16
    assert again is None


WORDS = ("SERVICE", "service", "FROM", "from", "kg:from", "?from", "from:x", ":FROM", "NAMED", "SELECT", "*", "<a>",
         "<b#c>", "(", ")", "{", "}", "[", "]", "<<", ">>", '"', "'", "#", "\n", " ", "FILTER", "!", "&&", "-1",
         "\\u0053", "ſervice", "SILENT", '"""', ";", ".")  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=40).map("".join) | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_what_counting_lets_pass_the_words_let_pass_too(query: str) -> None:
    limits = Limits(query_depth=3, operators=4)
    if not precheck._is_harmless(query, limits):
        return
    found = list(tokens(query))
    precheck._check_depth(query, found, limits.query_depth)
    precheck._check_operators(query, found, limits.operators)
    precheck._check_service(query, found)
    clause = precheck._dataset_clause(query, found)
    assert (clause.default, clause.named) == ((), ())


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM <http://example.org/g> { ?s ?p ?o }",
        "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }",
        'SELECT * { ?s ?p """\n# """ . SERVICE <http://example.org/> { ?s ?p ?o } }',
        "ASK { " + "(" * 200,
        "SELECT * { FILTER(" + "!" * 2_000 + "true) }",
    ],
)
def test_what_must_be_looked_at_is_not_let_pass_by_counting(query: str) -> None:
    assert not precheck._is_harmless(query, Limits())


def test_comments_before_the_query_do_not_matter_but_later_ones_do() -> None:
    assert precheck._is_harmless("#+ summary: read from the object, no service\nASK {}", Limits())
    assert not precheck._is_harmless("ASK {} # from here", Limits())
    with pytest.raises(KgError):
        precheck.check("#+ from\nASK { SERVICE <http://example.org/> {} }", Limits())
