"""Charts that the server draws: spans on a line of years, and amounts by year. Geometry only; a template prints it.

A drawing has no meaning of its own: the table beside it says the same in words.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from kg.terms import Iri

Kind: TypeAlias = Literal["bar", "bar-open", "bar-past", "bar-over"]
Across: TypeAlias = Callable[[float], float]

WIDTH = 760
_LEFT, _RIGHT, _TOP, _LANE, _HEIGHT = 190, 20, 22, 30, 190
_MOST_TICKS = 12
_MOST_SERIES = 6
_DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Box:
    """A bar with its words; ``fading`` ends are not known, ``seen`` is one day only."""

    x: float
    y: float
    width: float
    height: float
    words: str
    kind: Kind | str
    iri: Iri = ""
    text: str = ""
    seen: bool = False
    open_end: bool = False


@dataclass(frozen=True)
class Tick:
    """A line of the grid with its label."""

    at: float
    text: str


@dataclass(frozen=True)
class Lane:
    """The name of a row of bars."""

    y: float
    text: str


@dataclass(frozen=True)
class Drawing:
    """A chart: ``ticks`` are years across, ``rungs`` amounts upwards, ``key`` the names of its series."""

    form: Literal["spans", "years"]
    height: float
    boxes: tuple[Box, ...]
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...] = ()
    rungs: tuple[Tick, ...] = ()
    key: tuple[tuple[str, str], ...] = ()
    today: float | None = None
    bottom: float = 0.0
    width: int = WIDTH
    left: int = _LEFT


@dataclass(frozen=True)
class Span:
    """Something that lasted: ISO days; without a start it was only seen on ``seen``, without an end it may go on."""

    lane: str
    words: str
    start: str
    end: str
    seen: str
    kind: Kind
    iri: Iri = ""


@dataclass(frozen=True)
class Amount:
    """So much of a series in a year."""

    year: int
    series: str
    amount: float
    real: bool


def _year(day: str) -> float:
    found = date.fromisoformat(day[:10])
    return found.year + (found.timetuple().tm_yday - 1) / _DAYS_A_YEAR


def spans(found: Sequence[Span], today: str) -> Drawing | None:
    """Bars from start to end on a line of years, lane by lane; ``None`` where nothing has a day."""
    dated = [span for span in found if span.start or span.seen or span.end]
    if not dated:
        return None
    days = [_year(day) for span in dated for day in (span.start, span.end, span.seen) if day]
    now = _year(today) if today else max(days)
    first, last = int(min(days)), int(max(*days, now)) + 1

    def across(year: float) -> float:
        return round(_LEFT + (year - first) / (last - first) * (WIDTH - _LEFT - _RIGHT), 1)

    lanes = list(dict.fromkeys(span.lane for span in dated))
    boxes = tuple(_span_box(span, lanes.index(span.lane), across, now) for span in dated)
    bottom = _TOP + len(lanes) * _LANE
    return Drawing(
        form="spans",
        height=bottom + 8,
        boxes=boxes,
        ticks=tuple(Tick(across(year), str(year)) for year in _years(first, last)),
        lanes=tuple(Lane(_TOP + place * _LANE + 19, _short(lane)) for place, lane in enumerate(lanes)),
        today=across(now),
        bottom=bottom,
    )


def _span_box(span: Span, lane: int, across: Across, now: float) -> Box:
    y, same = _TOP + lane * _LANE + 5, span.words == span.lane
    if not span.start and not span.end:
        at = across(_year(span.seen))
        return Box(
            at - 6, y + 4, 12, 12, span.words, span.kind, span.iri, "" if same else _last_word(span.words), seen=True
        )
    start = across(_year(span.start or span.end))
    end = across(_year(span.end)) if span.end else across(max(now, _year(span.start)))
    wide = max(end - start, 3)
    return Box(
        start, y, wide, _LANE - 10, span.words, span.kind, span.iri, _fitting(span.words, wide), open_end=not span.end
    )


def amounts(found: Iterable[Amount]) -> Drawing | None:
    """Stacked bars, year by year, a colour for each series; ``None`` where there are fewer than two years."""
    given = [one for one in found if one.amount > 0]
    years = sorted({one.year for one in given})
    if len(years) < 2:  # noqa: PLR2004 - one bar is no chart
        return None
    totals: dict[str, float] = {}
    for one in given:
        totals[one.series] = totals.get(one.series, 0.0) + one.amount
    ranked = sorted(totals, key=lambda name: (-totals[name], name))
    series = {name: f"s{min(place + 1, _MOST_SERIES)}" for place, name in enumerate(ranked)}
    per_year = {year: sum(one.amount for one in given if one.year == year) for year in years}
    step = _step(max(per_year.values()))
    top = step * -(-max(per_year.values()) // step)
    return _stacked(given, range(years[0], years[-1] + 1), series, step, top)


def _stacked(given: Sequence[Amount], years: range, series: Mapping[str, str], step: float, top: float) -> Drawing:
    left, base = 56, _TOP + _HEIGHT
    slot = (WIDTH - left - _RIGHT) / len(years)
    wide = min(slot * 0.72, 46)
    boxes: list[Box] = []
    reached: dict[int, float] = dict.fromkeys(years, 0.0)
    for one in sorted(given, key=lambda a: (a.year, not a.real, list(series).index(a.series))):
        tall = one.amount / top * _HEIGHT
        x = left + (one.year - years[0]) * slot + (slot - wide) / 2
        y = base - reached[one.year] - tall
        words = f"{one.year}, {one.series}: {one.amount:,g}"
        kind = series[one.series] if one.real else "bar-open"
        boxes.append(Box(round(x, 1), round(y, 1), round(wide, 1), round(tall, 1), words, kind))
        reached[one.year] += tall
    shown = _years(years[0], years[-1])
    return Drawing(
        form="years",
        height=base + 24,
        boxes=tuple(boxes),
        ticks=tuple(Tick(round(left + (year - years[0] + 0.5) * slot, 1), str(year)) for year in shown),
        rungs=tuple(_rung(place * step, top, base) for place in range(round(top / step) + 1)),
        key=tuple((name, kind) for name, kind in series.items()),
        bottom=base,
        left=left,
    )


def _rung(amount: float, top: float, base: float) -> Tick:
    return Tick(round(base - amount / top * _HEIGHT, 1), f"{amount:,g}")


def _step(most: float) -> float:
    """A round step that gives four or five lines."""
    size = 10.0 ** (len(str(int(most))) - 1)
    return next((size * part for part in (0.2, 0.5, 1.0, 2.0) if most / (size * part) <= 5), size * 2)  # noqa: PLR2004


def _years(first: int, last: int) -> list[int]:
    every = next(n for n in (1, 2, 5, 10, 20, 50, 100) if (last - first) / n <= _MOST_TICKS)
    return [year for year in range(first, last + 1) if year % every == 0]


def _short(words: str, most: int = 27) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _fitting(words: str, width: float) -> str:
    """The words as far as they fit into a bar; the last one of a name alone; else nothing."""
    most = int(width / 7) - 1
    return next((text for text in (words, _last_word(words)) if len(text) <= most), "")


def _last_word(words: str) -> str:
    return words.rpartition(" ")[2]
