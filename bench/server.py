"""The project's own server over the snapshot that was built last, for benchmarks of more than queries."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from bench import processes
from kg.settings import Settings

_UP_SECONDS = 60.0


@contextmanager
def served(settings: Settings, log: Path, environment: Mapping[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """The port and process of a server with the default settings, but for those in the ``environment``.

    Raises:
        StartError: it did not come up.
    """
    port = processes.free_port()
    log.parent.mkdir(parents=True, exist_ok=True)
    kg = [sys.executable, "-m", "kg", "--snapshots", str(settings.snapshots)]
    process = processes.start([*kg, "serve", "--no-build", "--port", str(port)], log, environment)
    try:
        processes.wait_until(lambda: _ready(port), process, log, _UP_SECONDS)
        yield port, process.pid
    finally:
        processes.end(process)


def _ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return int(answer.status) == 200
    except OSError:
        return False
