"""The SPARQL workbench in a browser: write, complete, run, see, keep; and errors at their place."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.watching import accessible, watched

KINDS = "kg:Firm, kg:Person, kg:State, kg:Order, kg:Programme, kg:Agreement, kg:Post"
COUNTS = f"SELECT ?kind (COUNT(?x) AS ?n) WHERE {{ ?x a ?kind . FILTER(?kind IN ({KINDS})) }} GROUP BY ?kind"
TIES = "CONSTRUCT { ?a ?r ?b } WHERE { ?c rdf:subject ?a ; rdf:predicate ?r ; rdf:object ?b . FILTER(?a = id:camo) }"
REFUSED = ("status of 400",)


def written(page: Page, text: str) -> None:
    """Replace the query by keyboard."""
    page.locator(".CodeMirror").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def told(page: Page) -> str:
    return page.locator(".workbench-island > .told").inner_text()


def test_a_query_is_run_by_keyboard_with_labels_time_and_count(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto("/sparql?lang=fr")
        written(page, "SELECT DISTINCT ?x WHERE { ?x a kg:State }")
        page.keyboard.press("Control+Enter")
        cell = page.locator(".pane td", has_text="id:belgium")
        expect(cell.get_by_role("link")).to_have_text("Belgique")
        expect(page.locator(".workbench-island > .told")).to_have_text(re.compile(r"^\d+ lignes en \d+,\d\d s$"))
        text = page.evaluate("document.querySelector('.CodeMirror').CodeMirror.getValue()")
        assert text.startswith("PREFIX kg: <https://w3id.org/armature/def/>")
        cell.get_by_role("link").click()
        page.wait_for_url("**/id/belgium.html?lang=fr")


def test_terms_of_our_ontology_are_completed(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto("/sparql")
        written(page, "PREFIX kg: <https://w3id.org/armature/def/>\nSELECT * { ?x a ")
        page.keyboard.type("kg:Equip", delay=30)
        hint = page.locator(".CodeMirror-hint", has_text="kg:EquipmentType")
        expect(hint).to_contain_text("equipment type")
        page.keyboard.press("Enter")
        expect(page.locator(".CodeMirror-code")).to_contain_text("kg:EquipmentType")


def test_an_error_is_marked_at_its_place(browser: Browser, address: str) -> None:
    with watched(browser, address, tolerated=REFUSED) as page:
        page.goto("/sparql#query=" + quote("SELECT ?x WHERE {\n  ?x a <http://x> ;\n    <http://y> }"))
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("not valid SPARQL")
        expect(alert.get_by_role("button")).to_have_text("Line 3, column 16")
        mark = page.locator(".refused")
        expect(mark).to_have_text("}")
        assert page.locator(".CodeMirror-line").nth(2).locator(".refused").count() == 1
        written(page, "ASK { }")
        page.get_by_role("button", name="Run").click()
        expect(page.locator(".pane .boolean")).to_have_text("Yes")
        expect(mark).to_have_count(0)
        expect(page.locator(".trouble")).to_be_empty()


def test_counts_are_charted_and_the_link_shows_the_same(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto("/sparql")
        written(page, COUNTS)
        page.get_by_role("button", name="Run").click()
        page.get_by_role("tab", name="Chart").click()
        bars = page.locator(".chart rect.bar")
        expect(bars.first).to_be_visible()
        assert bars.count() > 5
        expect(page.locator(".chart text", has_text="firm").first).to_be_visible()
        page.get_by_role("button", name="Copy link").click()
        link = page.evaluate("navigator.clipboard.readText()")
        assert "view=chart" in link
        page.goto("about:blank")
        page.goto(link)
        expect(bars.first).to_be_visible()
        page.locator("select[name=chart-form]").select_option("line")
        expect(page.locator(".chart polyline.curve")).to_be_visible()


def test_a_construct_is_drawn_and_listed(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto("/sparql#view=graph&query=" + quote(TIES))
        expect(page.locator(".dot", has_text="CaMo").first).to_be_visible()
        expect(page.locator(".captions text", has_text="has as participant").first).to_be_visible()
        page.get_by_role("tab", name="Graph").press("ArrowLeft")
        expect(page.locator(".pane table")).to_contain_text("SCORPION")
        assert re.match(r"\d+ triples in", told(page))


@pytest.mark.parametrize(
    ("query", "form", "holds"),
    [(COUNTS, "CSV", "kind,n"), (COUNTS, "TSV", "?kind\t?n"), (COUNTS, "JSON", '"bindings"'),
     (COUNTS, "XML", "<sparql"), (TIES, "TTL", "scorpion"), (TIES, "RDF", "<rdf:RDF")],
)  # fmt: skip
def test_answers_are_taken_along(
    browser: Browser, address: str, tmp_path: Path, query: str, form: str, holds: str
) -> None:
    with watched(browser, address) as page:
        page.goto("/sparql#query=" + quote(query))
        with page.expect_download() as begun:
            page.get_by_role("group", name="Downloads").get_by_role("button", name=form).click()
        begun.value.save_as(tmp_path / "file")
    assert begun.value.suggested_filename == f"result.{form.lower()}"
    assert holds in (tmp_path / "file").read_text("utf-8")


def test_a_stored_query_is_taken_as_a_beginning(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto("/sparql")
        names = json.loads(page.request.get("/query?format=json").text())
        options = page.locator("#example option")
        expect(options).to_have_count(len(names) + 1)
        page.get_by_label("Begin from a stored query").select_option("orders")
        expect(page.locator(".CodeMirror-code")).to_contain_text("Who wants, orders or gets")
        page.goto("about:blank")
        page.goto("/sparql#stored=meetings")
        expect(page.locator(".pane table tbody tr").first).to_be_visible()


def test_without_scripts_the_plain_form_remains(browser: Browser, address: str) -> None:
    with watched(browser, address, scripts=False) as page:
        page.goto("/sparql")
        expect(page.get_by_label("Query", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Run")).to_be_visible()
        expect(page.locator(".beginnings li").first).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_axe_finds_nothing(browser: Browser, address: str, width: int, scheme: str) -> None:
    with watched(browser, address, width, scheme, tolerated=REFUSED) as page:
        page.goto("/sparql#query=" + quote(COUNTS))
        for name in ("Table", "Chart", "Response"):
            page.get_by_role("tab", name=name).click()
            accessible(page)
        page.goto("about:blank")
        page.goto("/sparql#query=" + quote("SELECT"))
        expect(page.get_by_role("alert")).to_contain_text("not valid")
        accessible(page)
