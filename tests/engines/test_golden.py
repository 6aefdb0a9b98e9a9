"""The whole graph in another server: the stored queries give their golden answers."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient
from tests.conftest import ROOT
from tests.engines.conftest import at_store, publish
from tests.engines.servers import oxigraph

from kg import indexing, snapshot
from kg.compiler.build import Graph
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.stored import library
from kg.web.app import create_app

GOLDEN = ROOT / "tests" / "golden"
QUERIES = library(ROOT / "queries" / "api")


@pytest.fixture(scope="module")
def client(whole: Graph, whole_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of the product over the whole graph in Oxigraph."""
    folder = tmp_path_factory.mktemp("whole")
    settings = whole_settings.model_copy(update={"snapshots": folder / "snapshots"})
    with oxigraph(folder) as running:
        publish(settings, running, _written(settings, whole))
        with TestClient(create_app(at_store(settings, running, deadline=30))) as client:
            yield client


def _written(settings: Settings, whole: Graph) -> Snapshot:
    """The graph as a snapshot, whatever the shapes say of it: that is not the matter here."""
    lines = snapshot.statements(whole.store)
    manifest = snapshot.describe(whole.store, lines, 0, whole.record_date)
    with snapshot.building(settings.snapshots) as work:
        snapshot.fill(work, whole.store, lines, manifest)
        indexing.build(work / "search", whole.store, settings.queries / "rules" / "search")
        return snapshot.put_in_place(settings.snapshots, work, manifest)


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_stored_query_gives_its_golden_answer(client: TestClient, name: str) -> None:
    found = client.get(f"/sparql?format=csv&query={quote(QUERIES[name].text)}")
    assert found.text.splitlines() == (GOLDEN / f"{name}.csv").read_text("utf-8").splitlines()
