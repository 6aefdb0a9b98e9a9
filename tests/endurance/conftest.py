"""A server of one's own, as its own process, to be attacked from outside."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.endurance.server import Server

from kg.settings import Settings
from kg.snapshot import Snapshot

ROOT = Path(__file__).parents[2]


@pytest.fixture
def serve(settings: Settings, built: Snapshot, tmp_path: Path) -> Callable[..., object]:
    """Starts the project's server with settings (``KG_…`` without the prefix); ends it by its id."""

    @contextmanager
    def started(**chosen: object) -> Iterator[Server]:
        given = {f"KG_{name.upper()}": str(value) for name, value in chosen.items()}
        environment = {**os.environ, "KG_SNAPSHOTS": str(settings.snapshots), **given}
        log = (tmp_path / "log").open("w")
        with subprocess.Popen(
            [sys.executable, "-m", "kg", "serve", "--port", "0", "--no-build"],
            env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True,
        ) as process:  # fmt: skip
            try:
                assert process.stdout is not None
                found = re.search(r"http://\S+", process.stdout.readline())
                assert found, (tmp_path / "log").read_text()
                yield Server(found.group(), process)
                assert process.poll() is None, (tmp_path / "log").read_text()
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=30)
                log.close()

    return started
