"""What can be said, read from the ontology: kinds of claim, their relations and qualifiers, kinds of entity.

Nothing about the model stands in code here; a new kind of claim or qualifier can be drafted as soon as the
ontology has it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox

from kg.terms import CODE, DEF, RDF, RDF_TYPE, RDFS, RDFS_LABEL, Iri

SCHEMA = "https://schema.org/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
IS_REPLACED_BY = "http://purl.org/dc/terms/isReplacedBy"
_CONCEPT = SKOS + "Concept"
_DERIVED = {DEF + name for name in ("fromEarliest", "fromLatest", "untilEarliest", "untilLatest")}
"""Bounds that the build derives; those of a day or of an expectation may be what a source gives."""


@dataclass(frozen=True)
class Slot:
    """A place that a value goes into: the object of a relation, or a qualifier.

    ``kinds`` are the classes or datatypes that it takes; ``codes`` the list that codes are taken from.
    """

    iri: Iri
    name: str
    label: str
    kinds: tuple[Iri, ...]
    codes: Iri | None
    many: bool = False


@dataclass(frozen=True)
class Relation(Slot):
    """What a claim may say; ``subjects`` are the kinds of entity that it may be said of."""

    subjects: tuple[Iri, ...] = ()


@dataclass(frozen=True)
class ClaimKind:
    """A kind of claim, by its name on the command line (``order-line``)."""

    iri: Iri
    name: str
    definition: str
    relations: tuple[Relation, ...]
    qualifiers: tuple[Slot, ...]


class Model:
    """The ontology and the data, in memory."""

    def __init__(self, store: ox.Store) -> None:
        self.store = store

    @cached_property
    def claims(self) -> dict[str, ClaimKind]:
        """Kinds of claim by name, sorted."""
        found = [self._claim(kind) for kind in self._subjects(RDFS + "subClassOf", DEF + "Claim")]
        return {kind.name: kind for kind in sorted(found, key=lambda kind: kind.name) if kind.relations}

    @cached_property
    def entities(self) -> dict[str, Iri]:
        """Kinds of entity by name, sorted."""
        kinds = sorted(
            self._under(DEF + "Entity") - {DEF + name for name in ("Entity", "Actor", "Asset", "Undertaking")}
        )
        return {_dashed(kind): kind for kind in kinds}

    def is_a(self, thing: Iri, kind: Iri) -> bool:
        """Whether a thing has a type that is the kind or stands below it."""
        return any(self.under(one, kind) for one in self.types(thing))

    def under(self, kind: Iri, above: Iri) -> bool:
        """Whether a kind is another one or stands below it."""
        return kind == above or above in self._above(kind)

    def types(self, thing: Iri) -> list[Iri]:
        return self._objects(thing, RDF_TYPE.value)

    def knows(self, thing: Iri) -> bool:
        """Whether anything is said of a thing."""
        return any(True for _ in self.store.quads_for_pattern(ox.NamedNode(thing), None, None, None))

    def successor(self, thing: Iri) -> Iri | None:
        """What has replaced a thing."""
        return next(iter(self._objects(thing, IS_REPLACED_BY)), None)

    def says(self, triples: Iterable[ox.Triple]) -> bool:
        """Whether all of the statements are there already."""
        return all(ox.Quad(t.subject, t.predicate, t.object) in self.store for t in triples)

    def graph_of(self, thing: Iri) -> Iri | None:
        """The named graph, and so the file, in which a thing is described."""
        quads = self.store.quads_for_pattern(ox.NamedNode(thing), RDF_TYPE, None, None)
        return next((q.graph_name.value for q in quads if isinstance(q.graph_name, ox.NamedNode)), None)

    def label(self, thing: Iri, language: str = "en") -> str:
        """The label in a language, else the last part of the IRI."""
        for quad in self._quads(thing, RDFS_LABEL.value):
            if isinstance(quad.object, ox.Literal) and quad.object.language == language:
                return quad.object.value
        return thing.rpartition("/")[2]

    def members(self, codes: Iri) -> list[Iri]:
        """The codes of a list."""
        return sorted(self._subjects(SKOS + "inScheme", codes))

    def instances(self, kind: Iri) -> list[Iri]:
        """The entities of a kind or of one below it."""
        kinds = {kind, *self._under(kind)}
        return sorted({thing for one in kinds for thing in self._subjects(RDF_TYPE.value, one)})

    def _claim(self, kind: Iri) -> ClaimKind:
        relations = sorted(
            (self._relation(one) for one in self._subjects(DEF + "claimKind", kind)), key=lambda r: r.name
        )
        qualifiers = (
            self._qualifier(one)
            for domain in (DEF + "Claim", kind)
            for one in self._subjects(SCHEMA + "domainIncludes", domain)
            if DEF + "Qualifier" in self.types(one) and one not in _DERIVED
        )
        ordered = sorted({slot.name: slot for slot in qualifiers}.values(), key=lambda slot: slot.name)
        return ClaimKind(kind, _dashed(kind), self._text(kind, SKOS + "definition"), tuple(relations), tuple(ordered))

    def _relation(self, iri: Iri) -> Relation:
        return Relation(
            iri=iri,
            name=iri.removeprefix(DEF),
            label=self.label(iri),
            kinds=tuple(self._objects(iri, SCHEMA + "rangeIncludes")),
            codes=next(iter(self._objects(iri, DEF + "codeList")), None),
            subjects=tuple(self._objects(iri, SCHEMA + "domainIncludes")),
        )

    def _qualifier(self, iri: Iri) -> Slot:
        kinds = self._objects(iri, SCHEMA + "rangeIncludes") or self._objects(iri, RDFS + "range")
        codes = next(iter(self._objects(iri, DEF + "codeList")), None)
        name = iri.removeprefix(DEF)
        return Slot(iri, name, self.label(iri), tuple(kinds), codes, name in {"note", "evidence", "regarding"})

    def _under(self, kind: Iri) -> set[Iri]:
        below = set(self._subjects(RDFS + "subClassOf", kind))
        return below.union(*(self._under(one) for one in below))

    def _above(self, kind: Iri) -> set[Iri]:
        above = set(self._objects(kind, RDFS + "subClassOf"))
        return above.union(*(self._above(one) for one in above))

    def _quads(self, subject: Iri, predicate: Iri) -> Iterator[ox.Quad]:
        return self.store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None, ox.DefaultGraph())

    def _objects(self, subject: Iri, predicate: Iri) -> list[Iri]:
        found = (quad.object for quad in self._quads(subject, predicate))
        return sorted(term.value for term in found if isinstance(term, ox.NamedNode))

    def _subjects(self, predicate: Iri, value: Iri) -> list[Iri]:
        quads = self.store.quads_for_pattern(None, ox.NamedNode(predicate), ox.NamedNode(value), ox.DefaultGraph())
        return [quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)]

    def _text(self, subject: Iri, predicate: Iri) -> str:
        return next((q.object.value for q in self._quads(subject, predicate) if isinstance(q.object, ox.Literal)), "")


def takes_codes_only(slot: Slot) -> bool:
    """Whether a slot takes codes of its list and nothing else."""
    return slot.codes is not None and set(slot.kinds) <= {_CONCEPT}


def _dashed(iri: Iri) -> str:
    """``…/OrderLine`` → ``order-line``."""
    name = iri.removeprefix(DEF)
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


LANG_STRING = RDF + "langString"
UNKNOWN = CODE + "unknown/"
