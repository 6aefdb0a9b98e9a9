"""YASGUI in a browser, on a page of another host name: SELECT, ASK and CONSTRUCT, and a query that is wrong."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

BASE = "https://w3id.org/armature/"
FIRM = f"<{BASE}def/Firm>"
PAGE = """<!doctype html><meta charset="utf-8"><title>YASGUI</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="yasgui.min.css"><div id="yasgui"></div>
<script src="yasgui.min.js"></script>
<script>const yasgui = new Yasgui(document.getElementById("yasgui"),
  {requestConfig: {endpoint: ENDPOINT}, persistenceId: null, copyEndpointOnNewTab: false});</script>"""


@pytest.fixture(scope="module")
def page(browser: Browser, modules: Path, address: str, elsewhere: tuple[Path, str]) -> Page:
    """YASGUI at another origin than the endpoint, so that the answers have to come by CORS."""
    folder, origin = elsewhere
    for name in ("yasgui.min.js", "yasgui.min.css"):
        (folder / name).write_bytes((modules / "@zazuko" / "yasgui" / "build" / name).read_bytes())
    (folder / "index.html").write_text(PAGE.replace("ENDPOINT", json.dumps(f"{address}/sparql")))
    opened = browser.new_page()
    opened.goto(f"{origin}/")
    return opened


def run(page: Page, query: str) -> None:
    page.evaluate("q => { const tab = yasgui.getTab(); tab.setQuery(q); tab.query().catch(() => {}); }", query)


def test_select(page: Page) -> None:
    run(page, f"SELECT ?firm {{ ?firm a {FIRM} }}")
    expect(page.locator(".yasr_results")).to_contain_text("id/arquus", timeout=15_000)


def test_ask(page: Page) -> None:
    run(page, f"ASK {{ <{BASE}id/arquus> a {FIRM} }}")
    expect(page.locator(".yasr_results")).to_contain_text("True", timeout=15_000)


def test_construct(page: Page) -> None:
    run(page, f"CONSTRUCT WHERE {{ ?firm a {FIRM} }}")
    expect(page.locator(".yasr_results")).to_contain_text("id/john-cockerill-defense", timeout=15_000)


def test_a_wrong_query_shows_our_words(page: Page) -> None:
    run(page, "SELECT ?firm WHERE { ?firm a nowhere:Firm }")
    expect(page.locator(".yasr_results")).to_contain_text("nowhere:", timeout=15_000)
    expect(page.locator(".yasr_results")).to_contain_text("400", timeout=15_000)
