"""Clients that do not read, do not stay or come in masses: each costs a bounded time, and nobody else anything."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.live import ENDLESS, Live, answers, problem, received, serving, within

from kg.settings import Settings
from kg.snapshot import Snapshot

ALL = "SELECT * { ?s ?p ?o }"
EACH_TIME_ANEW = "SELECT (RAND() AS ?r) ?s ?p ?o { ?s ?p ?o }"


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html, */*;q=0.5\r\n\r\n".encode()


def sparql(query: str) -> str:
    return f"/sparql?format=json&query={quote(query)}"


@pytest.fixture(scope="module")
def live(settings: Settings, built: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server that gives nobody more than a second to read."""
    limits = {"transfer": 1.0, "least_rate": 10**9, "deadline": 5, "log_level": "debug"}
    with serving(settings, tmp_path_factory.mktemp("live"), **limits) as live:
        yield live


HELD = {
    "page": "/ontology",
    "export": "/export/all.nt",
    "twin": "/ontology.ttl",
    "cached": sparql(ALL),
    "streamed": sparql(EACH_TIME_ANEW),
}


@pytest.mark.parametrize("kind", HELD)
def test_who_does_not_read_is_cut_and_others_are_not(live: Live, kind: str) -> None:
    status, _, whole = live.ask(HELD[kind])
    assert status == 200
    before, hits = live.figure("armature_http_cut_total"), live.figure('armature_cache_lookups_total{result="hit"}')
    with live.connect(receive_bytes=2_048) as connection:
        connection.sendall(get(HELD[kind]))
        started = time.monotonic()
        assert within(12, lambda: live.figure("armature_http_cut_total") > before), live.log()
        assert time.monotonic() - started > 0.9
        assert len(received(connection)) < len(whole)
    assert live.ask(HELD[kind])[2][-100:] == whole[-100:]
    assert within(5, lambda: live.figure('armature_readers{state="busy"}') == 0)
    if kind == "cached":
        assert live.figure('armature_cache_lookups_total{result="hit"}') > hits
    assert "Traceback" not in live.log()


def test_a_slow_but_steady_reader_gets_everything(settings: Settings, built: Snapshot, tmp_path: Path) -> None:
    """A client earns time by reading: here a second for every 100,000 bytes, beyond the one that it has."""
    with (
        serving(settings, tmp_path, transfer=1.0, least_rate=100_000) as live,
        live.connect(receive_bytes=16_384) as connection,
    ):
        whole = live.ask("/export/all.nt")[2]
        connection.sendall(get("/export/all.nt").replace(b"Host: x", b"Host: x\r\nConnection: close"))
        data, started = b"", time.monotonic()
        while piece := connection.recv(50_000):
            data += piece
            time.sleep(len(piece) / 300_000)
        assert time.monotonic() - started > 2
        assert whole[-1_000:] in data


def test_when_all_connections_are_at_work_the_next_is_told(
    settings: Settings, built: Snapshot, tmp_path: Path
) -> None:
    with serving(settings, tmp_path, connections=5, deadline=8, readers=1) as live, ExitStack() as stack:
        asking = [stack.enter_context(live.connect()) for _ in range(4)]
        for connection in asking:
            connection.sendall(get(sparql(ENDLESS)))
        assert within(5, lambda: live.figure("armature_http_requests_in_flight") == 5)
        asking.append(stack.enter_context(live.connect()))
        asking[-1].sendall(get(sparql(ENDLESS)))
        time.sleep(1)
        status, kind, headers = problem(received(stack.enter_context(live.connect())))
        assert (status, kind) == (503, "too-many-connections")
        assert int(headers["retry-after"]) > 0
        for connection in asking:
            connection.close()
        assert within(10, lambda: answers(live))


def test_idle_connections_make_room_for_new_ones(settings: Settings, built: Snapshot, tmp_path: Path) -> None:
    with serving(settings, tmp_path, connections=4, header_seconds=60) as live, ExitStack() as stack:
        slow, silent, first, second = (stack.enter_context(live.connect()) for _ in range(4))
        slow.sendall(b"GET /heal")
        for connection in (first, second):
            connection.sendall(get("/healthz"))
            assert healthy(connection)
        newcomers = [stack.enter_context(live.connect()) for _ in range(2)]
        assert problem(received(slow))[:2] == (503, "too-many-connections")
        assert received(silent) == b""
        for connection in (first, second, *newcomers):
            connection.sendall(get("/healthz"))
            assert b"200 OK" in healthy(connection)


def healthy(connection: socket.socket) -> bytes:
    """The answer of ``/healthz``, to its last byte."""
    answer = b""
    while not answer.endswith(b"}"):
        piece = connection.recv(65_536)
        assert piece, answer
        answer += piece
    return answer


def left(live: Live, sent: bytes, *, reset: bool, after: int) -> None:
    """Send, read so much, and be gone."""
    with live.connect() as connection:
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(sent)
        if after:
            connection.recv(after)
        else:
            time.sleep(0.2)


POSTED = b"\r\nContent-Type: application/sparql-query\r\nContent-Length: 99\r\n\r\nASK"
LEFT = [
    (b"GET /healthz HTTP/1.1\r\n", 0),
    (get("/healthz").replace(b"\r\n\r\n", b"\r\nContent-Length: 99\r\n\r\nASK"), 0),
    (get("/sparql").replace(b"GET", b"POST").replace(b"\r\n\r\n", POSTED), 0),
    (get(sparql(ENDLESS)), 0),
    (get("/id/arquus.html"), 0),
    (get("/id/arquus.html"), 100),
    (get("/export/all.nt"), 1_000),
    (get(sparql(EACH_TIME_ANEW)), 1_000),
]


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize(("sent", "after"), LEFT, ids=[str(n) for n in range(len(LEFT))])
def test_a_client_that_leaves_is_no_failure(live: Live, sent: bytes, after: int, reset: bool) -> None:
    left(live, sent, reset=reset, after=after)
    assert within(10, lambda: live.figure("armature_http_requests_in_flight") == 1)  # the one that asks
    assert within(10, lambda: live.figure('armature_readers{state="busy"}') == 0)
    log = live.log()
    assert "Traceback" not in log
    assert "ERROR" not in log
