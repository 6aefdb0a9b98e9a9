"""New sources, passages and disputes: what claims cite, and what holds rivals together."""

from datetime import date

import pyoxigraph as ox

from kg import terms
from kg.drafting import values
from kg.drafting.model import Model, Slot
from kg.drafting.words import Answers, about, free, one, only, refuse_replaced, slug, text_names, texts
from kg.errors import BadRequest
from kg.terms import CLAIM, CODE, DEF, RDFS, SOURCE, XSD, Iri

DCTERMS = "http://purl.org/dc/terms/"
SOURCE_KINDS = CODE + "source"
SOURCE_NAMES = ("title", "publisher", "issued", "url", "language", "source-kind")
_ENTITY = DEF + "Entity"


def publisher(model: Model, prefixes: dict[str, Iri], answers: Answers) -> Iri:
    """Who answers for a source, an entity of the graph."""
    slot = Slot(DCTERMS + "publisher", "publisher", "", (_ENTITY,), None)
    return values.of_slot(model, prefixes, slot, one(answers, "publisher")).value


def new_source(model: Model, prefixes: dict[str, Iri], answers: Answers) -> Iri:
    """The IRI of a new source: named by ``id=``, else by its publisher and date."""
    if given := one(answers, "id"):
        return SOURCE + given.removeprefix("src:")
    named = publisher(model, prefixes, answers).rpartition("/")[2]
    return SOURCE + free(model, SOURCE, slug(f"{named}-{one(answers, 'issued')}"))


def known(model: Model, answers: Answers, name: str) -> list[Iri]:
    """The sources or passages named by ``source=`` or ``passage=``.

    Raises:
        BadRequest: one is named as if it were there, and is not, or another has replaced it.
    """
    found = []
    for given in answers.get(name, ()):
        iri = SOURCE + given.strip().removeprefix("src:").removeprefix(SOURCE)
        refuse_replaced(model, name, iri)
        if not model.knows(iri):
            instead = "title=, publisher=, … for a new one" if name == "source" else "source= and locator="
            raise BadRequest(f"{name}: there is no {given}; leave it out and give {instead}.")
        found.append(iri)
    return found


def source(model: Model, prefixes: dict[str, Iri], answers: Answers, iri: Iri | None = None) -> list[ox.Triple]:
    """The statements of a new source.

    Raises:
        BadRequest: something is missing, fits nothing, or the IRI is taken.
    """
    made = iri or new_source(model, prefixes, answers)
    if missing := [name for name in SOURCE_NAMES if not one(answers, name)]:
        raise BadRequest(f"a source needs also {', '.join(f'{name}=…' for name in missing)}.")
    refuse_replaced(model, "id", made)
    if model.knows(made):
        raise BadRequest(f"there is a source {made.removeprefix(SOURCE)} already; name it with source=.")
    kinds = Slot(DEF + "sourceKind", "source-kind", "", (), SOURCE_KINDS)
    accessed = one(answers, "accessed") or date.today().isoformat()
    said: dict[Iri, list[ox.NamedNode | ox.Literal]] = {
        terms.RDF_TYPE.value: [ox.NamedNode(DEF + "Source")],
        DCTERMS + "title": [values.worded(one(answers, "title"))],
        DCTERMS + "publisher": [ox.NamedNode(publisher(model, prefixes, answers))],
        DCTERMS + "issued": [values.day("issued", one(answers, "issued"))],
        DCTERMS + "language": [ox.Literal(one(answers, "language"))],
        DEF + "url": [ox.Literal(one(answers, "url"), datatype=ox.NamedNode(XSD + "anyURI"))],
        DEF + "accessed": [values.day("accessed", accessed, {"date"})],
        DEF + "sourceKind": [values.of_slot(model, prefixes, kinds, one(answers, "source-kind"))],
        DEF + "note": texts(answers, "note"),
    }
    return about(made, said)


def place(model: Model, of: Iri) -> int:
    """The number of a new passage of a source, from 1."""
    pattern = (None, ox.NamedNode(DEF + "of"), ox.NamedNode(of), ox.DefaultGraph())
    there = {str(quad.subject) for quad in model.store.quads_for_pattern(*pattern)}
    return next(n for n in range(len(there) + 1, 10_000) if f"<{of}-p{n}>" not in there)


def passage(model: Model, of: Iri, answers: Answers) -> list[ox.Triple]:
    """The statements of a new passage of a source, numbered after those that are there.

    Raises:
        BadRequest: its locator or its gist in English or French is missing.
    """
    if missing := [name for name in ("locator", "gist", "gist-fr") if not one(answers, name)]:
        raise BadRequest(f"a passage needs also {', '.join(f'{name}=…' for name in missing)}.")
    number = place(model, of)
    said: dict[Iri, list[ox.NamedNode | ox.Literal]] = {
        terms.RDF_TYPE.value: [ox.NamedNode(DEF + "Passage")],
        DEF + "of": [ox.NamedNode(of)],
        DEF + "order": [ox.Literal(str(number), datatype=ox.NamedNode(XSD + "integer"))],
        DEF + "locator": [values.worded(one(answers, "locator"))],
        DEF + "gist": texts(answers, "gist"),
        DEF + "incipit": [values.worded(one(answers, "incipit"))] if one(answers, "incipit") else [],
    }
    return about(f"{of}-p{number}", said)


def dispute(model: Model, answers: Answers) -> list[ox.Triple]:
    """The statements of a new dispute: ``id=`` (its name after ``claim:dispute-``), ``label=``, ``reason=``.

    Raises:
        BadRequest: something is missing or means nothing, or the name is taken.
    """
    only(answers, ["id", "file", *text_names("label", "reason")], "a dispute")
    if missing := [n for n in ("id", "label", "label-fr", "reason", "reason-fr") if not one(answers, n)]:
        raise BadRequest(f"a dispute needs also {', '.join(f'{name}=…' for name in missing)}.")
    name = one(answers, "id").removeprefix("claim:")
    iri = CLAIM + (name if name.startswith("dispute-") else f"dispute-{name}")
    if model.knows(iri):
        raise BadRequest(f"there is a dispute {iri.removeprefix(CLAIM)} already.")
    said: dict[Iri, list[ox.NamedNode | ox.Literal]] = {
        terms.RDF_TYPE.value: [ox.NamedNode(DEF + "Dispute")],
        RDFS + "label": texts(answers, "label"),
        DEF + "reason": texts(answers, "reason"),
    }
    return about(iri, said)
