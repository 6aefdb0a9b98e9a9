"""The graph view in a browser: drawn, expanded, narrowed, by keyboard, taken along; readable with 300 nodes."""

import json
import re
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.browser.watching import accessible, watched

ID = "https://w3id.org/armature/id/"
CAMO = "/graph-view?of=camo"
LINE = "svg[role=group] .line"


def node(page: Page, slug: str) -> Any:
    return page.locator(f".dot[data-id='{ID}{slug}']")


def rows(page: Page) -> int:
    return page.locator("[data-lines] tbody tr").count()


def test_the_neighbourhood_is_drawn_and_the_table_says_the_same(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto(CAMO)
        expect(node(page, "camo")).to_be_visible()
        expect(node(page, "belgium")).to_be_visible()
        assert page.locator(LINE).count() == rows(page) > 4
        expect(page.locator(".captions text").first).to_be_visible()
        assert page.locator(f"{LINE}.announced").count() > 0


def test_a_node_is_expanded_and_hidden_and_the_address_says_so(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto("/graph-view?of=arquus")
        before = page.locator(".dot").count()
        node(page, "john-cockerill-arquus-merger").click()
        expect(page.locator(".chosen h2")).to_contain_text("Merger")
        page.get_by_role("button", name="Expand").click()
        expect(node(page, "john-cockerill-defense")).to_be_visible()
        assert page.url.endswith("?of=arquus&of=john-cockerill-arquus-merger")
        assert page.locator(".dot").count() > before
        node(page, "france").click()
        page.get_by_role("button", name="Hide", exact=True).click()
        expect(node(page, "france")).to_have_count(0)
        assert "without=france" in page.url
        page.reload()
        expect(node(page, "john-cockerill-defense")).to_be_visible()
        expect(node(page, "france")).to_have_count(0)
        page.get_by_role("button", name=re.compile("hidden again")).click()
        expect(node(page, "france")).to_be_visible()
        page.go_back()
        expect(node(page, "france")).to_have_count(0)


def test_relations_are_left_out_and_brought_back(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto(CAMO)
        box = page.get_by_role("checkbox", name=re.compile("has as participant"))
        before = rows(page)
        box.uncheck()
        expect(page.locator("[data-lines] tbody")).not_to_contain_text("has as participant")
        assert "hide=hasParticipant" in page.url
        assert page.locator(LINE).count() == rows(page) < before
        assert "hide=hasParticipant" in (page.locator("[data-twin=csv]").get_attribute("href") or "")
        page.reload()
        expect(box).not_to_be_checked()
        box.check()
        expect(page.locator("[data-lines] tbody tr")).to_have_count(before)


def test_the_day_is_moved_by_keyboard_and_kept(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto(CAMO)
        slider = page.get_by_role("slider", name="As of")
        expect(slider).to_have_attribute("aria-valuetext", "the whole record")
        before = rows(page)
        slider.focus()
        page.keyboard.press("Home")
        expect(slider).to_have_attribute("aria-valuetext", re.compile(r"\d{4}$"))
        page.wait_for_url("**asOf=20**")
        expect(page.locator(LINE)).not_to_have_count(before)
        drawn = page.locator(LINE).count()
        data = json.loads(page.request.get(page.url.replace("/graph-view?", "/graph-view.json?")).text())
        assert len(data["lines"]) == drawn
        page.goto("/graph-view?of=camo&asOf=2017-06-30")
        expect(slider).to_have_attribute("aria-valuetext", re.compile("20"))
        expect(node(page, "france")).to_have_count(0)


def test_an_entity_is_added_by_name(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto("/graph-view?of=arquus")
        page.get_by_role("combobox", name="Add an entity").press_sequentially("lecor")
        expect(page.get_by_role("option").first).to_contain_text("Lecornu")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(node(page, "sebastien-lecornu")).to_be_visible()
        assert page.url.endswith("of=sebastien-lecornu")


def test_the_picture_is_walked_through_by_keyboard(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.goto(CAMO)
        node(page, "camo").focus()
        page.keyboard.press("ArrowLeft")
        moved = page.evaluate("document.activeElement.dataset.id")
        assert moved != f"{ID}camo"
        assert page.locator(".dot[tabindex='0']").count() == 1
        page.keyboard.press("Enter")
        expect(page.locator(".dot.selected")).to_have_attribute("data-id", moved)
        expect(page.locator(".chosen .ties a").first).to_be_visible()
        page.keyboard.press("e")
        page.wait_for_url(f"**of=camo&of={moved.removeprefix(ID)}")
        page.keyboard.press("Escape")
        expect(page.locator(".dot.selected")).to_have_count(0)


@pytest.mark.parametrize("kind", ["SVG", "PNG", "GraphML"])
def test_the_picture_is_taken_along(browser: Browser, address: str, tmp_path: Path, kind: str) -> None:
    with watched(browser, address) as page:
        page.goto(CAMO)
        expect(node(page, "camo")).to_be_visible()
        with page.expect_download() as begun:
            page.get_by_role("button", name=kind).click()
        saved = tmp_path / begun.value.suggested_filename
        begun.value.save_as(saved)
    assert saved.suffix == f".{kind.lower()}"
    if kind == "PNG":
        assert saved.read_bytes().startswith(b"\x89PNG")
        assert saved.stat().st_size > 20_000
    elif kind == "SVG":
        text = saved.read_text("utf-8")
        assert "CaMo" in text
        assert "<path" in text
        assert "var(--" not in text
        assert "href" not in text
    else:
        assert nx.read_graphml(saved).number_of_edges() > 4


def synthetic(size: int) -> dict[str, Any]:
    kinds = ["Firm", "State", "Person", "Order", "EquipmentType", "Agreement"]
    nodes = [
        {"iri": f"{ID}n{n}", "label": f"Invented thing number {n}", "kind": f"{ID[:-3]}def/{kinds[n % 6]}",
         "kindLabel": kinds[n % 6], "ties": 3}
        for n in range(size)
    ]  # fmt: skip
    pairs = [(0, n) for n in range(1, 40)] + [(n, 1 + n % 39) for n in range(40, size)]
    lines = [
        {"claim": f"claim-{a}-{b}", "subject": f"{ID}n{a}", "object": f"{ID}n{b}", "relation": "def/partOf",
         "label": "is part of", "details": "", "when": "since 2019", "earliest": "2019-01-01", "latest": "",
         "begun": "", "ended": "", "standing": "holds"}
        for a, b in pairs
    ]  # fmt: skip
    relation = {"iri": "def/partOf", "name": "partOf", "label": "is part of", "count": len(lines)}
    standings = {name: name for name in ("holds", "past", "announced", "over")}
    about = {"of": [f"{ID}n0"], "total": len(lines), "recordDate": "2026-01-31", "standings": standings}
    return {**about, "nodes": nodes, "lines": lines, "relations": [relation]}


OVERLAPPING = """() => {
  const boxes = [...document.querySelectorAll('.label:not(.unnamed), .captions text')]
    .map(element => element.getBoundingClientRect()).filter(box => box.width);
  let pairs = 0;
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach(b => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 6 && high > 5) pairs += 1;
  }));
  return [pairs, boxes.length];
}"""


def test_three_hundred_nodes_stay_readable(browser: Browser, address: str) -> None:
    def answer(route: Route) -> None:
        route.fulfill(json=synthetic(300))

    with watched(browser, address) as page:
        page.route("**/graph-view.json*", answer)
        page.goto("/graph-view?of=camo")
        expect(page.locator(".dot")).to_have_count(300)
        page.wait_for_timeout(500)
        overlapping, shown = page.evaluate(OVERLAPPING)
        assert shown > 25
        assert overlapping <= shown * 0.02
        circles = page.locator(".dot circle").evaluate_all("all => all.map(one => one.getBoundingClientRect().x)")
        frame = page.locator("svg.canvas[role=group]").bounding_box()
        assert frame
        assert all(frame["x"] <= x <= frame["x"] + frame["width"] for x in circles)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_axe_finds_nothing(browser: Browser, address: str, width: int, scheme: str) -> None:
    with watched(browser, address, width, scheme) as page:
        page.goto(CAMO)
        node(page, "belgium").click()
        expect(page.locator(".chosen h2")).to_be_visible()
        accessible(page)


def test_without_scripts_the_table_and_the_form_remain(browser: Browser, address: str) -> None:
    with watched(browser, address, scripts=False) as page:
        page.goto(CAMO)
        before = rows(page)
        assert before > 4
        page.get_by_text("Leave out relations", exact=True).first.click()
        page.get_by_label(re.compile("has as participant")).check()
        page.get_by_role("button", name="Show", exact=True).last.click()
        assert "hide=hasParticipant" in page.url
        assert rows(page) < before
        page.get_by_label("Add an entity").fill("arquus")
        page.get_by_role("button", name="Add", exact=True).click()
        assert "of=arquus" in page.url
        expect(page.locator("[data-lines]")).to_contain_text("Arquus")
