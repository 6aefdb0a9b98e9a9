"""Every kind of page, through the application: well formed, every link good, nothing loaded from elsewhere."""

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit
from xml.etree.ElementTree import Element

import pytest
from starlette.testclient import TestClient
from tests.reading import (
    APRIL_LINE,
    CAESAR_ORDER,
    HTML,
    LETTER,
    MERGER,
    SHELL_LINE,
    SMALL_CALIBRE,
    SOURCE,
    by_class,
    parsed,
    words,
)

from kg import formats
from kg.compiler.build import Graph
from kg.terms import BASE, RDF_TYPE, SPACES

STATIC_PAGES = (
    "/",
    "/search?q=lecornu",
    "/query",
    "/sparql",
    "/export",
    "/ontology",
    "/shapes",
    "/sources",
    "/disputes",
    "/gaps",
    "/changes",
    "/about",
    "/sitemap.xml",
    "/changes.atom",
)
NAMED_PAGES = (MERGER, LETTER, CAESAR_ORDER, SHELL_LINE, APRIL_LINE, SMALL_CALIBRE, SOURCE, "/id/arquus.html")


def sort_of(target: str) -> str:
    """What a link is an instance of: pages of things are each their own, the rest is alike.

    Data twins and stored queries take the IRI of the page that links to them, so that one of each format in
    each namespace, and one page of each query, stand for all; so do the pages in another language.
    """
    parts = urlsplit(target)
    space, stem, suffix = parts.path.split("/")[1], *parts.path.rpartition(".")[::2]
    if "lang=" in parts.query:
        return f"{space} in another language"
    if space == "query":
        return parts.path
    if suffix in formats.BY_NAME and suffix != "html":
        return f"{space} {suffix}"
    return urlunsplit(("", "", stem if suffix == "html" else parts.path, parts.query, ""))


class Crawl:
    """Some pages of each kind of thing and all that they lead to: each sort of link is followed once.

    A link to a thing that the graph describes is not followed: that such a page is there, the samples show.
    """

    def __init__(self, client: TestClient, beginnings: list[str], described: set[str]) -> None:
        self.client = client
        self.described = described
        self.pages: dict[str, Element] = {}
        self.broken: list[tuple[str, str, int]] = []
        self._follow(beginnings)

    def _follow(self, beginnings: list[str]) -> None:
        waiting = [("(start)", path) for path in beginnings]
        seen: set[str] = set()
        while waiting:
            origin, path = waiting.pop()
            if sort_of(path) not in seen:
                seen.add(sort_of(path))
                found = self._read(origin, path)
                waiting += [(path, target) for target in found if self._unsure(target)]

    def _unsure(self, target: str) -> bool:
        """Whether a link is worth following; what the workbench does with a query has tests of its own."""
        return thing_at(target) not in self.described and not target.startswith("/sparql?query=")

    def _read(self, origin: str, path: str) -> list[str]:
        answer = self.client.get(path, headers=HTML)
        if answer.status_code != 200:
            self.broken.append((origin, path, answer.status_code))
        elif answer.headers["content-type"].startswith("text/html"):
            self.pages[path] = parsed(answer.text)
            return [urldefrag(target).url for target in targets(self.pages[path], path)]
        return []


def thing_at(target: str) -> str:
    """The IRI of the thing whose page an address is; empty for any other."""
    parts = urlsplit(target)
    whole = parts.path.endswith(".html") and "page=" not in parts.query and "after=" not in parts.query
    return BASE + unquote(parts.path[1:].removesuffix(".html")) if whole and "lang=" not in parts.query else ""


def targets(tree: Element, path: str) -> Iterator[str]:
    """The local addresses that a page links to, with their fragments."""
    for element in tree.iter():
        if element.tag in ("a", "link") and element.get("rel") != "canonical":
            target = urljoin(path, element.get("href", ""))
            if not urlsplit(target).netloc:
                yield target


SAMPLE = 6
"""Pages read of each class of thing; what the tests name comes on top."""


@pytest.fixture(scope="module")
def crawl(client: TestClient, assembled: Graph) -> Crawl:
    """Pages of every kind of thing that the graph describes, and all that they lead to."""
    spaces = tuple(f"{BASE}{space}/" for space in SPACES)
    kinds: dict[str, set[str]] = {}
    for quad in assembled.store:
        iri = quad.subject.value
        if iri.startswith(spaces) and not iri.endswith("/"):
            kind = quad.object.value if quad.predicate == RDF_TYPE else ""
            kinds.setdefault(f"{kind} {urlsplit(iri).path.split('/')[2]}", set()).add(iri)
    sampled = {iri for things in kinds.values() for iri in sorted(things)[:SAMPLE]}
    described = {iri for things in kinds.values() for iri in things}
    starts = [f"/{iri.removeprefix(BASE)}.html" for iri in sorted(sampled)]
    return Crawl(client, [*STATIC_PAGES, *NAMED_PAGES, *starts], described)


def test_every_link_leads_somewhere(crawl: Crawl) -> None:
    assert crawl.broken == []
    assert len(crawl.pages) > 150


def test_every_fragment_is_on_its_page(crawl: Crawl) -> None:
    anchors = {path: {e.get("id") for e in tree.iter() if e.get("id")} for path, tree in crawl.pages.items()}
    missing = {
        (path, target)
        for path, tree in crawl.pages.items()
        for target in targets(tree, path)
        if (parts := urldefrag(target)).fragment
        and (parts.url or path) in anchors
        and parts.fragment not in anchors[parts.url or path]
    }
    assert missing == set()


def test_ids_are_used_once(crawl: Crawl) -> None:
    for path, tree in crawl.pages.items():
        ids = [e.get("id") for e in tree.iter() if e.get("id")]
        assert len(ids) == len(set(ids)), path


def test_nothing_is_loaded_from_elsewhere(crawl: Crawl) -> None:
    for path, tree in crawl.pages.items():
        for element in tree.iter():
            assert element.tag not in ("iframe", "style", "object", "embed"), path
            data = element.get("type") == "application/ld+json"
            assert element.tag != "script" or data or (element.get("src") and not element.text), path
            assert not any(name == "style" or name.startswith("on") for name in element.attrib), path
            loaded = element.get("src") or (element.get("href") if element.get("rel") in LOADING else None)
            assert loaded is None or loaded.startswith("/static/"), (path, loaded)


LOADING = ("stylesheet", "icon", "preload", "modulepreload")


def test_every_page_has_its_landmarks(crawl: Crawl) -> None:
    for path, tree in crawl.pages.items():
        html = tree if tree.tag == "html" else tree.find("html")
        assert html is not None
        assert html.get("lang") == ("fr" if "lang=fr" in path else "en"), path
        for landmark in ("header", "main", "footer", "nav", "h1", "title"):
            assert tree.find(f".//{landmark}") is not None, (path, landmark)
        assert len(list(tree.iter("h1"))) == 1, path


def test_headings_skip_no_level(crawl: Crawl) -> None:
    for path, tree in crawl.pages.items():
        levels = [int(str(e.tag)[1]) for e in tree.iter() if re.fullmatch("h[1-6]", str(e.tag))]
        assert levels[0] == 1, path
        assert all(after - before <= 1 for before, after in pairwise(levels)), path


def test_tables_have_captions_and_scopes(crawl: Crawl) -> None:
    for path, tree in crawl.pages.items():
        for table in tree.iter("table"):
            caption = table.find("caption")
            assert caption is not None, path
            assert words(caption), path
            assert all(cell.get("scope") for cell in table.iter("th")), path


def test_controls_have_labels(crawl: Crawl) -> None:
    for path, tree in crawl.pages.items():
        labelled = {label.get("for") for label in tree.iter("label")}
        for control in (*tree.iter("input"), *tree.iter("select"), *tree.iter("textarea")):
            hidden = control.get("type") == "hidden"
            assert hidden or control.get("id") in labelled or control.get("aria-label"), path


def test_pages_of_things_name_their_twins_and_iri(crawl: Crawl) -> None:
    tree = crawl.pages["/id/arquus.html"]
    links = {(e.get("rel"), e.get("type"), e.get("href")) for e in tree.iter("link")}
    assert ("canonical", None, BASE + "id/arquus") in links
    for kind, name in {"text/turtle": "ttl", "application/ld+json": "jsonld", "text/csv": "csv"}.items():
        assert ("alternate", kind, f"/id/arquus.{name}") in links
    cited = words(by_class(tree, "cite")[0])
    assert BASE + "id/arquus" in cited
    assert re.search(r"snapshot [0-9a-f]{12}", cited)
