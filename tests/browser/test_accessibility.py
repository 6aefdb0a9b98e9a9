"""axe-core finds nothing to object to on any kind of page, on a desk and on a phone, in the light and in the dark."""

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser
from tests.browser.kinds import KINDS, REFUSED, STOPPED

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
COLOURS: dict[str, Any] = {"runOnly": {"type": "tag", "values": ["cat.color"]}}
"""The rules on what the dark scheme changes, which is the colours."""
LOOKS: tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...] = (("light", {}), ("dark", COLOURS))
_STATUS = dict.fromkeys(REFUSED, (400, 404, 406)) | dict.fromkeys(STOPPED, (503,))


def test_axe_has_nothing_to_object_to(browser: Browser, address: str) -> None:
    """Each page is loaded once and looked at in all four ways."""
    context = browser.new_context(base_url=address, bypass_csp=True)
    page, axe = context.new_page(), Axe()
    found = {}
    for kind, path in (KINDS | STOPPED).items():
        answer = page.goto(path)
        assert answer is not None
        assert answer.status in _STATUS.get(kind, (200,)), kind
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            for scheme, rules in LOOKS:
                page.emulate_media(color_scheme=scheme)
                results = axe.run(page, options={"resultTypes": ["violations"], **rules})
                for one in results.response["violations"]:
                    nodes = [node["html"][:160] for node in one["nodes"]][:3]
                    found[f"{kind}, {size}, {scheme}: {one['id']}"] = nodes
    context.close()
    assert found == {}
