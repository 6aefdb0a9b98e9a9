"""Exports: the whole graph, one named graph, or the statements about one thing, in any graph format.

All are deterministic: sorted by subject, ``a`` first, one prefix list. Whole graphs are read from the sorted
statements of the snapshot, so that they never pass through the query engine.
"""

import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import IO

import pyoxigraph as ox

from kg.compiler import layout
from kg.errors import UnknownEntity
from kg.formats import N_QUADS, TURTLE, Format
from kg.snapshot import Snapshot
from kg.terms import Iri

_CHUNK = 1 << 16


def write(triples: Iterable[ox.Triple], output: IO[bytes], form: Format, prefixes: dict[str, Iri]) -> None:
    """Write triples that are grouped by subject in one of the graph formats."""
    if form is TURTLE:
        output.writelines(layout.write(triples, prefixes))
    else:
        ox.serialize(triples, output, form.rdf, prefixes=prefixes)


def write_graph(snapshot: Snapshot, output: IO[bytes], form: Format, prefixes: dict[str, Iri]) -> None:
    """Write the whole graph: its merge in a triple format, its named graphs in a quad format."""
    if form is N_QUADS:
        output.write(snapshot.statements.read_bytes())
    elif "graph" in form.families:
        write(_merged(_quads(snapshot)), output, form, prefixes)
    else:
        by_graph = sorted(_quads(snapshot), key=lambda quad: str(quad.graph_name))
        ox.serialize(by_graph, output, form.rdf, prefixes=prefixes)


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
