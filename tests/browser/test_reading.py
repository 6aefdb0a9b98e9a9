"""Pages in a real browser: nothing overflows, every text can be read, the keyboard reaches the content."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

PATHS = (
    "/",
    "/id/john-cockerill-arquus-merger.html",
    "/id/france.html?asOf=2024-06-01",
    "/claim/john-cockerill-arquus-merger-party-john-cockerill.html",
    "/source/minarm-2024-05-21.html",
    "/def/hasParticipant.html",
    "/query/orders.html",
    "/search?q=cockerill",
    "/sparql",
    "/export",
    "/shapes",
    "/ontology",
    "/id/no-such-thing.html",
)

UNREADABLE = """() => {
  const channels = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const found = channels(getComputedStyle(e).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${element.className}: ${element.textContent.trim()}`);
  }
  return [...new Set(faint)];
}"""
"""Texts with less contrast than WCAG asks of small print."""


def visit(browser: Browser, address: str, width: int, scheme: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=True)
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in PATHS:
        page.goto(address + path)
        yield page
    assert [url for url in asked if not url.startswith(address)] == []
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_window(browser: Browser, address: str, width: int) -> None:
    for page in visit(browser, address, width, "light"):
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(browser: Browser, address: str, scheme: str) -> None:
    for page in visit(browser, address, 1280, scheme):
        assert page.evaluate(UNREADABLE) == [], page.url


def test_the_first_tab_leads_past_the_head(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address + PATHS[1])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")
    page.close()


def test_the_day_form_and_the_search_box_work_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "/id/arquus.html")
    page.get_by_text("Look at another day").click()
    page.get_by_label("What was published by").fill("2024-05-20")
    page.get_by_role("button", name="Show").click()
    assert "knownOn=2024-05-20" in page.url
    assert page.get_by_text("No claim of these days is about this.").is_visible()
    page.get_by_label("Search by name").fill("lecornu")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Sébastien Lecornu", exact=True).click()
    assert page.url.endswith("/id/sebastien-lecornu.html?knownOn=2024-05-20")
    context.close()


def test_every_panel_is_laid_out_in_its_turn(browser: Browser, address: str) -> None:
    page = browser.new_page(base_url=address)
    page.goto("/id/france.html")
    page.locator(".panel:not(.is-laid-out)").first.wait_for(state="detached")
    shown = page.evaluate("[...document.querySelectorAll('.panel')].map(p => getComputedStyle(p).contentVisibility)")
    page.close()
    assert len(shown) > 3
    assert set(shown) == {"visible"}


def test_without_scripts_panels_are_laid_out_as_they_come_near(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/id/france.html")
    last = page.locator(".panel h2").last
    last.scroll_into_view_if_needed()
    assert last.is_visible()
    context.close()
