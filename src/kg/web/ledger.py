"""The book of requests: each is counted, measured and, if the settings say so, a line of the log."""

import logging
from dataclasses import dataclass

from prometheus_client import Counter, Histogram

from kg.web.metrics import METHODS, Metrics

log = logging.getLogger("kg.access")


@dataclass(frozen=True)
class Entry:
    """What one request and its answer were; ``lacking`` names the queries of parts that could not be shown."""

    method: str
    route: str
    path: str
    status: int
    client: str
    snapshot: str
    lacking: str = ""
    whole: bool = True


class Ledger:
    """The book of one process; ``told`` has every entry logged."""

    def __init__(self, metrics: Metrics, *, told: bool) -> None:
        self._metrics, self._told = metrics, told
        self._figures: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def write(self, entry: Entry, identifier: str, seconds: float, size: int) -> None:
        """Write an entry down, with the time that the answer took and its bytes without header."""
        requests, times = self._of(entry)
        requests.inc()
        times.observe(seconds)
        if self._told:
            about = {
                "method": entry.method,
                "route": entry.route,
                "path": entry.path,
                "status": entry.status,
                "seconds": round(seconds, 6),
                "bytes": size,
                "client": entry.client,
                "request": identifier,
                "snapshot": entry.snapshot,
                **({"lacking": entry.lacking} if entry.lacking else {}),
                **({} if entry.whole else {"cut": True}),
            }
            log.info("request", extra={"fields": about})

    def _of(self, entry: Entry) -> tuple[Counter, Histogram]:
        """The figures that an entry belongs to; looking them up by name takes longer than counting."""
        method = entry.method if entry.method in METHODS else "other"
        key = method, entry.route, entry.status // 100
        if (found := self._figures.get(key)) is None:
            requests = self._metrics.requests.labels(method, entry.route, f"{entry.status // 100}xx")
            found = self._figures[key] = requests, self._metrics.seconds.labels(entry.route)
        return found
