"""Exports: the whole graph, one named graph, or the statements about one thing, in any graph format.

All are deterministic: sorted by subject, ``a`` first, one prefix list. Whole graphs are read from the sorted
statements of the snapshot, so that they never pass through the query engine.
"""

import errno
import gzip
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import IO

import pyoxigraph as ox

from kg import formats, snapshot, terms
from kg.compiler import layout
from kg.errors import CannotWrite, DiskFull, KgError, UnknownEntity
from kg.formats import N_QUADS, TURTLE, Format
from kg.snapshot import Snapshot
from kg.terms import Iri

_CHUNK = 1 << 16
_OPEN_FILES = 64


def write(triples: Iterable[ox.Triple], output: IO[bytes], form: Format, prefixes: dict[str, Iri]) -> None:
    """Write triples that are grouped by subject in one of the graph formats."""
    if form is TURTLE:
        output.writelines(layout.write(triples, prefixes))
    else:
        ox.serialize(triples, output, form.rdf, prefixes=prefixes)


def write_graph(snapshot: Snapshot, output: IO[bytes], form: Format, prefixes: dict[str, Iri]) -> None:
    """Write the whole graph: its merge in a triple format, its named graphs in a quad format."""
    if form is N_QUADS:
        with snapshot.statements.open("rb") as statements:
            shutil.copyfileobj(statements, output, _CHUNK)
    elif "graph" in form.families:
        write(_merged(_quads(snapshot)), output, form, prefixes)
    else:
        with tempfile.TemporaryDirectory(prefix="armature-graphs-") as folder:
            ox.serialize(_graph_by_graph(snapshot, Path(folder)), output, form.rdf, prefixes=prefixes)


def _graph_by_graph(snapshot: Snapshot, folder: Path) -> Iterator[ox.Quad]:
    """The quads of one graph after the other, sorted within each, in bounded memory."""
    names = sorted(snapshot.manifest.graphs)
    for start in range(0, len(names), _OPEN_FILES):
        batch = names[start : start + _OPEN_FILES]
        some = {f"<{name}>".encode(): folder / str(place) for place, name in enumerate(batch)}
        _distribute(snapshot, some)
        for path in some.values():
            yield from ox.parse(path=path, format=ox.RdfFormat.N_QUADS)
            path.unlink()


def _distribute(snapshot: Snapshot, files: dict[bytes, Path]) -> None:
    """Copy the lines of each graph to its file."""
    opened = {name: path.open("wb") for name, path in files.items()}
    try:
        with snapshot.statements.open("rb") as statements:
            for line in statements:
                if (file := opened.get(line[:-3].rpartition(b" ")[2])) is not None:
                    file.write(line)
    finally:
        for file in opened.values():
            file.close()


def write_named_graph(
    snapshot: Snapshot, graph: Iri, output: IO[bytes], form: Format, prefixes: dict[str, Iri]
) -> None:
    """Write one named graph.

    Raises:
        UnknownEntity: the snapshot has no such graph.
    """
    if graph not in snapshot.manifest.graphs:
        known = ", ".join(snapshot.manifest.graphs)
        raise UnknownEntity(f"There is no named graph <{graph}>; there are: {known}.")
    name = ox.NamedNode(graph)
    write(_merged(q for q in _quads(snapshot) if q.graph_name == name), output, form, prefixes)


def _quads(snapshot: Snapshot) -> Iterable[ox.Quad]:
    return ox.parse(path=snapshot.statements, format=ox.RdfFormat.N_QUADS)


def _merged(quads: Iterable[ox.Quad]) -> Iterator[ox.Triple]:
    """The triples of sorted quads, each once, in the canonical order within its subject."""
    for _, group in groupby(quads, key=lambda quad: quad.subject):
        yield from layout.ordered(quad.triple for quad in group)


def rewritten(n_triples: bytes, form: Format, prefixes: dict[str, Iri]) -> bytes:
    """An engine's N-Triples answer, made canonical in a graph format."""
    triples = layout.ordered(q.triple for q in ox.parse(n_triples, ox.RdfFormat.N_TRIPLES))
    shown = layout.used(triples, prefixes)
    with tempfile.SpooledTemporaryFile(max_size=_CHUNK * 16) as buffer:
        write(triples, buffer, form, shown)
        buffer.seek(0)
        return buffer.read()


def scratch() -> IO[bytes]:
    """A scratch file for an export on its way to a client: small ones stay in memory."""
    return tempfile.SpooledTemporaryFile(max_size=_CHUNK * 64)


def chunks(buffer: IO[bytes]) -> Iterator[bytes]:
    """What was written to a scratch file, from its beginning, in pieces; the file is closed after."""
    with buffer:
        buffer.seek(0)
        while piece := buffer.read(_CHUNK):
            yield piece


def save(path: Path, content: Iterable[bytes]) -> None:
    """Write an export to a file; an unfinished one leaves no file behind."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.writelines(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


# One export as a file, by another process if need be


@dataclass(frozen=True)
class Job:
    """What to write where: a download of a snapshot folder; ``packed`` compresses it with gzip."""

    snapshot: str
    name: str
    form: str
    target: str
    packed: bool
    prefixes: dict[str, Iri]

    def text(self) -> bytes:
        """The job for the standard input of another process."""
        return json.dumps(asdict(self)).encode()


def perform(job: Job) -> None:
    """Write the file of a job.

    Raises:
        UnknownEntity, NoSnapshot: there is nothing to write.
        OSError: the disk refuses.
    """
    folder, form = Path(job.snapshot), formats.BY_NAME[job.form]
    source = Snapshot(folder, snapshot.manifest_of(folder))
    with Path(job.target).open("wb") as file:
        if not job.packed:
            _export(source, job, file, form)
            return
        # No name and no time in the header: the same statements give the same file.
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            _export(source, job, packed, form)  # type: ignore[arg-type]  # a GzipFile is written to like a file


def _export(source: Snapshot, job: Job, output: IO[bytes], form: Format) -> None:
    if job.name == "all":
        write_graph(source, output, form, job.prefixes)
    else:
        write_named_graph(source, terms.BASE + job.name, output, form, job.prefixes)


def failure(error: OSError) -> KgError:
    """A refusal of the disk as an error of the tree."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return DiskFull("No space left to write the export; free some, or ask for a smaller part of the graph.")
    return CannotWrite(f"The export cannot be written: {error.strerror or error}.")


def main() -> None:
    """Write the file of the job on standard input; used by the server for large graphs."""
    try:
        perform(Job(**json.load(sys.stdin)))
    except OSError as error:
        sys.exit(failure(error).detail)
    except KgError as error:
        sys.exit(error.detail)


if __name__ == "__main__":
    main()
