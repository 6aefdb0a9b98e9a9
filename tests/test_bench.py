"""The benchmark: the same graph every time, no time for a wrong answer, a report that says what was seen."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pyoxigraph as ox
import pytest
from bench import compare, generate, measure, plot, report, snapshots, workloads
from bench.client import AnswerError, Connection, Load, Target
from bench.engines import Engine
from bench.generate import Made
from bench.measure import Outcome, Times
from bench.workloads import Workload

from kg.compiler.derive import derive
from kg.settings import Settings
from kg.terms import DEF, GRAPH_DERIVED

SMALL = 10_000


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Path:
    """A folder with a generated graph of ten thousand triples."""
    folder = tmp_path_factory.mktemp("generated")
    generate.write(folder, SMALL, 1, settings)
    return folder


@pytest.fixture(scope="module")
def asked(small: Path, settings: Settings) -> list[Workload]:
    return workloads.load(small / "parameters.json", settings)


def made(settings: Settings, size: int, seed: int) -> tuple[Made, bytes]:
    pieces: list[bytes] = []
    return generate.generate(settings, size, seed, pieces.append)[0], b"".join(pieces)


# The generator


def test_size_and_seed_decide_every_byte(settings: Settings) -> None:
    (first, data), (second, again), (other, _) = (made(settings, SMALL, seed) for seed in (1, 1, 2))
    assert first == second
    assert data == again
    assert first.sha256 == hashlib.sha256(data).hexdigest() != other.sha256


def test_the_size_is_about_what_was_asked_for(settings: Settings) -> None:
    found, _ = made(settings, 100_000, 1)
    assert 90_000 < found.stated + found.derived < 120_000


OWNERSHIP = {"owner", "owned", "heldEarliest", "heldLatest", "heldBefore", "shareLeast", "shareMost"}
"""What the generator does not tell; see ``bench/ink.py``."""


def test_what_is_derived_is_what_the_rules_derive(settings: Settings) -> None:
    written = ox.Store()
    written.bulk_load(made(settings, 100_000, 1)[1], format=ox.RdfFormat.N_QUADS)
    stated = ox.Store()
    for quad in written:
        if quad.graph_name != GRAPH_DERIVED:
            stated.extend([quad, ox.Quad(quad.subject, quad.predicate, quad.object)])
    derive(stated, settings.queries / "rules" / "derive")
    expected, found = (set(store.quads_for_pattern(None, None, None, GRAPH_DERIVED)) for store in (stated, written))
    expected = {quad for quad in expected if quad.predicate.value.removeprefix(DEF) not in OWNERSHIP}
    assert len(expected) > 20_000
    assert found == expected


def test_few_things_are_much_spoken_of_and_most_are_not(small: Path) -> None:
    store = ox.Store()
    store.bulk_load(path=small / "graph.nq", format=ox.RdfFormat.N_QUADS)
    rows = store.query(
        "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?claim <http://www.w3.org/1999/02/22-rdf-syntax-ns#object> ?thing } "
        'FILTER(CONTAINS(STR(?thing), "/id/")) } GROUP BY ?thing ORDER BY DESC(?n)'
    )
    assert isinstance(rows, ox.QuerySolutions)
    counts = [int(row["n"].value) for row in rows]
    assert counts[0] > 10 * counts[len(counts) // 2]


def test_the_snapshot_is_the_projects_own(small: Path, tmp_path: Path) -> None:
    built, _ = snapshots.build(small / "graph.nq", Settings(snapshots=tmp_path))
    quads = set(ox.parse(path=small / "graph.nq", format=ox.RdfFormat.N_QUADS))
    assert set(ox.parse(path=built.statements, format=ox.RdfFormat.N_QUADS)) == quads
    assert built.manifest.triples == len({quad.triple for quad in quads})
    assert [path.name for path in tmp_path.iterdir() if "loading" in path.name] == []


# The workloads


def test_every_workload_finds_something(small: Path, asked: list[Workload]) -> None:
    store = ox.Store()
    store.bulk_load(path=small / "graph.nq", format=ox.RdfFormat.N_QUADS)
    store.extend([ox.Quad(quad.subject, quad.predicate, quad.object) for quad in store])
    empty = [w.name for w in asked if not any(map(_found(store, w), w.texts("hot", 400)))]
    assert len(asked) >= 20
    assert empty == []


def _found(store: ox.Store, workload: Workload) -> Callable[[str], bool]:
    def found(text: str) -> bool:
        results = store.query(text, prefixes=workload.prefixes)
        assert isinstance(results, ox.QuerySolutions | ox.QueryTriples)
        return next(iter(results), None) is not None

    return found


def test_cold_texts_never_come_again_and_hot_ones_always_do(asked: list[Workload]) -> None:
    for workload in asked:
        cold = workload.cold("cold")
        texts = [next(cold) for _ in range(200)]
        assert len(set(texts)) == 200
        assert workload.hot() == workload.hot()
        assert not set(workload.hot()) & set(texts)


# Answers are compared


def rows(*values: tuple[str, str]) -> bytes:
    bindings = [{"x": {"type": "literal", "value": value, "datatype": datatype}} for value, datatype in values]
    return json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": bindings}}).encode()


XSD = "http://www.w3.org/2001/XMLSchema#"
RIGHT = rows(("1", XSD + "integer"), ("1", XSD + "integer"), ("a", XSD + "string"))


@pytest.mark.parametrize(
    ("body", "same"),
    [
        (rows(("a", XSD + "string"), ("1", XSD + "integer"), ("1", XSD + "integer")), True),
        (rows(("a", ""), ("1.0", XSD + "decimal"), ("1", XSD + "integer")), True),
        (rows(("a", ""), ("1", XSD + "integer")), False),
        (rows(("b", ""), ("1", XSD + "integer"), ("1", XSD + "integer")), False),
        (rows(("a", ""), ("1", ""), ("1", XSD + "integer")), False),
        (rows(("a", ""), ("2", XSD + "integer"), ("1", XSD + "integer")), False),
    ],
)
def test_rows_are_compared_as_a_multiset_of_terms(body: bytes, *, same: bool) -> None:
    difference = compare.difference(compare.read(RIGHT, graph=False), compare.read(body, graph=False))
    assert (difference == "") is same


def test_triples_are_compared_as_a_set() -> None:
    one, two = b"<a:a> <a:b> 1 .", b"<a:a> <a:b> 2 ."
    both = compare.read(one + two, graph=True)
    assert compare.difference(both, compare.read(two + one + one, graph=True)) == ""
    assert "1 rows instead of 2; missing" in compare.difference(both, compare.read(one, graph=True))


@pytest.mark.parametrize("body", [b"{}", b"no JSON", b'{"head": {"vars": []}, "results": 1}'])
def test_what_is_no_answer_is_told(body: bytes) -> None:
    with pytest.raises(compare.UnreadableError):
        compare.read(body, graph=False)


class Fake(Engine):
    """An engine that is a port."""

    name, path, version = "fake", "/", "0"
    renewed = 0

    def load(self, data: Path) -> None:
        """Nothing: a fake answers the same to everything."""

    def command(self, port: int) -> Sequence[str]:
        return ["false"]

    def renew(self) -> None:
        self.renewed += 1


@contextmanager
def served(body: bytes, status: int = 200, length: int | None = None, *, chunked: bool = False) -> Iterator[Target]:
    """A server that always says the same; ``length`` is what it promises."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Transfer-Encoding", "chunked") if chunked else self.send_header(
                "Content-Length", str(len(body) if length is None else length)
            )
            self.end_headers()
            self.wfile.write(b"%x\r\n%b\r\n3\r\nend\r\n0\r\n\r\n" % (len(body), body) if chunked else body)
            self.close_connection = length is not None

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the class above
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Target(server.server_port, "/")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_engine_that_answers_wrongly_gets_no_time(asked: list[Workload], tmp_path: Path) -> None:
    workload = next(w for w in asked if w.name == "ownership-up")
    bodies = {"oxigraph": (RIGHT, 200), "same": (RIGHT, 200), "wrong": (rows(("2", "")), 200), "broken": (b"", 500)}
    with ExitStack() as stack:
        engines: dict[str, Engine] = {name: Fake(tmp_path, 1) for name in bodies}
        for name, (body, status) in bodies.items():
            engines[name].target = stack.enter_context(served(body, status))
        outcomes = measure.check(engines, workload, 5)
        measure.latency(engines, workload, outcomes, 0.05, 5)
    assert {name for name, outcome in outcomes.items() if not outcome.fault} == {"oxigraph", "same"}
    assert outcomes["wrong"].fault.startswith("wrong answer: 1 rows instead of 3; missing")
    assert outcomes["broken"].fault.startswith("status 500")
    for outcome in outcomes.values():
        assert bool(outcome.times.cold) == bool(outcome.times.warm) == (not outcome.fault)
    mixes = measure.mixtures([workload], {workload.name: outcomes})
    assert [mix.name for mix in mixes] == ["small, warm", "small, cold"]


# The client


def test_the_client_reads_bodies_of_told_length_and_in_pieces() -> None:
    for chunked, expected in ((False, b"body" * 9_000), (True, b"body" * 9_000 + b"end")):
        with served(b"body" * 9_000, chunked=chunked) as target:
            connection = Connection(target, 5)
            assert [connection.ask("ASK {}", graph=False) for _ in range(2)] == [expected] * 2
            connection.close()


def test_the_client_does_not_take_half_a_body_for_an_answer() -> None:
    with served(b"half", length=8) as target, pytest.raises(AnswerError, match="no whole answer"):
        Connection(target, 5).ask("ASK {}", graph=False)
    with served(b"no", 503) as target, pytest.raises(AnswerError, match="status 503: no"):
        Connection(target, 5).ask("ASK {}", graph=False)


# The report


def test_the_report_has_times_ratios_and_faults(asked: list[Workload]) -> None:
    one, two = asked[:2]
    fine, twice = (Outcome(times=Times([ms] * 50, [ms / 2] * 50, 7)) for ms in (4.0, 8.0))
    outcomes = {
        one.name: {"oxigraph": fine, "armature": twice},
        two.name: {"oxigraph": fine, "armature": Outcome("no|pe")},
    }
    loads = {"small, warm": {16: {"oxigraph": [Load(100, 1, 2, 0, 0.1)] * 2, "armature": [Load(300, 1, 2, 5, 0.1)]}}}
    about = {"version": "1", "load_seconds": 1.0, "open_seconds": 0.1, "rss": 5_000_000, "pss": 4_000_000}
    graph = {"stated": 1, "derived": 2, "ontology": 3, "claims": 4, "seed": 5, "sha256": "f" * 64}
    result = {
        "about": {
            "size": "10k", "day": "2026-06-30", "commit": "abc", "machine": "m", "load_average": "0", "python": "3",
            "command": "c", "graph": graph, "client": {"one_connection_ms": 0.1},
        },
        "engines": {"oxigraph": about, "armature": about, "virtuoso": {"failed": "no licence"}},
        "latency": report.latencies([one, two], outcomes),
        "throughput": report.rates(loads),
    }  # fmt: skip
    text = report.table(result)
    first = next(line for line in text.splitlines() if line.startswith(f"| {one.name} "))
    assert "| 4 / 4 / 4 | 8 / 8 / 8 | 2 / 2 / 2 | 4 / 4 / 4 | 2.00 | 2.00 |" in first
    second = next(line for line in text.splitlines() if line.startswith(f"| {two.name} "))
    assert second.count(" ! ") == 2
    assert f"- {two.name}, armature: no|pe" in text
    assert "- virtuoso: no licence" in text
    assert "| small, warm | 16 | 100 | 300 (5) | 2 | 2 |" in text
    drawn = plot.drawn(result)
    assert drawn.count("<title>") == 2 * 3
    assert drawn.count("</svg>") == 1


def test_percentiles_are_of_the_nearest_rank() -> None:
    times = [float(number) for number in range(100, 0, -1)]
    assert [report.percentile(times, share) for share in (0.5, 0.95, 0.99, 1.0)] == [51.0, 96.0, 100.0, 100.0]
