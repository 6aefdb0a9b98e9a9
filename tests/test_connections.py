"""Connections that break the rules, seen from a raw socket: each is ended in time, and others are served on."""

import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from tests.live import ENDLESS, Live, problem, received, serving, within

from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.server import listen

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
ATTACKER, CLIENT = "127.0.0.2", "127.0.0.3"


@pytest.fixture(scope="module")
def live(settings: Settings, built: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server with limits that are soon reached."""
    limits = {
        "header_seconds": 1.0, "body_seconds": 1.0, "keep_alive": 1.0, "half_closed": 0.5,
        "line_bytes": 2_000, "header_bytes": 4_000, "header_fields": 20, "body_bytes": 20_000,
        "query_length": 5_000, "connections": 60, "connections_per_client": 12, "deadline": 4, "log_level": "debug",
    }  # fmt: skip
    with serving(settings, tmp_path_factory.mktemp("live"), **limits) as live:
        yield live


def trickle(connection: socket.socket, piece: bytes, stop: threading.Event) -> None:
    """Send a little, again and again."""
    with suppress(OSError):
        while not stop.wait(0.1):
            connection.sendall(piece)


def trickled(live: Live, beginning: bytes, piece: bytes) -> tuple[bytes, float]:
    """What a client gets that sends this and then a little again and again, and after how many seconds."""
    stop = threading.Event()
    with live.connect(ATTACKER) as connection:
        connection.sendall(beginning)
        started = time.monotonic()
        sender = threading.Thread(target=trickle, args=(connection, piece, stop))
        sender.start()
        try:
            return received(connection), time.monotonic() - started
        finally:
            stop.set()
            sender.join()


SLOW = [
    pytest.param(GET, b"x", id="header"),
    pytest.param(GET, b"A: b\r\n", id="header-lines"),
    pytest.param(b"GET /", b"x", id="request-line"),
    pytest.param(POST + b"Content-Length: 4000\r\n\r\nASK", b" ", id="body"),
    pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", id="chunks"),
    pytest.param(GET + b"Content-Length: 4000\r\n\r\n", b" ", id="body-that-nobody-reads"),
]


@pytest.mark.parametrize(("beginning", "piece"), SLOW)
def test_a_request_that_does_not_end_is_ended(live: Live, beginning: bytes, piece: bytes) -> None:
    answer, seconds = trickled(live, beginning, piece)
    assert 0.9 < seconds < 8
    if b"200 OK" not in answer:
        assert problem(answer)[:2] == (408, "request-timeout")


def test_others_are_served_while_many_hold_their_requests_back(live: Live) -> None:
    stop = threading.Event()
    with ExitStack() as stack, ThreadPoolExecutor(24) as pool:
        attackers = [stack.enter_context(live.connect(f"127.0.0.{20 + n // 10}")) for n in range(40)]
        for n, attacker in enumerate(attackers):
            attacker.sendall(GET if n % 2 else POST + b"Content-Length: 4000\r\n\r\n")
            if n % 3 == 0:
                pool.submit(trickle, attacker, b" ", stop)
        answers = list(pool.map(lambda _: live.query("ASK {}", CLIENT)[0], range(10)))
        stop.set()
        assert answers == [200] * 10
        assert all(problem(received(attacker))[0] == 408 for attacker in attackers)


def test_a_connection_that_says_nothing_is_closed_without_a_word(live: Live) -> None:
    with live.connect() as connection:
        started = time.monotonic()
        assert received(connection) == b""
        assert 0.9 < time.monotonic() - started < 8


def test_an_idle_connection_is_kept_for_a_while(live: Live) -> None:
    with live.connect() as connection:
        for _ in range(2):
            connection.sendall(GET + b"\r\n")
            answer = b""
            while not answer.endswith(b"}"):
                answer += connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200 OK")
            time.sleep(0.4)
        assert received(connection) == b""


def test_a_second_request_must_arrive_in_time_too(live: Live) -> None:
    answer, seconds = trickled(live, GET + b"\r\nGET /", b"x")
    first, _, second = answer.partition(b"HTTP/1.1 408")
    assert first.startswith(b"HTTP/1.1 200 OK")
    assert second
    assert seconds < 8


TOO_MUCH = [
    pytest.param(b"GET /" + b"x" * 3_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address-too-long", id="line"),
    pytest.param(b"GET /" + b"x" * 9_000, 414, "address-too-long", id="unfinished-line"),
    pytest.param(GET + b"A: " + b"x" * 5_000 + b"\r\n\r\n", 431, "header-too-large", id="header"),
    pytest.param(GET + b"A: " + b"x" * 9_000, 431, "header-too-large", id="unfinished-header"),
    pytest.param(GET + b"A: b\r\n" * 21 + b"\r\n", 431, "header-too-large", id="fields"),
    pytest.param(POST + b"Content-Length: 20001\r\n\r\n", 413, "body-too-large", id="length"),
    pytest.param(
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + (b"1000\r\n" + b" " * 4096 + b"\r\n") * 8,
        413, "query-too-large", id="chunks",
    ),
    pytest.param(
        GET.replace(b"/healthz", b"/nowhere?" + b"x" * 1_900) + b"\r\n", 404, "not-found", id="almost-too-long"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("request_bytes", "status", "kind"), TOO_MUCH)
def test_what_is_too_much_is_told_so(live: Live, request_bytes: bytes, status: int, kind: str) -> None:
    with live.connect() as connection:
        connection.sendall(request_bytes)
        assert problem(received(connection))[:2] == (status, kind)


def test_chunks_beyond_the_body_limit_are_refused_where_no_one_else_counts(live: Live) -> None:
    chunks = (b"1000\r\n" + b" " * 4096 + b"\r\n") * 8
    with live.connect() as connection:
        connection.sendall(
            GET.replace(b"/healthz", b"/sparql?query=" + ENDLESS.replace(" ", "%20").encode())
            + b"Transfer-Encoding: chunked\r\n\r\n"
            + chunks
        )
        assert problem(received(connection))[:2] == (413, "body-too-large")


def test_a_client_that_sends_first_and_reads_later_gets_to_know(live: Live) -> None:
    """As urllib does: the whole body is sent before a byte of the answer is read."""
    for size in (10_000, 200_000):
        request = urllib.request.Request(
            f"http://127.0.0.1:{live.port}/sparql", b" " * size, {"Content-Type": "application/sparql-query"}
        )
        with pytest.raises(urllib.error.HTTPError, match="413"):
            urllib.request.urlopen(request, timeout=20)  # noqa: S310 - our own address


MALFORMED = [
    b"nonsense\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /health z HTTP/1.1\r\nHost: x\r\n\r\n",
    GET + b"No colon\r\n\r\n",
    GET + b"A : b\r\n\r\n",
    GET + b"A: b\x00c\r\n\r\n",
    POST + b"Content-Length: -1\r\n\r\n",
    POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    POST + b"Transfer-Encoding: gzip\r\n\r\n",
]


@pytest.mark.parametrize("request_bytes", MALFORMED, ids=lambda sent: repr(sent[-30:]))
def test_what_is_not_http_is_refused_and_closed(live: Live, request_bytes: bytes) -> None:
    with live.connect() as connection:
        connection.sendall(request_bytes + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = received(connection)
    status, kind, headers = problem(answer)
    version = (
        (505, "version-not-supported")
        if b"HTTP/9" in request_bytes or b"HTTP/2" in request_bytes
        else (400, "malformed-request")
    )
    assert (status, kind) == version
    assert headers["connection"] == "close"
    assert answer.count(b"HTTP/1.1 ") == 1


def test_the_answer_to_a_refused_head_has_no_body(live: Live) -> None:
    with live.connect() as connection:
        connection.sendall(b"HEAD /" + b"x" * 3_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 414 ")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("target", [b"http://elsewhere/healthz", b"HTTPS://elsewhere/healthz?x"])
def test_a_request_may_name_the_whole_address(live: Live, target: bytes) -> None:
    with live.connect() as connection:
        connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert received(connection).startswith(b"HTTP/1.1 200 OK")


def numbers(answers: bytes) -> list[bytes]:
    return [part.partition(b'"value":"')[2][:1] for part in answers.split(b"HTTP/1.1 200 OK")[1:]]


def counting(first: int, last: int) -> bytes:
    return b"".join(
        b"GET /sparql?query=SELECT(%d%%20AS%%20%%3Fn)%%7B%%7D&format=json HTTP/1.1\r\nHost: x\r\n\r\n" % n
        for n in range(first, last + 1)
    )


@pytest.mark.parametrize("leave", [False, True], ids=["whole", "half-closed"])
def test_pipelined_requests_are_answered_in_order(live: Live, leave: bool) -> None:
    with live.connect() as connection:
        connection.sendall(counting(1, 8))
        if leave:
            connection.shutdown(socket.SHUT_WR)
        assert numbers(received(connection)) == [b"%d" % n for n in range(1, 9)]


def test_rubbish_after_a_request_does_not_cost_its_answer(live: Live) -> None:
    with live.connect() as connection:
        connection.sendall(counting(1, 1) + b"rubbish\r\n\r\n")
        answer = received(connection)
    assert numbers(answer) == [b"1"]
    assert b"HTTP/1.1 400 " in answer


def test_who_half_closes_and_waits_too_long_is_taken_to_have_left(live: Live) -> None:
    before = live.figure("armature_readers_ended_total")
    with live.connect() as connection:
        target = b"/sparql?query=" + ENDLESS.replace(" ", "%20").encode()
        connection.sendall(GET.replace(b"/healthz", target) + b"\r\n")
        connection.shutdown(socket.SHUT_WR)
        started = time.monotonic()
        assert received(connection) == b""
        assert time.monotonic() - started < 3.5, "it waited for the deadline"
    assert live.logged("cause=abandoned")
    assert within(5, lambda: live.figure("armature_readers_ended_total") > before)


def test_one_address_has_so_many_connections_and_no_more(live: Live) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(live.connect(ATTACKER)) for _ in range(12)]
        for connection in held:
            connection.sendall(GET)
        status, kind, headers = problem(received(stack.enter_context(live.connect(ATTACKER))))
        assert (status, kind) == (429, "too-many-of-one-client")
        assert int(headers["retry-after"]) > 0
        assert live.ask("/healthz", CLIENT)[0] == 200
    assert live.logged("problem=too-many-of-one-client", f"client={ATTACKER}")


def test_connections_are_made_for_short_answers_and_slow_readers(settings: Settings) -> None:
    """What they inherit from the listening socket; the first once cost every answer 40 ms."""
    with (
        listen(settings.model_copy(update={"port": 0, "transfer": 7.0})) as listener,
        socket.create_connection(listener.getsockname()[:2]),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 7_000
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) <= 1 << 17


def test_no_attack_leaves_a_traceback_and_each_leaves_a_line(live: Live) -> None:
    assert live.ask("/healthz", CLIENT)[0] == 200
    log = live.log()
    assert "Traceback" not in log
    assert "ERROR" not in log
    for kind in ("request-timeout", "address-too-long", "header-too-large", "body-too-large", "malformed-request"):
        assert f"problem={kind} " in log
        assert live.figure(f'armature_http_refused_total{{problem="{kind}"}}') > 0
