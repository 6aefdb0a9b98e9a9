"""The build: Turtle in, an immutable snapshot out; a bad build never replaces a good one.

assemble (parse) → derive (CONSTRUCT rules) → inspect (shapes and rule queries) → snapshot (write, rename).
"""

from collections.abc import Callable
from dataclasses import dataclass

import pyoxigraph as ox

from kg import indexing, snapshot
from kg.compiler.assemble import SourceFile, assemble, source_files
from kg.compiler.derive import derive
from kg.compiler.findings import Findings, inspect
from kg.errors import ShapesViolated
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.terms import DEF, GRAPH_DERIVED

Progress = Callable[[str], None]
"""Called with one short line as each stage begins."""


@dataclass(frozen=True)
class Graph:
    """The whole graph in memory, with the files that it came from."""

    store: ox.Store
    files: list[SourceFile]

    @property
    def record_date(self) -> str | None:
        """The latest day on which a source was consulted (ISO), ``None`` without sources."""
        quads = self.store.quads_for_pattern(GRAPH_DERIVED, ox.NamedNode(DEF + "recordDate"), None, None)
        return next((q.object.value for q in quads if isinstance(q.object, ox.Literal)), None)


def silent(_: str) -> None:
    """Progress for those who do not watch."""


def graph(settings: Settings, progress: Progress = silent) -> Graph:
    """Parse the sources and derive what follows from them, in memory.

    Raises:
        BrokenTurtle, BrokenQuery, InvalidSource: with file and line.
    """
    files = source_files(settings)
    progress(f"reading {len(files)} files")
    store = assemble(files)
    progress(f"deriving from {len(store) // 2:,} statements")
    derive(store, settings.queries / "rules" / "derive")
    return Graph(store, files)


def check(settings: Settings, progress: Progress = silent) -> Findings:
    """Everything that is wrong, or might be, with the sources; nothing is written."""
    return _inspected(settings, graph(settings, progress), progress)


def _inspected(settings: Settings, built: Graph, progress: Progress) -> Findings:
    progress("checking shapes and rules")
    return inspect(settings, built.store, built.files)


def build(settings: Settings, progress: Progress = silent) -> tuple[Snapshot, Findings]:
    """Check the sources and put a new snapshot in the place of the current one.

    Raises:
        InvalidSource: a file is broken or a shape violated; the current snapshot goes on serving.
        DiskFull, CannotWrite, BuildUnderWay: nothing was changed.
    """
    built = graph(settings, progress)
    findings = _inspected(settings, built, progress)
    if findings.violations:
        raise ShapesViolated(
            f"{findings.text()}\nNothing was built; the snapshot that served before still does.",
            violations=len(findings.violations),
        )
    return _written(settings, built, findings, progress), findings


def _written(settings: Settings, built: Graph, findings: Findings, progress: Progress) -> Snapshot:
    progress("writing the snapshot")
    lines = snapshot.statements(built.store)
    manifest = snapshot.describe(built.store, lines, len(findings.warnings), built.record_date)
    with snapshot.building(settings.snapshots) as work:
        snapshot.fill(work, built.store, lines, manifest)
        indexing.build(work / "search", built.store, settings.queries / "rules" / "search")
        made = snapshot.put_in_place(settings.snapshots, work, manifest)
        if settings.keep:
            snapshot.prune(settings.snapshots, settings.keep)
        return made
