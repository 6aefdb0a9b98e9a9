"""The graph view's data: whose ties, as of which day, narrowed how, in which format."""

import csv
import io
from xml.etree import ElementTree as ET

import networkx as nx
import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient
from tests.test_records import Reading

from kg.compiler.build import Graph
from kg.web import ties
from kg.web.ties import Node, Span, Tie

ID = "https://w3id.org/armature/id/"
HTML = {"accept": "text/html"}
LETTER = "franco-belgian-letter-of-intent-2024-05-21"


def picture(client: TestClient, query: str) -> dict[str, list[dict[str, str]]]:
    answer = client.get(f"/graph-view.json?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, list[dict[str, str]]] = answer.json()
    return found


def ends(found: dict[str, list[dict[str, str]]]) -> set[tuple[str, str, str]]:
    return {
        (line["subject"].removeprefix(ID), line["relation"].rpartition("/")[2], line["object"].removeprefix(ID))
        for line in found["lines"]
    }


def test_the_ties_of_an_entity_and_of_its_neighbours_among_themselves(client: TestClient) -> None:
    found = ends(picture(client, f"of={LETTER}"))
    assert (LETTER, "signedBy", "sebastien-lecornu") in found
    assert (LETTER, "hasParticipant", "belgium") in found
    assert any(LETTER not in (subject, object_) for subject, _, object_ in found)


def test_several_entities_are_one_picture(client: TestClient) -> None:
    both = picture(client, "of=camo&of=arquus")
    assert {node["iri"] for node in both["nodes"]} >= {ID + "camo", ID + "arquus"}
    assert ends(both) >= ends(picture(client, "of=arquus"))


def test_a_day_leaves_out_what_cannot_hold_then(client: TestClient) -> None:
    assert ("camo", "hasParticipant", "france") in ends(picture(client, "of=camo&asOf=2020-01-01"))
    assert ("camo", "hasParticipant", "france") not in ends(picture(client, "of=camo&asOf=2017-06-01"))
    assert ends(picture(client, "of=camo&knownOn=2024-05-20")) == set()


def test_what_was_only_announced_is_marked(client: TestClient) -> None:
    lines = picture(client, "of=john-cockerill-arquus-merger&asOf=2024-05-22")["lines"]
    parties = [line for line in lines if line["relation"].endswith("hasParticipant")]
    assert {line["standing"] for line in parties} == {"announced"}
    letter = picture(client, f"of={LETTER}&asOf=2024-05-22")["lines"]
    assert {line["standing"] for line in letter if line["object"] == ID + "belgium"} >= {"holds"}


def test_what_is_real_has_a_day_on_which_it_became_so(whole: Graph) -> None:
    """Also where another milestone makes it neither real nor over, such as the approval before a signature."""
    reading = Reading(whole)
    lives = ties.spans(reading.rows("spans", thing=[""]))
    said = whole.store.query("SELECT ?thing { ?thing <https://w3id.org/armature/def/realised> true }")
    assert isinstance(said, ox.QuerySolutions)
    real = {row["thing"].value for row in said}
    assert len(real) > 300
    assert {iri for iri in real if not lives[iri].begun} == set()
    order = lives[ID + "belgium-caesar-ng-order-2022"]
    assert (order.begun, order.ended) == ("2022-05-13", "")
    assert not lives[ID + "belgium-caesar-order-2024"].begun, "a wish"


def test_relations_and_entities_can_be_left_out(client: TestClient) -> None:
    whole = picture(client, "of=camo")
    less = picture(client, "of=camo&hide=hasParticipant&without=scorpion")
    assert "hasParticipant" not in {relation for _, relation, _ in ends(less)}
    assert not any("scorpion" in (subject, object_) for subject, _, object_ in ends(less))
    assert less["relations"] == whole["relations"]


def test_labels_come_in_the_language_of_the_page(client: TestClient) -> None:
    french = picture(client, "of=belgium&lang=fr")
    assert {node["label"] for node in french["nodes"] if node["iri"] == ID + "belgium"} == {"Belgique"}


def test_the_twins_have_the_same_lines(client: TestClient) -> None:
    lines = picture(client, "of=camo&hide=partOf")["lines"]
    rows = list(csv.DictReader(io.StringIO(client.get("/graph-view.csv?of=camo&hide=partOf").text)))
    assert [row["claim"] for row in rows] == [line["claim"] for line in lines]
    graph = nx.parse_graphml(client.get("/graph-view.graphml?of=camo&hide=partOf").text)
    assert graph.number_of_edges() == len(lines)
    assert graph.nodes[ID + "camo"]["label"] == "CaMo"
    page = client.get("/graph-view?of=camo&hide=partOf", headers=HTML).text
    assert all(line["claim"].removeprefix("https://w3id.org/armature") + ".html" in page for line in lines)


def test_graphml_is_well_formed_whatever_the_labels(client: TestClient) -> None:
    root = ET.fromstring(client.get("/graph-view.graphml?of=belgium").content)  # noqa: S314 - our own answer
    assert root.tag.endswith("graphml")


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/graph-view?of=no-such-thing", 404, "says nothing of"),
        ("/graph-view?of=nope:x", 400, "Name an entity"),
        ("/graph-view?" + "&".join(f"of=x{n}" for n in range(41)), 400, "40 entities at most"),
        ("/graph-view?of=camo&asOf=tomorrow", 400, "must be a day"),
        ("/graph-view.pdf?of=camo", 404, "comes as html, json, csv, graphml"),
    ],
)
def test_what_cannot_be_drawn_says_why(client: TestClient, path: str, status: int, told: str) -> None:
    answer = client.get(path, headers={"accept": "application/json"})
    assert answer.status_code == status
    assert told in answer.json()["detail"]


def test_without_an_entity_the_page_offers_some(client: TestClient) -> None:
    assert "/graph-view?of=camo" in client.get("/graph-view", headers=HTML).text


def test_only_the_pages_that_draw_may_read_images_of_their_own_making(client: TestClient) -> None:
    drawing = client.get("/graph-view?of=camo", headers=HTML).headers.get_list("content-security-policy")
    assert len(drawing) == 1
    assert "img-src 'self' blob:" in drawing[0]
    assert "script-src 'self';" in drawing[0]
    assert "blob:" not in client.get("/id/camo.html", headers=HTML).headers["content-security-policy"]


@pytest.mark.parametrize(
    ("day", "standing"),
    [("2019-01-01", "announced"), ("2021-01-01", "holds"), ("2024-02-01", "over"), ("2025-01-01", "past")],
)
def test_a_tie_stands_by_the_day(day: str, standing: str) -> None:
    deal, firm = Node("deal", "Deal", "k"), Node("firm", "Firm", "k")
    tie = Tie("c", deal, "r", "has", firm, (), "", "", "", "2024-06-01", conditional=True)
    assert tie.standing({"deal": Span("2020-01-01", "2024-01-01")}, day) == standing
