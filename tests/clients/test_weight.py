"""What a page costs its first reader over the wire, of the whole graph, and whom it asks for it."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Request
from tests.browser.kinds import ISLANDS, KINDS

HEAVIEST = 100_000
"""Bytes of a page with all that it loads: bodies as they are sent, and the header fields of the answers."""


@dataclass(frozen=True)
class Visit:
    """A page as a browser loads it that has never been here."""

    policy: str
    asked: tuple[str, ...]
    weight: int


def _weight(request: Request) -> int:
    sizes = request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


def visited(browser: Browser, address: str, path: str) -> Visit:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    page.on("request", note)
    answer = page.goto(path, wait_until="networkidle")
    assert answer is not None
    assert answer.status < 500
    local = [request for request in asked if not request.url.startswith(("data:", "blob:"))]
    policy = answer.headers["content-security-policy"]
    visit = Visit(policy, tuple(request.url for request in local), sum(map(_weight, local)))
    context.close()
    return visit


@pytest.fixture(scope="module")
def visits(browser: Browser, everything: str) -> dict[str, Visit]:
    return {kind: visited(browser, everything, path) for kind, path in KINDS.items()}


def test_no_page_is_heavy(visits: dict[str, Visit]) -> None:
    heavy = {kind: visit.weight for kind, visit in visits.items() if kind not in ISLANDS and visit.weight > HEAVIEST}
    assert heavy == {}
    assert min(visit.weight for visit in visits.values()) > 5_000


def test_no_page_asks_another_host(visits: dict[str, Visit], everything: str) -> None:
    asked = {url for visit in visits.values() for url in visit.asked}
    assert {url for url in asked if not url.startswith(f"{everything}/")} == set()
    assert len(asked) > len(visits)


def test_every_policy_is_strict(visits: dict[str, Visit]) -> None:
    for kind, visit in visits.items():
        policy = dict(part.split(" ", 1) for part in visit.policy.split("; "))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'", kind
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'", kind
        assert policy["img-src"] == ("'self' blob:" if kind in ISLANDS else "'self'"), kind
        assert set(visit.policy.split("'")) & {"unsafe-inline", "unsafe-eval", "unsafe-hashes"} == set(), kind
