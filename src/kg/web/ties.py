"""Ties: accepted claims between two entities, as the lines of the graph view and the hops of the path view.

A tie stands on a day as the record has it: it holds, it is past, what it says of is only announced, or is over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kg.serving import Row
from kg.terms import Iri
from kg.web import figures
from kg.web.dates import preposition, written
from kg.web.language import say
from kg.web.views import text

Day: TypeAlias = str
"""An ISO date; days compare as texts."""
Standing: TypeAlias = Literal["holds", "past", "announced", "over"]

NEVER: Day = "9999-12-31"
"""The day on which what never became real did so."""

STANDINGS: Mapping[Standing, str] = {
    "holds": "holds",
    "past": "past",
    "announced": "not realised",
    "over": "over",
}
"""How a tie stands → the word for it."""


@dataclass(frozen=True)
class Node:
    """An entity at the end of a tie."""

    iri: Iri
    label: str
    kind: Iri


@dataclass(frozen=True)
class Span:
    """The days on which a thing with a life cycle became real and came to an end; empty where it did not."""

    begun: Day
    ended: Day


@dataclass(frozen=True)
class Tie:
    """One accepted claim between two entities; ``details`` are its role, share and quantity in words."""

    claim: Iri
    subject: Node
    relation: Iri
    relation_label: str
    object: Node
    details: tuple[str, ...]
    share: str
    when: str
    earliest: Day
    latest: Day
    conditional: bool

    def standing(self, spans: Mapping[Iri, Span], day: Day) -> Standing:
        """How it stands on a day, given the spans of what has a life cycle."""
        if self.latest and self.latest < day:
            return "past"
        if self.conditional:
            ends = [spans[end.iri] for end in (self.subject, self.object) if end.iri in spans]
            if any(span.ended and span.ended <= day for span in ends):
                return "over"
            if any(not span.begun or span.begun > day for span in ends):
                return "announced"
        return "holds"


def ties(rows: Iterable[Row]) -> list[Tie]:
    """The rows of the query *ties*, each claim once."""
    found: dict[Iri, Tie] = {}
    for row in rows:
        if text(row, "claim") not in found:
            found[text(row, "claim")] = _tie(row)
    return list(found.values())


def _tie(row: Row) -> Tie:
    return Tie(
        claim=text(row, "claim"),
        subject=_node(row, "subject"),
        relation=text(row, "relation"),
        relation_label=text(row, "relationLabel"),
        object=_node(row, "object"),
        details=tuple(detail for detail in (text(row, "roleLabel"), _share(row), _quantity(row)) if detail),
        share=text(row, "share"),
        when=_when(row),
        earliest=text(row, "earliest"),
        latest=text(row, "latest"),
        conditional="conditional" in row,
    )


def _node(row: Row, name: str) -> Node:
    return Node(text(row, name), text(row, f"{name}Label"), text(row, f"{name}Kind"))


def _share(row: Row) -> str:
    return f"{figures.number(text(row, 'share'))} %" if "share" in row else ""


def _quantity(row: Row) -> str:
    return f"× {figures.number(text(row, 'quantity'))}" if "quantity" in row else ""


def _when(row: Row) -> str:
    """``since 2019``, ``2014 – 2018``, ``until May 2024``, ``on 21 May 2024``; empty where no date is stated."""
    start, end, on = text(row, "from"), text(row, "until"), text(row, "on")
    if start and end:
        return f"{written(start)} – {written(end)}"
    if start:
        return say("since {day}", day=written(start))
    if end:
        return say("until {day}", day=written(end))
    return f"{preposition(on)} {written(on)}" if on else ""


def spans(rows: Iterable[Row]) -> dict[Iri, Span]:
    """The rows of the query *spans*, by thing."""
    return {text(row, "thing"): Span(text(row, "begun"), text(row, "ended")) for row in rows}


def nodes(found: Sequence[Tie]) -> dict[Iri, Node]:
    """The entities at the ends of some ties."""
    return {end.iri: end for tie in found for end in (tie.subject, tie.object)}
