"""The command line: the same functions, tables for people, one clear line for every failure."""

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.settings import Settings
from kg.snapshot import Snapshot


def kg(settings: Settings, *command: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    where = ["--home", str(settings.home), "--snapshots", str(settings.snapshots)]
    return subprocess.run(
        [sys.executable, "-m", "kg", *where, *command],
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_query_is_a_table_by_default(settings: Settings, built: Snapshot) -> None:
    done = kg(settings, "query", "signatories-of-agreement")
    assert done.returncode == 0
    assert "id:sebastien-lecornu" in done.stdout
    assert done.stdout.rstrip().endswith("2 rows")


@pytest.mark.parametrize("how", ["text", "file", "standard input"])
def test_a_query_may_be_text_a_file_or_piped_in(
    settings: Settings, built: Snapshot, tmp_path: Path, how: str
) -> None:
    text = "SELECT (1 + 1 AS ?two) {}"
    path = tmp_path / "two.rq"
    path.write_text(text)
    given = {"text": text, "file": str(path), "standard input": "-"}[how]
    done = kg(settings, "query", given, "--format", "csv", given=text)
    assert done.stdout.splitlines() == ["two", "2"]


def test_a_parameter_is_filled_in(settings: Settings, built: Snapshot) -> None:
    done = kg(settings, "query", "variant-of", "-p", "variant=griffon-mepac", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert row["base"].endswith("/griffon")


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_every_result_format(settings: Settings, built: Snapshot, form: str) -> None:
    done = kg(settings, "query", "SELECT ?s { ?s a <https://w3id.org/armature/def/Deal> }", "--format", form)
    assert "john-cockerill-arquus-merger" in done.stdout


def test_ask_and_construct(settings: Settings, built: Snapshot) -> None:
    assert kg(settings, "query", "ASK {}").stdout == "yes\n"
    turtle = kg(settings, "query", "CONSTRUCT { ?s a ?k } { ?s a ?k . FILTER(ISIRI(?s)) }").stdout
    assert turtle.startswith("@prefix ")
    assert list(ox.parse(turtle, ox.RdfFormat.TURTLE))


def test_exports_go_to_standard_output_or_a_file(settings: Settings, built: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "all.nq"
    assert kg(settings, "export", "-o", str(path)).returncode == 0
    assert path.read_bytes() == built.statements.read_bytes()
    one = kg(settings, "export", "arquus").stdout
    assert one == kg(settings, "export", "id:arquus").stdout
    assert "id:arquus\n    a kg:Firm ;" in one
    graph = kg(settings, "export", "graph/data/firms/arquus", "--format", "nt").stdout
    assert len(graph.splitlines()) == built.manifest.graphs["https://w3id.org/armature/graph/data/firms/arquus"]


def test_check_prints_a_report_and_writes_the_standard_one(project: Settings, tmp_path: Path) -> None:
    report = tmp_path / "report.ttl"
    sound = kg(project, "check", "--report", str(report))
    assert sound.returncode == 0
    assert "0 violations" in sound.stdout
    path = project.home / "data" / "equipment" / "vehicles.ttl"
    path.write_text(path.read_text("utf-8") + '\nid:x a kg:Firm ; rdfs:label "X"@en .\n', "utf-8")
    broken = kg(project, "check", "--report", str(report))
    assert broken.returncode == 3
    of_file = broken.stdout.partition("data/equipment/vehicles.ttl\n")[2].partition("\n\n")[0]
    assert re.search(r"^  line \d+: violation: id:x: ", of_file, re.MULTILINE)
    text = report.read_text("utf-8")
    assert "sh:ValidationReport" in text
    assert "sh:conforms false" in text


FAILURES = [
    (["query", "SELECT * {"], 2, "kg: The query is not valid SPARQL: "),
    (["query", "missing.rq"], 4, "kg: Unknown entity: There is no query file missing.rq"),
    (["query", "orders", "-p", "nonsense=1"], 2, "kg: Bad request: The query 'orders' has no parameter"),
    (["query", "orders", "-p", "nonsense"], 2, "kg: Bad request: 'nonsense' is not NAME=VALUE"),
    (["query", "ASK {}", "--format", "pdf"], 2, "kg: Format not available: The format 'pdf'"),
    (["query", "ASK {}", "--format", "ttl"], 2, "kg: Format not available: "),
    (["query", "SELECT * { SERVICE <http://x> {} }"], 2, "kg: SERVICE is not allowed here: "),
    (["export", "nobody"], 4, "kg: Unknown entity: The graph says nothing of <"),
    (["export", "a b"], 2, "kg: "),
    (["export", "graph/nowhere"], 4, "kg: Unknown entity: There is no named graph"),
    (["export", "--format", "pdf"], 2, "kg: Format not available: "),
    (["export", "-o", "/nowhere/at/all.ttl"], 8, "kg: Cannot write: "),
    (["export", "foo:bar"], 2, "kg: Bad request: 'foo:bar' names nothing: the prefix 'foo:' is not declared"),
    (["query", "ordres"], 4, "kg: Unknown stored query: There is no stored query 'ordres'; try orders"),
    (["nonsense"], 2, "Usage: "),
]


@pytest.mark.parametrize(("command", "code", "line"), FAILURES, ids=[" ".join(f[0]) for f in FAILURES])
def test_every_failure_is_one_line_and_a_code(
    settings: Settings, built: Snapshot, command: list[str], code: int, line: str
) -> None:
    done = kg(settings, *command)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith(line)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("name", "value"), [("KG_PORT", "abc"), ("KG_READERS", "0"), ("KG_HOME", "/nowhere")])
def test_a_setting_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    done = subprocess.run(
        [sys.executable, "-m", "kg", "info"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("kg: Bad request: ")
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_a_snapshot_that_cannot_be_written_to_is_served(project: Settings) -> None:
    assert kg(project, "build").returncode == 0
    index = project.snapshots.resolve() / "current" / "search"
    (index / ".tantivy-meta.lock").unlink(missing_ok=True)
    (index / ".tantivy-meta.lock").mkdir()
    with served(project) as url:
        assert "Arquus" in fetched(f"{url}/search?q=arqus&format=json")


def test_nothing_built_yet_is_told(project: Settings) -> None:
    for command in (["query", "ASK {}"], ["export"], ["info"], ["serve", "--no-build", "--port", "0"]):
        done = kg(project, *command)
        assert done.returncode == 6, done.stderr
        assert done.stderr.startswith("kg: No snapshot: There is no snapshot in ")


@contextmanager
def served(settings: Settings, *options: str) -> Iterator[str]:
    """The address of a running ``kg serve``, ended by its process group."""
    where = ["--home", str(settings.home), "--snapshots", str(settings.snapshots)]
    with subprocess.Popen(
        [sys.executable, "-m", "kg", *where, "serve", "--port", "0", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found
            yield found.group()
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def fetched(url: str) -> str:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the address is our own
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_answers_with_one_process_and_with_several(settings: Settings, built: Snapshot, workers: str) -> None:
    with served(settings, "--workers", workers) as url:
        assert json.loads(fetched(f"{url}/healthz"))["snapshot"] == built.hash
        rows = json.loads(
            fetched(f"{url}/sparql?query=SELECT*%7B%3Fs%20a%20%3Chttps://w3id.org/armature/def/Deal%3E%7D")
        )
        assert len(rows["results"]["bindings"]) == 1


def test_a_warm_start_answers_in_time(settings: Settings, built: Snapshot) -> None:
    """The bound is the promise to users with ample room; the benchmark measures."""
    started = time.monotonic()
    with served(settings) as url:
        fetched(f"{url}/id/arquus.html")
    assert time.monotonic() - started < 30


def test_a_new_snapshot_is_served_without_a_restart(project: Settings) -> None:
    with served(project) as url:
        before = json.loads(fetched(f"{url}/healthz"))["snapshot"]
        path = project.home / "data" / "equipment" / "vehicles.ttl"
        path.write_text(path.read_text("utf-8").replace("MEPAC", "Mepac"), "utf-8")
        assert kg(project, "build").returncode == 0
        after = json.loads(fetched(f"{url}/healthz"))["snapshot"]
        assert after != before
        assert "Mepac" in fetched(f"{url}/id/griffon-mepac.ttl")


def test_a_snapshot_gone_from_the_disk_is_no_good_health(project: Settings) -> None:
    with served(project) as url:
        assert json.loads(fetched(f"{url}/healthz"))["status"] == "ok"
        (project.snapshots / "current" / "graph.nq").resolve().unlink()
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"{url}/healthz", timeout=10)  # noqa: S310 - our own address


def test_a_taken_port_is_told_with_a_way_out(settings: Settings, built: Snapshot) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = kg(settings, "serve", "--port", str(port))
    assert done.returncode == 7
    assert done.stderr.startswith(f"kg: The port is taken: Port {port} of 127.0.0.1 is in use")
    assert f"--port {port + 1}" in done.stderr


def test_a_closed_pipe_is_no_failure_to_shout_about(settings: Settings, built: Snapshot) -> None:
    where = f"{sys.executable} -m kg --home {settings.home} --snapshots {settings.snapshots}"
    done = subprocess.run(
        f"{where} export --format nt | head -n 1", shell=True, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
