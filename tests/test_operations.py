"""What operators see: readiness, figures, log lines and identifiers, and what browsers are told."""

import io
import json
import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from tests.live import ENDLESS, Live, serving, within

from kg import trace
from kg.engine.store import EmbeddedStore
from kg.errors import EngineFailure
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web import logs
from kg.web.app import create_app
from kg.web.logs import Json, Text

LOCAL = ("127.0.0.1", 50_000)


@pytest.fixture(scope="module")
def client(settings: Settings, built: Snapshot) -> Iterator[TestClient]:
    with TestClient(create_app(settings), client=LOCAL, follow_redirects=False) as client:
        yield client


def figures(client: TestClient, accept: str = "") -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


# Readiness


def test_ready_means_that_a_query_process_answers(client: TestClient) -> None:
    assert client.get("/readyz").json() == {"status": "ready"}


def test_without_a_query_process_the_reason_is_told(
    settings: Settings, built: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise EngineFailure("No reader could be started: no memory.")

    with TestClient(create_app(settings)) as client:
        monkeypatch.setattr(EmbeddedStore, "answer", broken)
        answer = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/not-ready")
    assert "no memory" in answer.json()["detail"]


def test_a_busy_server_is_a_ready_server(settings: Settings, built: Snapshot, tmp_path: Path) -> None:
    with (
        serving(settings, tmp_path, readers=1, deadline=30) as live,
        live.connect() as first,
        live.connect() as second,
    ):
        for connection in (first, second):
            text = ENDLESS.replace(" ", "%20")
            connection.sendall(f"GET /sparql?query={text} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert within(10, lambda: live.figure("armature_queries_waiting") == 1)
        assert within(10, lambda: live.figure('armature_readers{state="busy"}') == 1)
        assert live.ask("/readyz")[0] == 200


# Figures


def test_figures_tell_routes_methods_and_classes(client: TestClient) -> None:
    before = figures(client)
    for path in (
        "/id/arquus.ttl",
        "/id/caesar.ttl",
        "/id/nobody.ttl",
        "/static/css/base.css",
        "/nowhere",
        "/query/orders",
    ):
        client.get(path)
    client.request("BREW", "/sparql")
    client.head("/id/arquus.ttl")
    after = figures(client)

    def more(method: str, route: str, status: str) -> float:
        key = ("armature_http_requests_total", (("method", method), ("route", route), ("status", status)))
        return after.get(key, 0) - before.get(key, 0)

    thing = "/id/{slug:path}"
    assert (more("GET", thing, "2xx"), more("GET", thing, "4xx"), more("HEAD", thing, "2xx")) == (2, 1, 1)
    assert more("GET", "/static", "2xx") == more("GET", "-", "4xx") == more("GET", "/query/orders", "2xx") == 1
    assert more("other", "/sparql", "4xx") + more("other", "-", "4xx") == 1
    observed = ("armature_http_request_duration_seconds_count", (("route", thing),))
    assert after[observed] - before.get(observed, 0) == 4


def test_figures_tell_pool_cache_snapshot_and_process(client: TestClient, built: Snapshot) -> None:
    for _ in range(2):
        client.get("/sparql?query=SELECT(12345%20AS%20%3Fx)%7B%7D")
    found = figures(client)
    assert found["armature_readers", (("state", "alive"),)] >= 1
    assert found["armature_cache_lookups_total", (("result", "hit"),)] >= 1
    assert found["armature_cache_lookups_total", (("result", "miss"),)] >= 1
    assert found["armature_cache_bytes", ()] > 0
    assert found["armature_snapshot_statements", ()] == built.manifest.triples
    built_at = (built.path / "manifest.json").stat().st_mtime
    assert found["armature_snapshot_built_timestamp_seconds", ()] == pytest.approx(built_at, abs=1)
    (hashes,) = [dict(labels)["hash"] for name, labels in found if name == "armature_snapshot_info"]
    assert hashes == built.hash
    assert found["process_resident_memory_bytes", ()] > 10_000_000
    assert found["armature_http_requests_in_flight", ()] == 1


def test_counts_go_on_when_the_snapshot_is_replaced(settings: Settings, built: Snapshot, tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(built.path, tmp_path / name)
    (tmp_path / "current").symlink_to("one")
    key = ("armature_cache_lookups_total", (("result", "miss"),))
    with TestClient(create_app(settings.model_copy(update={"snapshots": tmp_path})), client=LOCAL) as client:
        client.get("/sparql?query=ASK%7B%7D")
        (tmp_path / "next").symlink_to("two")
        (tmp_path / "next").rename(tmp_path / "current")
        client.get("/sparql?query=ASK%7B%7D")
        assert figures(client)[key] == 2


def test_open_metrics_for_who_asks_for_it(client: TestClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_figures_are_not_for_everybody(settings: Settings, built: Snapshot) -> None:
    with TestClient(create_app(settings), client=("198.51.100.1", 1)) as client:
        answer = client.get("/metrics")
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "forbidden")
        assert "KG_METRICS_ALLOW_IPS" in answer.json()["detail"]
        told = {"X-Forwarded-For": "127.0.0.1"}
        assert client.get("/metrics", headers=told).status_code == 403


# Identifiers


def test_a_request_keeps_the_identifier_that_it_brings(client: TestClient) -> None:
    answer = client.get("/nowhere", headers={"X-Request-ID": "deploy-7.a_b"})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "deploy-7.a_b"
    page = client.get("/nowhere", headers={"X-Request-ID": "deploy-7.a_b", "Accept": "text/html"})
    assert "deploy-7.a_b" in page.text


@pytest.mark.parametrize("given", ["", "a b", "<script>", "x" * 129, "é".encode("latin-1").decode("latin-1")])
def test_an_identifier_that_is_not_well_formed_is_replaced(client: TestClient, given: str) -> None:
    made = client.get("/healthz", headers={b"X-Request-ID": given.encode("latin-1")}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", made)


@pytest.fixture(scope="module")
def live(settings: Settings, built: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(settings, tmp_path_factory.mktemp("live"), deadline=1, log_format="JSON") as live:
        yield live


def told(live: Live, **fields: object) -> dict[str, object]:
    """The first line of the log with these fields."""

    def found() -> dict[str, object]:
        lines: list[dict[str, object]] = [json.loads(line) for line in live.log().splitlines()]
        return next((line for line in lines if all(line.get(n) == v for n, v in fields.items())), {})

    return within(10, found)


def test_the_log_has_a_line_for_each_request(live: Live, built: Snapshot) -> None:
    body = live.ask("/id/arquus.ttl?x=1", X_Request_ID="one")[2]
    line = told(live, request="one", logger="kg.access")
    seconds = line.pop("seconds")
    assert isinstance(seconds, float)
    assert 0 < seconds < 60
    assert line.pop("time")
    assert line == {
        "level": "info", "logger": "kg.access", "method": "GET", "route": "/id/{slug:path}",
        "path": "/id/arquus.ttl", "status": 200, "bytes": len(body), "client": "127.0.0.1",
        "request": "one", "snapshot": built.hash[:12],
    }  # fmt: skip


def test_the_end_of_a_reader_names_the_request_that_it_ended_for(live: Live) -> None:
    status, headers, body = live.ask(f"/sparql?query={ENDLESS}".replace(" ", "%20"), X_Request_ID="costly")
    assert (status, headers["x-request-id"], json.loads(body)["request_id"]) == (503, "costly", "costly")
    line = told(live, request="costly", logger="kg.engine.pool")
    assert "cause=deadline" in str(line["message"])
    assert live.figure('armature_readers_ended_total{cause="deadline"}') >= 1


def test_what_clients_send_cannot_break_a_line(live: Live) -> None:
    for path in ("/a%0d%0aINFO%20forged", "/a%1b[2J", "/%e2%80%a8x", "/" + "y" * 3_000, "/%ff%fe"):
        assert live.ask(path)[0] == 404
    told(live, status=404, path=r"/a\r\nINFO forged")
    text = live.log()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) < 2_000
    assert all(json.loads(line)["level"] for line in text.splitlines())


def test_the_access_log_can_be_switched_off(settings: Settings, built: Snapshot, tmp_path: Path) -> None:
    with serving(settings, tmp_path, access_log=False, log_level="INFO") as live:
        assert live.ask("/id/arquus.ttl")[0] == 200
        assert "kg.access" not in live.log()


# Log lines


def written(formatter: logging.Formatter, message: str, *args: object, **extra: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    log = logging.Logger("x")
    log.addHandler(handler)
    log.warning(message, *args, **extra)  # type: ignore[arg-type]  # as logging takes them
    return stream.getvalue()


@pytest.mark.parametrize("formatter", [Text(), Json()])
def test_no_message_is_two_lines(formatter: logging.Formatter) -> None:
    line = written(formatter, "seen: %s", "a\r\nb\x1b[0m\x00\u2028\ud800c" + "z" * 10_000)
    assert line.count("\n") == 1
    assert line.endswith("\n")
    assert line.strip("\n").isprintable()
    assert len(line) < 4_500


def test_a_traceback_cannot_pass_for_lines_of_the_log() -> None:
    def forge() -> None:
        raise ValueError("x\n" + "2030-01-01T00:00:00.000Z INFO kg.access forged")

    try:
        forge()
    except ValueError:
        text = written(Text(), "failed", exc_info=True)
        whole = written(Json(), "failed", exc_info=True)
    assert [line for line in text.splitlines() if not line.startswith("    ")] == [text.splitlines()[0]]
    assert whole.count("\n") == 1
    assert "forged" in json.loads(whole)["traceback"]


def test_fields_are_quoted_where_they_must_be() -> None:
    line = written(
        Text(), "x", extra={"fields": {"path": '/a "b" status=200', "status": 404, "route": "/id/{slug:path}"}}
    )
    assert line.rstrip().endswith(r'path="/a \"b\" status=200" status=404 route=/id/{slug:path}')


def test_lines_outside_of_requests_name_none() -> None:
    assert trace.current() is None
    assert "request" not in json.loads(written(Json(), "x"))
    assert logs.shown("x" * 600) == "x" * 500 + "…"


# What browsers are told


@pytest.mark.parametrize(
    "path", ["/", "/id/arquus.ttl", "/nowhere", "/static/css/base.css", "/sparql?query=x", "/healthz"]
)
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert not [value for value in policy.values() if "unsafe" in value or "*" in value or "http" in value]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers
    assert "server" not in headers


def test_a_failure_of_our_own_has_them_too(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("kg.search.SearchIndex.find", broken)
    answer = client.get("/search?q=x", headers={"Origin": "http://x", "X-Request-ID": "bad"})
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json()["request_id"] == "bad"


def test_strict_transport_is_asked_for_over_tls_only(settings: Settings, built: Snapshot) -> None:
    app = create_app(settings.model_copy(update={"hsts": 31_536_000}))
    with TestClient(app, client=LOCAL) as client:
        assert "strict-transport-security" not in client.get("/healthz").headers
        secure = client.get("/healthz", headers={"X-Forwarded-Proto": "https"}).headers
        assert secure["strict-transport-security"].startswith("max-age=31536000")
