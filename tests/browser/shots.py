"""Pictures of every kind of page, on a desk and on a phone, light and dark: to be looked at, not compared.

``make shots``, or ``python -m tests.browser.shots FOLDER`` once the graph is built. With ``docs/images`` in the place
of the folder: the pictures of the README, which are the tops of some pages.
"""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, FloatRect, Page, sync_playwright
from tests.browser.kinds import KINDS, STOPPED
from tests.conftest import QUIET
from tests.served import served

from kg.settings import Settings

SIZES = {"desk": (1280, 1000), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DRAWN = {"graph view": ".dot", "path": ".dot", "workbench": ".CodeMirror"}
"""What is there once the script of a page has done its work."""
LAID_OUT = "document.querySelectorAll('.panel').forEach(panel => panel.classList.add('is-laid-out'))"
"""Panels that no reader has come to yet are blank, as they would be in a picture of the whole page."""
TALLEST = 6_000
IMAGES = Path(__file__).parents[2] / "docs" / "images"


@dataclass(frozen=True)
class Shot:
    """A picture: of which page, how large, in which scheme; as tall as the page where no height is told."""

    name: str
    kind: str
    path: str
    width: int
    window: int
    scheme: Literal["light", "dark"] = "light"
    height: int = 0


def every_kind() -> Iterator[Shot]:
    """Each kind of page in each size and scheme."""
    for scheme in SCHEMES:
        for size, (width, window) in SIZES.items():
            for kind, path in (KINDS | STOPPED).items():
                yield Shot(f"{kind.replace(' ', '-')}.{size}.{scheme}", kind, path, width, window, scheme)


README = (
    Shot("firm", "firm", "/id/arquus.html", 1280, 1000, height=1080),
    Shot("order", "order", "/id/belgium-caesar-order-2024.html", 1280, 1000, height=900),
    Shot("path", "path", "/path?from=arquus&to=belgium", 1280, 1000, height=1100),
    Shot("phone", "deal", "/id/john-cockerill-arquus-merger.html", 390, 844, "dark", height=1100),
)


def take(browser: Browser, address: str, shots: Iterator[Shot], folder: Path) -> int:
    """Write a PNG of each into the folder; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    page = browser.new_page(base_url=address)
    taken = 0
    for shot in shots:
        page.emulate_media(color_scheme=shot.scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": shot.width, "height": shot.window})
        answer = page.goto(shot.path)
        assert answer is not None
        assert (answer.status == 503) if shot.kind in STOPPED else (answer.status < 500), shot.path
        if shot.kind in DRAWN:
            page.locator(DRAWN[shot.kind]).first.wait_for()
        page.evaluate(LAID_OUT)
        clip: FloatRect = {"x": 0, "y": 0, "width": shot.width, "height": shot.height or min(_tall(page), TALLEST)}
        page.screenshot(timeout=90_000, path=folder / f"{shot.name}.png", full_page=True, clip=clip)
        taken += 1
    page.close()
    return taken


def _tall(page: Page) -> int:
    found: int = page.evaluate("document.documentElement.scrollHeight")
    return found


if __name__ == "__main__":
    target = Path(sys.argv[1])
    chosen = iter(README) if target.resolve() == IMAGES else every_kind()
    with served(Settings()) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        sys.stdout.write(f"{take(browser, address, chosen, target)} pictures in {target}\n")
        browser.close()
