"""Journeys of readers in a real browser: by mouse and keyboard, on a phone, in French, on a day, without scripts."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from tests.reading import CAESAR_ORDER, LETTER, MERGER

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page that was told of every failure: of the console, of a script, of a request that went elsewhere."""
    context = browser.new_context(base_url=address)
    opened = context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    opened.on("console", lambda told: failures.append(told.text) if told.type == "error" else None)
    opened.on("request", lambda asked: failures.append(asked.url) if not asked.url.startswith(address) else None)
    yield opened
    context.close()
    assert failures == []


def test_from_a_search_over_a_firm_and_its_evidence_to_the_source(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Search firms, people").fill("arquus")
    page.get_by_label("Search firms, people").press("Enter")
    page.get_by_role("main").get_by_role("link", name="Arquus", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Arquus")
    deals = page.get_by_role("region", name="Deals").first
    expect(deals).to_contain_text("Merger of John Cockerill Defense and Arquus")
    chip = deals.locator("details.chip").first
    chip.locator("summary").click()
    chip.get_by_role("link", name=re.compile("bullet|paragraph")).first.click()
    expect(page).to_have_url(re.compile(r"/source/minarm-2024-05-21\.html#minarm-2024-05-21-"))
    expect(page.locator("section.passage:target")).to_be_in_viewport()


def test_what_would_differ_is_told_on_another_day(page: Page) -> None:
    page.goto(f"{MERGER}")
    page.get_by_text("Look at another day").click()
    page.get_by_label("What can be true on").fill("2024-05-20")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="What would differ today")).to_be_visible()
    expect(page.locator("aside.callout")).to_contain_text("has the status announced")
    page.get_by_role("link", name="Français").click()
    expect(page.locator("details strong").first).to_have_text("Au 20 mai 2024")
    page.get_by_role("link", name="Afficher tout le relevé").click()
    expect(page).to_have_url(re.compile(r"\?lang=fr$"))


def test_a_reader_of_french_stays_in_french(page: Page) -> None:
    page.goto(f"{LETTER}")
    page.get_by_role("link", name="Français").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Lettre d’intention")
    page.get_by_role("region", name="Signataires").get_by_role(
        "link", name="Ludivine Dedonder", exact=True
    ).first.click()
    expect(page.get_by_role("heading", name="Postes occupés")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "fr"


def test_the_keyboard_alone_opens_evidence(page: Page) -> None:
    page.goto(CAESAR_ORDER)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.chip') !== null"):
            break
    page.keyboard.press("Enter")
    opened = page.locator("details.chip[open]")
    expect(opened).to_have_count(1)
    expect(opened.locator(".gist").first).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.classList.contains('passage')")


def test_on_a_phone_a_table_reads_as_cards(page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.goto(CAESAR_ORDER)
    items = page.get_by_role("region", name="What is ordered").first
    expect(items).to_contain_text("CAESAR")
    head = items.locator("td").first.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert "Quantity" in head
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_in_the_dark_the_ground_is_dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(MERGER)
    red, green, blue = re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3]
    assert max(int(red), int(green), int(blue)) < 50


def test_icons_come_from_our_own_sprite(page: Page) -> None:
    page.goto(MERGER)
    drawn = page.locator("p.kind svg.icon use").first
    assert drawn.evaluate("use => use.getBoundingClientRect().width") > 5


def test_everything_works_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/query/orders")
    page.get_by_label("buyer", exact=True).fill("belgium")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("main")).to_contain_text("Belgian CAESAR acquisition")
    page.get_by_role("link", name="Belgian CAESAR acquisition wished for in 2024").first.click()
    expect(page.get_by_role("heading", name="Life cycle")).to_be_visible()
    page.locator("details.chip summary").first.click()
    expect(page.locator("details.chip[open] .gist").first).to_be_visible()
    context.close()
