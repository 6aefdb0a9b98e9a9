"""The cases of the W3C's SPARQL 1.1 Protocol manifest that are about queries, over graphs of our own.

Each case bears the name that it has in https://github.com/w3c/rdf-tests (sparql/sparql11/protocol); where the
original names three documents, the graphs of the ontology, the derived statements and the shapes stand in.
"""

from dataclasses import dataclass, field

import pytest
from starlette.testclient import TestClient

BASE = "https://w3id.org/armature/"
ONTOLOGY, DERIVED, SHAPES = (f"{BASE}graph/{name}" for name in ("ontology", "derived", "shapes"))
FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"

IN_ONTOLOGY = f"<{BASE}def/Claim> a ?class ."
IN_DERIVED = f"<{DERIVED}> <{BASE}def/recordDate> ?day ."
IN_SHAPES = f"<{BASE}shape/Stake> a ?shape ."
TWO_DEFAULT = f"ASK {{ {IN_ONTOLOGY} {IN_DERIVED} }}"
TWO_NAMED = f"ASK {{ GRAPH ?g {{ {IN_ONTOLOGY} }} GRAPH ?h {{ {IN_DERIVED} }} }}"
FULL = f"ASK {{ {IN_SHAPES} GRAPH ?g {{ {IN_ONTOLOGY} }} GRAPH ?h {{ {IN_DERIVED} }} }}"


@dataclass(frozen=True)
class Case:
    """One request, and what is to come of it: a status, and for a good one the answer to its ASK or its type."""

    name: str
    method: str = "GET"
    parameters: tuple[tuple[str, str], ...] = ()
    content_type: str | None = None
    body: bytes = b""
    status: int = 200
    boolean: bool | None = None
    types: tuple[str, ...] = field(default=())


def default(*graphs: str) -> tuple[tuple[str, str], ...]:
    return tuple(("default-graph-uri", graph) for graph in graphs)


def named(*graphs: str) -> tuple[tuple[str, str], ...]:
    return tuple(("named-graph-uri", graph) for graph in graphs)


SOLUTIONS = ("application/sparql-results+json", "application/sparql-results+xml")
GRAPHS = ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json")

CASES = [
    Case("query_post_form", "POST", default(ONTOLOGY), FORM, b"query=ASK%20%7B%7D", boolean=True),
    Case(
        "query_dataset_default_graphs_get", "GET", (*default(ONTOLOGY, DERIVED), ("query", TWO_DEFAULT)), boolean=True
    ),
    Case(
        "query_dataset_default_graphs_post",
        "POST",
        default(ONTOLOGY, DERIVED),
        DIRECT,
        TWO_DEFAULT.encode(),
        boolean=True,
    ),
    Case(
        "query_dataset_named_graphs_post", "POST", named(ONTOLOGY, DERIVED), DIRECT, TWO_NAMED.encode(), boolean=True
    ),
    Case("query_dataset_named_graphs_get", "GET", (*named(ONTOLOGY, DERIVED), ("query", TWO_NAMED)), boolean=True),
    Case(
        "query_dataset_full",
        "POST",
        (*default(SHAPES), *named(ONTOLOGY, DERIVED)),
        DIRECT,
        FULL.encode(),
        boolean=True,
    ),
    Case(
        "query_multiple_dataset",
        "POST",
        default(DERIVED),
        DIRECT,
        f"ASK FROM <{ONTOLOGY}> {{ {IN_DERIVED} FILTER NOT EXISTS {{ {IN_ONTOLOGY} }} }}".encode(),
        boolean=True,
    ),
    Case("query_get", "GET", (("query", "ASK {}"),), boolean=True),
    Case("query_content_type_select", "POST", (), DIRECT, b"SELECT (1 AS ?value) {}", types=SOLUTIONS),
    Case("query_content_type_ask", "POST", (), DIRECT, b"ASK {}", types=SOLUTIONS),
    Case("query_content_type_describe", "POST", (), DIRECT, b"DESCRIBE <http://example.org/>", types=GRAPHS),
    Case(
        "query_content_type_construct",
        "POST",
        (),
        DIRECT,
        b"CONSTRUCT { <s> <p> 1 } WHERE {}".replace(b"<s> <p>", b"<urn:s> <urn:p>"),
        types=GRAPHS,
    ),
    Case("query_post_direct", "POST", default(ONTOLOGY), DIRECT, b"ASK {}", boolean=True),
    Case("bad_query_method", "PUT", (("query", "ASK {}"),), status=405),
    Case("bad_multiple_queries", "GET", (("query", "ASK {}"), ("query", "SELECT * {}")), status=400),
    Case("bad_query_wrong_media_type", "POST", (), "text/plain", b"ASK {}", status=415),
    Case("bad_query_missing_form_type", "POST", (), None, b"query=ASK%20%7B%7D", status=415),
    Case("bad_query_missing_direct_type", "POST", (), None, b"ASK {}", status=415),
    Case("bad_query_non_utf8", "POST", (), f"{DIRECT}; charset=UTF-16", "ASK {}".encode("utf-16"), status=400),
    Case("bad_query_syntax", "GET", (("query", "ASK {"),), status=400),
]


@pytest.mark.parametrize("path", ["/sparql", "/sparql/"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_protocol(client: TestClient, case: Case, path: str) -> None:
    headers = {"Content-Type": case.content_type} if case.content_type else {}
    answer = client.request(
        case.method, path, params=list(case.parameters), content=case.body, headers=headers, follow_redirects=True
    )
    assert answer.status_code == case.status, answer.text
    if case.boolean is not None:
        assert answer.json()["boolean"] is case.boolean
    if case.types:
        assert answer.headers["content-type"].partition(";")[0] in case.types


def test_an_unknown_graph_is_empty_and_reads_nothing_from_elsewhere(client: TestClient) -> None:
    for graph in ("http://127.0.0.1:9/nowhere", "file:///etc/passwd"):
        answer = client.get("/sparql", params={"query": "ASK { ?s ?p ?o }", "default-graph-uri": graph})
        assert answer.json()["boolean"] is False
