"""Other SPARQL servers under test: started on loopback with folders of their own, and ended by their process id."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

_SECONDS = 60.0
_INI = Path(__file__).with_name("virtuoso.ini")


@dataclass(frozen=True)
class Running:
    """A server: its addresses for queries, graphs and updates, and who may write."""

    name: str
    query: str
    graph_store: str
    update: str
    user: str = ""
    password: str = ""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def oxigraph(folder: Path) -> Iterator[Running]:
    """The Oxigraph server."""
    base = f"http://127.0.0.1:{(port := free_port())}"
    program = Path(sys.executable).with_name("oxigraph")
    command = [str(program), "serve", "--location", str(folder / "store"), "--bind", f"127.0.0.1:{port}"]
    with _process(command, folder / "log", f"{base}/query"):
        yield Running("oxigraph", f"{base}/query", f"{base}/store", f"{base}/update")


@contextmanager
def virtuoso(folder: Path) -> Iterator[Running]:
    """Virtuoso, with a database in a folder of its own and the user that it is born with."""
    port = free_port()
    values = {"folder": folder, "sql": free_port(), "http": port}
    (folder / "virtuoso.ini").write_text(_INI.read_text("utf-8").format_map(values), "utf-8")
    base = f"http://127.0.0.1:{port}"
    command = ["virtuoso-t", "+foreground", "+wait", "+configfile", str(folder / "virtuoso.ini")]
    with _process(command, folder / "log", f"{base}/sparql"):
        yield Running(
            "virtuoso", f"{base}/sparql", f"{base}/sparql-graph-crud-auth", f"{base}/sparql-auth", "dba", "dba"
        )


@contextmanager
def _process(command: Sequence[str], log: Path, query: str) -> Iterator[None]:
    """A process that answers queries, for as long as it is needed."""
    with log.open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=told)
    try:
        _wait(process, query, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", query: str, log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while True:
        assert process.poll() is None, log.read_text("utf-8", "replace")
        assert time.monotonic() < until, f"no answer within {_SECONDS:g} s"
        try:
            if httpx2.post(query, data={"query": "ASK {}"}, timeout=5).status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
