"""Charts that the server draws, and spans on a line of years. Geometry; a template prints it.

A drawing has no meaning of its own: its records say the same in words and numbers, for a table and for CSV. What is
not known never looks like what is: an end that nobody told fades out, a day told as a year is as broad as the year, a
sighting is a circle, and what is doubted or disputed is hatched.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from textwrap import wrap
from typing import Literal, TypeAlias

from kg.terms import Iri
from kg.web.captions import Area, Caption, placed, width

Kind: TypeAlias = Literal["bar", "bar-open", "bar-past", "bar-over"]
Form: TypeAlias = Literal["spans", "shares", "steps", "years"]
Sign: TypeAlias = Literal[
    "seen", "fades-in", "fades-out", "vague", "doubtful", "untold", "real", "open", "over", "expected"
]
"""What a reader must be told of the shapes of a drawing."""
Across: TypeAlias = Callable[[float], float]
Record: TypeAlias = Mapping[str, str]
"""What one shape stands for: column → text; days in ISO, numbers plain."""

WIDTH = 760
LEFT, RIGHT, TOP, LANE = 204, 20, 22, 30
_TALL, _WHOLE = 58, 40
"""The height of a lane of shares, and of a bar that is the whole of something."""
_THIN, _STUB, _LEAST_WIDTH = 6, 34, 3
_FADING = 0.6
"""The part of a fading bar that is dark enough to be written on."""
_BESIDE, _NAME, LETTER = 28, 9, 6.5
"""Characters of a line beside a lane; from a sighting to its name, and how wide a letter of that is."""
_PARTICLES = {"da", "de", "del", "della", "den", "der", "di", "du", "la", "le", "ten", "ter", "van", "von", "zu"}
_DOT = 4
"""The radius of a sighting among shares."""
_MOST_TICKS = 12
_DAYS_A_YEAR = 365.25
_EVEN = 34 / _DAYS_A_YEAR
"""In years: bounds that are closer, such as those of a month, are drawn as one edge."""


@dataclass(frozen=True)
class Box:
    """A shape with its words: a bar, or where ``seen`` a circle on a day, on a stem as high as what it counts.

    ``before`` and ``after`` are the widths at its ends in which it can have begun and ended, ``may`` is the height
    that it can have besides its own; ``signs`` tell what else is not known of it. ``label`` is where the text of
    a share begins, and the line that it stands on; that of a sighting stands before it, or else after it.
    """

    x: float
    y: float
    width: float
    height: float
    words: str
    kind: Kind | str
    iri: Iri = ""
    text: str = ""
    before: float = 0.0
    after: float = 0.0
    may: float = 0.0
    signs: frozenset[Sign] = frozenset()
    named_after: bool = False
    label: tuple[float, float] = (0.0, 0.0)

    @property
    def seen(self) -> bool:
        """Whether it is a sighting and no bar."""
        return "seen" in self.signs


@dataclass(frozen=True)
class Tick:
    """A line of the grid with its label."""

    at: float
    text: str


@dataclass(frozen=True)
class Lane:
    """The name of a row of shapes in one or two lines, and from where to where a thread runs through it."""

    y: float
    lines: tuple[str, ...]
    whole: str = ""
    thread: tuple[float, float] | None = None
    base: float = 0.0


@dataclass(frozen=True)
class Drawing:
    """A chart: ``ticks`` are years across, ``rungs`` amounts upwards, ``key`` the names of its series."""

    form: Form
    height: float
    boxes: tuple[Box, ...]
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...] = ()
    rungs: tuple[Tick, ...] = ()
    key: tuple[tuple[str, str], ...] = ()
    today: float | None = None
    bottom: float = 0.0
    width: int = WIDTH
    left: int = LEFT
    records: tuple[Record, ...] = field(default=(), repr=False)

    @property
    def signs(self) -> tuple[Sign, ...]:
        """The signs that stand in the drawing, each once."""
        return tuple(sorted({sign for box in self.boxes for sign in box.signs}))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the records in which anything stands."""
        return tuple(dict.fromkeys(name for record in self.records for name, text in record.items() if text))


@dataclass(frozen=True)
class Span:
    """Something that lasted, in ISO days; each may be empty.

    It began between ``start`` and ``start_by`` and ended between ``end`` and ``end_by``; without either it was only
    seen between ``seen_from`` and ``seen``, and without an end it may go on. ``share`` is its least and greatest part
    of a whole, in percent.
    """

    lane: str
    words: str
    start: str
    end: str
    seen: str
    kind: Kind
    iri: Iri = ""
    start_by: str = ""
    end_by: str = ""
    doubtful: bool = False
    share: tuple[float, float] | None = None
    seen_from: str = ""
    claim: Iri = ""

    @property
    def days(self) -> tuple[str, ...]:
        """The days told of it."""
        return tuple(
            day for day in (self.start, self.start_by, self.end, self.end_by, self.seen_from, self.seen) if day
        )


def year(day: str) -> float:
    """An ISO day as a place on the line of years: ``2024-07-02`` → 2024.5."""
    found = date.fromisoformat(day[:10])
    return found.year + (found.timetuple().tm_yday - 1) / _DAYS_A_YEAR


@dataclass(frozen=True)
class Axis:
    """The line of years of a drawing, from the first to the last."""

    first: int
    last: int
    now: float

    def across(self, at: float) -> float:
        """Where a moment is, from the left."""
        return round(LEFT + (at - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT), 1)

    def day(self, day: str) -> float:
        """Where an ISO day is, from the left."""
        return self.across(year(day))

    @property
    def today(self) -> float | None:
        """Where today is, unless it lies before the first year."""
        return self.across(self.now) if self.now >= self.first else None

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """The years that are written above it."""
        return tuple(Tick(self.across(each), str(each)) for each in years(self.first, self.last))


def axis(days: Iterable[str], today: str, *, room: bool = False) -> Axis:
    """The line of years that holds some days, at least one, and today; with ``room`` for what began before."""
    found = [year(day) for day in days]
    now = year(today) if today else max(found)
    first, last = int(min(found)), int(max(*found, now)) + 1
    return Axis(first - (-(-(last - first) // 12) if room else 0), last, now)


def spans(found: Sequence[Span], today: str, form: Literal["spans", "shares"] = "spans") -> Drawing | None:
    """Bars from start to end on a line of years, lane by lane; ``None`` where nothing has a day.

    As ``shares``, a bar is as high as the part of the whole that it stands for.
    """
    dated = [span for span in found if span.days]
    if not dated:
        return None
    line = axis(
        (day for span in dated for day in span.days), today, room=any(span.end and not span.start for span in dated)
    )
    tall = LANE if form == "spans" else _TALL
    lanes = list(dict.fromkeys(span.lane for span in dated))
    made = _bar if form == "spans" else _share
    boxes = [made(span, TOP + lanes.index(span.lane) * tall, line) for span in dated]
    bottom = TOP + len(lanes) * tall
    return Drawing(
        form=form,
        height=bottom + 8,
        boxes=uncrowded(boxes, LEFT) if form == "spans" else captioned(boxes, tall, line.across(line.now) - 2),
        ticks=line.ticks,
        lanes=tuple(
            Lane(TOP + place * tall + tall / 2 + 4, beside(lane), lane, None, TOP + (place + 1) * tall - 4)
            for place, lane in enumerate(lanes)
        ),
        today=line.today,
        bottom=bottom,
        records=tuple(_record(span) for span in dated),
    )


def _record(span: Span) -> Record:
    least, most = span.share or (None, None)
    exact = least == most
    return {
        "lane": span.lane,
        "words": span.words if span.words != span.lane else "",
        "iri": span.iri,
        "share": "" if least is None or not exact else f"{least:g}",
        "shareMin": "" if least is None or exact else f"{least:g}",
        "shareMax": "" if most is None or exact else f"{most:g}",
        "startEarliest": span.start,
        "startLatest": span.start_by or span.start,
        "endEarliest": span.end,
        "endLatest": span.end_by or span.end,
        "seenEarliest": "" if span.start or span.end else span.seen_from,
        "seenLatest": "" if span.start or span.end else span.seen,
        "doubtful": "true" if span.doubtful else "",
        "claim": span.claim,
    }


def _bar(span: Span, top: float, line: Axis) -> Box:
    """A bar of the one height, or a circle for a sighting."""
    if not span.start and not span.end:
        same = span.words == span.lane
        return _sighting(span, line, top + LANE / 2, 0, "" if same else _surname(span.words))
    return _lasting(span, line, top + 5, LANE - 10, "")


def _share(span: Span, top: float, line: Axis) -> Box:
    """A bar, or the stem of a circle, as high as the share; one of unknown height is thin."""
    base = top + _TALL - 4
    least, most = span.share or (0.0, 0.0)
    tall, may = least / 100 * _WHOLE, (most - least) / 100 * _WHOLE
    told = "" if span.share is None else (f"{least:g} %" if least == most else f"{least:g}–{most:g} %")
    if not span.start and not span.end:
        made = _sighting(span, line, base - tall, tall, told)
    else:
        made = _lasting(span, line, base - (tall or _THIN), tall or _THIN, told)
    signs: frozenset[Sign] = frozenset() if span.share else frozenset({"untold"})
    return replace(made, may=round(may, 1), signs=made.signs | signs)


def _sighting(span: Span, line: Axis, y: float, stem: float, words: str) -> Box:
    """A circle on its day, or in the middle of the time in which that lies."""
    signs: set[Sign] = {"seen", "doubtful"} if span.doubtful else {"seen"}
    before = _between(span.seen_from, span.seen, line)
    signs |= {"vague"} if before else set()
    told = f"{span.words}: {words}" if words and words not in span.words else span.words
    at = round(line.day(span.seen) - before / 2, 1)
    return Box(
        at, round(y, 1), 0, round(stem, 1), told, span.kind, span.iri, words, before, signs=frozenset(signs)
    )  # fmt: skip


def _lasting(span: Span, line: Axis, y: float, tall: float, told: str) -> Box:
    """A bar: where an end is not told it fades, where it is told as a year it is vague."""
    signs: set[Sign] = {"doubtful"} if span.doubtful else set()
    first = line.day(span.start) if span.start else line.day(span.end) - _STUB
    ending = span.end_by or span.end
    last = line.day(ending) if ending else line.across(max(line.now, year(span.start_by or span.start)))
    wide = max(last - first, _LEAST_WIDTH)
    before, after = _between(span.start, span.start_by, line), _between(span.end, span.end_by, line)
    signs |= {"vague"} if before or after else set()
    signs |= {"fades-in"} if not span.start else set()
    signs |= {"fades-out"} if not ending else set()
    plain = span.words != span.lane and not signs & {"doubtful", "fades-in"}
    words = told or (fitting(span.words, lasting_room(wide - before - after, signs)) if plain else "")
    whole = f"{span.words}: {told}" if told else span.words
    return Box(
        round(first, 1), round(y, 1), round(wide, 1), round(tall, 1), whole, span.kind, span.iri, words,
        min(before, wide), min(after, wide), signs=frozenset(signs),
    )  # fmt: skip


def lasting_room(width: float, signs: Set[Sign]) -> float:
    """How much can be written on of a bar that is so wide without its vague ends."""
    return width * (_FADING if signs & {"fades-in", "fades-out"} else 1)


def _between(earliest: str, latest: str, line: Axis) -> float:
    """The width between two bounds of a day; none where they are a month apart or less."""
    if not earliest or not latest or year(latest) - year(earliest) < _EVEN:
        return 0.0
    return round(line.day(latest) - line.day(earliest), 1)


def years(first: int, last: int) -> list[int]:
    """The years to write between two: all, or every second, fifth, … so that they stand apart."""
    every = next(n for n in (1, 2, 5, 10, 20, 50, 100) if (last - first) / n <= _MOST_TICKS)
    return [each for each in range(first, last + 1) if each % every == 0]


def beside(words: str) -> tuple[str, ...]:
    """Words as they stand beside a lane: in two lines where one is too short, and cut where two are."""
    lines = wrap(words, _BESIDE) or [""]
    cut = [*lines[:1], *([" ".join(lines[1:])] if len(lines) > 1 else [])]
    return tuple(shorten(line, _BESIDE) for line in cut)


def shorten(words: str, most: int) -> str:
    """Words cut to so many characters."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def fitting(words: str, width: float) -> str:
    """The words as far as they fit into a bar; the last one of a name alone; else nothing."""
    most = int(width / 7) - 1
    return next((text for text in (words, _surname(words)) if len(text) <= most), "")


def _surname(words: str) -> str:
    """The last word of a name, with the particles before it: *De Croo*, *von der Leyen*."""
    found = words.split()
    first = len(found) - 1
    while first > 1 and found[first - 1].lower() in _PARTICLES:
        first -= 1
    return " ".join(found[max(first, 0) :])


def uncrowded(boxes: Sequence[Box], left: float) -> tuple[Box, ...]:
    """The boxes, what was only seen last, its name before it, after it, or left out: where nothing else is written.

    ``left`` is where the line of years begins; before it stand the names of the lanes.
    """
    lasting = [box for box in boxes if not box.seen]
    seen = sorted((box for box in boxes if box.seen), key=lambda box: (box.y, box.x))
    free: dict[float, float] = {}
    named: dict[float, str] = {}
    kept = []
    for place, box in enumerate(seen):
        wide = _NAME + len(box.text) * LETTER
        following = next((one.x for one in seen[place + 1 :] if one.y == box.y), float("inf"))
        before = free.get(box.y, left) <= box.x - wide
        again = named.get(box.y) == box.text
        after = not before and not again and box.x + wide < following - _NAME
        kept.append(box if before else replace(box, text=box.text if after else "", named_after=after))
        free[box.y], named[box.y] = box.x + (wide if after and box.text else _NAME), box.text
    return (*lasting, *kept)


def captioned(boxes: Sequence[Box], tall: float, right: float, head: float = 0) -> tuple[Box, ...]:
    """The boxes of shares, what was only seen last, each with the place of its words in the lane, if there is one.

    ``tall`` is the height of a lane, of which ``head`` is for its name.
    """
    by_lane: dict[int, list[Box]] = {}
    for box in sorted(boxes, key=lambda box: (box.seen, box.x)):
        by_lane.setdefault(int((box.y - TOP) // tall), []).append(box)
    told = (box for place, lane in by_lane.items() for box in _told(lane, TOP + place * tall + head - _DOT, right))
    return tuple(sorted(told, key=lambda box: box.seen))


def _told(boxes: Sequence[Box], top: float, right: float) -> list[Box]:
    marks = [_mark(box) for box in boxes]
    places = placed([_caption(box) for box in boxes], marks, top, right)
    return [
        replace(box, label=(place.left, place.line)) if place else replace(box, text="")
        for box, place in zip(boxes, places, strict=True)
    ]


def _caption(box: Box) -> Caption:
    if box.seen:
        return Caption(box.text, round(box.x - width(box.text) / 2, 1), round(box.y - 8, 1))
    return Caption(box.text, round(box.x + box.before, 1), round(box.y - box.may - 3, 1))


def _mark(box: Box) -> Area:
    """What a bar covers, or the circle of a sighting with its stem."""
    if box.seen:
        return Area(box.x - _DOT, box.y - _DOT, box.x + _DOT, box.y + box.height)
    return Area(box.x, box.y - box.may, box.x + box.width, box.y + box.height)
