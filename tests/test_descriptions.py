"""What machines are told: the service, the dataset, and the Graph Store Protocol's reading side."""

import pyoxigraph as ox
import pytest
from rdflib import URIRef
from rdflib.namespace import DCAT, VOID
from starlette.testclient import TestClient

from kg.compiler.build import Graph
from kg.snapshot import Snapshot
from kg.web import descriptions

BASE = "http://testserver/"
SD = descriptions.SD
DERIVED = "https://w3id.org/armature/graph/derived"


def described(client: TestClient, url: str) -> ox.Store:
    answer = client.get(url, headers={"Accept": "application/n-triples"})
    assert answer.status_code == 200
    store = ox.Store()
    store.load(answer.content, format=ox.RdfFormat.N_TRIPLES)
    return store


def values(store: ox.Store, subject: str, predicate: str) -> list[str]:
    found = store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None, None)
    return [q.object.value for q in found if not isinstance(q.object, ox.Triple)]


def test_the_service_tells_its_endpoint_formats_and_graphs(client: TestClient, built: Snapshot) -> None:
    store = described(client, "/sparql")
    assert values(store, f"{BASE}sparql", SD + "endpoint") == [f"{BASE}sparql"]
    assert f"{SD}SPARQL11Query" in values(store, f"{BASE}sparql", SD + "supportedLanguage")
    assert len(values(store, f"{BASE}sparql", SD + "resultFormat")) == 8
    graphs = values(store, f"{BASE}.well-known/void#dataset", SD + "namedGraph")
    assert set(graphs) == set(built.manifest.graphs)
    assert values(store, DERIVED, descriptions.VOID + "triples") == [str(built.manifest.graphs[DERIVED])]


def test_the_examples_run_as_they_are_told(client: TestClient) -> None:
    store = described(client, "/sparql")
    sh = "http://www.w3.org/ns/shacl#"
    for name in ("orders", "signatories-of-agreement", "claims"):
        (text,) = values(store, f"{BASE}query/{name}", f"{sh}select")
        assert client.post("/sparql", data={"query": text}).status_code == 200
        assert values(store, f"{BASE}query/{name}", "https://schema.org/target") == [f"{BASE}sparql"]


def test_the_declared_prefixes_may_be_used_undeclared(client: TestClient) -> None:
    answer = client.get("/sparql", params={"query": "ASK { id:arquus a kg:Firm }"})
    assert answer.json()["boolean"] is True
    own = "PREFIX kg: <http://elsewhere/> ASK { id:arquus a kg:Firm }"
    assert client.get("/sparql", params={"query": own}).json()["boolean"] is False


def test_the_dataset_tells_its_sizes_as_they_are(client: TestClient, assembled: Graph, built: Snapshot) -> None:
    store = described(client, "/.well-known/void")
    node = f"{BASE}.well-known/void#dataset"
    void = descriptions.VOID
    assert values(store, node, void + "triples") == [str(built.manifest.triples)]
    for part in values(store, node, void + "classPartition"):
        (kind,) = values(store, part, void + "class")
        (count,) = values(store, part, void + "entities")
        query = f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s a <{kind}> }}"
        solutions = assembled.store.query(query)
        assert isinstance(solutions, ox.QuerySolutions)
        assert next(iter(solutions))["n"].value == count
    assert len(values(store, node, void + "propertyPartition")) == len(built.manifest.properties) > 30


def test_every_distribution_can_be_had(client: TestClient) -> None:
    store = described(client, "/.well-known/void")
    urls = values(store, f"{BASE}.well-known/void#dataset", descriptions.DCAT + "distribution")
    assert len(urls) == 6
    for url in urls:
        (media_type,) = values(store, url, descriptions.DCAT + "mediaType")
        answer = client.head(url.removeprefix(BASE.rstrip("/")))
        assert answer.headers["content-type"].partition(";")[0] == media_type.removeprefix(descriptions.IANA)


def test_the_foreign_terms_exist() -> None:
    """rdflib's closed namespaces were generated from the published vocabularies."""
    for name in ("Dataset", "class", "classPartition", "classes", "dataDump", "entities", "properties", "property"):
        assert URIRef(descriptions.VOID + name) == VOID[name]
    for name in ("propertyPartition", "sparqlEndpoint", "triples", "uriSpace"):
        assert URIRef(descriptions.VOID + name) == VOID[name]
    for name in ("Dataset", "Distribution", "distribution", "downloadURL", "mediaType"):
        assert URIRef(descriptions.DCAT + name) == DCAT[name]


@pytest.mark.parametrize("url", ["/graph-store?default", f"/graph-store?graph={DERIVED}"])
def test_graphs_are_read_by_the_graph_store_protocol(client: TestClient, built: Snapshot, url: str) -> None:
    size = built.manifest.triples if "default" in url else built.manifest.graphs[DERIVED]
    assert len(described(client, url)) == size
    tag = client.get(url).headers["etag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    head = client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert client.get(url, headers={"Accept": "application/trig"}).status_code == 406
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        assert client.request(method, url).status_code == 405
