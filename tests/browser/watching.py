"""A page under watch: what it asked for, what its policy refused, and what its scripts complained of."""

from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # the package has no types
from playwright.sync_api import Browser, Page

_REFUSED = "document.addEventListener('securitypolicyviolation', event => (window.refused ??= []).push(" \
    "`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))"  # fmt: skip


@contextmanager
def watched(
    browser: Browser,
    address: str,
    width: int = 1280,
    scheme: str = "light",
    *,
    scripts: bool = True,
    tolerated: tuple[str, ...] = (),
) -> Iterator[Page]:
    """A page that must ask no other host for anything, keep its policy and log no error but those tolerated."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
        base_url=address,
        permissions=["clipboard-read", "clipboard-write"],
        has_touch=width < 500,
    )
    context.add_init_script(_REFUSED)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda said: complaints.append(f"{said.text} {said.location}") if said.type == "error" else None
    )
    try:
        yield page
        if scripts:
            refused = page.evaluate("window.refused ?? []")
            assert not refused, refused
        elsewhere = [url for url in asked if not url.startswith((address, "blob:", "data:"))]
        assert not elsewhere, elsewhere
        unexpected = [text for text in complaints if not any(known in text for known in tolerated)]
        assert not unexpected, unexpected
    finally:
        context.close()


def accessible(page: Page) -> None:
    """Axe finds nothing to object to on the page as it stands, and it is no wider than the window.

    Raises:
        AssertionError: with the report.
    """
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window
