"""A draft: the answers given so far, the questions still open, and the statements that follow from them.

Answers are ``name=value`` words. What is asked depends on the kind and on earlier answers, so :func:`questions`
is asked again after each answer; when nothing is open, :func:`statements` says what is to be written.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import pyoxigraph as ox

from kg import terms
from kg.drafting import values
from kg.drafting.model import LANG_STRING, ClaimKind, Model, Relation, Slot
from kg.errors import BadRequest
from kg.terms import CLAIM, CODE, DEF, RDF, RDFS, SOURCE, XSD, Iri

Answers: TypeAlias = Mapping[str, Sequence[str]]
"""Name → what was given for it; most names are given once."""

DCTERMS = "http://purl.org/dc/terms/"
_ACTOR, _SOURCE_KINDS = DEF + "Entity", CODE + "source"
_SOURCE = ("title", "publisher", "issued", "url", "language", "source-kind")
_PASSAGE = ("locator", "gist", "gist-fr")
_OPTIONAL = ("id", "passage", "incipit", "accessed", "label", "file")


@dataclass(frozen=True)
class Question:
    """Something that has to be known: the name to answer it by, the question, and what an answer looks like."""

    name: str
    text: str
    example: str


@dataclass(frozen=True)
class Draft:
    """What a kind of claim, the model and the answers make together."""

    model: Model
    prefixes: dict[str, Iri]
    kind: ClaimKind
    answers: Answers

    def one(self, name: str) -> str:
        """The answer to a question; empty if there is none.

        Raises:
            BadRequest: it was given more than once.
        """
        given = self.answers.get(name, ())
        if len(given) > 1:
            raise BadRequest(f"{name}: given {len(given)} times; give it once.")
        return given[0].strip() if given else ""

    def names(self) -> set[str]:
        """Every name that may be answered."""
        return {"subject", "predicate", "object", "source", *_SOURCE, *_PASSAGE, *_OPTIONAL} | {
            slot.name for slot in self.kind.qualifiers
        } - {"evidence"}

    # What is open

    def questions(self) -> list[Question]:
        """What must still be answered.

        Raises:
            BadRequest: an answer fits nothing.
        """
        unknown = sorted(set(self.answers) - self.names())
        if unknown:
            raise BadRequest(
                f"'{unknown[0]}' means nothing for a {self.kind.name}; it takes {', '.join(sorted(self.names()))}."
            )
        self._try_answers()
        return [question for question in self._asked() if not self.one(question.name)]

    def _try_answers(self) -> None:
        """Refuse at once what fits nothing, whatever else is still open."""
        if self.relation() is not None:
            if self.one("subject"):
                self.subject()
            if self.one("object"):
                self.object()
        for name, of in (("publisher", self.publisher), ("source", self.source), ("passage", self.passage)):
            if self.one(name):
                of()
        if self.one("issued"):
            values.day("issued", self.one("issued"))
        for slot in self._answered():
            for text in self.answers[slot.name]:
                self._value(slot, text)

    def _asked(self) -> Iterator[Question]:
        relation = self.relation()
        if relation is None:
            choices = ", ".join(one.name for one in self.kind.relations)
            yield Question("predicate", f"What is said: {choices}?", self.kind.relations[0].name)
        else:
            yield Question("subject", f"Of whom or what is it said? ({self._kinds(relation.subjects)})", "id:arquus")
            yield Question("object", f"… {relation.label} …? ({self._kinds(relation.kinds)})", _example(relation))
        if not self.one("passage"):
            yield from self._passage_asked()

    def _passage_asked(self) -> Iterator[Question]:
        if not self.one("source"):
            yield Question(
                "title", "The title of the source, as printed, with its language", "Signature d'un accord@fr"
            )
            yield Question("publisher", "Who answers for it, an entity", "id:french-ministry-of-the-armed-forces")
            yield Question("issued", "When it was issued, as precise as it says", "2024-05-21, 2024-05 or 2024")
            yield Question("url", "The address where it can be read", "https://…")
            yield Question("language", "The language that it is written in", "fr")
            kinds = ", ".join(iri.rpartition("/")[2] for iri in self.model.members(_SOURCE_KINDS))
            yield Question("source-kind", f"Its kind: {kinds}", "press")
        yield Question("locator", "Where in the source it says so", "paragraph 4")
        yield Question("gist", "What the passage says, in our own words", "Belgium holds 10 % of the firm.")
        yield Question("gist-fr", "The same in French", "La Belgique détient 10 % de l'entreprise.")

    def relation(self) -> Relation | None:
        """The relation that is claimed; ``None`` while it is open.

        Raises:
            BadRequest: the kind has no such relation.
        """
        if len(self.kind.relations) == 1 and not self.one("predicate"):
            return self.kind.relations[0]
        asked = self.one("predicate").removeprefix("kg:")
        found = {one.name: one for one in self.kind.relations}
        if asked and asked not in found:
            raise BadRequest(f"predicate: a {self.kind.name} says one of {', '.join(found)}, not '{asked}'.")
        return found.get(asked)

    def _kinds(self, kinds: Sequence[Iri]) -> str:
        return ", ".join(self.model.label(kind) for kind in kinds) or "a code"

    # What follows

    def subject(self) -> Iri:
        """The entity that the claim is about."""
        relation = self._settled()
        slot = Slot(relation.iri, "subject", "", relation.subjects, None)
        return _iri(values.of_slot(self.model, self.prefixes, slot, self.one("subject")))

    def object(self) -> ox.NamedNode | ox.Literal:
        """What the claim says of it."""
        relation = self._settled()
        slot = Slot(relation.iri, "object", "", relation.kinds, relation.codes)
        return values.of_slot(self.model, self.prefixes, slot, self.one("object"))

    def _settled(self) -> Relation:
        relation = self.relation()
        if relation is None:
            raise BadRequest("predicate: say first what is claimed.")
        return relation

    def claim(self) -> list[ox.Triple]:
        """The statements of the claim, with its evidence."""
        node, relation = ox.NamedNode(CLAIM + self._claim_name()), self._settled()
        said: list[tuple[Iri, ox.NamedNode | ox.Literal]] = [
            (terms.RDF_TYPE.value, ox.NamedNode(self.kind.iri)),
            (RDF + "subject", ox.NamedNode(self.subject())),
            (RDF + "predicate", ox.NamedNode(relation.iri)),
            (RDF + "object", self.object()),
            (DEF + "evidence", ox.NamedNode(self.passage())),
        ]
        if "rank" not in self.answers:
            said.append((DEF + "rank", ox.NamedNode(CODE + "rank/normal")))
        said += [(slot.iri, self._value(slot, text)) for slot in self._answered() for text in self.answers[slot.name]]
        return [ox.Triple(node, ox.NamedNode(predicate), value) for predicate, value in said]

    def _answered(self) -> list[Slot]:
        return [slot for slot in self.kind.qualifiers if slot.name in self.answers and slot.name != "evidence"]

    def _value(self, slot: Slot, text: str) -> ox.NamedNode | ox.Literal:
        if not slot.many:
            self.one(slot.name)
        return values.of_slot(self.model, self.prefixes, slot, text)

    def _claim_name(self) -> str:
        if given := self.one("id"):
            return given.removeprefix("claim:")
        value = self.object()
        parts = [self.subject(), self._settled().name, value.value]
        when = next((self.one(name) for name in ("from", "on", "until") if self.one(name)), "")
        return self._free(CLAIM, "-".join(slug(part) for part in (*parts, when) if part))

    def _free(self, space: Iri, name: str) -> str:
        """The name, or with a number after it where it is taken."""
        taken = (number for number in range(2, 1000) if not self.model.knows(f"{space}{name}-{number}"))
        return name if not self.model.knows(space + name) else f"{name}-{next(taken)}"

    # Its source

    def source(self) -> Iri:
        """The source of the claim, there already or new.

        Raises:
            BadRequest: it is named as if it were there, and is not.
        """
        if not (given := self.one("source")):
            publisher = self.publisher().rpartition("/")[2]
            return SOURCE + self._free(SOURCE, slug(f"{publisher}-{self.one('issued')}"))
        iri = SOURCE + given.removeprefix("src:").removeprefix(SOURCE)
        if not self.model.knows(iri):
            raise BadRequest(
                f"source: there is no {given}; leave it out and give title=, publisher=, … for a new one."
            )
        return iri

    def passage(self) -> Iri:
        """The passage that says so, there already or new.

        Raises:
            BadRequest: it is named as if it were there, and is not.
        """
        if given := self.one("passage"):
            iri = SOURCE + given.removeprefix("src:").removeprefix(SOURCE)
            if not self.model.knows(iri):
                raise BadRequest(f"passage: there is no {given}; leave it out and give source= and locator=.")
            return iri
        return f"{self.source()}-p{self._place()}"

    def _place(self) -> int:
        """The number of a new passage of the source, from 1."""
        node, of = ox.NamedNode(self.source()), ox.NamedNode(DEF + "of")
        known = {str(q.subject) for q in self.model.store.quads_for_pattern(None, of, node, ox.DefaultGraph())}
        return next(n for n in range(len(known) + 1, 10_000) if f"<{node.value}-p{n}>" not in known)

    def publisher(self) -> Iri:
        slot = Slot(DCTERMS + "publisher", "publisher", "", (_ACTOR,), None)
        return _iri(values.of_slot(self.model, self.prefixes, slot, self.one("publisher")))

    def evidence(self) -> list[ox.Triple]:
        """The statements of a new passage, and of a new source; none where the passage is there already."""
        if self.one("passage"):
            return []
        passage: dict[Iri, list[ox.NamedNode | ox.Literal]] = {
            terms.RDF_TYPE.value: [ox.NamedNode(DEF + "Passage")],
            DEF + "of": [ox.NamedNode(self.source())],
            DEF + "order": [ox.Literal(str(self._place()), datatype=ox.NamedNode(XSD + "integer"))],
            DEF + "locator": [values.worded(self.one("locator"))],
            DEF + "gist": [
                ox.Literal(self.one("gist"), language="en"),
                ox.Literal(self.one("gist-fr"), language="fr"),
            ],
            DEF + "incipit": [values.worded(self.one("incipit"))] if self.one("incipit") else [],
        }
        return [*_about(self.passage(), passage), *([] if self.one("source") else self._new_source())]

    def _new_source(self) -> list[ox.Triple]:
        kinds = Slot(DEF + "sourceKind", "source-kind", "", (), _SOURCE_KINDS)
        accessed = self.one("accessed") or date.today().isoformat()
        return _about(
            self.source(),
            {
                terms.RDF_TYPE.value: [ox.NamedNode(DEF + "Source")],
                DCTERMS + "title": [values.worded(self.one("title"))],
                DCTERMS + "publisher": [ox.NamedNode(self.publisher())],
                DCTERMS + "issued": [values.day("issued", self.one("issued"))],
                DCTERMS + "language": [ox.Literal(self.one("language"))],
                DEF + "url": [ox.Literal(self.one("url"), datatype=ox.NamedNode(XSD + "anyURI"))],
                DEF + "accessed": [values.day("accessed", accessed, {"date"})],
                DEF + "sourceKind": [values.of_slot(self.model, self.prefixes, kinds, self.one("source-kind"))],
            },
        )


def entity(model: Model, kind: Iri, answers: Answers) -> list[ox.Triple]:
    """The statements of a new entity: ``id=`` its name, ``label=`` and ``label-fr=``.

    Raises:
        BadRequest: an answer is missing or means nothing, or the name is taken.
    """
    unknown = sorted(set(answers) - {"id", "label", "label-fr", "file"})
    if unknown:
        raise BadRequest(f"'{unknown[0]}' means nothing for an entity; it takes id, label, label-fr and file.")
    label = next(iter(answers.get("label", ())), "").strip()
    if not label:
        raise BadRequest(
            'Give its name: label="Thales" and, where French has another, label-fr=…; id= if the IRI differs.'
        )
    iri = terms.ID + (next(iter(answers.get("id", ())), "").removeprefix("id:") or slug(label))
    if model.knows(iri):
        raise BadRequest(f"There is a {terms.shorten(iri, {'id': terms.ID})} already: {model.label(iri)}.")
    french = next(iter(answers.get("label-fr", ())), "").strip() or label
    labels = [ox.Literal(label, language="en"), ox.Literal(french, language="fr")]
    return _about(iri, {terms.RDF_TYPE.value: [ox.NamedNode(kind)], RDFS + "label": [*labels]})


def slug(text: str) -> str:
    """The part of an IRI that a name or an IRI gives: ``KNDS France`` → ``knds-france``."""
    last = text.rpartition("/")[2]
    dashed = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", last).lower()
    plain = "".join(c for c in unicodedata.normalize("NFKD", dashed) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")


def _about(subject: Iri, said: Mapping[Iri, Sequence[ox.NamedNode | ox.Literal]]) -> list[ox.Triple]:
    node = ox.NamedNode(subject)
    return [ox.Triple(node, ox.NamedNode(predicate), value) for predicate, found in said.items() for value in found]


def _iri(term: ox.NamedNode | ox.Literal) -> Iri:
    return term.value


def _example(relation: Relation) -> str:
    if relation.codes:
        return "a code of its list, or an entity"
    return "a name@fr" if LANG_STRING in relation.kinds else "id:…"
