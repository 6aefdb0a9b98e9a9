"""Pages, through the application: well formed, every link good, nothing loaded from elsewhere."""

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit
from xml.etree.ElementTree import Element

import html5rdf  # type: ignore[import-untyped]  # the package has no types
import pytest
from starlette.testclient import TestClient

from kg import formats
from kg.compiler.build import Graph
from kg.terms import BASE, SPACES

HTML = {"accept": "text/html"}
STATIC_PAGES = ("/", "/search?q=lecornu", "/query", "/sparql", "/export", "/ontology", "/shapes")
MERGER = "/id/john-cockerill-arquus-merger.html"
LETTER = "/id/franco-belgian-letter-of-intent-2024-05-21.html"
CAESAR_ORDER = "/id/belgium-caesar-order-2024.html"
SHELL_LINE = "/id/knds-155mm-shell-line-belgium.html"
APRIL_LINE = "/id/belgian-vehicle-assembly-line-2024.html"
SMALL_CALIBRE = "/id/french-small-calibre-ammunition-capability.html"
SOURCE = "/source/minarm-2024-05-21.html"


def parsed(text: str) -> Element:
    """The page as a tree; a parse error of HTML5 is a failure."""
    tree = html5rdf.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert isinstance(tree, Element)
    return tree


def words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def by_class(tree: Element, name: str) -> list[Element]:
    return [e for e in tree.iter() if name in (e.get("class") or "").split()]


def sort_of(target: str) -> str:
    """What a link is an instance of: pages of things are each their own, the rest is alike.

    Data twins and stored queries take the IRI of the page that links to them, so that one of each format in
    each namespace, and one page of each query, stand for all.
    """
    parts = urlsplit(target)
    space, stem, suffix = parts.path.split("/")[1], *parts.path.rpartition(".")[::2]
    if space == "query":
        return parts.path
    if suffix in formats.BY_NAME and suffix != "html":
        return f"{space} {suffix}"
    return urlunsplit(("", "", stem if suffix == "html" else parts.path, parts.query, ""))


class Crawl:
    """Every page of a thing and all that pages lead to, each sort of link read once."""

    def __init__(self, client: TestClient, beginnings: list[str]) -> None:
        self.client = client
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
                waiting += [(path, found) for found in self._read(origin, path)]

    def _read(self, origin: str, path: str) -> list[str]:
        answer = self.client.get(path, headers=HTML)
        if answer.status_code != 200:
            self.broken.append((origin, path, answer.status_code))
        elif answer.headers["content-type"].startswith("text/html"):
            self.pages[path] = parsed(answer.text)
            return [urldefrag(target).url for target in targets(self.pages[path], path)]
        return []


def targets(tree: Element, path: str) -> Iterator[str]:
    """The local addresses that a page links to, with their fragments."""
    for element in tree.iter():
        if element.tag in ("a", "link") and element.get("rel") != "canonical":
            target = urljoin(path, element.get("href", ""))
            if not urlsplit(target).netloc:
                yield target


@pytest.fixture(scope="module")
def crawl(client: TestClient, assembled: Graph) -> Crawl:
    """The pages of everything that the graph describes, and all that they lead to."""
    described = {q.subject.value for q in assembled.store if q.subject.value.startswith(BASE)}
    spaces = tuple(f"{BASE}{space}/" for space in SPACES)
    named = sorted(iri for iri in described if iri.startswith(spaces) and not iri.endswith("/"))
    return Crawl(client, [*STATIC_PAGES, *(f"/{iri.removeprefix(BASE)}.html" for iri in named)])


def test_every_link_leads_somewhere(crawl: Crawl) -> None:
    assert crawl.broken == []
    assert len(crawl.pages) > 500


def test_every_fragment_is_on_its_page(crawl: Crawl) -> None:
    anchors = {path: {e.get("id") for e in tree.iter() if e.get("id")} for path, tree in crawl.pages.items()}
    missing = {
        (path, target)
        for path, tree in crawl.pages.items()
        for target in targets(tree, path)
        if (parts := urldefrag(target)).fragment and parts.fragment not in anchors[parts.url or path]
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
            assert element.tag != "script" or (element.get("src") and not element.text), path
            assert not any(name == "style" or name.startswith("on") for name in element.attrib), path
            loaded = element.get("src") or (element.get("href") if element.get("rel") in LOADING else None)
            assert loaded is None or loaded.startswith("/static/"), (path, loaded)


LOADING = ("stylesheet", "icon", "preload", "modulepreload")


def test_every_page_has_its_landmarks(crawl: Crawl) -> None:
    for path, tree in crawl.pages.items():
        html = tree if tree.tag == "html" else tree.find("html")
        assert html is not None
        assert html.get("lang") == "en", path
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
            assert control.get("id") in labelled or control.get("aria-label"), path


def test_pages_of_things_name_their_twins_and_iri(crawl: Crawl) -> None:
    tree = crawl.pages["/id/arquus.html"]
    links = {(e.get("rel"), e.get("type"), e.get("href")) for e in tree.iter("link")}
    assert ("canonical", None, BASE + "id/arquus") in links
    for kind, name in {"text/turtle": "ttl", "application/ld+json": "jsonld", "text/csv": "csv"}.items():
        assert ("alternate", kind, f"/id/arquus.{name}") in links
    cited = words(by_class(tree, "cite")[0])
    assert BASE + "id/arquus" in cited
    assert re.search(r"snapshot [0-9a-f]{12}", cited)


def page(client: TestClient, path: str) -> Element:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    return parsed(answer.text)


def claim(tree: Element, slug: str) -> Element:
    """The row of one claim on a page."""
    return next(e for e in tree.iter("li") if e.get("id") == slug)


def test_what_is_only_announced_says_so_at_the_top(client: TestClient) -> None:
    tree = page(client, MERGER)
    standing = by_class(tree, "standing")[0]
    assert "This is announced, not done." in words(standing)
    assert by_class(standing, "status-open")
    assert not by_class(standing, "status-real")


def test_what_came_about_looks_like_a_fact(client: TestClient) -> None:
    standing = by_class(page(client, LETTER), "standing")[0]
    assert [words(e) for e in by_class(standing, "status-real")] == ["signed"]
    assert "not done" not in words(standing)


def test_nothing_about_an_unrealised_undertaking_is_marked_like_a_fact(client: TestClient) -> None:
    for path in (MERGER, CAESAR_ORDER, SHELL_LINE):
        about = page(client, path).find(".//section[@aria-labelledby='claims']")
        assert about is not None
        solid = [e for e in by_class(about, "verdict-stands") if "of-open" not in (e.get("class") or "")]
        assert solid == [], path


@pytest.mark.parametrize(
    ("path", "slug", "verdict"),
    [
        (MERGER, "john-cockerill-arquus-merger-party-arquus", "not realised"),
        (MERGER, "john-cockerill-arquus-merger-announced-2024-05-21", "said"),
        (CAESAR_ORDER, "caesar-order-item-caesar", "not realised"),
        (CAESAR_ORDER, "caesar-order-supplier-not-named", "said"),
        (LETTER, "letter-2024-05-21-signed", "stands"),
        (LETTER, "letter-2024-05-21-party-france", "stands"),
        (APRIL_LINE, "belgian-vehicle-line-inaugurated-2024-04", "stands"),
        (APRIL_LINE, "belgian-vehicle-line-part-of-camo", "uncertain"),
        (SMALL_CALIBRE, "french-small-calibre-capability-of-france", "over"),
        (SMALL_CALIBRE, "french-small-calibre-capability-ceased", "stands"),
        ("/id/sebastien-lecornu.html", "lecornu-french-armed-forces-minister-2024-05-21", "seen"),
    ],
)
def test_every_claim_bears_its_verdict(client: TestClient, path: str, slug: str, verdict: str) -> None:
    assert words(by_class(claim(page(client, path), slug), "verdict")[0]) == verdict


def test_quantity_and_role_are_in_words(client: TestClient) -> None:
    tree = page(client, CAESAR_ORDER)
    assert "28 pieces" in words(claim(tree, "caesar-order-item-caesar"))
    assert "role buyer" in words(claim(tree, "caesar-order-buyer-belgium"))


def test_a_value_that_is_not_named_is_no_link(client: TestClient) -> None:
    row = claim(page(client, APRIL_LINE), "belgian-vehicle-line-operator-not-named")
    assert [words(e) for e in by_class(row, "unknown")] == ["not named by the source"]
    assert not any("unknown" in (a.get("href") or "") for a in row.iter("a"))


def test_what_is_expected_is_told_with_its_days(client: TestClient) -> None:
    row = claim(page(client, SHELL_LINE), "knds-155mm-line-announced-2024-05-21")
    assert "expected inaugurated between 27 May and 2 June 2024" in words(row)


def test_partial_dates_stay_partial(client: TestClient) -> None:
    row = claim(page(client, APRIL_LINE), "belgian-vehicle-line-inaugurated-2024-04")
    assert "in April 2024" in words(row)
    assert [e.get("datetime") for e in by_class(row, "when")[0].iter("time")] == ["2024-04"]


def test_rivals_stand_side_by_side_with_the_reason(client: TestClient) -> None:
    tree = page(client, MERGER)
    row = claim(tree, "john-cockerill-arquus-merger-party-john-cockerill")
    assert words(by_class(row, "verdict")[0]) == "set aside"
    dispute = words(by_class(row, "dispute")[0])
    assert "John Cockerill Defense preferred" in dispute
    assert "more exact" in dispute


def test_evidence_leads_to_the_passage(client: TestClient) -> None:
    row = claim(page(client, CAESAR_ORDER), "caesar-order-item-caesar")
    evidence = by_class(row, "evidence")[0]
    assert "French Ministry of the Armed Forces, 21 May 2024" in words(evidence)
    assert [a.get("href") for a in by_class(evidence, "passage")] == [f"{SOURCE}#minarm-2024-05-21-s06"]


def test_source_shows_passages_in_order_with_what_rests_on_them(client: TestClient) -> None:
    tree = page(client, SOURCE)
    passages = [e for e in tree.iter("section") if "passage" in (e.get("class") or "").split()]
    assert [e.get("id", "").removeprefix("minarm-2024-05-21-") for e in passages] == [
        "masthead", "dateline", "title", *(f"s{n:02}" for n in range(1, 16)), "footer",
    ]  # fmt: skip
    sixth = next(e for e in passages if str(e.get("id")).endswith("s06"))
    assert "In our words" in words(sixth)
    assert "Belgian CAESAR acquisition" in words(by_class(sixth, "resting")[0])


def test_incoming_claims_have_a_section_of_their_own(client: TestClient) -> None:
    beside = page(client, "/id/belgium.html").find(".//section[@aria-labelledby='beside']")
    assert beside is not None
    assert "takes part in" in words(beside)
    assert "on behalf of" in words(beside)


def test_derived_statements_name_their_claims(client: TestClient) -> None:
    table = by_class(page(client, "/id/camo.html"), "statements")[0]
    derived = [row for row in table.iter("tr") if by_class(row, "derived")]
    linked = {a.get("href") for row in derived for a in row.iter("a")}
    assert "/claim/camo-participant-belgium.html" in linked


def test_both_languages_and_other_names(client: TestClient) -> None:
    tree = page(client, "/id/camo.html")
    names = words(by_class(tree, "names")[0])
    assert "acronymCaMo" in names
    assert "Capacité Motorisée" in names
    french = by_class(page(client, MERGER), "other-name")[0]
    assert (french.get("lang"), words(french)) == ("fr", "Fusion de John Cockerill Defense et Arquus")


def test_days_travel_along_the_links(client: TestClient) -> None:
    tree = page(client, f"{MERGER}?asOf=2024-06-01&knownOn=2024-05-30")
    content = tree.find(".//main")
    assert content is not None
    hrefs = {str(a.get("href")) for a in content.iter("a")}
    assert "/id/arquus.html?asOf=2024-06-01&knownOn=2024-05-30" in hrefs
    assert "/id/john-cockerill-arquus-merger.json?asOf=2024-06-01&knownOn=2024-05-30" in hrefs
    assert "/id/john-cockerill-arquus-merger.ttl" in hrefs
    assert "As of 1 June 2024, as known on 30 May 2024" in words(by_class(tree, "times")[0])


def test_nothing_was_known_before_the_first_source(client: TestClient) -> None:
    tree = page(client, f"{MERGER}?knownOn=2024-05-20")
    assert "No claim of these days is about this." in words(tree)


def test_unknown_things_are_404_pages_with_a_way_on(client: TestClient) -> None:
    answer = client.get("/id/no-such-thing.html", headers=HTML)
    assert answer.status_code == 404
    tree = parsed(answer.text)
    assert words(next(tree.iter("h1"))) == "Unknown entity"
    assert by_class(tree, "find")


@pytest.mark.parametrize("path", [f"{MERGER}?page=none", "/query/orders.html?nobody=1"])
def test_bad_requests_are_pages_too(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 400
    assert "Bad request" in words(parsed(answer.text))


def test_text_from_a_reader_is_escaped(client: TestClient) -> None:
    answer = client.get("/search", params={"q": '"><script>alert(1)</script>'}, headers=HTML)
    assert "<script>" not in answer.text
    assert next(parsed(answer.text).iter("h2")) is not None


def test_long_lists_are_counted_and_go_on(client: TestClient) -> None:
    first = page(client, "/code/rank/normal.html")
    total = words(by_class(first, "count")[0])
    assert int(total.replace(",", "")) > 100
    following = next(a.get("href") for a in first.iter("a") if a.get("rel") == "next")
    second = page(client, str(following))
    assert listed(first)
    assert listed(second)
    assert not listed(first) & listed(second)


def listed(tree: Element) -> set[tuple[str | None, str | None]]:
    """The statements in the list of uses, by what their two links lead to."""
    uses = tree.find(".//section[@aria-labelledby='uses']")
    assert uses is not None
    rows = [[a.get("href") for a in row.iter("a")] for row in uses.iter("tr")]
    return {(links[0], links[1]) for links in rows if len(links) > 1}


def test_stored_query_page_shows_form_table_and_text(client: TestClient) -> None:
    tree = page(client, "/query/orders.html")
    (buyer,) = [i for i in tree.iter("input") if i.get("name") == "buyer"]
    assert (buyer.get("value"), buyer.get("placeholder")) == ("", "id:belgium unknown:not-stated")
    assert "not named by the source" in words(by_class(tree, "answer")[0])
    assert "SELECT DISTINCT" in words(by_class(tree, "code")[0])


def test_a_page_of_another_day_shows_that_day(client: TestClient) -> None:
    before = words(page(client, "/id/john-cockerill-arquus-merger.html?asOf=2024-05-20"))
    assert "This is announced" not in before
    assert "No source says that this was done." in before
    assert "left out here" in before
    after = words(page(client, "/id/john-cockerill-arquus-merger.html?asOf=2024-05-22"))
    assert "This is announced, not done." in after


def test_content_security_policy_forbids_everything_else(client: TestClient) -> None:
    policy = client.get(MERGER, headers=HTML).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';")
    assert "img-src 'self'; form-action 'self'" in policy
