"""The path view in a browser: asked by keyboard, drawn, and whole without scripts."""

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.watching import accessible, watched

QUERY = "/path?from=sebastien-lecornu&to=ludivine-dedonder"


def test_a_path_is_asked_for_by_name_and_leads_to_its_evidence(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto("/path")
        for label, typed in (("From", "lecor"), ("To", "dedon")):
            page.get_by_role("combobox", name=label, exact=True).press_sequentially(typed)
            expect(page.get_by_role("option").first).to_be_visible()
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
        page.get_by_role("button", name="Show", exact=True).last.click()
        page.wait_for_url("**from=sebastien-lecornu&to=ludivine-dedonder**")
        expect(page.locator("svg[role=group] .dot.centre")).to_have_count(2)
        expect(page.get_by_label("From", exact=True)).to_have_value("Sébastien Lecornu")
        hop = page.locator(".hops .claims li").first
        expect(hop).to_contain_text("According to")
        hop.get_by_role("link", name="This claim").click()
        page.wait_for_url("**/claim/**")


def test_the_list_is_there_without_scripts(browser: Browser, address: str) -> None:
    with watched(browser, address, scripts=False) as page:
        page.goto(QUERY)
        expect(page.locator(".way h2", has_text="letter of intent").first).to_be_visible()
        expect(page.get_by_label("From", exact=True)).to_have_value("Sébastien Lecornu")
        page.get_by_label("Hops, at most").fill("1")
        page.get_by_role("button", name="Show", exact=True).last.click()
        expect(page.locator("main")).to_contain_text("No path found within 1 hops.")
        assert page.url.endswith("/path?from=sebastien-lecornu&to=ludivine-dedonder&hops=1")
        page.get_by_label("To", exact=True).fill("Arquus")
        page.get_by_role("button", name="Show", exact=True).last.click()
        assert page.url.endswith("/path?from=sebastien-lecornu&to=arquus&hops=1")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_axe_finds_nothing(browser: Browser, address: str, width: int, scheme: str) -> None:
    with watched(browser, address, width, scheme) as page:
        page.goto(QUERY)
        expect(page.locator("svg[role=group] .dot").first).to_be_visible()
        accessible(page)
