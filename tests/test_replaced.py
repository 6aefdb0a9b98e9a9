"""What was replaced: its addresses lead to the successor, search finds it, and its name is never used again."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from kg import indexing
from kg.compiler.build import Graph, build, check
from kg.drafting import command
from kg.errors import BadRequest
from kg.search import SearchIndex
from kg.settings import Settings
from kg.web.app import create_app

ROOT = Path(__file__).parents[1]
BASE = "https://w3id.org/armature/"
OLD, NEW = BASE + "id/cockerill-defence", BASE + "id/john-cockerill-defense"
CLAIM = BASE + "claim/caesar-order-item-caesar"
DATA = """
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix id: <https://w3id.org/armature/id/> .
@prefix claim: <https://w3id.org/armature/claim/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix src: <https://w3id.org/armature/source/> .
id:cockerill-defence dcterms:isReplacedBy id:john-cockerill-defense ; owl:deprecated true .
claim:old-purpose dcterms:isReplacedBy claim:caesar-order-item-caesar ; owl:deprecated true .
src:communique dcterms:isReplacedBy src:minarm-2024-05-21 ; owl:deprecated true .
"""


@pytest.fixture(scope="module")
def merged(communique_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The communiqué's graph, in which a firm, a claim and a source were replaced."""
    folder = tmp_path_factory.mktemp("merged")
    shutil.copytree(communique_home, folder / "home")
    (folder / "home" / "data" / "replaced").mkdir()
    (folder / "home" / "data" / "replaced" / "all.ttl").write_text(DATA, "utf-8")
    settings = Settings(home=folder / "home", snapshots=folder / "snapshots", readers=1)
    build(settings)
    return settings


@pytest.fixture(scope="module")
def visitor(merged: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(merged), follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "successor"),
    [
        ("/id/cockerill-defence", "/id/john-cockerill-defense"),
        ("/id/cockerill-defence.html", "/id/john-cockerill-defense.html"),
        ("/id/cockerill-defence.ttl", "/id/john-cockerill-defense.ttl"),
        ("/id/cockerill-defence.csv?asOf=2024-06-01", "/id/john-cockerill-defense.csv?asOf=2024-06-01"),
        (
            "/id/cockerill-defence.html?asOf=2024-06-01&knownOn=2024-07-01&lang=fr",
            "/id/john-cockerill-defense.html?asOf=2024-06-01&knownOn=2024-07-01&lang=fr",
        ),
        ("/id/cockerill-defence?lang=fr&format=json", "/id/john-cockerill-defense?lang=fr&format=json"),
        ("/claim/old-purpose.jsonld", "/claim/caesar-order-item-caesar.jsonld"),
        ("/source/communique.html", "/source/minarm-2024-05-21.html"),
    ],
)
def test_every_address_leads_to_the_same_of_the_successor(visitor: TestClient, asked: str, successor: str) -> None:
    answer = visitor.get(asked, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (301, successor)
    assert visitor.get(successor, follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    ("asked", "successor"),
    [
        ("/query/names-of-entity?entity=cockerill-defence", "/query/names-of-entity?entity=john-cockerill-defense"),
        (
            "/query/names-of-entity.csv?entity=id:cockerill-defence",
            "/query/names-of-entity.csv?entity=john-cockerill-defense",
        ),
        (
            f"/query/names-of-entity.json?entity={OLD}&entity=arquus&asOf=2024-06-01",
            "/query/names-of-entity.json?entity=john-cockerill-defense&entity=arquus&asOf=2024-06-01",
        ),
        ("/query/describe.ttl?entity=claim:old-purpose", f"/query/describe.ttl?entity={quote(CLAIM, safe='')}"),
    ],
)
def test_stored_queries_about_what_was_replaced_lead_to_those_about_its_successor(
    visitor: TestClient, asked: str, successor: str
) -> None:
    answer = visitor.get(asked, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (301, successor)
    assert visitor.get(successor).status_code == 200


def test_stored_queries_about_anything_else_are_answered_as_they_are(visitor: TestClient) -> None:
    assert visitor.get("/query/names-of-entity.csv?entity=arquus").status_code == 200
    assert visitor.get("/query/names-of-entity.csv?entity=").status_code == 200
    assert visitor.get("/query/names-of-entity.csv?entity=nope:x").status_code == 400


def test_the_way_leads_through_a_prefix_of_the_server(merged: Settings) -> None:
    with TestClient(
        create_app(merged.model_copy(update={"root_path": "/armature"})), follow_redirects=False
    ) as client:
        answer = client.get("/id/cockerill-defence.html")
    assert answer.headers["location"] == "/armature/id/john-cockerill-defense.html"


def test_what_was_never_there_is_still_not_found(visitor: TestClient) -> None:
    answer = visitor.get("/id/cockeril-defence.ttl")
    assert answer.status_code == 404
    assert f"Did you mean {NEW}" in answer.json()["detail"]


def test_the_graph_keeps_what_was_replaced_and_the_successor_tells_of_it(visitor: TestClient) -> None:
    replaced = ox.Triple(ox.NamedNode(OLD), ox.NamedNode("http://purl.org/dc/terms/isReplacedBy"), ox.NamedNode(NEW))
    told = {
        quad.triple for quad in ox.parse(visitor.get("/id/john-cockerill-defense.nt").content, ox.RdfFormat.N_TRIPLES)
    }
    assert replaced in told
    asked = visitor.get("/sparql", params={"query": f"ASK {{ <{OLD}> owl:deprecated true }}", "format": "json"})
    assert asked.json()["boolean"] is True
    assert "cockerill-defence" not in visitor.get("/id/john-cockerill-defense.html").text


def test_search_finds_the_successor_by_the_old_name(visitor: TestClient) -> None:
    for text in ("cockerill-defence", "id/cockerill-defence", "cockerill defence"):
        hit = visitor.get("/search", params={"q": text, "format": "json"}).json()["hits"][0]
        assert (hit["iri"], hit["formerly"]) == (NEW, "id/cockerill-defence")
    hit = visitor.get("/search", params={"q": "john cockerill defense", "format": "json"}).json()["hits"][0]
    assert "formerly" not in hit
    assert "id/cockerill-defence" not in hit["names"]


def test_the_site_map_leaves_it_out(visitor: TestClient) -> None:
    told = visitor.get("/sitemap.xml").text
    assert "/id/john-cockerill-defense.html" in told
    assert "/id/cockerill-defence.html" not in told
    assert "/source/communique.html" not in told


def refusal(settings: Settings, kind: str, *words: str) -> str:
    with pytest.raises(BadRequest) as refused:
        command.new(
            settings, kind, {name: [value] for name, _, value in (w.partition("=") for w in words)}, None, keep=False
        )
    return refused.value.detail


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("firm", "id=cockerill-defence", "label=Cockerill Defence"), "id"),
        (("nationality", "subject=cockerill-defence", "object=belgium"), "subject"),
        (("nationality", "subject=arquus", "object=id:cockerill-defence"), "object"),
    ],
)
def test_a_name_that_was_replaced_is_refused_with_its_successor(
    merged: Settings, words: tuple[str, ...], name: str
) -> None:
    successor = "id:john-cockerill-defense (John Cockerill Defense)"
    told = f"{name}: id:cockerill-defence was replaced by {successor}; name that one."
    assert refusal(merged, *words) == told


def test_a_source_that_was_replaced_is_refused_with_its_successor(merged: Settings) -> None:
    told = "source: src:communique was replaced by src:minarm-2024-05-21; name that one."
    assert refusal(merged, "nationality", "subject=arquus", "object=france", "source=communique") == told


def test_a_claim_that_names_what_was_replaced_is_objected_to_at_its_place(project: Settings) -> None:
    (project.data / "replaced").mkdir()
    (project.data / "replaced" / "all.ttl").write_text(DATA, "utf-8")
    firm = project.data / "deals" / "john-cockerill-arquus.ttl"
    firm.write_text(
        firm.read_text("utf-8").replace("rdf:object id:john-cockerill-defense ;", "rdf:object id:cockerill-defence ;")
    )
    found = [one for one in check(project).violations if "has replaced" in one.message]
    assert found
    assert {one.file for one in found} == {"data/deals/john-cockerill-arquus.ttl"}
    assert "Name id:john-cockerill-defense in the place of id:cockerill-defence" in found[0].message


def test_the_index_of_the_whole_graph_tells_each_successor(whole: Graph, tmp_path: Path) -> None:
    indexing.build(tmp_path / "search", whole.store, ROOT / "queries" / "rules" / "search")
    index = SearchIndex(tmp_path / "search")
    assert index.replaced[BASE + "id/dassault-group"] == BASE + "id/gimd"
    assert index.find("dassault-group")[1][0].iri == BASE + "id/gimd"
    assert index.find("expal")[1][0].iri == BASE + "id/rheinmetall-expal-munitions"
    assert not [name for name in index.find("gimd")[1][0].names if "dassault-group" in name]
