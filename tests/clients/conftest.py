"""Where the clients that are not Python live, and a web server for files beside the one under test."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.served import served

from kg.compiler.build import build
from kg.settings import Settings

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def modules() -> Path:
    """The installed Node.js packages.

    Raises:
        FileNotFoundError: they are not installed; ``make test-clients`` does it.
    """
    folder = HERE / "node_modules"
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is missing: run 'make test-clients'.")
    return folder


@pytest.fixture(scope="session")
def everything(whole_settings: Settings) -> Iterator[str]:
    """The address of the project's whole graph: pages as long as readers meet them."""
    build(whole_settings)
    with served(whole_settings.model_copy(update={"deadline": 60})) as found:
        yield found


class Quiet(SimpleHTTPRequestHandler):
    """Static files, without a log."""

    extensions_map = {  # noqa: RUF012 - as the base class has it
        **SimpleHTTPRequestHandler.extensions_map,
        ".ttl": "text/turtle",
    }

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder, and the address that it is served at: another origin than the server under test."""
    folder = tmp_path_factory.mktemp("elsewhere")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever).start()
    yield folder, f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
