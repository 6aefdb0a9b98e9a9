"""Turtle as source code: strict reading, and the line on which something is said.

pyoxigraph parses; this module adds what a source language needs: an error that names file, line and column.
"""

import codecs
import re
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

from kg.errors import BrokenTurtle, InvalidSource
from kg.terms import RDF_TYPE, Iri


def parse(path: Path, graph: ox.NamedNode, shown: str | None = None) -> list[ox.Quad]:
    """Read one Turtle file into a named graph; ``shown`` is the file's name in errors.

    Raises:
        BrokenTurtle: the file is not Turtle, is not UTF-8 or has blank nodes; with file, line and column.
    """
    name = shown or str(path)
    _refuse_unreadable(path, name)
    try:
        quads = [
            ox.Quad(quad.subject, quad.predicate, quad.object, graph)
            for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE)
        ]
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        reason = re.sub(r"^Parser error (at line \d+ column \d+|between .*?): ", "", str(error.args[0]))
        raise BrokenTurtle(
            f"{name}:{line}:{column}: not valid Turtle: {reason}. Mend the line and build again.",
            file=name,
            line=line,
            column=column,
        ) from error
    _refuse_blank_nodes(path, quads, name)
    return quads


def _refuse_unreadable(path: Path, name: str) -> None:
    """Files that cannot be read at all, or that an editor saved in a way that hides what is wrong."""
    try:
        if not path.is_file():
            raise InvalidSource(
                f"{name}: not a file that can be read; remove it or give it another ending.", file=name
            )
        with path.open("rb") as file:
            head = file.read(3)
    except OSError as error:
        raise InvalidSource(f"{name}: cannot be read: {error.strerror}. Mend its permissions.", file=name) from error
    if head == codecs.BOM_UTF8:
        raise BrokenTurtle(
            f"{name}:1:1: the file begins with a byte order mark; save it as UTF-8 without one.",
            file=name,
            line=1,
            column=1,
        )


def _refuse_blank_nodes(path: Path, quads: Iterable[ox.Quad], name: str) -> None:
    for quad in quads:
        if isinstance(quad.object, ox.Triple):
            raise BrokenTurtle(f"{name}: quoted triples (<< >>) are not used here; write a claim.", file=name)
        if isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode):
            line = _line_of(path, re.compile(r"(^|\s)(\[|\(|_:)"))
            raise BrokenTurtle(
                f"{name}:{line}: blank nodes ([ ], ( ), _:x) are not used here: they cannot be cited. "
                "Give the node an IRI.",
                file=name,
                line=line,
            )


def _line_of(path: Path, pattern: re.Pattern[str]) -> int:
    lines = path.read_text("utf-8").splitlines()
    return next((n for n, text in enumerate(lines, 1) if pattern.search(text)), 1)


def locate(path: Path, subject: Iri, predicate: Iri | None, prefixes: dict[str, Iri]) -> int | None:
    """The line (from 1) on which a file starts to speak of a subject, or states one predicate of it.

    Searches the text: subjects stand at the start of a line, as the canonical layout has them. ``None``
    where the file does not speak of the subject.
    """
    lines = path.read_text("utf-8").splitlines()
    starts = re.compile(rf"({_spelled(subject, prefixes)})(\s|$)")
    start = next((n for n, text in enumerate(lines) if starts.match(text)), None)
    if start is None or predicate is None:
        return None if start is None else start + 1
    speaks = re.compile(rf"(^|\s)({_spelled(predicate, prefixes)})(\s|$)")
    for n in range(start, len(lines)):
        if speaks.search(lines[n]):
            return n + 1
        if lines[n].rstrip().endswith(" ."):
            break
    return start + 1


def _spelled(iri: Iri, prefixes: dict[str, Iri]) -> str:
    """A pattern for every way to write the IRI in Turtle."""
    ways = [f"<{iri}>"] + [p + ":" + iri[len(s) :] for p, s in prefixes.items() if iri.startswith(s)]
    if iri == RDF_TYPE.value:
        ways.append("a")
    return "|".join(re.escape(way) for way in ways)
