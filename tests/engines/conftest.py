"""The project served from its own snapshot, and from other servers that it was published to."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from tests.engines.servers import Running, oxigraph, virtuoso

from kg.engine.endpoint import Credentials
from kg.loading import GraphStore, Loader, Patience, Server, Updates, Wire
from kg.publication import Publication
from kg.publishing import Publisher
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.app import create_app

ENGINES = ("embedded", "oxigraph", "virtuoso")
SERVERS = {"oxigraph": oxigraph, "virtuoso": virtuoso}


UNMETERED = {"rate_requests": 0, "rate_seconds": 0}
"""Slow servers use up the quota of a client that asks one question after the other."""


def at_store(settings: Settings, running: Running, **more: object) -> Settings:
    """The settings of a server that answers from another one."""
    access = {"store_user": running.user, "store_password": SecretStr(running.password)}
    return settings.model_copy(
        update={"store": running.query, "deadline": 30, "queue_wait": 60, **UNMETERED, **access, **more}
    )


@contextmanager
def connected(settings: Settings, running: Running) -> Iterator[Wire]:
    """A connection with the server's credentials."""
    wire = Wire(Credentials.of(at_store(settings, running)), Patience(), 60)
    try:
        yield wire
    finally:
        wire.close()


def publish(
    settings: Settings, running: Running, found: Snapshot, *, update: bool = False, beside: bool = False
) -> Publication:
    """Publish a snapshot by the Graph Store Protocol, or by updates."""
    with connected(settings, running) as wire:
        loader: Loader = Updates(running.update, wire) if update else GraphStore(running.graph_store, wire)
        return Publisher(Server(running.query, wire), loader, settings.queries, beside).publish(found)


@pytest.fixture(scope="session", params=sorted(SERVERS))
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Each of the other servers, empty."""
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture(scope="session", params=ENGINES)
def engine(
    request: pytest.FixtureRequest, settings: Settings, built: Snapshot, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, TestClient]]:
    """The name of what answers, and a client of the product over it."""
    folder = tmp_path_factory.mktemp(f"engine-{request.param}")
    if request.param == "embedded":
        with _client(settings.model_copy(update=UNMETERED)) as client:
            yield request.param, client
        return
    with SERVERS[request.param](folder) as server:
        publish(settings, server, built)
        with _client(at_store(settings, server, snapshots=folder / "snapshots")) as client:
            yield request.param, client


def _client(settings: Settings) -> TestClient:
    return TestClient(create_app(settings), follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def client(engine: tuple[str, TestClient]) -> TestClient:
    """A client of the product, whatever answers."""
    return engine[1]


@pytest.fixture(scope="session")
def embedded(settings: Settings, built: Snapshot) -> Iterator[TestClient]:
    """A client of the product over its own snapshot, to compare with."""
    with _client(settings.model_copy(update=UNMETERED)) as client:
        yield client
