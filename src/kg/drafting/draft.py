"""A draft: the answers given so far, the questions still open, and the statements that follow from them.

Answers are ``name=value`` words. What is asked depends on the kind and on earlier answers, so :func:`questions`
is asked again after each answer; when nothing is open, :func:`statements` says what is to be written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from kg import terms
from kg.drafting import evidence, values
from kg.drafting.model import LANG_STRING, ClaimKind, Model, Relation, Slot
from kg.drafting.words import Answers, about, free, one, only, refuse_replaced, slug, text_names, texts
from kg.errors import BadRequest
from kg.terms import CLAIM, CODE, DEF, RDF, RDFS, Iri

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
        return one(self.answers, name)

    def names(self) -> set[str]:
        """Every name that may be answered."""
        return {"subject", "predicate", "object", "source", *evidence.SOURCE_NAMES, *_PASSAGE, *_OPTIONAL} | {
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
        if self.one("publisher"):
            evidence.publisher(self.model, self.prefixes, self.answers)
        for name in ("source", "passage"):
            evidence.known(self.model, self.answers, name)
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
        if "passage" not in self.answers:
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
            kinds = ", ".join(iri.rpartition("/")[2] for iri in self.model.members(evidence.SOURCE_KINDS))
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
            *((DEF + "evidence", ox.NamedNode(passage)) for passage in self.passages()),
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
        return free(self.model, CLAIM, "-".join(slug(part) for part in (*parts, when) if part))

    # Its source

    def source(self) -> Iri:
        """The source of the claim, there already or new.

        Raises:
            BadRequest: it is named as if it were there, and is not.
        """
        if self.one("source"):
            return evidence.known(self.model, self.answers, "source")[0]
        return evidence.new_source(self.model, self.prefixes, self._of_source())

    def passages(self) -> list[Iri]:
        """The passages that say so, there already or new.

        Raises:
            BadRequest: one is named as if it were there, and is not.
        """
        if "passage" in self.answers:
            return evidence.known(self.model, self.answers, "passage")
        source = self.source()
        return [f"{source}-p{evidence.place(self.model, source)}"]

    def evidence(self) -> list[ox.Triple]:
        """The statements of a new passage, and of a new source; none where the passage is there already."""
        if "passage" in self.answers:
            return []
        new = evidence.passage(self.model, self.source(), self.answers)
        if self.one("source"):
            return new
        return [*new, *evidence.source(self.model, self.prefixes, self._of_source(), self.source())]

    def _of_source(self) -> Answers:
        """The answers without those that are about the claim, though a source has the same."""
        return {name: given for name, given in self.answers.items() if name not in ("id", "note")}


def entity(model: Model, kind: Iri, answers: Answers) -> list[ox.Triple]:
    """The statements of a new entity: ``id=`` its name, ``label=`` and ``label-fr=``, ``label-nl=``, ``label-de=``.

    Raises:
        BadRequest: an answer is missing or means nothing, or the name is taken.
    """
    iri, triples = named(kind, answers)
    refuse_known(model, iri)
    return triples


def named(kind: Iri, answers: Answers) -> tuple[Iri, list[ox.Triple]]:
    """An entity's IRI and statements, whether it is there already or not.

    Raises:
        BadRequest: an answer is missing or means nothing.
    """
    only(answers, ["id", "file", *text_names("label")], "an entity")
    label = one(answers, "label")
    if not label:
        raise BadRequest(
            'Give its name: label="Thales" and, where French has another, label-fr=…; id= if the IRI differs.'
        )
    iri = terms.ID + (one(answers, "id").removeprefix("id:") or slug(label))
    given = {"label-fr": [label], **{name: said for name, said in answers.items() if one(answers, name)}}
    return iri, about(iri, {terms.RDF_TYPE.value: [ox.NamedNode(kind)], RDFS + "label": texts(given, "label")})


def refuse_known(model: Model, iri: Iri) -> None:
    """Refuse a name that is taken, or was and is never used again.

    Raises:
        BadRequest: it is.
    """
    refuse_replaced(model, "id", iri)
    if model.knows(iri):
        raise BadRequest(f"There is a {terms.shorten(iri, {'id': terms.ID})} already: {model.label(iri)}.")


def _iri(term: ox.NamedNode | ox.Literal) -> Iri:
    return term.value


def _example(relation: Relation) -> str:
    if relation.codes:
        return "a code of its list, or an entity"
    return "a name@fr" if LANG_STRING in relation.kinds else "id:…"
