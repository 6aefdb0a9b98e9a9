"""The choice of a format: by suffix, by name, by Accept."""

import pytest
from starlette.testclient import TestClient

from kg import formats
from kg.errors import NotAcceptable
from kg.formats import CSV, FORMATS, HTML, JSON, JSON_LD, N_TRIPLES, RDF_XML, TURTLE, Format

OFFERED = (HTML, TURTLE, JSON_LD, N_TRIPLES, RDF_XML, JSON, CSV)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, HTML),
        ("", HTML),
        ("*/*", HTML),
        (FIREFOX, HTML),
        ("text/turtle", TURTLE),
        ("TEXT/TURTLE", TURTLE),
        ("text/turtle;q=0.5, application/ld+json", JSON_LD),
        ("text/turtle;q=0.5, application/ld+json;q=0.4", TURTLE),
        ("text/html;q=0.1, text/*;q=0.8", TURTLE),
        ("application/json", JSON),
        ("application/sparql-results+json", JSON),
        ("text/turtle;q=0, */*", HTML),
        ("text/html;q=0, */*", TURTLE),
        ("application/*", JSON_LD),
        ("nonsense, text/csv", CSV),
        ("application/n-triples; charset=utf-8", N_TRIPLES),
    ],
)
def test_the_best_of_what_is_offered(accept: str | None, chosen: Format) -> None:
    assert formats.accepted(accept, OFFERED) is chosen


@pytest.mark.parametrize("accept", ["image/png", "text/turtle;q=0", "nonsense", "audio/*, video/*;q=0.2"])
def test_what_is_not_offered_is_refused_with_the_list(accept: str) -> None:
    with pytest.raises(NotAcceptable) as caught:
        formats.accepted(accept, (TURTLE, JSON_LD))
    assert caught.value.members["offered"] == ["text/turtle", "application/ld+json"]
    assert caught.value.status == 406


@pytest.mark.parametrize("name", ["ttl", "TTL", "text/turtle", "application/x-turtle"])
def test_a_format_has_a_short_name_and_a_media_type(name: str) -> None:
    assert formats.named(name, OFFERED) is TURTLE


def test_an_unknown_name_is_refused_with_the_list() -> None:
    with pytest.raises(NotAcceptable, match=r"'pdf' is not offered here; use one of: html, ttl, jsonld"):
        formats.named("pdf", OFFERED)


def test_names_and_media_types_are_used_once() -> None:
    assert len({f.name for f in FORMATS}) == len({f.media_type for f in FORMATS}) == len(FORMATS)


def test_the_interface_documents_every_name_of_a_format(client: TestClient) -> None:
    """Whatever name is documented is understood, and whatever is understood is documented."""
    parameters = client.get("/openapi.json").json()["paths"]["/sparql"]["get"]["parameters"]
    told = next(parameter for parameter in parameters if parameter["name"] == "format")["schema"]["enum"]
    graphs = {name for one in formats.of_family("graph") for name in formats.names(one)}
    tables = {name for one in formats.of_family("solutions") for name in formats.names(one)}
    assert set(told) == graphs | tables
    assert set(formats.SHORT_ALIASES) <= graphs
    for name in told:
        query = "CONSTRUCT {} {}" if name in graphs else "SELECT * {}"
        assert client.get("/sparql", params={"query": query, "format": name}).status_code == 200, name
