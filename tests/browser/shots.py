"""Pictures of every kind of page, on a desk and on a phone, light and dark: to be looked at, not compared.

``make shots``, or ``python -m tests.browser.shots FOLDER`` once the graph is built.
"""

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright
from tests.browser.kinds import KINDS
from tests.conftest import QUIET

from kg.settings import Settings
from kg.web.app import create_app

SIZES = {"desk": (1280, 1000), "phone": (390, 844)}
SCHEMES = ("light", "dark")


@contextmanager
def served() -> Iterator[str]:
    """The address of the built graph, served on a free port."""
    app = create_app(Settings())
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def shoot(address: str, folder: Path) -> int:
    """Write a PNG of each page, size and scheme into the folder; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        for scheme in SCHEMES:
            for size, (width, height) in SIZES.items():
                page = browser.new_page(
                    base_url=address,
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if scheme == "dark" else "light",
                )
                for kind, path in KINDS.items():
                    page.goto(path)
                    page.screenshot(path=folder / f"{kind.replace(' ', '-')}.{size}.{scheme}.png")
                page.close()
        browser.close()
    return len(KINDS) * len(SIZES) * len(SCHEMES)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    with served() as address:
        sys.stdout.write(f"{shoot(address, target)} pictures in {target}\n")
