"""Search as you type, by keyboard alone, in both languages, and without scripts."""

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.watching import watched


def test_a_thing_is_found_and_opened_by_keyboard_alone(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto("/")
        page.keyboard.press("/")
        box = page.locator("#find")
        expect(box).to_be_focused()
        page.keyboard.type("ceasar")
        options = page.get_by_role("option")
        expect(options.first).to_contain_text("CAESAR")
        expect(box).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("ArrowDown")
        expect(options.first).to_have_attribute("aria-selected", "true")
        assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
        page.keyboard.press("Enter")
        page.wait_for_url("**/id/caesar.html")


def test_escape_closes_and_enter_searches(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto("/")
        box = page.get_by_role("combobox", name="Search by name")
        box.press_sequentially("cockeri")
        expect(page.get_by_role("listbox")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("listbox")).to_be_hidden()
        expect(box).to_have_value("cockeri")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=cockeri**")
        expect(page.get_by_role("link", name="John Cockerill", exact=True)).to_be_visible()


def test_the_name_that_matched_is_told_and_a_click_opens(browser: Browser, address: str) -> None:
    with watched(browser, address, 390) as page:
        page.goto("/id/arquus.html?asOf=2024-06-01")
        page.locator("#find").press_sequentially("belgiqu")
        option = page.get_by_role("option").first
        expect(option).to_contain_text("Belgium")
        expect(option).to_contain_text("Belgique")
        expect(option.locator("svg.icon")).to_be_visible()
        option.click()
        page.wait_for_url("**/id/belgium.html?asOf=2024-06-01")


def test_suggestions_are_narrowed_like_the_search(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto("/search?q=cockerill")
        page.get_by_label("Kind").select_option("Firm")
        page.locator("#q").fill("")
        page.locator("#q").press_sequentially("cockerill")
        expect(page.get_by_role("option").first).to_be_visible()
        assert page.get_by_role("option").locator(".kind").all_inner_texts() == ["firm"] * 2


def test_a_search_can_be_narrowed_without_scripts(browser: Browser, address: str) -> None:
    with watched(browser, address, scripts=False) as page:
        page.goto("/search?q=belgian")
        page.get_by_label("Kind").select_option("Post")
        page.locator("main").get_by_role("button", name="Search").click()
        assert "kind=Post" in page.url
        expect(page.locator("ol.hits li")).to_have_count(1)
        expect(page.get_by_role("link", name="Belgian Minister of Defence")).to_be_visible()


@pytest.mark.parametrize("typed", ["zzzzzz", "   "])
def test_nothing_found_is_no_list(browser: Browser, address: str, typed: str) -> None:
    with watched(browser, address) as page:
        page.goto("/")
        page.locator("#find").press_sequentially(typed)
        page.wait_for_timeout(400)
        expect(page.get_by_role("listbox")).to_be_hidden()
