"""A graph served on a free port of this machine, by a thread of the process that tests it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from kg.settings import Settings
from kg.web.app import create_app


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The address of the graph that these settings have built."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
