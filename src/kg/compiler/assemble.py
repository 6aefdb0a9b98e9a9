"""Assembly: every Turtle file of the project, parsed strictly, in one store with its merge.

Each file is a named graph; the default graph holds the merge of them all, written out, because the
engine's own union counts a triple once per graph that it stands in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from kg import terms
from kg.compiler import turtle
from kg.errors import InvalidSource
from kg.settings import Settings

_NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")


@dataclass(frozen=True)
class SourceFile:
    """A Turtle file and the named graph that it fills; ``shown`` is its path below the home folder."""

    path: Path
    graph: ox.NamedNode
    shown: str


def source_files(settings: Settings) -> list[SourceFile]:
    """The files that make the graph, in a fixed order.

    Raises:
        InvalidSource: a folder that must hold some holds none.
    """
    found = [*_ontology_files(settings), *_data_files(settings)]
    for folder in (settings.ontology, settings.data):
        if not any(file.path.is_relative_to(folder) for file in found):
            raise InvalidSource(f"There is no Turtle file in {folder}; set KG_HOME to the project's folder.")
    return found


def _ontology_files(settings: Settings) -> Iterator[SourceFile]:
    for path in sorted(settings.ontology.rglob("*.ttl")):
        shapes = path.parent.name in ("shapes", "house")
        graph = terms.GRAPH_SHAPES if shapes else terms.GRAPH_ONTOLOGY
        yield SourceFile(path, graph, path.relative_to(settings.home).as_posix())


def _data_files(settings: Settings) -> Iterator[SourceFile]:
    for path in sorted(settings.data.rglob("*.ttl")):
        relative, shown = path.relative_to(settings.data), path.relative_to(settings.home).as_posix()
        if not _NAME.fullmatch(relative.as_posix()):
            raise InvalidSource(f"{shown}: a file's name becomes a graph's; use letters, digits, '-', '.' and '_'.")
        yield SourceFile(path, terms.data_graph(relative), shown)


def assemble(files: list[SourceFile]) -> ox.Store:
    """Parse the files into a store in memory: named graphs and their merge.

    Raises:
        BrokenTurtle: the first file that is not valid Turtle, with line and column.
    """
    store = ox.Store()
    for file in files:
        quads = turtle.parse(file.path, file.graph, file.shown)
        store.extend(quads)
        store.extend(ox.Quad(q.subject, q.predicate, q.object) for q in quads)
    return store
