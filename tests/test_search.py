"""Search: any language, any spelling, and no text that does harm."""

import pytest
from starlette.testclient import TestClient
from tests.conftest import ROOT
from tests.reading import page, words

from kg.search import SearchIndex
from kg.snapshot import Snapshot
from kg.stored import library
from kg.web.queries_view import likely

ID = "https://w3id.org/armature/id/"


@pytest.fixture(scope="module")
def index(built: Snapshot) -> SearchIndex:
    return SearchIndex(built.search)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Arquus", "arquus"),
        ("arq", "arquus"),
        ("arqus", "arquus"),
        ("Belgique", "belgium"),
        ("belgium", "belgium"),
        ("sebastien lecornu", "sebastien-lecornu"),
        ("SÉBASTIEN", "sebastien-lecornu"),
        ("lecornu sebastien", "sebastien-lecornu"),
        ("capacite motorisee", "camo"),
        ("cokerill defense", "john-cockerill-defense"),
        ("CAESAR", "caesar"),
        ("DICoD", "dicod"),
    ],
)
def test_a_thing_is_found_under_every_name(index: SearchIndex, text: str, slug: str) -> None:
    _, hits = index.find(text)
    assert ID + slug in [hit.iri for hit in hits[:3]]


def test_the_thing_itself_comes_before_what_mentions_it(index: SearchIndex) -> None:
    assert index.find("caesar")[1][0].iri == ID + "caesar"
    assert index.find("john cockerill")[1][0].iri == ID + "john-cockerill"


def test_hits_are_counted_and_paged(index: SearchIndex) -> None:
    total, every = index.find("french", limit=100)
    assert total == len(every) > 3
    paged = [index.find("french", limit=2, offset=n)[1] for n in range(0, total, 2)]
    assert [hit.iri for page in paged for hit in page] == [hit.iri for hit in every]


@pytest.mark.parametrize("text", ["", "   ", "zzzzzz", "---", '" OR *:* (', "\x00", "a" * 10_000, "x " * 5_000])
def test_whatever_is_typed_is_answered(index: SearchIndex, text: str) -> None:
    total, hits = index.find(text)
    assert total >= len(hits)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("c", "caesar"),
        ("ca", "caesar"),
        ("caes", "caesar"),
        ("ceasar", "caesar"),
        ("griff", "griffon"),
        ("belg", "belgium"),
    ],
)
def test_the_beginning_of_a_word_is_enough_and_what_is_ordered_comes_before_the_order(
    index: SearchIndex, text: str, slug: str
) -> None:
    hits = [hit.iri for hit in index.find(text)[1]]
    if len(text) > 2:
        assert hits[0] == ID + slug
    assert ID + slug in hits
    orders = [place for place, iri in enumerate(hits) if "order" in iri]
    assert not orders or hits.index(ID + slug) < min(orders)


def test_a_search_can_be_narrowed_to_kinds_and_states(index: SearchIndex) -> None:
    firm, belgium = "https://w3id.org/armature/def/Firm", ID + "belgium"
    assert {hit.kind for hit in index.find("john cockerill", kinds=[firm])[1]} == {firm}
    narrowed = [hit.iri for hit in index.find("john cockerill", states=[belgium])[1]]
    assert ID + "john-cockerill" in narrowed
    assert index.find("arquus", states=[belgium], kinds=[firm])[0] == 0
    assert index.facets.kinds[firm] == {"en": "firm", "fr": "entreprise"}
    assert index.facets.states[belgium]["fr"] == "Belgique"


def test_a_hit_says_which_name_matched_in_every_language(index: SearchIndex) -> None:
    hit = index.find("belgique")[1][0]
    assert (hit.iri, hit.matched, hit.former, hit.exact) == (ID + "belgium", "Belgique", False, True)
    assert hit.labels == {"en": "Belgium", "fr": "Belgique"}
    assert hit.claims > 5


def test_words_of_which_no_name_has_all_lead_to_what_has_some(index: SearchIndex) -> None:
    assert index.find("who owns arquus")[0] == 0
    assert index.near("who owns arquus", 3)[0].iri == ID + "arquus"
    assert index.near("the 28 CAESAR", 3)[0].iri == ID + "caesar"
    assert index.near("who is what", 3) == index.near("", 3) == index.near("zzzz of", 3) == []


def test_a_question_in_the_search_box_leads_to_the_query_that_answers_it(client: TestClient) -> None:
    told = words(page(client, "/search?q=who+owns+arquus"))
    assert "0 found" in told
    assert "Who owns a firm, and who owns its owners, up to five steps." in told
    assert "With some of these words" in told
    assert "With some of these words" not in words(page(client, "/search?q=belgium"))
    assert likely(library(ROOT / "queries").values(), "which deals failed")[0].name == "deal-steps"
    assert likely(library(ROOT / "queries").values(), "what is it") == ()
