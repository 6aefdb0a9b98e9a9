"""Feeds, site maps and schema.org descriptions: what is written, field by field."""

import json
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient
from tests.reading import HTML

from kg.serving import Row, Term
from kg.terms import DEF, ID, RDF
from kg.web import feeds, schema_org
from kg.web.feeds import Entry

ATOM = {"a": "http://www.w3.org/2005/Atom"}
MAP = {"m": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def entry(number: int, written: float) -> Entry:
    return Entry(f"urn:x:{number}", f"Entry <{number}>", f"http://x/{number}?a=1&b=2", "A & B", written)


def test_a_moment_is_written_as_the_feed_wants_it() -> None:
    assert feeds.stamp(1716249600.9) == "2024-05-21T00:00:00Z"


def test_a_feed_has_what_rfc_4287_demands() -> None:
    body = feeds.atom("urn:x", "T", "http://x/f", "http://x/p", [entry(1, 1716249600), entry(2, 1716163200)])
    feed = ElementTree.fromstring(body)  # noqa: S314 - our own
    assert feed.findtext("a:id", "", ATOM) == "urn:x"
    assert feed.findtext("a:updated", "", ATOM) == "2024-05-21T00:00:00Z", "that of the newest entry"
    assert feed.findtext("a:author/a:name", "", ATOM) == "Armature"
    assert {link.get("rel"): link.get("href") for link in feed.findall("a:link", ATOM)} == {
        "self": "http://x/f",
        "alternate": "http://x/p",
    }
    first, second = feed.findall("a:entry", ATOM)
    assert first.findtext("a:title", "", ATOM) == "Entry <1>"
    assert first.findtext("a:summary", "", ATOM) == "A & B"
    link = second.find("a:link", ATOM)
    assert link is not None
    assert link.get("href") == "http://x/2?a=1&b=2"
    assert second.findtext("a:updated", "", ATOM) == "2024-05-20T00:00:00Z"


def test_a_feed_without_entries_is_still_one() -> None:
    feed = ElementTree.fromstring(feeds.atom("urn:x", "T", "http://x/f", "http://x/p", []))  # noqa: S314 - our own
    assert feed.findtext("a:updated", "", ATOM) == "1970-01-01T00:00:00Z"
    assert feed.findall("a:entry", ATOM) == []


def test_a_site_map_ends_where_it_may_not_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MOST_ADDRESSES", 2)
    found = ElementTree.fromstring(feeds.sitemap(f"http://x/{n}?a&b" for n in range(5)))  # noqa: S314 - our own
    assert [one.text for one in found.findall("m:url/m:loc", MAP)] == ["http://x/0?a&b", "http://x/1?a&b"]


def test_the_site_map_of_the_server_leads_to_pages_that_are_there(client: TestClient) -> None:
    found = ElementTree.fromstring(client.get("/sitemap.xml").content)  # noqa: S314 - our own
    addresses = [str(one.text) for one in found.findall("m:url/m:loc", MAP)]
    assert len(addresses) == len(set(addresses))
    assert {"http://testserver/", "http://testserver/sources", "http://testserver/id/arquus.html"} <= {*addresses}
    assert not [one for one in addresses if "/claim/" in one]
    for one in addresses[::15]:
        assert client.get(one, headers=HTML).status_code == 200, one


KNOWN = {DEF + "Firm": "Organization", DEF + "locatedIn": "location", DEF + "hasName": "alternateName"}
MATCH = "http://www.w3.org/2004/02/skos/core#exactMatch"


def said(predicate: str, value: str, label: str = "") -> Row:
    term: Term = {"type": "uri" if value.startswith("http") else "literal", "value": value}
    row: Row = {"predicate": {"type": "uri", "value": predicate}, "object": term}
    return {**row, "objectLabel": {"type": "literal", "value": label}} if label else row


def described(*rows: Row, kinds: tuple[str, ...] = (DEF + "JointVenture", DEF + "Firm")) -> dict[str, object]:
    text = schema_org.described(ID + "arquus", "Arquus </script>", kinds, rows, KNOWN)
    assert "<" not in text, "it stands in a page"
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def test_a_thing_is_of_the_nearest_class_that_has_a_match_and_else_just_a_thing() -> None:
    found = described()
    assert (found["@type"], found["@id"], found["name"]) == ("Organization", ID + "arquus", "Arquus </script>")
    assert described(kinds=(DEF + "Deal",))["@type"] == "Thing"
    assert found["subjectOf"] == {
        "@type": "Dataset", "name": "Armature", "license": "https://creativecommons.org/licenses/by/4.0/",
    }  # fmt: skip


def test_only_statements_with_a_match_are_told_each_in_its_form() -> None:
    found = described(
        said(DEF + "locatedIn", ID + "france", "France"),
        said(DEF + "hasName", "Arquus SAS"),
        said(DEF + "hasName", "Renault Trucks Defense"),
        said(DEF + "produces", ID + "griffon", "Griffon"),
        said(RDF + "type", DEF + "Firm"),
        said(MATCH, "http://www.wikidata.org/entity/Q2867138"),
    )
    assert found["location"] == {"@id": ID + "france", "name": "France"}
    assert found["alternateName"] == ["Arquus SAS", "Renault Trucks Defense"]
    assert found["sameAs"] == "http://www.wikidata.org/entity/Q2867138"
    assert set(found) == {
        "@context", "@type", "@id", "name", "url", "location", "alternateName", "sameAs", "subjectOf",
    }  # fmt: skip


def test_a_term_with_several_matches_has_one_and_always_the_same() -> None:
    rows: list[Row] = [
        {
            "term": {"type": "uri", "value": DEF + "Firm"},
            "match": {"type": "uri", "value": f"https://schema.org/{name}"},
        }
        for name in ("Corporation", "Organization")
    ]
    assert schema_org.matches(rows) == {DEF + "Firm": "Corporation"}


def test_the_page_of_a_firm_describes_it_for_search_engines(client: TestClient) -> None:
    text = client.get("/id/arquus.html", headers=HTML).text
    start = text.index('<script type="application/ld+json">')
    found = json.loads(text[text.index(">", start) + 1 : text.index("</script>", start)])
    assert found["@id"] == ID + "arquus"
    assert found["name"] == "Arquus"
    assert found["@type"] in ("Organization", "Corporation")
