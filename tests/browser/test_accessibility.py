"""axe-core finds nothing to object to on any kind of page, on a desk in the light and on a phone in the dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser
from tests.browser.kinds import KINDS


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_has_nothing_to_object_to(browser: Browser, address: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,
    )
    page, axe = context.new_page(), Axe()
    found = {}
    for kind, path in KINDS.items():
        page.goto(path)
        results = axe.run(page)
        for one in results.response["violations"]:
            found[f"{kind}: {one['id']}"] = [node["html"][:160] for node in one["nodes"]][:3]
    context.close()
    assert found == {}
