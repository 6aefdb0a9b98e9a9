"""The SPARQL 1.1 Protocol for queries."""

import json

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from kg.compiler.build import Graph
from kg.formats import BY_NAME
from kg.snapshot import Snapshot

SELECT = "SELECT ?deal { ?deal a <https://w3id.org/armature/def/Deal> }"
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } WHERE { ?s a <https://w3id.org/armature/def/Deal> ; ?p ?o }"
DESCRIBE = "DESCRIBE <https://w3id.org/armature/id/arquus>"
GRAPH = "https://w3id.org/armature/graph/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-query"}


def deals(body: bytes) -> list[str]:
    return [row["deal"]["value"] for row in json.loads(body)["results"]["bindings"]]


@pytest.mark.parametrize("way", ["get", "form", "direct", "direct with charset"])
def test_a_query_may_be_sent_in_three_ways(client: TestClient, way: str) -> None:
    answer = {
        "get": lambda: client.get("/sparql", params={"query": SELECT}),
        "form": lambda: client.post("/sparql", data={"query": SELECT}),
        "direct": lambda: client.post("/sparql", content=SELECT, headers=DIRECT),
        "direct with charset": lambda: client.post(
            "/sparql", content=SELECT, headers={"Content-Type": "application/sparql-query; charset=UTF-8"}
        ),
    }[way]()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/sparql-results+json"
    assert deals(answer.content) == ["https://w3id.org/armature/id/john-cockerill-arquus-merger"]


def test_a_form_is_decoded_once(client: TestClient) -> None:
    answer = client.post("/sparql", data={"query": 'SELECT ("100%25 + 1" AS ?x) {}'})
    assert answer.json()["results"]["bindings"][0]["x"]["value"] == "100%25 + 1"


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize("query", [SELECT, "ASK {}"])
def test_solutions_come_in_four_formats(client: TestClient, name: str, query: str) -> None:
    form = BY_NAME[name]
    by_name = client.get("/sparql", params={"query": query, "format": name})
    by_accept = client.get("/sparql", params={"query": query}, headers={"Accept": form.media_type})
    assert by_name.content == by_accept.content
    assert by_name.headers["content-type"].partition(";")[0] == form.media_type
    if form.results and name in ("json", "xml"):
        found = ox.parse_query_results(by_name.content, form.results)
        assert bool(found) if isinstance(found, ox.QueryBoolean) else len(list(found)) == 1


@pytest.mark.parametrize("name", ["ttl", "nt", "rdf", "jsonld"])
@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE])
def test_graphs_come_in_four_formats(client: TestClient, assembled: Graph, name: str, query: str) -> None:
    form = BY_NAME[name]
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": form.media_type})
    assert answer.headers["content-type"].partition(";")[0] == form.media_type
    expected = assembled.store.query(query)
    assert isinstance(expected, ox.QueryTriples)
    assert {quad.triple for quad in ox.parse(answer.content, form.rdf)} == set(expected)


def test_json_goes_with_select_and_turtle_with_construct_for_those_who_take_all(client: TestClient) -> None:
    assert client.get("/sparql", params={"query": SELECT}).headers["content-type"].endswith("results+json")
    assert client.get("/sparql", params={"query": CONSTRUCT}).headers["content-type"].startswith("text/turtle")


def test_an_answer_names_its_snapshot(client: TestClient, built: Snapshot) -> None:
    assert client.get("/sparql", params={"query": SELECT}).headers["x-armature-snapshot"] == built.hash


def test_an_unchanged_answer_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/sparql", params={"query": SELECT})
    tag = {"If-None-Match": first.headers["etag"]}
    assert client.get("/sparql", params={"query": SELECT}, headers=tag).status_code == 304
    for other in (
        {"query": COUNT},
        {"query": SELECT, "format": "csv"},
        {"query": SELECT, "default-graph-uri": GRAPH},
    ):
        assert client.get("/sparql", params=other, headers=tag).status_code == 200
    assert "etag" not in client.post("/sparql", data={"query": SELECT}).headers
    assert "etag" not in client.get("/sparql", params={"query": "SELECT (NOW() AS ?now) {}"}).headers


COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


def count(client: TestClient, **parameters: str | list[str]) -> int:
    answer = client.get("/sparql", params={"query": COUNT, **parameters})
    return int(answer.json()["results"]["bindings"][0]["n"]["value"])


def test_the_default_graph_counts_each_statement_once(client: TestClient, built: Snapshot) -> None:
    assert count(client) == built.manifest.triples


def test_the_dataset_may_be_chosen(client: TestClient, built: Snapshot) -> None:
    graphs = built.manifest.graphs
    one, other = f"{GRAPH}ontology", f"{GRAPH}derived"
    assert count(client, **{"default-graph-uri": one}) == graphs[one]
    both = count(client, **{"default-graph-uri": [one, other]})
    assert max(graphs[one], graphs[other]) < both <= graphs[one] + graphs[other]
    assert count(client, **{"default-graph-uri": [one, one]}) == graphs[one]
    named = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    answer = client.get("/sparql", params={"query": named, "named-graph-uri": other})
    assert answer.json()["results"]["bindings"][0]["n"]["value"] == str(graphs[other])


def test_a_query_too_long_is_refused_before_it_is_read(client: TestClient) -> None:
    answer = client.post("/sparql", content="#" * 400_000, headers=DIRECT)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (413, "query-too-large")
    assert answer.headers["connection"] == "close"


def test_what_is_not_utf8_is_refused(client: TestClient) -> None:
    for headers, body in ((DIRECT, b"ASK { ?s ?p '\xff' }"), (FORM, b"query=\xff"), (FORM, b"query=%ff")):
        answer = client.post("/sparql", content=body, headers=headers)
        assert answer.status_code == 400
        assert "UTF-8" in answer.json()["detail"]


def test_the_place_of_a_syntax_error_is_told(client: TestClient) -> None:
    answer = client.get("/sparql", params={"query": "SELECT *\nWHERE { ?s ?p "})
    body = answer.json()
    assert (body["line"], body["column"]) == (2, 15)
    assert "line 2, column 15" in body["detail"]


def test_a_query_that_takes_too_long_is_stopped_and_told(client: TestClient) -> None:
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    answer = client.get("/sparql", params={"query": slow})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "query-timeout")
    assert count(client) > 0


def test_a_browser_gets_a_form(client: TestClient) -> None:
    answer = client.get("/sparql", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "<textarea" in answer.text
