"""``/changes``: what it tells of two snapshots, as page, JSON and feed; and pages that are kept per snapshot."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient
from tests.reading import HTML, by_class, page, parsed, words

from kg.compiler.build import build
from kg.search import SearchIndex
from kg.settings import Settings
from kg.web.app import create_app

ID, CLAIM, DEF = (f"https://w3id.org/armature/{space}/" for space in ("id", "claim", "def"))
ATOM = {"a": "http://www.w3.org/2005/Atom"}
ADDED = """
claim:arquus-second-name
    a kg:Naming ;
    rdf:subject id:arquus ;
    rdf:predicate kg:hasName ;
    rdf:object "Arquus SAS"@fr ;
    kg:on "2024-05-21"^^xsd:date ;
    kg:rank rank:normal ;
    kg:evidence src:minarm-2024-05-21-s02 .
"""


def edit(settings: Settings, name: str, before: str, after: str) -> None:
    path = settings.home / "data" / name
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")


def without(settings: Settings, name: str, claim: str) -> None:
    path = settings.home / "data" / name
    text, number = re.subn(rf"(?m)^claim:{claim}\n(?: .*\n)+\n?", "", path.read_text("utf-8"))
    assert number == 1
    path.write_text(text, "utf-8")


@pytest.fixture(scope="module")
def changing(communique_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A project with two snapshots: a claim added, one taken out, one rewritten."""
    folder = tmp_path_factory.mktemp("changing")
    shutil.copytree(communique_home, folder / "home")
    settings = Settings(home=folder / "home", snapshots=folder / "snapshots", deadline=5, readers=1)
    build(settings)
    edit(settings, "orders/artillery.ttl", "kg:quantity 28.0", "kg:quantity 27.0")
    without(settings, "firms/knds.ttl", "knds-name")
    path = settings.home / "data" / "firms" / "arquus.ttl"
    path.write_text(path.read_text("utf-8") + ADDED, "utf-8")
    build(settings)
    return settings


@pytest.fixture(scope="module")
def reader(changing: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(changing), follow_redirects=False) as client:
        yield client


def told(client: TestClient, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/changes?format=json{query}")
    assert answer.status_code == 200, answer.text
    return {change["iri"]: change for change in answer.json()["changes"] if change["iri"].startswith(CLAIM)}


def test_what_differs_is_told_by_kind_with_what_stood_before_and_after(reader: TestClient) -> None:
    found = told(reader)
    assert {iri.removeprefix(CLAIM): change["kind"] for iri, change in found.items()} == {
        "arquus-second-name": "Added",
        "caesar-order-item-caesar": "Rewritten",
        "knds-name": "Taken out",
    }
    rewritten = found[CLAIM + "caesar-order-item-caesar"]
    assert {DEF + "quantity"} == set(rewritten["before"]) == set(rewritten["after"])
    assert rewritten["before"][DEF + "quantity"] == ['"28"^^<http://www.w3.org/2001/XMLSchema#decimal>']
    assert rewritten["after"][DEF + "quantity"] == ['"27"^^<http://www.w3.org/2001/XMLSchema#decimal>']
    assert found[CLAIM + "arquus-second-name"]["before"] == {}
    assert found[CLAIM + "knds-name"]["after"] == {}


def test_the_two_snapshots_can_be_named_and_turned_round(reader: TestClient) -> None:
    whole = reader.get("/changes?format=json").json()
    turned = reader.get(f"/changes?format=json&from={whole['to'][:12]}&to={whole['from'][:12]}").json()
    assert (turned["from"], turned["to"]) == (whole["to"], whole["from"])
    assert {c["iri"]: c["kind"] for c in turned["changes"]}[CLAIM + "knds-name"] == "Added"
    refused = reader.get("/changes?format=json&to=ffffffffffff")
    assert refused.status_code == 400
    assert "No snapshot 'ffffffffffff' is kept here" in refused.json()["detail"]


def test_only_what_names_an_entity_is_told_of_it(reader: TestClient) -> None:
    assert set(told(reader, "&entity=arquus")) == {CLAIM + "arquus-second-name"}
    assert set(told(reader, "&entity=knds")) == {CLAIM + "knds-name"}
    assert told(reader, "&entity=dicod") == {}


def test_the_page_says_it_in_sentences_and_marks_old_and_new(reader: TestClient) -> None:
    tree = page(reader, "/changes")
    counts = {words(h)[: words(h).rindex(" ")]: words(h).rpartition(" ")[2] for h in tree.iter("h2")}
    listed = {words(li) for li in tree.iter("li")}
    assert counts["Taken out"] == "1"
    assert any(re.fullmatch(r"Added Arquus .*name.*Arquus SAS.*", one) for one in listed), listed
    assert [words(e) for e in tree.iter("del")] == ["28"]
    assert [words(e) for e in tree.iter("ins")] == ["27"]
    assert [words(e) for e in tree.iter("dt")] == ["quantity"]
    assert all(re.fullmatch(r"[0-9a-f]{12} · \d{4}-\d\d-\d\d \d\d:\d\d", words(e)) for e in tree.iter("option"))
    assert len([e for e in tree.iter("option") if e.get("selected") is not None]) == 2
    links = {str(a.get("href")) for a in tree.iter("a")}
    assert "/claim/caesar-order-item-caesar.html" in links
    assert "/claim/knds-name.html" not in links, "what is gone has no page"
    french = page(reader, "/changes?lang=fr")
    assert any(words(h).startswith("Retiré") for h in french.iter("h2"))
    assert [words(e) for e in french.iter("dt")] == ["quantité"]
    quiet = page(reader, "/changes?entity=dicod")
    assert "Nothing differs." in words(by_class(quiet, "callout")[0])


def test_the_feed_has_an_entry_for_each_snapshot_and_narrows_to_an_entity(reader: TestClient) -> None:
    snapshots = reader.get("/changes?format=json").json()
    feed = ElementTree.fromstring(reader.get("/changes.atom").content)  # noqa: S314 - our own
    (entry,) = feed.findall("a:entry", ATOM)
    assert entry.findtext("a:id", "", ATOM) == f"urn:sha256:{snapshots['to']}"
    assert entry.findtext("a:title", "", ATOM) == "Added: 1, Taken out: 1, Rewritten: 1"
    link = entry.find("a:link", ATOM)
    assert link is not None
    assert link.get("href") == (f"http://testserver/changes?from={snapshots['from'][:12]}&to={snapshots['to'][:12]}")
    assert entry.findtext("a:summary", "", ATOM) == "arquus-second-name, caesar-order-item-caesar, knds-name"
    assert entry.findtext("a:updated", "", ATOM) == feed.findtext("a:updated", "", ATOM)
    own = ElementTree.fromstring(reader.get("/changes.atom?entity=arquus").content)  # noqa: S314 - our own
    assert own.findtext("a:id", "", ATOM) == "https://w3id.org/armature/changes/id:arquus"
    assert [one.findtext("a:title", "", ATOM) for one in own.findall("a:entry", ATOM)] == ["Added: 1"]


def test_pages_are_kept_by_address_and_language_until_a_snapshot_is_built(
    reader: TestClient, changing: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []
    find = SearchIndex.find

    def counted(index: SearchIndex, text: str, *more: Any, **others: Any) -> Any:
        searched.append(text)
        return find(index, text, *more, **others)

    monkeypatch.setattr(SearchIndex, "find", counted)
    for path in ("/search?q=arquus", "/search?q=arquus", "/search?q=knds", "/search?q=arquus&lang=fr"):
        assert "Arquus" in reader.get(path, headers=HTML).text or path.endswith("knds")
    french = {**HTML, "accept-language": "fr"}
    assert '<html lang="fr">' in reader.get("/search?q=arquus", headers=french).text
    assert searched == ["arquus", "knds", "arquus", "arquus"]

    first = reader.get("/changes", headers=HTML)
    assert reader.get("/changes", headers=HTML).content == first.content
    assert reader.get("/changes", headers={**HTML, "if-none-match": first.headers["etag"]}).status_code == 304
    edit(changing, "orders/artillery.ttl", "kg:quantity 27.0", "kg:quantity 26.0")
    build(changing)
    again = reader.get("/changes", headers={**HTML, "if-none-match": first.headers["etag"]})
    assert again.status_code == 200
    assert [words(e) for e in parsed(again.text).iter("ins")] == ["26"]
    assert "Arquus" in reader.get("/search?q=arquus", headers=HTML).text
    assert searched == ["arquus", "knds", "arquus", "arquus", "arquus"], "a new snapshot is searched anew"
