"""Sources and their passages, with the claims that rest on each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kg.serving import Row
from kg.terms import Iri
from kg.web import views
from kg.web.claims_view import Claim
from kg.web.views import Value, text, value


@dataclass(frozen=True)
class Passage:
    """A passage: where it stands, our paraphrase of it, its first words, and what rests on it."""

    iri: Iri
    locator: str
    gist: str
    incipit: Value
    claims: tuple[Claim, ...]


def passages(rows: Sequence[Row], resting: Mapping[Iri, Sequence[Claim]]) -> tuple[Passage, ...]:
    """The rows of the query *passages*, each with its claims."""
    return tuple(
        Passage(
            iri=text(row, "passage"),
            locator=text(row, "locator"),
            gist=text(row, "gist"),
            incipit=value(row, "incipit"),
            claims=tuple(resting.get(text(row, "passage"), ())),
        )
        for row in rows
    )


def about(rows: Sequence[Row]) -> tuple[tuple[str, Value], ...]:
    """What the query *sources* says of one source, as labels and values in the order of a catalogue."""
    if not rows:
        return ()
    row = views.language_named(rows[0])
    found = ((label, value(row, *names)) for label, names in CATALOGUE.items())
    return tuple((label, shown) for label, shown in found if shown.text)


CATALOGUE = {
    "Published by": ("publisher", "publisherLabel"),
    "Drawn up by": ("creator", "creatorLabel"),
    "Issued": ("issued",),
    "Kind": ("sourceKind", "sourceKindLabel"),
    "Language": ("language",),
    "Consulted": ("accessed",),
    "Address": ("url",),
    "Note": ("note",),
}
