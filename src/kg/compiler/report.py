"""What a SHACL validation found: results in a fixed order, and the standard report as Turtle."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import pyoxigraph as ox

from kg.compiler import layout
from kg.terms import RDF, RDF_TYPE, SH, Iri

PREFIXES = {"rdf": RDF, "sh": SH}
VIOLATION = "Violation"

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Properties: TypeAlias = dict[Iri, list[Term]]
"""What the report says of one node: predicate → objects."""


@dataclass(frozen=True)
class Result:
    """One finding. ``severity`` is Violation, Warning or Info; ``shape`` is the constraint that is broken.

    ``value`` is ``None`` where the focus node itself is at fault.
    """

    focus: Iri
    path: Iri | None
    value: str | None
    severity: str
    message: str
    shape: Iri


@dataclass(frozen=True)
class Report:
    """Every finding of one run. ``graph`` is the SHACL validation report in Turtle.

    A graph with warnings alone conforms, in ``conforms`` and in the report graph alike.
    """

    conforms: bool
    violations: tuple[Result, ...]
    warnings: tuple[Result, ...]
    graph: str


def read(triples: Iterable[ox.Triple]) -> Report:
    """The report that a SHACL engine's report graph makes, whatever order and blank nodes it came in."""
    nodes = _by_subject(triples)
    found = sorted((said for said in nodes.values() if SH + "focusNode" in said), key=_key)
    results = [_result(said) for said in found]
    violations = tuple(r for r in results if r.severity == VIOLATION)
    return Report(
        conforms=not violations,
        violations=violations,
        warnings=tuple(r for r in results if r.severity != VIOLATION),
        graph=_turtle(found, conforms=not violations),
    )


def _by_subject(triples: Iterable[ox.Triple]) -> dict[str, Properties]:
    nodes: dict[str, Properties] = defaultdict(lambda: defaultdict(list))
    for triple in triples:
        nodes[str(triple.subject)][triple.predicate.value].append(triple.object)
    return nodes


def _result(said: Properties) -> Result:
    focus = _text(said, "focusNode") or ""
    value = _text(said, "value")
    return Result(
        focus=focus,
        path=_text(said, "resultPath"),
        value=None if value == focus else value,
        severity=(_text(said, "resultSeverity") or "").removeprefix(SH),
        message=_text(said, "resultMessage") or "",
        shape=_text(said, "sourceConstraint") or _text(said, "sourceShape") or "",
    )


def _text(said: Properties, name: str) -> str | None:
    """The value as text: an IRI without brackets, a literal without its type."""
    values = sorted(_plain(term) for term in said.get(SH + name, []))
    return " ".join(values) if values else None


def _plain(term: Term) -> str:
    return str(term) if isinstance(term, ox.BlankNode | ox.Triple) else term.value


def _key(said: Properties) -> tuple[str, ...]:
    result = _result(said)
    return (
        result.severity,
        result.focus,
        result.shape,
        result.path or "",
        result.value or "",
        result.message,
    )


def _turtle(found: list[Properties], *, conforms: bool) -> str:
    report = ox.BlankNode("report")
    triples = [
        ox.Triple(report, RDF_TYPE, ox.NamedNode(SH + "ValidationReport")),
        ox.Triple(report, ox.NamedNode(SH + "conforms"), ox.Literal(conforms)),
    ]
    for n, said in enumerate(found, 1):
        node = ox.BlankNode(f"result{n:06d}")
        triples.append(ox.Triple(report, ox.NamedNode(SH + "result"), node))
        triples += [ox.Triple(node, ox.NamedNode(p), value) for p, values in said.items() for value in values]
    return b"".join(layout.write(layout.ordered(triples), PREFIXES)).decode()
