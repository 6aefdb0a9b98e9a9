"""Figures for Prometheus: counted where things happen, sampled where they stand, told in its text format.

With several server processes each writes its figures to files of its own in a folder that they share, and whoever
is asked tells the sum (prometheus_client's multiprocess mode, chosen by ``PROMETHEUS_MULTIPROC_DIR``).
"""

import os
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from pathlib import Path
from weakref import WeakKeyDictionary

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from kg import __version__
from kg.engine.cached import CachedStore
from kg.engine.stats import PoolStats
from kg.engine.store import Store
from kg.serving import Current

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder which the processes share."""

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
"""Those that are told apart; anybody may invent others."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The figures of one server process."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = own = CollectorRegistry()
        request = ("method", "route", "status")
        self.requests = Counter("armature_http_requests", "Requests answered.", request, registry=own)
        self.seconds = Histogram(
            "armature_http_request_duration_seconds",
            "Time from the request's header to the end of the answer.",
            ("route",),
            buckets=_SECONDS,
            registry=own,
        )
        self.in_flight = _live("armature_http_requests_in_flight", "Requests under way.", own)
        self.connections = _live("armature_http_connections", "Open connections.", own)
        told = "Connections that were told of an error before they became a request."
        self.refused = Counter("armature_http_refused", told, ("problem",), registry=own)
        silent = "Connections that were closed without a word."
        self.cut = Counter("armature_http_cut", silent, ("cause",), registry=own)
        missing = "Parts of pages that were not shown, by the query that failed and its problem."
        self.unshown = Counter("armature_page_parts_not_shown", missing, ("query", "problem"), registry=own)
        self.readers = _live("armature_readers", "Query processes by what they do.", own, ("state",))
        self.waiting = _live("armature_queries_waiting", "Queries that wait for a query process.", own)
        why = "Query processes that ended, by cause."
        self.ended = Counter("armature_readers_ended", why, ("cause",), registry=own)
        places = "Queries that the store behind this server may have at once: those that it has, and places left."
        self.store = _live("armature_store_queries", places, own, ("state",))
        lost = "Queries that the store behind this server failed to answer, by problem."
        self.failed = Counter("armature_store_failed", lost, ("problem",), registry=own)
        self.lookups = Counter("armature_cache_lookups", "Answers looked for in memory.", ("result",), registry=own)
        self.cached = _live("armature_cache_bytes", "Bytes of answers kept in memory.", own)
        self._counted: WeakKeyDictionary[CachedStore, Tally[tuple[str, str]]] = WeakKeyDictionary()

    def sample(self, store: Store, connections: int) -> None:
        """Take down how things stand with a store, and what it has counted since the last time."""
        self.connections.set(connections)
        if not isinstance(store, CachedStore):
            return
        pool = store.stats()
        if pool.remote:
            self.store.labels("busy").set(pool.busy)
            self.store.labels("free").set(pool.idle)
        else:
            self._sample_readers(pool)
        self.waiting.set(pool.waiting)
        self.cached.set(store.size)
        self._count(store, pool)

    def _sample_readers(self, pool: PoolStats) -> None:
        self.readers.labels("busy").set(pool.busy)
        self.readers.labels("idle").set(pool.idle)
        self.readers.labels("alive").set(pool.busy + pool.idle)

    def _count(self, store: CachedStore, pool: PoolStats) -> None:
        seen = Tally({("hit", ""): store.hits, ("miss", ""): store.misses})
        seen.update({("ended", cause): number for cause, number in pool.ended.items()})
        before = self._counted.get(store, Tally())
        for (what, cause), number in seen.items():
            ended = self.failed if pool.remote else self.ended
            counter = ended.labels(cause) if what == "ended" else self.lookups.labels(what)
            counter.inc(number - before[what, cause])
        self._counted[store] = seen

    def text(self, served: Current, accept: str) -> tuple[bytes, str]:
        """Everything, with the media type that it is written in (the text format, or OpenMetrics if asked for)."""
        shared = os.environ.get(SHARED)
        told = CollectorRegistry() if shared else self.registry
        encode, media_type = choose_encoder(accept)
        of_now = [_OfSnapshot(served), _OfProcesses(Path(shared) if shared else None)]
        for collector in of_now:
            told.register(collector)
        try:
            if shared:
                MultiProcessCollector(told, shared)  # type: ignore[no-untyped-call]
            return encode(told), media_type
        finally:
            for collector in of_now:
                told.unregister(collector)


def _live(name: str, about: str, registry: CollectorRegistry, labels: Iterable[str] = ()) -> Gauge:
    """A figure that adds up over the processes that are alive."""
    return Gauge(name, about, labels, registry=registry, multiprocess_mode="livesum")


class _OfSnapshot(Collector):
    """What is being served, from the manifest; any of the processes can tell."""

    def __init__(self, served: Current) -> None:
        self._served = served

    def collect(self) -> Iterator[Metric]:
        served = self._served
        about = {"hash": served.hash, "record_date": served.record_date or ""}
        yield InfoMetricFamily("armature_snapshot", "The snapshot that is served.", value=about)
        yield InfoMetricFamily("armature_build", "The software.", value={"version": __version__})
        statements = served.snapshot.manifest.triples
        yield GaugeMetricFamily("armature_snapshot_statements", "Statements in the default graph.", value=statements)
        built = (served.snapshot.path / "manifest.json").stat().st_mtime
        yield GaugeMetricFamily("armature_snapshot_built_timestamp_seconds", "When it was built.", value=built)


class _OfProcesses(Collector):
    """The standard figures of processes: of this one or, with a shared folder, of each that writes there."""

    def __init__(self, shared: Path | None) -> None:
        self._shared = shared

    def collect(self) -> Iterable[Metric]:
        if self._shared is None:
            return _of_process(os.getpid())
        pids = {int(path.stem.rpartition("_")[2]) for path in self._shared.glob("gauge_livesum_*.db")}
        families: dict[str, Metric] = {}
        for pid in sorted(pids):
            for family in _of_process(pid):
                merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    merged.add_sample(sample.name, {"pid": str(pid)}, sample.value)
        return families.values()


def _of_process(pid: int) -> Iterable[Metric]:
    return ProcessCollector(pid=lambda: pid, registry=None).collect()
