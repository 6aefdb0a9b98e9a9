"""Where a request begins and ends: however its bytes arrive, and whatever they try to hide."""

import re
import time
from collections.abc import Iterator

import pytest
from tests.live import Live, problem, received, serving

from kg.errors import HeaderTooLarge, MalformedRequest, MethodUnknown, Refused, VersionNotSupported
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.again import Answers, Repeatable
from kg.web.ledger import Entry
from kg.web.wire import Head, Wire

GET = b"GET /a?b HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAA\r\n"


class Taken:
    """What a wire has told of."""

    def __init__(self) -> None:
        self.heads: list[Head] = []
        self.bodies: list[bytes] = []

    def on_request(self, head: Head) -> None:
        self.heads.append(head)
        self.bodies.append(b"")

    def on_body(self, piece: bytes) -> None:
        self.bodies[-1] += piece

    @property
    def told(self) -> list[tuple[str, bytes, bytes]]:
        return [(head.method, head.target, body) for head, body in zip(self.heads, self.bodies, strict=True)]


def read(pieces: list[bytes]) -> Taken:
    """What comes of these reads; each request is done with as soon as it is whole."""
    taken, rest = Taken(), b""
    wire = Wire(Settings(header_bytes=2_000, line_bytes=500, body_bytes=10_000), taken)
    for piece in pieces:
        rest += piece
        while rest:
            rest = wire.feed(rest)
            if not wire.is_whole():
                break
            wire.next()
    assert not rest
    return taken


SENT: dict[str, tuple[bytes, list[tuple[str, bytes, bytes]]]] = {
    "get": (GET + b"\r\n", [("GET", b"/a?b", b"")]),
    "two": (GET + b"\r\n" + b"HEAD /c HTTP/1.1\r\nHost: y\r\n\r\n", [("GET", b"/a?b", b""), ("HEAD", b"/c", b"")]),
    "lines before": (b"\r\n\r\n" + GET + b"\r\n\r\n" + GET + b"\r\n", [("GET", b"/a?b", b"")] * 2),
    "length": (
        POST + b"Content-Length: 8\r\n\r\n\r\n\r\n\r\n\r\n" + GET + b"\r\n",
        [("POST", b"/", b"\r\n" * 4), ("GET", b"/a?b", b"")],
    ),
    "chunks": (
        CHUNKED + b"4\r\n\r\n\r\n\r\n2;name=value\r\nab\r\n0\r\nTrailer: none\r\n\r\n" + GET + b"\r\n",
        [("POST", b"/", b"\r\n\r\nab"), ("GET", b"/a?b", b"")],
    ),
    "no chunks": (CHUNKED + b"0\r\n\r\n" + GET + b"\r\n", [("POST", b"/", b""), ("GET", b"/a?b", b"")]),
    "upgrade": (GET + UPGRADE + b"\r\n" + GET + b"\r\n", [("GET", b"/a?b", b"")] * 2),
    "upgrade with a body": (
        POST + UPGRADE + b"Content-Length: 30\r\n\r\n" + b"GET /hidden HTTP/1.1\r\n\r\n123456" + GET + b"\r\n",
        [("POST", b"/", b"GET /hidden HTTP/1.1\r\n\r\n123456"), ("GET", b"/a?b", b"")],
    ),
    "upgrade with chunks": (
        POST + UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + GET + b"\r\n",
        [("POST", b"/", b"abc"), ("GET", b"/a?b", b"")],
    ),
    "address": (b"GET http://h/a?b HTTP/1.1\r\nHost: x\r\n\r\n", [("GET", b"/a?b", b"")]),
    "1.0": (b"GET / HTTP/1.0\r\n\r\n", [("GET", b"/", b"")]),
}


@pytest.mark.parametrize("kind", SENT)
def test_requests_are_the_same_however_their_bytes_arrive(kind: str) -> None:
    sent, expected = SENT[kind]
    assert read([sent]).told == expected
    assert read([sent[n : n + 1] for n in range(len(sent))]).told == expected
    for cut in range(1, len(sent)):
        assert read([sent[:cut], sent[cut:]]).told == expected, sent[:cut]


def test_names_are_lower_case_and_values_bare() -> None:
    (head,) = read([GET + b"X-Some:   a b \t\r\n\r\n"]).heads
    assert head.headers == [(b"host", b"x"), (b"x-some", b"a b")]
    assert head.keep_alive
    assert not read([GET + b"Connection: foo, Close\r\n\r\n"]).heads[0].keep_alive
    assert not read([b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"]).heads[0].keep_alive


SMUGGLED = [
    POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    POST + b"Content-Length: 3, 3\r\n\r\nabc",
    POST + b"Content-Length: +3\r\n\r\nabc",
    POST + b"Content-Length: 0x3\r\n\r\nabc",
    POST + b"Content-Length:\r\n\r\nabc",
    POST + b"Content-Length: 99999999999999999999999999\r\n\r\n",
    POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer\xffEncoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    CHUNKED + b"3\nabc\n0\n\n",
    CHUNKED + b"3 \r\nabc\r\n0\r\n\r\n",
    CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
    CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
    CHUNKED + b"3\r\nabc0\r\n\r\n",
    CHUNKED + b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    CHUNKED + b'3;a="x\ny"\r\nabc\r\n0\r\n\r\n',
    CHUNKED + b"fffffffffffffffff\r\n",
    CHUNKED + b"-1\r\n",
    GET + b"A: b\r\n folded\r\n\r\n",
    GET + b"A: b\nB: c\r\n\r\n",
    GET + b"A: b\rB: c\r\n\r\n",
    GET + b"A: b\x00\r\n\r\n",
    GET + b": b\r\n\r\n",
    GET + b"A b\r\n\r\n",
    b"GET / HTTP/1.1\nHost: x\n\n",
    b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
    b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / RTSP/1.0\r\nHost: x\r\n\r\n",
    b"GET ftp://h/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT h:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"get / HTTP/1.1\r\n",
]  # fmt: skip


@pytest.mark.parametrize("sent", SMUGGLED, ids=lambda sent: repr(sent[-34:]))
def test_what_could_be_read_in_two_ways_is_refused(sent: bytes) -> None:
    for pieces in ([sent], [sent[n : n + 1] for n in range(len(sent))]):
        with pytest.raises(Refused) as refused:
            read(pieces)
        assert refused.type in (MalformedRequest, MethodUnknown)


def test_other_versions_and_methods_are_told_apart() -> None:
    for line in (b"GET / HTTP/2.0", b"GET / HTTP/1.2", b"GET / HTTP/9.9"):
        with pytest.raises(VersionNotSupported):
            read([line + b"\r\nHost: x\r\n\r\n"])
    with pytest.raises(MethodUnknown):
        read([b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n"])


ENDLESS = {
    "extension": b"1;" + b"x" * 50_000,
    "trailer": b"0\r\nA: " + b"x" * 50_000,
    "trailers": b"0\r\n" + b"A: b\r\n" * 9_000,
    "extensions": b"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n \r\n" * 1_000,
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_stands_around_chunks_is_bounded(kind: str) -> None:
    sent = CHUNKED + ENDLESS[kind]
    with pytest.raises(HeaderTooLarge):
        read([sent[n : n + 1_000] for n in range(0, len(sent), 1_000)])


# On a server


@pytest.fixture(scope="module")
def live(settings: Settings, built: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(settings, tmp_path_factory.mktemp("live"), keep_alive=2, body_seconds=3) as live:
        yield live


def sent(live: Live, *pieces: bytes) -> bytes:
    """What comes back until the server closes."""
    with live.connect() as connection:
        for piece in pieces:
            connection.sendall(piece)
        return received(connection)


def test_an_unknown_method_is_a_problem_and_the_end(live: Live) -> None:
    status, kind, headers = problem(sent(live, b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n"))
    assert (status, kind, headers["connection"]) == (501, "method-unknown", "close")


def test_a_client_of_http_1_0_gets_no_chunks_and_the_end(live: Live) -> None:
    answer = sent(live, b"GET /sparql?format=csv&query=SELECT(RAND()AS%20?r){} HTTP/1.0\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert b"connection: close" in head
    assert re.fullmatch(rb"r\r\n0?\.?\d+(E-\d+)?\r\n", body)


def test_who_asks_to_go_on_is_told_to(live: Live) -> None:
    query = b"ASK {}"
    head = POST.replace(b"/", b"/sparql", 1) + b"Content-Type: application/sparql-query\r\nContent-Length: 6\r\n"
    with live.connect() as connection:
        connection.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(10_000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(query)
        assert b"200 OK" in connection.recv(10_000)
        connection.sendall(head + b"Expect: 100-continue\r\n\r\n" + query)
        assert connection.recv(10_000).startswith(b"HTTP/1.1 200 OK"), "who does not wait need not be told"


def test_an_upgrade_is_not_taken_up_and_its_body_is_read(live: Live) -> None:
    head = POST.replace(b"/", b"/sparql", 1) + b"Content-Type: application/sparql-query\r\nContent-Length: 6\r\n"
    answer = sent(live, head + UPGRADE + b"\r\nASK {}" + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert b"101 Switching" not in answer


def test_chunks_of_a_query_come_in_any_pieces(live: Live) -> None:
    head = (
        POST.replace(b"/", b"/sparql", 1)
        + b"Content-Type: application/sparql-query\r\nTransfer-Encoding: chunked\r\n"
    )
    answer = sent(
        live,
        head + b"\r\n1\r\nA\r\n",
        b"3\r\nSK \r",
        b"\n2\r\n{}\r\n0\r\n\r",
        b"\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    )
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def fields(answer: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """Status line, header and body of one answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    return line, dict(line.split(b": ", 1) for line in lines), body


def test_an_answer_given_again_is_the_answer_that_it_was(live: Live) -> None:
    request = b"GET /sparql?query=SELECT(7AS%20?n){} HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\n\r\n"
    before = live.figure('armature_http_requests_total{method="GET",route="/sparql",status="2xx"}')
    answers = []
    with live.connect() as connection:
        for _ in range(5):
            connection.sendall(request)
            answers.append(fields(connection.recv(10_000)))
        connection.sendall(request.replace(b"GET", b"HEAD") + request.replace(b"text/csv", b"*/*") + request)
        others = received(connection)
    identifiers = {answer[1].pop(b"x-request-id") for answer in answers}
    for answer in answers:
        answer[1].pop(b"date")
        answer[1].pop(b"ratelimit", None)
        answer[1].pop(b"ratelimit-policy", None)
    assert len(identifiers) == 5
    assert answers[1:] == answers[:1] * 4
    assert answers[0][2] == b"n\r\n7\r\n"
    head, any_format, again = others.split(b"HTTP/1.1 200 OK")[1:]
    assert head.endswith(b"\r\n\r\n")
    assert b'"value":"7"' in any_format
    assert again.endswith(b"\r\n\r\nn\r\n7\r\n")
    after = live.figure('armature_http_requests_total{method="GET",route="/sparql",status="2xx"}')
    assert after - before == 7
    assert all(live.logged(f"request={identifier.decode()}", "status=200", "bytes=6") for identifier in identifiers)


def test_a_request_with_a_body_is_read_to_its_end_however_often_it_comes(live: Live) -> None:
    """Were its head alone answered from memory, its body would be taken for the next request."""
    head = b"GET /sparql?query=SELECT(8AS%20?n){}&format=csv HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n"
    body = b"GET /sparql?query=no HTTP/1.1\r\nHost: x\r\n\r\n"[:30]
    with live.connect() as connection:
        for together in (True, True, True, True, False, False):
            connection.sendall(head + body if together else head)
            if not together:
                time.sleep(0.1)
                connection.sendall(body)
            assert fields(connection.recv(10_000))[2] == b"n\r\n8\r\n"
        assert received(connection) == b""


BY_THEMSELVES = [b"Content-Length: 3", b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"X-Request-ID: mine"]


@pytest.mark.parametrize("field", [b"Accept: */*", *BY_THEMSELVES])
def test_only_what_is_the_same_each_time_is_given_again(field: bytes) -> None:
    answers = Answers()
    key = "192.0.2.1", GET + field + b"\r\n\r\n"
    entry = Entry("GET", "/sparql", "/sparql", 200, "192.0.2.1", "")
    answers.keep(key, b"HTTP/1.1 200 OK\r\n", Repeatable(lambda: b"", entry))
    assert (answers.find(key) is None) == (field in BY_THEMSELVES)
    assert answers.find(("192.0.2.2", key[1])) is None
