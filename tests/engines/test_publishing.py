"""``kg publish`` to real servers: what stands there, what goes, and what is left alone."""

import pytest
from starlette.testclient import TestClient
from tests.engines.conftest import at_store, connected, publish
from tests.engines.servers import Running, oxigraph
from tests.live import within

from kg.compiler.build import build
from kg.errors import PublishFailed
from kg.loading import Server
from kg.publication import MERGE, RECORD
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.stored import find
from kg.web.app import create_app

OLD = "https://w3id.org/armature/graph/data/no-longer/there"
FOREIGN = "https://example.org/graph/foreign"


def _graphs(settings: Settings, running: Running) -> dict[str, int]:
    query = "SELECT ?g (COUNT(?s) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    with connected(settings, running) as wire:
        return {row["g"]: int(row["n"]) for row in Server(running.query, wire).rows(query)}


def _put(settings: Settings, running: Running, graph: str) -> None:
    with connected(settings, running) as wire:
        text = f'INSERT DATA {{ GRAPH <{graph}> {{ <urn:a> <urn:b> "c" }} }}'
        headers = {"Content-Type": "application/sparql-update"}
        wire.send("POST", running.update, content=text.encode(), headers=headers)


@pytest.mark.parametrize("update", [False, True], ids=["graph store", "update"])
def test_every_graph_stands_there_with_its_count(
    settings: Settings, built: Snapshot, running: Running, update: bool
) -> None:
    _put(settings, running, OLD)
    _put(settings, running, FOREIGN)
    made = publish(settings, running, built, update=update)
    found = _graphs(settings, running)
    assert {graph: found[graph] for graph in built.manifest.graphs} == built.manifest.graphs
    assert OLD not in found
    assert found[FOREIGN] == 1
    assert found[RECORD] > 1
    assert made.merge == (MERGE if running.name == "virtuoso" else None)
    assert found.get(MERGE) == (built.manifest.triples if made.merge else None)


def test_a_default_graph_that_is_not_ours_is_left_alone(
    settings: Settings, built: Snapshot, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with oxigraph(tmp_path_factory.mktemp("foreign")) as running:
        with connected(settings, running) as wire:
            headers = {"Content-Type": "application/sparql-update"}
            wire.send("POST", running.update, content=b'INSERT DATA { <urn:a> <urn:b> "c" }', headers=headers)
        with pytest.raises(PublishFailed, match="1 statements that we did not put there"):
            publish(settings, running, built)
        assert _graphs(settings, running) == {}
        assert publish(settings, running, built, beside=True).merge == MERGE
        with connected(settings, running) as wire:
            counted = Server(running.query, wire).rows(find(settings.queries, "default-count").text)
        assert [row["count"] for row in counted] == ["1"]


def test_what_was_published_anew_is_served_without_a_restart(
    project: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = build(project)[0]
    with oxigraph(tmp_path_factory.mktemp("renewed")) as running:
        publish(project, running, first)
        settings = at_store(project, running, snapshots=tmp_path_factory.mktemp("mirror"), store_refresh=0.1)
        with TestClient(create_app(settings)) as client:
            before = client.get("/id/arquus.ttl")
            assert client.get("/healthz").json()["snapshot"] == first.hash
            path = project.data / "firms" / "arquus.ttl"
            path.write_text(path.read_text("utf-8").replace('"Arquus"@en', '"Arquus of Versailles"@en', 1), "utf-8")
            second = build(project)[0]
            publish(project, running, second)
            assert within(20, lambda: client.get("/healthz").json()["snapshot"] == second.hash)
            after = client.get("/id/arquus.ttl")
            assert "Arquus of Versailles" in after.text
            assert before.headers["etag"] != after.headers["etag"]
            assert client.get("/search?q=versailles", headers={"Accept": "application/json"}).json()["total"] == 1


def test_the_same_snapshot_published_again_has_other_validators(
    settings: Settings, built: Snapshot, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with oxigraph(tmp_path_factory.mktemp("again")) as running:
        first, second = (publish(settings, running, built) for _ in range(2))
    assert first.validator != second.validator
    assert first.manifest == second.manifest
