"""A server process as it starts."""

import asyncio
import gc

import pytest
import uvicorn

from kg.settings import Settings
from kg.web.connection import Config
from kg.web.process import Server


class _Observer:
    connections = None


def test_what_a_server_has_read_when_it_starts_is_not_looked_through_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def started(*_: object) -> None:
        """Nothing to bind."""

    monkeypatch.setattr(uvicorn.Server, "startup", started)
    server = Server(Config(None, Settings()), alone=True)
    server.lifespan = type("Lifespan", (), {"state": {"observer": _Observer()}})()
    gc.unfreeze()  # what a server in another test had read
    try:
        asyncio.run(server.startup())
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
