"""A server of one's own, as its own process, to be attacked from outside."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from kg.settings import Settings
from kg.snapshot import Snapshot

ROOT = Path(__file__).parents[2]
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Server:
    """A running ``kg serve``."""

    address: str
    process: "subprocess.Popen[str]"

    @property
    def host_and_port(self) -> tuple[str, int]:
        host, _, port = self.address.removeprefix("http://").rpartition(":")
        return host, int(port)

    def readers(self) -> list[int]:
        """The query processes."""
        return [pid for pid in descendants(self.process.pid) if b"kg.engine.reader" in command(pid)]

    def resident(self) -> int:
        """Bytes of memory that the server and its processes hold, shared pages counted for each."""
        return sum(resident(pid) for pid in (self.process.pid, *descendants(self.process.pid)))


def descendants(pid: int) -> list[int]:
    """The processes below one."""
    found = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in listing.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


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
