"""A running ``kg serve`` to talk to over sockets, with its log, and ended by its process id."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from kg.settings import Settings

T = TypeVar("T")

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
"""A query that runs into any deadline."""


@dataclass
class Live:
    """A server under test. Clients may come from any address 127.0.0.x."""

    process: "subprocess.Popen[str]"
    port: int
    stderr: Path

    def connect(self, client: str = "127.0.0.1", receive_bytes: int = 0) -> socket.socket:
        """A connection from an address of one's choice, with a receive buffer of so many bytes."""
        made = socket.socket()
        if receive_bytes:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        made.settimeout(20)
        try:
            made.bind((client, 0))
            made.connect(("127.0.0.1", self.port))
        except OSError:
            made.close()
            raise
        return made

    def ask(self, path: str, client: str = "127.0.0.1", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower-case) and body of a GET on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=(client, 0))
        try:
            connection.request(
                "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = connection.getresponse()
            return answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def query(self, text: str, client: str = "127.0.0.1") -> tuple[int, dict[str, str], bytes]:
        """The answer to a query."""
        return self.ask(f"/sparql?query={quote(text)}", client, Accept="application/sparql-results+json")

    def figure(self, name: str) -> float:
        """The sum of a metric's samples whose line begins so."""
        lines = self.ask("/metrics")[2].decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def log(self) -> str:
        """What the server has written to standard error so far."""
        return self.stderr.read_text("utf-8")

    def logged(self, *words: str) -> str:
        """The first line of the log that has all these words, waited for."""
        return within(10, lambda: next((li for li in self.log().splitlines() if all(w in li for w in words)), ""))


def within(seconds: float, look: Callable[[], T]) -> T:
    """What ``look`` returns, once that is true; asked for again and again, for so long at most."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, f"nothing came within {seconds} s"
        time.sleep(0.02)
    return found


def received(connection: socket.socket) -> bytes:
    """Everything until the server closes; a reset ends it, too."""
    data = b""
    try:
        while piece := connection.recv(65_536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def problem(answer: bytes) -> tuple[int, str, dict[str, str]]:
    """Status, kind and headers of the problem document in a raw answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    assert headers["content-type"] == "application/problem+json"
    said = json.loads(body)
    assert said["status"] == int(lines[0].split()[1])
    assert said["request_id"] == headers["x-request-id"]
    assert len(said["detail"]) > 15
    return said["status"], said["type"].rpartition("/")[2], headers


@contextmanager
def serving(settings: Settings, folder: Path, *options: str, **chosen: object) -> Iterator[Live]:
    """A running server with these settings besides the folders."""
    where = ["--home", str(settings.home), "--snapshots", str(settings.snapshots)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KG_")}
    environment = kept | {f"KG_{name.upper()}": str(value) for name, value in chosen.items()}
    stderr = folder / f"stderr-{time.monotonic_ns()}"
    with (
        stderr.open("w") as told,
        subprocess.Popen(
            [sys.executable, "-m", "kg", *where, "serve", "--port", "0", *options],
            stdout=subprocess.PIPE, stderr=told, text=True, start_new_session=True, env=environment,
        ) as process,
    ):  # fmt: skip
        try:
            assert process.stdout is not None
            found = re.search(r"http://[^ /]+:(\d+)", process.stdout.readline())
            assert found, stderr.read_text()
            live = Live(process, int(found[1]), stderr)
            within(30, lambda: answers(live))
            yield live
        finally:
            end(process)


def answers(live: Live) -> bool:
    """Whether the server can be talked to."""
    try:
        return live.ask("/healthz")[0] == 200
    except OSError:
        return False


def end(process: "subprocess.Popen[str]") -> None:
    """Ask a server to stop, and make sure that it and all that it started are gone."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)
