"""The addresses: every thing in every format, and every failure as a problem."""

import json
import time
from typing import Any

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from kg import terms
from kg.compiler.build import Graph
from kg.formats import BY_MEDIA_TYPE, Format
from kg.snapshot import Snapshot
from kg.web.things import OFFERED

ID = "https://w3id.org/armature/id/"
THINGS = [
    "id/arquus",
    "id/belgium-caesar-order-2024",
    "claim/caesar-order-item-caesar",
    "source/minarm-2024-05-21",
    "source/minarm-2024-05-21-s06",
    "def/Stake",
    "def/holdsStakeIn",
    "code/status/intent",
    "code/status",
    "graph/derived",
    "graph/data/orders/artillery",
    "shape/Source-url",
]


def graph_of(body: bytes, form: Format) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(body, form.rdf)}


@pytest.mark.parametrize("form", OFFERED, ids=lambda form: form.name)
@pytest.mark.parametrize("thing", THINGS)
def test_every_thing_answers_in_every_format(client: TestClient, thing: str, form: Format) -> None:
    asked = client.get(f"/{thing}", headers={"Accept": form.media_type})
    assert (asked.status_code, asked.headers["location"]) == (303, f"/{thing}.{form.name}")
    assert "Accept" in asked.headers["vary"].split(", ")
    answer = client.get(asked.headers["location"])
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == form.media_type
    assert answer.content
    if form.rdf:
        subjects = {triple.subject for triple in graph_of(answer.content, form)}
        assert ox.NamedNode(terms.BASE + thing) in subjects or (subjects and thing.startswith("graph/"))


@pytest.mark.parametrize("thing", THINGS)
def test_the_graph_twins_hold_the_same_statements(client: TestClient, thing: str) -> None:
    twins = [graph_of(client.get(f"/{thing}.{form.name}").content, form) for form in OFFERED if form.rdf]
    assert all(twin == twins[0] for twin in twins)


@pytest.mark.parametrize("path", ["/def/", "/def/0.1.0"])
def test_the_ontology_resolves_by_its_own_name(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/ontology")


def test_a_thing_links_to_its_twins(client: TestClient) -> None:
    link = client.get("/id/arquus.html").headers["link"]
    assert f'<{ID}arquus>; rel="describes"' in link
    for form in OFFERED:
        assert f'</id/arquus.{form.name}>; rel="alternate"; type="{form.media_type}"' in link


def test_the_time_travels_along(client: TestClient) -> None:
    asked = client.get("/id/arquus?asOf=2024-06-01", headers={"Accept": "text/html"})
    assert asked.headers["location"] == "/id/arquus.html?asOf=2024-06-01"
    now = client.get("/id/caesar.json").json()["results"]["bindings"]
    before = client.get("/id/caesar.json?knownOn=2024-05-20").json()["results"]["bindings"]
    assert len(now) > 0 == len(before)
    refused = client.get("/id/caesar.ttl?asOf=2024-06-01")
    assert refused.status_code == 400
    assert ".json" in refused.json()["detail"]


def test_the_whole_graph_comes_back_from_every_export(client: TestClient, assembled: Graph, built: Snapshot) -> None:
    merged = {q.triple for q in assembled.store.quads_for_pattern(None, None, None, ox.DefaultGraph())}
    named = {q for q in assembled.store if isinstance(q.graph_name, ox.NamedNode)}
    for url in client.get("/export?format=json").json()["all"]:
        answer = client.get(url)
        assert answer.status_code == 200
        assert answer.headers["x-armature-snapshot"] == built.hash
        assert built.hash[:12] in answer.headers["content-disposition"]
        form = BY_MEDIA_TYPE[answer.headers["content-type"].partition(";")[0]]
        quads = set(ox.parse(answer.content, form.rdf))
        if form.name in ("trig", "nq"):
            assert quads == named
        elif form.name != "jsonld":
            assert {quad.triple for quad in quads} == merged


def test_every_named_graph_can_be_downloaded(client: TestClient, built: Snapshot) -> None:
    for graph, urls in client.get("/export?format=json").json()["graphs"].items():
        for url in urls:
            answer = client.get(url)
            form = BY_MEDIA_TYPE[answer.headers["content-type"].partition(";")[0]]
            assert len(graph_of(answer.content, form)) == built.manifest.graphs[graph]


def test_an_unchanged_answer_is_not_sent_again(client: TestClient) -> None:
    for url in ("/id/arquus.html", "/id/arquus.ttl", "/query/orders.csv", "/export/all.nt", "/ontology.ttl"):
        tag = client.get(url).headers["etag"]
        again = client.get(url, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_is_get_without_a_body(client: TestClient) -> None:
    for url in ("/", "/id/arquus.ttl", "/healthz", "/sparql?query=ASK%7B%7D", "/export/all.nt"):
        head, get = client.head(url), client.get(url)
        assert head.status_code == get.status_code == 200
        assert head.content == b""
        assert head.headers["content-type"] == get.headers["content-type"]


PROBLEMS = [
    ("GET", "/id/nobody.ttl", {}, 404, "unknown-entity"),
    ("GET", "/id/nobody.json", {}, 404, "unknown-entity"),
    ("GET", "/graph/nowhere.ttl", {}, 404, "unknown-entity"),
    ("GET", "/export/graph/nowhere.ttl", {}, 404, "unknown-entity"),
    ("GET", "/export/id/nobody.ttl", {}, 404, "unknown-entity"),
    ("GET", "/query/nothing", {}, 404, "unknown-query"),
    ("GET", "/nowhere/at/all", {}, 404, "not-found"),
    ("GET", "/id/", {}, 404, "not-found"),
    ("GET", "/id/arquus", {"Accept": "image/png"}, 406, "not-acceptable"),
    ("GET", "/id/arquus?format=pdf", {}, 406, "not-acceptable"),
    ("GET", "/sparql?query=ASK%7B%7D", {"Accept": "image/png"}, 406, "not-acceptable"),
    ("GET", "/sparql?query=ASK%7B%7D&format=ttl", {}, 406, "not-acceptable"),
    ("GET", "/graph-store", {}, 400, "bad-request"),
    ("GET", "/graph-store?default&graph=x", {}, 400, "bad-request"),
    ("GET", "/graph-store?graph=http://elsewhere/", {}, 404, "unknown-entity"),
    ("GET", "/graph-store?graph=https://w3id.org/armature/graph/nowhere", {}, 404, "unknown-entity"),
    ("PUT", "/graph-store?default", {}, 405, "method-not-allowed"),
    ("GET", "/sparql?query=", {}, 400, "bad-request"),
    ("GET", "/sparql?query=ASK%7B%7D&query=ASK%7B%7D", {}, 400, "bad-request"),
    ("GET", "/sparql?query=SELECT%20*%20%7B%20%3Fs", {}, 400, "query-syntax-error"),
    ("GET", "/sparql?query=SELECT*%7BSERVICE%3Chttp://x%3E%7B%7D%7D", {}, 400, "service-refused"),
    ("POST", "/sparql", {"Content-Type": "text/plain"}, 415, "unsupported-media-type"),
    ("POST", "/sparql?update=x", {"Content-Type": "application/x-www-form-urlencoded"}, 400, "bad-request"),
    ("DELETE", "/sparql", {}, 405, "method-not-allowed"),
    ("PUT", "/id/arquus.ttl", {}, 405, "method-not-allowed"),
    ("GET", "/query/orders?nonsense=1", {}, 400, "bad-request"),
    ("GET", "/query/orders.csv?asOf=yesterday", {}, 400, "bad-request"),
    ("GET", "/search?q=x&limit=9999", {}, 400, "bad-request"),
    ("GET", "/search?q=x&offset=-1", {}, 400, "bad-request"),
]


@pytest.mark.parametrize(("method", "url", "headers", "status", "kind"), PROBLEMS)
def test_every_failure_is_a_problem(
    client: TestClient, method: str, url: str, headers: dict[str, str], status: int, kind: str
) -> None:
    answer = client.request(method, url, headers={"Accept": "*/*", **headers})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"].endswith(f"/{kind}")
    assert body["status"] == status
    assert body["title"]
    assert len(body["detail"]) > 20
    page = client.request(method, url, headers={"Accept": "text/html, */*;q=0.5", **headers})
    if status != 406 and url != "/sparql":
        assert page.status_code == status
        assert page.headers["content-type"].startswith("text/html")


def test_a_406_lists_what_is_offered(client: TestClient) -> None:
    offered = client.get("/id/arquus", headers={"Accept": "image/png"}).json()["offered"]
    assert offered == [form.media_type for form in OFFERED]


def test_a_405_says_what_is_allowed(client: TestClient) -> None:
    assert "GET" in client.delete("/sparql").headers["allow"]


def test_a_slip_in_a_name_gets_a_suggestion(client: TestClient) -> None:
    assert f"Did you mean {ID}arquus or " in client.get("/id/arqus.ttl").json()["detail"]


def test_a_failure_of_our_own_tells_nothing_of_the_inside(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("kg.search.SearchIndex.find", broken)
    answer = client.get("/search?q=x", headers={"Accept": "application/json"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_health_names_the_snapshot(client: TestClient, built: Snapshot) -> None:
    assert client.get("/healthz").json() == {
        "status": "ok",
        "snapshot": built.hash,
        "recordDate": built.manifest.record_date,
        "triples": built.manifest.triples,
    }


def test_openapi_is_made_from_the_headers_of_the_queries(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    operation = described["paths"]["/query/signatories-of-agreement"]["get"]
    assert operation["summary"]
    parameter = operation["parameters"][0]
    assert (parameter["name"], parameter["in"]) == ("agreement", "query")
    assert "franco-belgian-letter-of-intent-2024-05-21" in parameter["description"]
    ids = [o["operationId"] for path in described["paths"].values() for o in path.values()]
    assert len(ids) == len(set(ids))


def test_no_answer_lets_a_page_load_from_elsewhere(client: TestClient) -> None:
    for url in ("/", "/id/arquus.html", "/nowhere", "/id/arquus.ttl"):
        headers = client.get(url, headers={"Accept": "text/html", "Origin": "http://x"}).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["access-control-allow-origin"] == "*"


def test_pages_of_other_sites_may_ask(client: TestClient) -> None:
    asked = {
        "Origin": "http://x",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = client.options("/sparql", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    exposed = client.get("/id/arquus.ttl", headers={"Origin": "http://x"}).headers["access-control-expose-headers"]
    assert "ETag" in exposed


def test_options_tells_what_is_allowed(client: TestClient) -> None:
    assert client.options("/sparql").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert client.options("/id/arquus").headers["allow"] == "GET, HEAD, OPTIONS"


def test_search_answers_people_and_programs(client: TestClient) -> None:
    found = client.get("/search?q=arqus&format=json").json()
    assert found["total"] >= 1
    assert found["hits"][0]["iri"] == ID + "arquus"
    assert "Arquus" in client.get("/search?q=arqus", headers={"Accept": "text/html"}).text


def test_a_question_without_parameters_is_about_everything(client: TestClient) -> None:
    def rows(url: str) -> int:
        return len(client.get(url).json()["results"]["bindings"])

    assert rows("/query/what-was-declared.json") == rows("/query/what-was-declared.json?actor=") > 10
    assert 0 < rows("/query/what-was-declared.json?actor=france") < rows("/query/what-was-declared.json")


def test_before_the_wish_there_is_no_order(client: TestClient) -> None:
    for name in ("orders", "initiatives-of-agreement", "lines"):
        assert client.get(f"/query/{name}.json?asOf=2018-01-01").json()["results"]["bindings"] == []
        assert client.get(f"/query/{name}.json?asOf=2024-06-01").json()["results"]["bindings"]


def test_a_stored_query_answers_with_the_parameter_sent(client: TestClient) -> None:
    url = "/query/variant-of.json?variant=griffon-mepac&base="
    (row,) = client.get(url).json()["results"]["bindings"]
    assert row["base"]["value"] == ID + "griffon"
    assert client.get("/query/variant-of.json?variant=arquus").json()["results"]["bindings"] == []
    text = client.get("/query/signatories-of-agreement.rq?agreement=id:x")
    assert "VALUES ?agreement { <https://w3id.org/armature/id/x> }" in text.text
    listed = client.get("/query?format=json").json()
    assert "orders" in [query["name"] for query in listed]
    assert json.dumps(listed)


def test_a_linked_query_is_shown_in_a_browser_and_answered_to_a_program(client: TestClient) -> None:
    url = "/sparql?query=CONSTRUCT%20%7B%20%3Fs%20a%20kg%3AFirm%20%7D%20WHERE%20%7B%20%3Fs%20a%20kg%3AFirm%20%7D"
    page = client.get(url, headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")
    assert "CONSTRUCT { ?s a kg:Firm } WHERE { ?s a kg:Firm }</textarea>" in page.text
    for headers, address in (({"Accept": "*/*"}, url), ({"Accept": "text/html"}, f"{url}&format=ttl")):
        answer = client.get(address, headers=headers)
        assert answer.headers["content-type"].startswith("text/turtle")
        assert "id:arquus" in answer.text


@pytest.mark.parametrize(
    ("query", "told", "before", "marked"),
    [
        ("SELECT * WHERE {\n  ?s ?p }", "The query is not valid SPARQL", "  ", "?s ?p }"),
        ("SELECT * WHERE {\n  SERVICE <x> {} }", "SERVICE is not allowed here", "  ", "SERVICE &lt;x&gt; {} }"),
    ],
)
def test_a_linked_query_that_is_refused_is_shown_with_its_error_at_its_place(
    client: TestClient, query: str, told: str, before: str, marked: str
) -> None:
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 400
    assert told in answer.text
    assert "Line 2, column" in answer.text
    assert f"<code>{before}<mark>{marked}</mark></code>" in answer.text
    assert 'aria-invalid="true"' in answer.text
    french = client.get("/sparql", params={"query": query, "lang": "fr"}, headers={"Accept": "text/html,*/*;q=0.8"})
    assert "Ligne 2, colonne" in french.text


def test_a_linked_query_is_not_run_to_show_it(client: TestClient) -> None:
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    began = time.monotonic()
    answer = client.get("/sparql", params={"query": endless}, headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 200
    assert 'role="alert"' not in answer.text
    assert time.monotonic() - began < 4  # the deadline is 5 s
