"""The path view: how two entities are connected, with the evidence of each hop, in every format."""

import csv
import io
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.reading import page

ID = "https://w3id.org/armature/id/"
HTML = {"accept": "text/html"}
MINISTERS = "from=sebastien-lecornu&to=ludivine-dedonder"


def answer(client: TestClient, query: str) -> Any:
    found = client.get(f"/path.json?{query}")
    assert found.status_code == 200, found.text
    return found.json()


def things(way: Any) -> list[str]:
    return [hop["from"]["iri"].removeprefix(ID) for hop in way["hops"]] + [
        way["hops"][-1]["to"]["iri"].removeprefix(ID)
    ]


def test_the_two_ministers_are_tied_by_the_letter_that_they_signed(client: TestClient) -> None:
    ways = answer(client, MINISTERS)["ways"]
    letter = "franco-belgian-letter-of-intent-2024-05-21"
    assert ["sebastien-lecornu", letter, "ludivine-dedonder"] in [things(way) for way in ways]
    assert [way["cost"] for way in ways] == sorted(way["cost"] for way in ways)
    (way,) = (way for way in ways if letter in things(way) and len(way["hops"]) == 2)
    for hop in way["hops"]:
        for tie in hop["ties"]:
            assert tie["label"]
            assert {hop["from"]["iri"], hop["to"]["iri"]} == {tie["subject"], tie["object"]}
            assert all(passage.startswith("https://w3id.org/armature/source/") for passage in tie["evidence"])
            assert tie["evidence"]


def test_every_hop_of_every_way_is_tied(client: TestClient) -> None:
    for way in answer(client, "from=arquus&to=knds&hops=6")["ways"]:
        assert all(hop["ties"] for hop in way["hops"])
        passed = things(way)
        assert passed[0] == "arquus"
        assert passed[-1] == "knds"
        assert len(passed) == len(set(passed)) <= 7


def test_what_was_only_announced_is_marked_and_can_be_left_out(client: TestClient) -> None:
    query = "from=john-cockerill-arquus-merger&to=arquus&hops=1&asOf=2024-05-22"
    (way,) = answer(client, query)["ways"]
    assert {tie["standing"] for hop in way["hops"] for tie in hop["ties"]} == {"announced"}
    assert way["cost"] == 1.5
    assert answer(client, f"{query}&plain=1")["ways"] == []


def test_a_day_before_the_record_knows_no_path(client: TestClient) -> None:
    assert answer(client, f"{MINISTERS}&knownOn=1900-01-01")["ways"] == []
    page = client.get(f"/path?{MINISTERS}&knownOn=1900-01-01&hops=3", headers=HTML)
    assert page.status_code == 200
    assert "No path found within 3 hops." in page.text


def test_the_twins_say_the_same(client: TestClient) -> None:
    ways = answer(client, MINISTERS)["ways"]
    rows = list(csv.DictReader(io.StringIO(client.get(f"/path.csv?{MINISTERS}").text)))
    assert [row["claim"] for row in rows] == [t["claim"] for way in ways for hop in way["hops"] for t in hop["ties"]]
    page = client.get(f"/path?{MINISTERS}", headers=HTML).text
    assert all(row["claim"].removeprefix("https://w3id.org/armature") + ".html" in page for row in rows)


def test_it_is_answered_in_the_language_of_the_page(client: TestClient) -> None:
    page = client.get(f"/path?{MINISTERS}&lang=fr", headers=HTML).text
    assert "Comment deux entités sont-elles reliées" in page
    assert "a été signé par" in str(answer(client, f"{MINISTERS}&lang=fr"))


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("from=arquus&to=arquus", 400, "same entity"),
        ("from=arquus&to=no-such-thing", 404, "says nothing of"),
        ("from=nope:x&to=arquus", 400, "Name an entity"),
        ("from=arquus&to=knds&hops=99", 400, "whole number from 0 to 8"),
    ],
)
def test_what_cannot_be_looked_for_says_why(client: TestClient, query: str, status: int, told: str) -> None:
    found = client.get(f"/path.json?{query}", headers={"accept": "application/json"})
    assert found.status_code == status
    assert told in found.json()["detail"]


def test_without_ends_there_is_a_form(client: TestClient) -> None:
    page = client.get("/path", headers=HTML).text
    assert 'name="from"' in page
    assert "from=sebastien-lecornu" in page


@pytest.mark.parametrize(
    ("sent", "settled"),
    [
        ({"from": "Sébastien Lecornu", "to": "arquus"}, "from=sebastien-lecornu&to=arquus"),
        (
            {
                "from": "Who?",
                "from.id": "caesar",
                "from.label": "Who?",
                "to": "knds",
                "to.id": "",
                "to.label": "",
                "hops": "2",
            },
            "from=caesar&to=knds&hops=2",
        ),
        (
            {
                "from": "Arquus",
                "from.id": "caesar",
                "from.label": "CAESAR",
                "to": "knds",
                "asOf": "2024-05-22",
                "lang": "fr",
            },
            "from=arquus&to=knds&asOf=2024-05-22&lang=fr",
        ),
    ],
)
def test_entities_sent_by_what_they_are_called_stand_by_their_own_in_the_address(
    client: TestClient, sent: dict[str, str], settled: str
) -> None:
    for path in ("/path", "/path.json"):
        asked = client.get(path, params=sent, headers=HTML if path == "/path" else {})
        assert (asked.status_code, asked.headers["location"]) == (303, f"{path}?{settled}")
        assert client.get(asked.headers["location"]).status_code == 200


def test_a_field_shows_the_label_in_the_language_of_the_page(client: TestClient) -> None:
    tree = page(client, "/path?from=french-ministry-of-the-armed-forces&to=arquus&lang=fr")
    fields = {one.get("name"): one.get("value") for one in tree.iter("input")}
    assert (fields["from"], fields["from.id"]) == ("Ministère des Armées", "french-ministry-of-the-armed-forces")
    assert fields["from.label"] == fields["from"]


def test_what_nothing_is_called_is_not_guessed_at(client: TestClient) -> None:
    answer = client.get("/path?from=Sebastien+Lecornux&to=arquus")
    assert answer.status_code == 404
    assert "sebastien-lecornu" in answer.json()["detail"]


def test_the_graph_view_takes_names_too(client: TestClient) -> None:
    asked = client.get("/graph-view?of=camo&of=CAESAR&of=", headers=HTML)
    assert (asked.status_code, asked.headers["location"]) == (303, "/graph-view?of=camo&of=caesar&of=")
