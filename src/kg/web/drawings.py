"""The charts of declared panels: which of their rows become which shapes, with the measures and steps behind them."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kg.serving import Row, Values
from kg.terms import Iri
from kg.web import charts, lives, tallies, views
from kg.web.asker import Asker
from kg.web.charts import Drawing, Kind, Sign, Span
from kg.web.declared import Declared
from kg.web.language import say
from kg.web.lives import Step
from kg.web.panels_view import Stages
from kg.web.tallies import Amount
from kg.web.views import text, true

Measures = Mapping[Iri, Row]
"""The rows of the query *measures*, by claim."""

_CLAIMS_AT_ONCE = 200


@dataclass(frozen=True)
class Charted:
    """A panel that has a chart, with all rows of its query."""

    panel: Declared
    rows: Sequence[Row]


@dataclass(frozen=True)
class Material:
    """What charts are drawn from besides the rows of their panels: ``steps`` are rows by panel."""

    measures: Measures
    steps: Mapping[str, Sequence[Row]]


async def material(asker: Asker, found: Sequence[Charted], iri: Iri, times: Values) -> Material:
    """What the charts of some panels of a thing need.

    Raises:
        KgError: it could not be read.
    """
    return Material(
        *await asyncio.gather(
            _measures(asker, [one for one in found if one.panel.chart != "steps"]),
            _steps(asker, [one for one in found if one.panel.chart == "steps"], iri, times),
        )
    )


def drawings(found: Sequence[Charted], drawn_from: Material, stages: Stages, today: str) -> dict[str, Drawing]:
    """The charts of some panels, by panel; without those in which there is nothing to draw. ``today`` is a day."""
    measures, steps = drawn_from.measures, drawn_from.steps
    made = {one.panel.name: _drawing(one, measures, steps.get(one.panel.name, ()), stages, today) for one in found}
    return {name: drawing for name, drawing in made.items() if drawing is not None}


async def _measures(asker: Asker, found: Sequence[Charted]) -> Measures:
    wanted = sorted({text(row, "claim") for one in found for row in one.rows} - {""})
    parts = [wanted[start : start + _CLAIMS_AT_ONCE] for start in range(0, len(wanted), _CLAIMS_AT_ONCE)]
    answers = await asyncio.gather(*(asker.raw("measures", claim=part) for part in parts))
    return {text(row, "claim"): row for rows in answers for row in rows}


async def _steps(asker: Asker, found: Sequence[Charted], iri: Iri, times: Values) -> dict[str, list[Row]]:
    """The rows of the query *steps* for what each panel lists, or for the thing itself; without those of no day."""
    asked = {one.panel.name: _undertakings(one, iri) for one in found}
    rows = await asyncio.gather(*(asker.rows("steps", thing=things, **times) for things in asked.values()))
    return {name: [row for row in found if "latest" in row] for name, found in zip(asked, rows, strict=True)}


def _undertakings(one: Charted, iri: Iri) -> list[Iri]:
    listed = (text(row, one.panel.stage) for row in one.rows)
    return list(dict.fromkeys(thing for thing in listed if thing)) if one.panel.stage else [iri]


def _drawing(one: Charted, measures: Measures, steps: Sequence[Row], stages: Stages, today: str) -> Drawing | None:
    match one.panel.chart:
        case "steps":
            return lives.steps([_step(one.panel, row) for row in steps], today)
        case "years":
            return tallies.amounts(_amounts(one, measures, stages))
        case "shares":
            found = [_span(one.panel, row, measures) for row in one.rows]
            return charts.spans(found, today, "shares") if len(found) > 1 else None
    return charts.spans([_span(one.panel, row, measures) for row in one.rows], today)


def _step(panel: Declared, row: Row) -> Step:
    """A step in the lane of its undertaking, or where there is only one in the lane of its status."""
    status = views.value(row, "status", "statusLabel").text
    thing = views.value(row, "thing", "thingLabel").text
    return Step(
        lane=thing if panel.stage else status,
        words=status,
        earliest=text(row, "earliest"),
        latest=text(row, "latest"),
        sign=_sign(row),
        doubtful=not true(row, "accepted") or "dispute" in row,
        iri=text(row, "thing"),
        claim=text(row, "claim"),
    )


def _sign(row: Row) -> Sign:
    if true(row, "expected"):
        return "expected"
    return "over" if true(row, "ends") else ("real" if true(row, "realises") else "open")


def _span(panel: Declared, row: Row, measures: Measures) -> Span:
    told = measures.get(text(row, "claim"), {})
    ended = text(told, "endEarliest") or text(told, "endLatest")
    kind: Kind = "bar-over" if not true(told, "accepted") else ("bar-past" if ended else "bar")
    return Span(
        lane=views.value(row, panel.lane, f"{panel.lane}Label").text,
        words=views.value(row, panel.bar, f"{panel.bar}Label").text,
        start=text(told, "startEarliest") or text(told, "startLatest"),
        start_by=text(told, "startLatest"),
        end=text(told, "endEarliest") or text(told, "endLatest"),
        end_by=text(told, "endLatest"),
        seen=text(told, "seenLatest"),
        seen_from=text(told, "seenEarliest"),
        kind=kind,
        iri=text(row, panel.bar),
        doubtful=not true(told, "accepted") or "dispute" in told,
        share=_share(told),
        claim=text(row, "claim"),
    )


def _share(told: Row) -> tuple[float, float] | None:
    """The least and the greatest part of a whole, in percent; ``None`` where neither is told."""
    if "share" in told:
        return float(text(told, "share")), float(text(told, "share"))
    if "shareMin" in told or "shareMax" in told:
        return float(text(told, "shareMin") or 0), float(text(told, "shareMax") or 100)
    return None


def _amounts(one: Charted, measures: Measures, stages: Stages) -> list[Amount]:
    """What is ordered by year of the latest step, real or not, as far as it is counted in the commonest unit.

    Of rival numbers only the accepted one counts.
    """
    accepted = ((iri, row) for iri, row in measures.items() if true(row, "accepted"))
    counted = {iri: row for iri, row in accepted if "quantity" in row or "quantityMin" in row}
    told = [row for row in one.rows if text(row, "claim") in counted]
    units = Counter(text(counted[text(row, "claim")], "unit") for row in told)
    common = min(units, key=lambda unit: (-units[unit], unit), default="")
    column = "buyer" if any("buyer" in row for row in one.rows) else "item"
    names: dict[Iri, list[str]] = {}
    found: dict[Iri, Amount] = {}
    for row in told:
        claim, stage = text(row, "claim"), stages.get(text(row, one.panel.stage))
        day = stage.since.moment if stage and stage.since else ""
        if stage and day and not stage.ended and text(counted[claim], "unit") == common:
            name = views.value(row, column, f"{column}Label").text or say("buyer not told")
            names.setdefault(claim, []).append(name)
            amount = float(text(counted[claim], "quantity") or text(counted[claim], "quantityMin"))
            series = ", ".join(dict.fromkeys(names[claim]))
            found[claim] = Amount(int(day[:4]), series, amount, stage.realised)
    return list(found.values())
