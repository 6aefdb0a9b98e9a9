"""Two clients that cost little: one connection for latency, and wrk for throughput.

The first sends ready bytes over a plain socket and reads to the end of the answer. The second is the C program
wrk (Debian: ``wrk``), fed with ready requests; its own CPU time is reported, to show that it is not the limit.
"""

import json
import os
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import quote

JSON, N_TRIPLES = "application/sparql-results+json", "application/n-triples"
EITHER = f"{JSON}, {N_TRIPLES}"
_LUA = Path(__file__).parent / "wrk.lua"
_PIECE = 1 << 18


class AnswerError(Exception):
    """The engine did not answer with 200 and a whole body."""


@dataclass(frozen=True)
class Target:
    """Where an engine answers queries; ``more`` goes with every one of them."""

    port: int
    path: str
    more: str = ""

    def line(self, query: str) -> str:
        """Path and query string of a request."""
        return f"{self.path}?{self.more}query={quote(query, safe='')}"

    def request(self, query: str, *, graph: bool) -> bytes:
        """A whole GET request."""
        return self.accepting(query, N_TRIPLES if graph else JSON)

    def accepting(self, query: str, accept: str) -> bytes:
        """A whole GET request with an Accept header."""
        head = f"GET {self.line(query)} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept: {accept}\r\n\r\n"
        return head.encode()


class Connection:
    """One kept-alive connection; opened anew after a failure. ``timeout`` in seconds for one answer."""

    def __init__(self, target: Target, timeout: float) -> None:
        self._target, self._timeout = target, timeout
        self._socket: socket.socket | None = None

    def ask(self, query: str, *, graph: bool) -> bytes:
        """The body of the answer.

        Raises:
            AnswerError: another status than 200, a broken or late answer.
        """
        return self.send(self._target.request(query, graph=graph))

    def send(self, request: bytes) -> bytes:
        """Like :meth:`ask`, with a request that is ready; timed ones come this way."""
        self.open()
        assert self._socket is not None  # noqa: S101 - opened above
        deadline = time.monotonic() + self._timeout
        try:
            self._socket.sendall(request)
            status, body, stays = _answer(self._socket, deadline)
        except (OSError, ValueError) as error:
            self.close()
            raise AnswerError(f"no whole answer: {error or type(error).__name__}") from error
        if not stays:
            self.close()
        if status != 200:
            self.close()
            raise AnswerError(f"status {status}: {body[:300].decode('utf-8', 'replace')}")
        return body

    def open(self) -> None:
        """Connect, unless that is done.

        Raises:
            AnswerError: nobody listens.
        """
        if self._socket is not None:
            return
        try:
            self._socket = socket.create_connection(("127.0.0.1", self._target.port), self._timeout)
        except OSError as error:
            raise AnswerError(f"no connection: {error}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _answer(connection: socket.socket, deadline: float) -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection stays open."""
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _piece(connection, deadline)
    head = bytes(data[:end]).lower()
    status = int(head.split(b" ", 2)[1])
    fields = dict(line.partition(b":")[::2] for line in head.split(b"\r\n")[1:])
    del data[: end + 4]
    stays = fields.get(b"connection", b"").strip() != b"close"
    if b"content-length" in fields:
        length = int(fields[b"content-length"])
        while len(data) < length:
            data += _piece(connection, deadline)
        return status, bytes(data), stays
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        return status, _unchunked(connection, data, deadline), stays
    return status, _to_the_end(connection, data, deadline), False


def _piece(connection: socket.socket, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    connection.settimeout(left)
    piece = connection.recv(_PIECE)
    if not piece:
        raise ValueError("the connection closed in the middle")
    return piece


def _unchunked(connection: socket.socket, data: bytearray, deadline: float) -> bytes:
    body = bytearray()
    start = 0
    while True:
        while (end := data.find(b"\r\n", start)) < 0:
            data += _piece(connection, deadline)
        length = int(data[start:end].partition(b";")[0], 16)
        while len(data) < end + 4 + length:
            data += _piece(connection, deadline)
        if length == 0:
            return bytes(body)
        body += data[end + 2 : end + 2 + length]
        start = end + 4 + length
        if start > _PIECE:
            del data[:start]
            start = 0


def _to_the_end(connection: socket.socket, data: bytearray, deadline: float) -> bytes:
    while True:
        try:
            data += _piece(connection, deadline)
        except ValueError:
            return bytes(data)


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests per second, latencies in milliseconds, failures, and its own share of one core."""

    rate: float
    p50: float
    p99: float
    failures: int
    client_cpu: float


def load(target: Target, queries: Sequence[str], clients: int, seconds: int, *, cold: int | None) -> Load:
    """Ask the queries in turn from so many kept-alive connections for so long.

    ``cold`` is a number that no other call has: each request then ends in a comment of its own. Without it the
    texts go out as they are.
    """
    with NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(target.line(query) for query in queries))
        file.flush()
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_LUA)]
        command += [f"http://127.0.0.1:{target.port}/", "--", file.name, EITHER]
        command += [str(cold)] if cold is not None else []
        begun = time.monotonic()
        before = os.times()
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
        after = os.times()
        elapsed = time.monotonic() - begun
    told = json.loads(done.stdout[done.stdout.index("{") :])
    cpu = (after.children_user + after.children_system - before.children_user - before.children_system) / elapsed
    return Load(told["requests"] / told["seconds"], told["p50"], told["p99"], told["failures"], round(cpu, 3))
