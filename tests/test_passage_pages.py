"""The page of a passage says where it stands, in which source, and what it tells."""

from starlette.testclient import TestClient
from tests.reading import by_class, page, words

PASSAGE = "/source/minarm-2024-05-21-s06.html"


def test_a_passage_is_named_by_its_place_and_leads_to_its_source(client: TestClient) -> None:
    tree = page(client, PASSAGE)
    assert words(next(tree.iter("h1"))) == "paragraph 2, sentence 2"
    head = by_class(tree, "title")[0]
    source = next(link for cite in head.iter("cite") for link in cite.iter("a"))
    assert words(source).startswith("Meeting and signature of a letter of intent")
    assert source.get("href") == "/source/minarm-2024-05-21.html"
    assert "28 CAESAR guns" in words(by_class(head, "gist")[0])


def test_its_words_are_told_in_the_language_of_the_reader(client: TestClient) -> None:
    head = by_class(page(client, f"{PASSAGE}?lang=fr"), "title")[0]
    assert "28 canons CAESAR" in words(by_class(head, "gist")[0])


def test_sources_are_listed_by_their_titles(client: TestClient) -> None:
    tree = page(client, "/sources")
    assert "Rencontre et signature d'une lettre d'intention" in words(next(tree.iter("tbody")))
    assert "Standing and evidence" not in words(next(tree.iter("thead")))


def test_other_languages_are_named_by_addresses_that_stay(client: TestClient) -> None:
    for path, stays in (
        ("/id/arquus.html", "id/arquus?lang=fr"),
        ("/search?q=x", "search?q=x&lang=fr"),
        ("/", "?lang=fr"),
    ):
        links = [e for e in page(client, path).iter("link") if e.get("hreflang") == "fr"]
        assert [e.get("href") for e in links] == [f"https://w3id.org/armature/{stays}"]
