"""What many tests share: the project's own graph built once, and a copy of the project to break."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kg.compiler.build import Graph, build, graph
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.app import create_app

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The project's own sources, with snapshots in a scratch folder and short limits."""
    return Settings(home=ROOT, snapshots=tmp_path_factory.mktemp("snapshots"), deadline=5, readers=2)


@pytest.fixture(scope="session")
def assembled(settings: Settings) -> Graph:
    """The project's own graph in memory, with what is derived."""
    return graph(settings)


@pytest.fixture(scope="session")
def built(settings: Settings) -> Snapshot:
    """The project's own snapshot."""
    return build(settings)[0]


@pytest.fixture(scope="session")
def client(settings: Settings, built: Snapshot) -> Iterator[TestClient]:
    """A client of the served project; redirects are not followed."""
    with TestClient(create_app(settings), follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    """A copy of the project that a test may break."""
    for folder in ("ontology", "data", "queries"):
        shutil.copytree(ROOT / folder, tmp_path / "home" / folder)
    return Settings(home=tmp_path / "home", snapshots=tmp_path / "snapshots")
