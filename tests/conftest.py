"""What many tests share: the communiqué's graph built once, the whole one, and a copy of the project to break."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from starlette.testclient import TestClient
from tests import communique
from tests.served import served

from kg.compiler.build import Graph, build, graph
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.app import create_app

ROOT = Path(__file__).parents[1]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip


@pytest.fixture(scope="session")
def communique_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with the communiqué's part of the data: the same however the dataset grows."""
    home = tmp_path_factory.mktemp("home")
    for folder in ("ontology", "queries"):
        shutil.copytree(ROOT / folder, home / folder)
    communique.write(ROOT / "data", home / "data")
    return home


@pytest.fixture(scope="session")
def settings(communique_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The communiqué's sources, with snapshots in a scratch folder and short limits."""
    return Settings(home=communique_home, snapshots=tmp_path_factory.mktemp("snapshots"), deadline=5, readers=2)


@pytest.fixture(scope="session")
def assembled(settings: Settings) -> Graph:
    """The communiqué's graph in memory, with what is derived."""
    return graph(settings)


@pytest.fixture(scope="session")
def whole_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """All the project's sources, with snapshots in a scratch folder."""
    return Settings(home=ROOT, snapshots=tmp_path_factory.mktemp("snapshots"), readers=2)


@pytest.fixture(scope="session")
def whole(whole_settings: Settings) -> Graph:
    """The project's whole graph in memory, with what is derived."""
    return graph(whole_settings)


@pytest.fixture(scope="session")
def built(settings: Settings) -> Snapshot:
    """The snapshot of the communiqué's graph."""
    return build(settings)[0]


@pytest.fixture(scope="session")
def client(settings: Settings, built: Snapshot) -> Iterator[TestClient]:
    """A client of the served graph; redirects are not followed."""
    with TestClient(create_app(settings), follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def address(settings: Settings, built: Snapshot) -> Iterator[str]:
    """The communiqué's graph, served on a free port."""
    with served(settings) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium where there is one, else the one that Playwright has downloaded.

    For one module only: while it is open an event loop runs in this thread, and no other test could start one.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def project(tmp_path: Path, communique_home: Path) -> Settings:
    """A copy of the project, with the communiqué's part of its data, that a test may break."""
    shutil.copytree(communique_home, tmp_path / "home")
    return Settings(home=tmp_path / "home", snapshots=tmp_path / "snapshots")
