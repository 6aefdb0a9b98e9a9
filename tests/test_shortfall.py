"""A page whose parts cannot all be shown: it says so, is marked, and is kept by nobody."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext

import pytest
from starlette.testclient import TestClient

from kg.compiler.build import build
from kg.engine.store import EmbeddedStore, Request
from kg.errors import (
    EngineFailure,
    KgError,
    QueryTimeout,
    QueryTooExpensive,
    QuotaExceeded,
    ResultTooLarge,
    StoreFailure,
    StoreUnreachable,
    TooBusy,
)
from kg.settings import Settings
from kg.web import archive, chains, kept, settling
from kg.web.app import create_app
from kg.web.shortfall import HEADER

PAGE = "/id/arquus.html"
GLANCE = "# glance\n"
"""The first line of a stored query as an engine gets it."""
HTML = {"Accept": "text/html"}
ENDLESS = "{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(CONCAT(STR(?a), STR(?d), STR(?g), STR(?j)) = '') }"

Break = Callable[[KgError, str], None]


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Break]:
    """Lets every query fail whose text has some words in it, until it is told other words."""
    several = EmbeddedStore.several
    failing: dict[str, KgError] = {}
    for remembered in (kept._PAGES, archive._ARCHIVES, chains._READ):
        remembered.clear()
    monkeypatch.setattr(settling, "settling", nullcontext)

    async def answering(self: EmbeddedStore, requests: Sequence[Request]) -> list[bytes | KgError]:
        found = await several(self, requests)
        for words, error in failing.items():
            found = [error if words in one.query else body for one, body in zip(requests, found, strict=True)]
        return found

    def breaking(error: KgError, words: str) -> None:
        failing.clear()
        failing[words] = error

    monkeypatch.setattr(EmbeddedStore, "several", answering)
    yield breaking
    kept._PAGES.clear()


@pytest.fixture
def uncached(settings: Settings, built: object, fail: Break) -> Iterator[TestClient]:
    """A client of a server that has read nothing before it is asked."""
    app = create_app(settings.model_copy(update={"rate_requests": 0, "rate_seconds": 0}))
    with TestClient(app, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(
    "error",
    [
        EngineFailure("It broke."),
        QueryTimeout("Too long."),
        QueryTooExpensive("Too dear."),
        ResultTooLarge("Too large."),
        StoreFailure("It answered 500."),
        StoreUnreachable("It is down.", retry_after=5),
        TooBusy("It is busy.", retry_after=1),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_panel_that_fails_does_not_fail_its_page(uncached: TestClient, fail: Break, error: KgError) -> None:
    fail(error, GLANCE)
    lacking = uncached.get(PAGE, headers=HTML)
    assert lacking.status_code == 200
    assert lacking.headers[HEADER] == "glance"
    assert "could not be shown now" in lacking.text
    assert 'href="/query/glance?entity=' in lacking.text.partition("could not be shown now")[2]
    assert error.detail not in lacking.text
    assert "Every claim about this" in lacking.text


def test_such_a_page_is_kept_by_nobody_and_whole_the_next_time(uncached: TestClient, fail: Break) -> None:
    fail(QueryTimeout("Too long."), GLANCE)
    lacking = uncached.get(PAGE, headers=HTML)
    assert "etag" not in lacking.headers
    assert lacking.headers["cache-control"] == "no-store"
    fail(QueryTimeout("Too long."), "nothing that any query says")
    whole = uncached.get(PAGE, headers=HTML)
    assert whole.status_code == 200
    assert HEADER not in whole.headers
    assert "etag" in whole.headers
    assert "could not be shown" not in whole.text


def test_it_is_counted_and_logged(
    uncached: TestClient, fail: Break, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    fail(StoreUnreachable("It is down.", retry_after=5), GLANCE)
    with caplog.at_level("INFO"):
        uncached.get(PAGE, headers=HTML)
    told = [fields for record in caplog.records if (fields := getattr(record, "fields", None))]
    assert [fields["lacking"] for fields in told if "lacking" in fields] == ["glance"]
    assert "glance: It is down." in caplog.text
    app = create_app(settings.model_copy(update={"metrics_allow_ips": "*"}))
    with TestClient(app, client=("127.0.0.1", 1)) as client:
        client.get(PAGE, headers=HTML)
        figures = client.get("/metrics").text
    wanted = 'armature_page_parts_not_shown_total{problem="store-unreachable",query="glance"} 1.0'
    assert wanted in figures


@pytest.mark.parametrize(
    ("failing", "lacking"),
    [("life-cycle", "life-cycle"), ("claim-statements", "claims"), ("citations", "claims")],
)
def test_what_many_panels_need_may_fail(uncached: TestClient, fail: Break, failing: str, lacking: str) -> None:
    fail(StoreFailure("It answered 500."), f"# {failing}\n")
    page = uncached.get("/id/camo.html", headers=HTML)
    assert page.status_code == 200
    assert lacking in page.headers[HEADER].split(", ")
    assert page.text.count("could not be shown now") > 1


def test_the_front_page_goes_without_one_of_its_parts(uncached: TestClient, fail: Break) -> None:
    fail(QueryTimeout("Too long."), "# freshness\n")
    page = uncached.get("/", headers=HTML)
    assert page.status_code == 200
    assert page.headers[HEADER] == "freshness"
    assert "etag" not in page.headers


def test_what_the_whole_page_rests_on_still_fails_it(uncached: TestClient, fail: Break) -> None:
    fail(StoreUnreachable("It is down.", retry_after=5), "# statements\n")
    assert uncached.get(PAGE, headers=HTML).status_code == 503


def test_a_quota_is_the_clients_own_and_fails_the_page(uncached: TestClient, fail: Break) -> None:
    fail(QuotaExceeded("It is used up.", {}, retry_after=1), GLANCE)
    assert uncached.get(PAGE, headers=HTML).status_code == 429


def test_a_reader_that_is_killed_over_one_panel_takes_that_panel_only(project: Settings) -> None:
    path = project.queries / "entity" / "glance.rq"
    head, _, _ = path.read_text("utf-8").partition("WHERE {")
    days = "VALUES ?asOf { UNDEF } VALUES ?knownOn { UNDEF } VALUES ?entity { id:arquus }"
    days = days.replace(" VALUES", "\n  VALUES")
    path.write_text(f"{head}WHERE {{\n  {days}\n  {ENDLESS}\n}}\n", "utf-8")
    build(project)
    with TestClient(create_app(project.model_copy(update={"deadline": 2}))) as client:
        page = client.get(PAGE, headers=HTML)
        assert page.status_code == 200
        assert page.headers[HEADER] == "glance"
        assert "Every claim about this" in page.text
