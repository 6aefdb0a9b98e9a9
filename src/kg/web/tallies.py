"""Amounts by year as a chart: stacked bars, a colour for each series, what is not real on top in broken outline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kg.web.charts import RIGHT, TOP, WIDTH, Box, Drawing, Sign, Tick, years
from kg.web.figures import number
from kg.web.language import say

_LEFT, _HEIGHT = 56, 190
_MOST_SERIES = 6


@dataclass(frozen=True)
class Amount:
    """So much of a series in a year."""

    year: int
    series: str
    amount: float
    real: bool


def amounts(found: Iterable[Amount]) -> Drawing | None:
    """Stacked bars, year by year, a colour for each series; ``None`` where there are fewer than two years."""
    given = [one for one in found if one.amount > 0]
    told = sorted({one.year for one in given})
    if len(told) < 2:  # noqa: PLR2004 - one bar is no chart
        return None
    totals: dict[str, float] = {}
    for one in given:
        totals[one.series] = totals.get(one.series, 0.0) + one.amount
    ranked = sorted(totals, key=lambda name: (-totals[name], name))
    series = {name: f"s{min(place + 1, _MOST_SERIES)}" for place, name in enumerate(ranked)}
    per_year = {each: sum(one.amount for one in given if one.year == each) for each in told}
    step = _step(max(per_year.values()))
    top = step * -(-max(per_year.values()) // step)
    return _stacked(given, range(told[0], told[-1] + 1), series, step, top)


def _stacked(given: Sequence[Amount], span: range, series: Mapping[str, str], step: float, top: float) -> Drawing:
    left, base = _LEFT, TOP + _HEIGHT
    slot = (WIDTH - left - RIGHT) / len(span)
    wide = min(slot * 0.72, 46)
    boxes: list[Box] = []
    reached: dict[int, float] = dict.fromkeys(span, 0.0)
    ordered = sorted(given, key=lambda a: (a.year, not a.real, list(series).index(a.series)))
    for one in ordered:
        tall = one.amount / top * _HEIGHT
        x = left + (one.year - span[0]) * slot + (slot - wide) / 2
        y = base - reached[one.year] - tall
        words = f"{one.year}, {one.series}: {_number(one.amount)}"
        kind = series[one.series] if one.real else "bar-open"
        signs: frozenset[Sign] = frozenset() if one.real else frozenset({"open"})
        boxes.append(Box(round(x, 1), round(y, 1), round(wide, 1), round(tall, 1), words, kind, signs=signs))
        reached[one.year] += tall
    shown = years(span[0], span[-1])
    return Drawing(
        form="years",
        height=base + 24,
        boxes=tuple(boxes),
        ticks=tuple(Tick(round(left + (each - span[0] + 0.5) * slot, 1), str(each)) for each in shown),
        rungs=tuple(_rung(place * step, top, base) for place in range(round(top / step) + 1)),
        key=_key(series),
        bottom=base,
        left=left,
        records=tuple(
            {"year": str(one.year), "series": one.series, "amount": f"{one.amount:.15g}",
             "real": "true" if one.real else "false"}
            for one in ordered
        ),
    )  # fmt: skip


def _key(series: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The names of the series with their colours; those that share the last colour are only counted."""
    named = [(name, kind) for place, (name, kind) in enumerate(series.items()) if place < _MOST_SERIES - 1]
    rest = list(series)[len(named) :]
    told = rest if len(rest) < 2 else [say("{n} others", n=len(rest))]  # noqa: PLR2004 - one has a name
    return (*named, *((words, f"s{_MOST_SERIES}") for words in told))


def _rung(amount: float, top: float, base: float) -> Tick:
    return Tick(round(base - amount / top * _HEIGHT, 1), _number(amount))


def _number(amount: float) -> str:
    return number(f"{amount:.15g}")


def _step(most: float) -> float:
    """A round step that gives four or five lines."""
    size = 10.0 ** (len(str(int(most))) - 1)
    return next((size * part for part in (0.2, 0.5, 1.0, 2.0) if most / (size * part) <= 5), size * 2)  # noqa: PLR2004
