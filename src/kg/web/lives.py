"""The lives of undertakings as a chart: every step on a line of years, and how sure each is."""

from collections.abc import Sequence
from dataclasses import dataclass

from kg.terms import Iri
from kg.web.charts import LANE, TOP, Axis, Box, Drawing, Lane, Record, Sign, axis, beside

_SIZE = 12
_APART = 30
"""Days: what happened closer together needs no line of years."""


@dataclass(frozen=True)
class Step:
    """Something that an undertaking came to, between two ISO days; ``earliest`` is empty where only a bound is told.

    ``sign`` is *real*, *open*, *over*, or *expected* of what a source only looked forward to.
    """

    lane: str
    words: str
    earliest: str
    latest: str
    sign: Sign
    doubtful: bool = False
    iri: Iri = ""
    claim: Iri = ""


def steps(found: Sequence[Step], today: str) -> Drawing | None:
    """A lane with its steps for each undertaking, a thread from the first to the last that was reached.

    ``None`` where there are fewer than two steps, or all lie within a month.
    """
    if len(found) < 2 or not _spread(found):  # noqa: PLR2004 - one step is no life
        return None
    line = axis((day for step in found for day in (step.earliest, step.latest) if day), today)
    lanes = list(dict.fromkeys(step.lane for step in found))
    boxes = tuple(_mark(step, TOP + lanes.index(step.lane) * LANE + LANE / 2, line) for step in found)
    bottom = TOP + len(lanes) * LANE
    return Drawing(
        form="steps",
        height=bottom + 8,
        boxes=boxes,
        ticks=line.ticks,
        lanes=tuple(
            _lane(lane, place, [step for step in found if step.lane == lane], line)
            for place, lane in enumerate(lanes)
        ),
        today=line.today,
        bottom=bottom,
        records=tuple(_record(step) for step in found),
    )


def _record(step: Step) -> Record:
    return {
        "lane": step.lane,
        "iri": step.iri,
        "words": step.words,
        "earliest": step.earliest,
        "latest": step.latest,
        "step": step.sign,
        "doubtful": "true" if step.doubtful else "",
        "claim": step.claim,
    }


def _spread(found: Sequence[Step]) -> bool:
    line = axis((step.latest for step in found), "")
    days = sorted(line.day(step.latest) for step in found)
    return days[-1] - days[0] > line.across(line.first + _APART / 365.25) - line.across(line.first)


def _lane(lane: str, place: int, found: Sequence[Step], line: Axis) -> Lane:
    middle = TOP + place * LANE + LANE / 2
    days = [line.day(step.latest) for step in found if step.sign != "expected"]
    return Lane(middle + 4, beside(lane), lane, (min(days), max(days)) if len(days) > 1 else None, middle)


def _mark(step: Step, middle: float, line: Axis) -> Box:
    at = line.day(step.latest)
    signs: set[Sign] = {step.sign, "doubtful"} if step.doubtful else {step.sign}
    before = round(at - line.day(step.earliest), 1) if step.earliest else 0.0
    if before > _SIZE / 2:
        signs.add("vague")
        at, when = round(at - before / 2, 1), f"{step.earliest} – {step.latest}"
    else:
        before, when = 0.0, step.latest if step.earliest else f"≤ {step.latest}"
    return Box(
        round(at - _SIZE / 2, 1),
        middle - _SIZE / 2,
        _SIZE,
        _SIZE,
        f"{step.lane}: {step.words}, {when}",
        f"step-{step.sign}",
        step.iri,
        before=before,
        signs=frozenset(signs),
    )
