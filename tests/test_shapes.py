"""Every constraint of ``ontology/shapes`` is proved both ways, by the files of ``tests/shapes``.

``tests/shapes/<Shape>/invalid.<constraint>[-<variation>].ttl`` breaks ``shape:<Shape>-<constraint>`` and says
so in its head: the constraint, a part of the message and the focus node. The ``valid`` file of the same name
comes as near to it as is allowed. All stand on ``background.ttl`` and go through derivation and check.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox
import pytest

from kg import terms
from kg.compiler.check import check
from kg.compiler.derive import derive
from kg.compiler.report import Report, Result
from kg.terms import DEF, RDFS, SH, SHAPE, Iri

ROOT = Path(__file__).parents[1]
ONTOLOGY = ROOT / "ontology"
CASES = ROOT / "tests" / "shapes"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DOCUMENTATION = {
    *(RDFS + name for name in ("label", "isDefinedBy")),
    *(SKOS + name for name in ("prefLabel", "definition", "example")),
    *(DEF + name for name in ("answersQuestion", "reverseLabel")),
}
"""What the ontology says for people only; the shapes of the data do without it, and faster."""

EXPECT = re.compile(r"^# expect: (?P<constraint>\S+): (?P<message>.+)\n# focus: (?P<focus>\S+)\n")
PLACEHOLDER = re.compile(r"[{][$?]\w+[}]")


class Expectation(NamedTuple):
    """What an invalid file says of itself."""

    constraint: str
    message: str
    focus: Iri


def read(path: Path) -> list[ox.Quad]:
    return [
        ox.Quad(triple.subject, triple.predicate, triple.object)
        for triple in ox.parse(path=path, format=ox.RdfFormat.TURTLE)
    ]


@cache
def shapes() -> list[ox.Quad]:
    return [quad for path in sorted((ONTOLOGY / "shapes").glob("*.ttl")) for quad in read(path)]


@cache
def ground() -> list[ox.Quad]:
    """The ontology and the background of all cases."""
    files = sorted(ONTOLOGY.glob("*.ttl"))
    vocabulary = [q for path in files for q in read(path) if q.predicate.value not in DOCUMENTATION]
    return vocabulary + read(CASES / "background.ttl")


def inspect(path: Path, constraints: Iterable[ox.Quad]) -> Report:
    store = ox.Store()
    store.extend([*ground(), *read(path)])
    derive(store, ROOT / "queries" / "rules" / "derive")
    return check(store.quads_for_pattern(None, None, None, ox.DefaultGraph()), constraints)


def constraints() -> set[str]:
    """Local names: property shapes, SPARQL constraints, and node shapes that constrain by themselves."""
    kinds = {ox.NamedNode(SH + name) for name in ("PropertyShape", "SPARQLConstraint", "NodeShape")}
    carriers = {quad.subject for quad in shapes() if quad.predicate.value == SH + "sparql"}
    found = {quad.subject for quad in shapes() if quad.predicate == terms.RDF_TYPE and quad.object in kinds}
    return {str(node).strip("<>").removeprefix(SHAPE) for node in found - carriers}


def constraint_of(path: Path) -> str:
    """``Stake/invalid.sum-until.ttl`` → ``Stake-sum``."""
    return f"{path.parent.name}-{path.name.split('.')[1].split('-')[0]}"


def only(constraint: str) -> list[ox.Quad]:
    """The shapes without the SPARQL constraints and property shapes that are not the one named."""
    wanted = ox.NamedNode(SHAPE + constraint)
    carriers = {q.subject for q in shapes() if q.predicate.value == SH + "sparql" and q.object == wanted}
    carried = [q for q in shapes() if q.predicate.value != SH + "sparql" or q.object == wanted]
    return [q for q in carried if q.subject == wanted or q.subject in carriers]


def expectation(path: Path) -> Expectation:
    head = EXPECT.match(path.read_text("utf-8"))
    assert head, f"{path} does not begin with '# expect: <constraint>: <message>' and '# focus: <node>'"
    prefix, _, local = head["focus"].partition(":")
    return Expectation(head["constraint"], head["message"], terms.prefixes(ONTOLOGY)[prefix] + local)


def cases(kind: str) -> list[Path]:
    return sorted(CASES.glob(f"*/{kind}.*.ttl"))


def name(path: Path) -> str:
    return path.relative_to(CASES).with_suffix("").as_posix()


def results(report: Report, constraint: str) -> list[Result]:
    return [r for r in (*report.violations, *report.warnings) if r.shape == SHAPE + constraint]


def test_every_constraint_has_a_valid_and_an_invalid_file() -> None:
    assert {constraint_of(path) for path in cases("valid")} == constraints()
    assert {constraint_of(path) for path in cases("invalid")} == constraints()


@pytest.mark.parametrize("path", cases("invalid"), ids=name)
def test_an_invalid_file_breaks_its_constraint(path: Path) -> None:
    expected = expectation(path)
    assert expected.constraint == constraint_of(path)
    found = results(inspect(path, only(expected.constraint)), expected.constraint)
    assert [r for r in found if r.focus == expected.focus and expected.message in r.message], found
    assert not [r.message for r in found if PLACEHOLDER.search(r.message)]


@pytest.mark.parametrize("path", cases("valid"), ids=name)
def test_a_valid_file_breaks_nothing(path: Path) -> None:
    report = inspect(path, shapes())
    assert report.violations == ()
    assert results(report, constraint_of(path)) == []
