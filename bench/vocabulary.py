"""What the generator must know of the ontology, read from the ontology itself."""

from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from kg import terms
from kg.compiler.turtle import parse
from kg.terms import BASE, CODE, DEF, RDF

Iri = str
"""An IRI in angle brackets, as N-Quads writes it."""

_SKOS = "http://www.w3.org/2004/02/skos/core#"


def kg(name: str) -> Iri:
    """A term of the ontology."""
    return f"<{DEF}{name}>"


def rdf(name: str) -> Iri:
    """A term of RDF."""
    return f"<{RDF}{name}>"


def code(scheme: str, name: str) -> Iri:
    """A code of a code list."""
    return f"<{CODE}{scheme}/{name}>"


@dataclass(frozen=True)
class Relation:
    """A relation: the class of its claims, and what its plain edge depends on."""

    name: str
    iri: Iri
    claim_class: Iri
    temporal: bool
    term: bool
    conditional: bool


@dataclass(frozen=True)
class Status:
    """A status of the life cycle: its place, the classes that it makes real, and whether it ends them.

    ``stops``: whether what is told after it begins anew; ``looks_ahead``: whether it only tells of a plan.
    """

    iri: Iri
    order: int
    makes_true: frozenset[str]
    ends: bool
    stops: bool
    looks_ahead: bool


@dataclass(frozen=True)
class Vocabulary:
    """Relations and statuses by name, and the classes above each class, itself included."""

    relations: dict[str, Relation]
    statuses: dict[str, Status]
    above: dict[str, frozenset[str]]


def read(ontology: Path) -> Vocabulary:
    """The vocabulary of an ontology folder."""
    store = ox.Store()
    for path in sorted(ontology.glob("*.ttl")):
        store.extend(parse(path, terms.GRAPH_ONTOLOGY, path.name))
    return Vocabulary(_relations(store), _statuses(store), _above(store))


def _names(store: ox.Store, subject: ox.NamedNode, predicate: str) -> list[str]:
    found = store.quads_for_pattern(subject, ox.NamedNode(predicate), None, None)
    return [quad.object.value.removeprefix(DEF) for quad in found if not isinstance(quad.object, ox.Triple)]


def _subjects(store: ox.Store, predicate: str, value: str | None = None) -> list[ox.NamedNode]:
    target = None if value is None else ox.NamedNode(value)
    found = {quad.subject for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), target, None)}
    return sorted((s for s in found if isinstance(s, ox.NamedNode)), key=lambda node: node.value)


def _relations(store: ox.Store) -> dict[str, Relation]:
    relations = {}
    for node in _subjects(store, DEF + "claimKind"):
        name, kinds = node.value.removeprefix(DEF), set(_names(store, node, RDF + "type"))
        claim_class = kg(_names(store, node, DEF + "claimKind")[0])
        flags = [f"{flag}Relation" in kinds for flag in ("Temporal", "Term", "Conditional")]
        relations[name] = Relation(name, kg(name), claim_class, *flags)
    return relations


def _statuses(store: ox.Store) -> dict[str, Status]:
    statuses = {}
    for node in _subjects(store, _SKOS + "inScheme", CODE + "status"):
        order = int(_names(store, node, DEF + "order")[0])
        makes = frozenset(_names(store, node, DEF + "makesTrue"))
        ends = "true" in _names(store, node, DEF + "endsTruth")
        ahead = "true" in _names(store, node, DEF + "looksAhead")
        name = node.value.rpartition("/")[2]
        statuses[name] = Status(f"<{node.value}>", order, makes, ends, ends or name == "suspended", ahead)
    return statuses


def _above(store: ox.Store) -> dict[str, frozenset[str]]:
    def climb(name: str) -> frozenset[str]:
        parents = _names(store, ox.NamedNode(DEF + name), terms.RDFS + "subClassOf")
        return frozenset({name}).union(*(climb(parent) for parent in parents if ":" not in parent))

    classes = _subjects(store, RDF + "type", "http://www.w3.org/2002/07/owl#Class")
    names = [node.value.removeprefix(DEF) for node in classes if node.value.startswith(BASE)]
    return {name: climb(name) for name in names}
