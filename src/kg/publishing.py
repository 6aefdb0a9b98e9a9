"""``kg publish``: a snapshot into any SPARQL 1.1 server, graph by graph, and a look whether it stands there whole.

Under way, the record on the server names no snapshot; it does again only when every count is right. Graphs of ours
that the snapshot lacks are removed; nothing else on the server is touched.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from kg import stored
from kg.errors import PublishFailed
from kg.loading import Loader, Server, Statements
from kg.publication import MERGE, RECORD, Publication, of_pieces
from kg.snapshot import Snapshot
from kg.terms import Iri

_OPEN_FILES = 64
_COUNTED_AT_ONCE = 100

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Publisher:
    """One publication to one server; ``beside`` leaves the server's default graph alone."""

    server: Server
    loader: Loader
    queries: Path
    beside: bool = False
    progress: Progress = lambda _: None

    def publish(self, snapshot: Snapshot) -> Publication:
        """Load a snapshot and write its record.

        Raises:
            PublishFailed: a graph is not on the server as it should be, or its default graph is not ours.
            StoreUnreachable, StoreFailure: the server cannot be reached, or does not let us.
        """
        merge = self._begin()
        with TemporaryDirectory(prefix="armature-publish-") as folder:
            for graph, statements in graphs(snapshot, Path(folder)):
                self.progress(f"{graph}: {statements.count:,} statements")
                self.loader.replace(graph, statements)
            self.progress(f"the merge: {snapshot.manifest.triples:,} statements")
            self.loader.replace(merge, merged(snapshot, Path(folder)))
        self._remove_old({*snapshot.manifest.graphs, RECORD, *([merge] if merge else [])})
        self._verify(snapshot, merge)
        done = Publication(uuid.uuid4().hex, merge, snapshot.manifest)
        self._record(done)
        return done

    def _begin(self) -> Iri | None:
        """Say that a publication is under way; returns the graph that the merge goes to.

        Raises:
            PublishFailed: the default graph holds what we did not put there.
        """
        before = of_pieces(self._rows("publication"))
        ours = before is not None and before.merge is None
        held = self._default_count()
        self._record(Publication(uuid.uuid4().hex, None if ours else MERGE, None))
        if self.beside or self.server.true(self._text("default-is-union")):
            return MERGE
        if held and not ours:
            self.loader.remove(RECORD)
            raise PublishFailed(
                f"The server's default graph holds {held:,} statements that we did not put there. Empty it, or "
                "publish beside it with --beside.",
                found=held,
            )
        self._record(Publication(uuid.uuid4().hex, None, None))
        return None

    def _record(self, publication: Publication) -> None:
        lines = [f"{triple} .\n".encode() for triple in publication.triples()]
        with TemporaryDirectory(prefix="armature-publish-") as folder:
            path = Path(folder) / "record.nt"
            path.write_bytes(b"".join(lines))
            self.loader.replace(RECORD, Statements(path, len(lines)))

    def _remove_old(self, kept: set[Iri]) -> None:
        found = {row["graph"] for row in self._rows("published-graphs")}
        for graph in sorted(found - kept):
            self.progress(f"removing {graph}")
            self.loader.remove(graph)

    def _verify(self, snapshot: Snapshot, merge: Iri | None) -> None:
        """Compare what the server counts with the manifest."""
        expected = dict(snapshot.manifest.graphs)
        if merge:
            expected[merge] = snapshot.manifest.triples
        self.progress(f"counting {len(expected)} graphs")
        found = self._counts(list(expected))
        for graph, count in expected.items():
            _compare(f"The graph <{graph}>", graph, count, found.get(graph, 0))
        if merge is None:
            _compare("The default graph", "default", snapshot.manifest.triples, self._default_count())

    def _counts(self, graphs: Sequence[Iri]) -> dict[Iri, int]:
        found: dict[Iri, int] = {}
        for start in range(0, len(graphs), _COUNTED_AT_ONCE):
            rows = self._rows("graph-count", graph=graphs[start : start + _COUNTED_AT_ONCE])
            found |= {row["graph"]: int(row["count"]) for row in rows}
        return found

    def _default_count(self) -> int:
        return int(next(iter(self._rows("default-count")))["count"])

    def _rows(self, name: str, **values: Sequence[str]) -> list[Mapping[str, str]]:
        return self.server.rows(self._text(name, **values))

    def _text(self, name: str, **values: Sequence[str]) -> str:
        return stored.find(self.queries, name).filled(values, {})


def _compare(what: str, graph: Iri, expected: int, found: int) -> None:
    if expected != found:
        raise PublishFailed(
            f"{what} has {found:,} statements on the server, and should have {expected:,}; publish again.",
            graph=graph,
            expected=expected,
            found=found,
        )


def graphs(snapshot: Snapshot, folder: Path) -> Iterator[tuple[Iri, Statements]]:
    """The named graphs of a snapshot, each as a file of N-Triples that is gone when the next one is asked for."""
    names = sorted(snapshot.manifest.graphs)
    for start in range(0, len(names), _OPEN_FILES):
        batch = names[start : start + _OPEN_FILES]
        files = {f"<{name}>".encode(): folder / f"{place}.nt" for place, name in enumerate(batch)}
        _distribute(snapshot, files)
        for name, path in zip(batch, files.values(), strict=True):
            yield name, Statements(path, snapshot.manifest.graphs[name])
            path.unlink()


def _distribute(snapshot: Snapshot, files: Mapping[bytes, Path]) -> None:
    """Write the triples of each graph into its file."""
    opened = {name: path.open("wb") for name, path in files.items()}
    try:
        with snapshot.statements.open("rb") as lines:
            for line in lines:
                triple, graph = _parted(line)
                if (file := opened.get(graph)) is not None:
                    file.write(triple + b" .\n")
    finally:
        for file in opened.values():
            file.close()


def merged(snapshot: Snapshot, folder: Path) -> Statements:
    """The merge of a snapshot as a file of N-Triples, each statement once: equals are neighbours in it."""
    path = folder / "merge.nt"
    with snapshot.statements.open("rb") as lines, path.open("wb") as file:
        file.writelines(_once(lines))
    return Statements(path, snapshot.manifest.triples)


def _once(lines: Iterable[bytes]) -> Iterator[bytes]:
    for triple, _ in groupby(_parted(line)[0] for line in lines):
        yield triple + b" .\n"


def _parted(line: bytes) -> tuple[bytes, bytes]:
    """The triple and the graph of an N-Quads line as we write it: ``… <graph> .``."""
    triple, _, graph = line.removesuffix(b" .\n").rpartition(b" ")
    return triple, graph
