"""The neighbourhood of some entities: their ties, the ties between those, narrowed as the reader wants."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kg.errors import BadRequest
from kg.serving import Values
from kg.stored import expand
from kg.terms import DEF, Iri
from kg.web.asker import Asker
from kg.web.language import spoken
from kg.web.ties import NEVER, Day, Node, Span, Standing, Tie, nodes, spans, ties
from kg.web.views import text

MOST_CENTRES = 40
MOST_TIES = 600
"""What one picture holds; further ties are left out, and the page says how many."""
_MOST_NEIGHBOURS, _HUB = 150, 60
"""Of so many neighbours at most the ties among themselves are asked for."""


@dataclass(frozen=True)
class View:
    """What the address asks for: ``of`` is in the middle, ``without`` and the relations in ``hide`` are left out."""

    of: tuple[Iri, ...]
    without: tuple[Iri, ...]
    hide: tuple[Iri, ...]
    times: Values


@dataclass(frozen=True)
class Line:
    """A tie as it stands on the day of the view; what it depends on is real from ``begun`` until ``ended``."""

    tie: Tie
    standing: Standing
    begun: Day = ""
    ended: Day = ""


@dataclass(frozen=True)
class Neighbourhood:
    """What is to be drawn: nodes and lines, before and after narrowing.

    ``relations`` counts the lines of each relation before narrowing; ``counts`` are all the ties that each node has
    in the record; ``total`` is how many lines there are before any is left out for want of room.
    """

    nodes: Mapping[Iri, Node]
    lines: tuple[Line, ...]
    relations: Mapping[Iri, tuple[str, int]]
    counts: Mapping[Iri, int]
    kinds: Mapping[Iri, str]
    total: int


def asked(
    of: Sequence[str], without: Sequence[str], hide: Sequence[str], times: Values, prefixes: Mapping[str, str]
) -> View:
    """The view for the values of an address: entities by slug, prefixed name or IRI; relations by local name too.

    Raises:
        BadRequest: a value names nothing, or there are too many entities.
    """
    if len(of) > MOST_CENTRES:
        raise BadRequest(f"Draw {MOST_CENTRES} entities at most around which to look; there are {len(of)}.")
    try:
        entities = tuple(dict.fromkeys(expand(one, prefixes) for one in of if one))
        left_out = tuple(dict.fromkeys(expand(one, prefixes) for one in without if one))
        hidden = tuple(dict.fromkeys(expand(one, prefixes) if ":" in one else DEF + one for one in hide if one))
    except ValueError as error:
        raise BadRequest(f"Name an entity by the end of its address, such as 'arquus': {error}.") from error
    return View(entities, left_out, hidden, times)


async def found(asker: Asker, view: View, today: Day) -> Neighbourhood:
    """The neighbourhood as the record has it; ``today`` is the day on which to look where the view names none."""
    if not view.of:
        return Neighbourhood({}, (), {}, {}, {}, 0)
    heads = await asker.rows("heads", entity=view.of, language=[spoken()])
    centres = {text(r, "entity"): Node(text(r, "entity"), text(r, "label"), text(r, "kind")) for r in heads}
    every = await _ties(asker, view)
    known = {**nodes(every), **centres}
    day = next((given[0] for name, given in view.times.items() if name == "asOf" and given[0]), today)
    lives, counts, kinds = await asyncio.gather(
        asker.rows("spans", thing=list(known), knownOn=view.times.get("knownOn", [""])),
        asker.rows("tie-counts", entity=list(known)),
        asker.rows("heads", entity=list(known), language=[spoken()]),
    )
    lines = [_line(tie, spans(lives), day) for tie in every]
    shown = _narrowed(lines, view)[:MOST_TIES]
    ends = nodes([line.tie for line in shown])
    return Neighbourhood(
        nodes={**{iri: node for iri, node in centres.items() if iri not in view.without}, **ends},
        lines=tuple(shown),
        relations=_relations(lines),
        counts={text(row, "entity"): int(text(row, "count")) for row in counts},
        kinds={text(row, "kind"): text(row, "kindLabel") for row in kinds},
        total=len(_narrowed(lines, view)),
    )


async def _ties(asker: Asker, view: View) -> list[Tie]:
    """The ties of the entities in the middle, and those of their neighbours among themselves.

    The ties of a hub among the neighbours are not asked for: those to another neighbour are that one's, too.
    """
    days = {name: view.times.get(name, [""]) for name in ("asOf", "knownOn")}
    language = [spoken()]
    direct = ties(await asker.rows("ties", entity=view.of, language=language, **days))
    around = [iri for iri in nodes(direct) if iri not in view.of]
    if not around or len(around) > _MOST_NEIGHBOURS:
        return direct
    counts = {text(row, "entity"): int(text(row, "count")) for row in await asker.rows("tie-counts", entity=around)}
    few = [iri for iri in around if counts.get(iri, 0) <= _HUB]
    among = ties(await asker.rows("ties", entity=few, language=language, **days)) if few else []
    known = {tie.claim for tie in direct}
    inside = {*around, *view.of}
    return direct + [
        tie for tie in among if tie.claim not in known and tie.subject.iri in inside and tie.object.iri in inside
    ]


def _line(tie: Tie, lives: Mapping[Iri, Span], day: Day) -> Line:
    ends = [lives[end.iri] for end in (tie.subject, tie.object) if tie.conditional and end.iri in lives]
    begun = max((span.begun or NEVER for span in ends), default="")
    ended = min((span.ended for span in ends if span.ended), default="")
    return Line(tie, tie.standing(lives, day), begun, ended)


def _narrowed(lines: Sequence[Line], view: View) -> list[Line]:
    left_out = {*view.without}
    return [
        line
        for line in lines
        if line.tie.relation not in view.hide and not {line.tie.subject.iri, line.tie.object.iri} & left_out
    ]


def _relations(lines: Sequence[Line]) -> dict[Iri, tuple[str, int]]:
    counted = Counter((line.tie.relation, line.tie.relation_label) for line in lines)
    return {iri: (label, number) for (iri, label), number in sorted(counted.items(), key=lambda one: one[0][1])}
