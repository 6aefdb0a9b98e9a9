"""Charts as SVG. In Python, for a chart has a hundred shapes."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from markupsafe import Markup

from kg.web.charts import Box, Drawing, Form, Lane
from kg.web.inline import quoted

_SIZE = 12
"""How large the mark of a step is."""
_MOST_NAMED = 12
"""How many of its shapes the title of a chart names."""

Printing: TypeAlias = Callable[[Box, str], str]
"""Prints a shape in a chart of this name."""


def engraved(drawing: Drawing, name: str, heading: str, *, slim: bool = False) -> Markup:
    """The chart of a panel as an ``svg`` element, which needs its patterns; ``slim``: the one for a narrow screen."""
    parts = (
        _ticks(drawing),
        _rungs(drawing),
        _lanes(drawing),
        _today(drawing),
        _shapes(drawing, name, told=not slim),
    )
    box = f'viewBox="0 0 {drawing.width} {_n(drawing.height)}" role="img"'
    if slim:
        head = f'<svg class="slim" {box} aria-label="{quoted(heading)}">\n'
    else:
        title = f'<title id="{name}-chart">{quoted(f"{heading}: {_named(drawing)}")}</title>\n'
        head = f'<svg class="wide" {box} aria-labelledby="{name}-chart">{title}\n'
    return Markup(f"{head}{''.join(parts)}</svg>")  # noqa: S704 - every part of it is escaped


def _n(number: float) -> str:
    """A number as short as it can be."""
    return f"{round(number, 1):g}"


def _named(drawing: Drawing) -> str:
    words = ", ".join(box.words for box in drawing.boxes[:_MOST_NAMED])
    return f"{words} …" if len(drawing.boxes) > _MOST_NAMED else words


def patterns(name: str) -> Markup:
    """How an end fades, and the hatching of what is doubtful, for the charts and the key of a panel."""
    light, dark = '<stop offset="{}" stop-color="#fff"/>', '<stop offset="{}" stop-color="#fff" stop-opacity="0.12"/>'
    out = f'<linearGradient id="{name}-out">{light.format(0.55)}{dark.format(1)}</linearGradient>'
    into = f'<linearGradient id="{name}-in">{dark.format(0)}{light.format(0.45)}</linearGradient>'
    masks = "".join(
        f'<mask id="{name}-fades-{way}" maskContentUnits="objectBoundingBox">'
        f'<rect width="1" height="1" fill="url(#{name}-{way})"/></mask>'
        for way in ("out", "in")
    )
    lines = '<path class="hatch" d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5"/>'
    hatch = f'<pattern id="{name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse">{lines}</pattern>'
    defined = f"<defs>{out}{into}{masks}{hatch}</defs>"
    return Markup(f'<svg class="patterns" aria-hidden="true">{defined}</svg>')  # noqa: S704 - nothing of it is a reader's


def _ticks(drawing: Drawing) -> str:
    if drawing.form == "years":
        return "".join(_text("quiet", tick.at, drawing.bottom + 16, tick.text, "middle") for tick in drawing.ticks)
    return "".join(
        f'<path class="grid" d="M{_n(tick.at)} 18V{_n(drawing.bottom)}"/>'
        + _text("quiet", tick.at, 13, tick.text, "middle")
        for tick in drawing.ticks
    )


def _rungs(drawing: Drawing) -> str:
    return "".join(
        f'<path class="grid" d="M{_n(drawing.left)} {_n(rung.at)}H{_n(drawing.width)}"/>'
        + _text("quiet", drawing.left - 6, rung.at + 4, rung.text, "end")
        for rung in drawing.rungs
    )


def _lanes(drawing: Drawing) -> str:
    return "".join(_lane(lane, drawing) for lane in drawing.lanes)


def _lane(lane: Lane, drawing: Drawing) -> str:
    first, *second = lane.lines
    more = f'<tspan x="0" dy="13">{quoted(second[0])}</tspan>' if second else ""
    words = f"{quoted(first)}{more}<title>{quoted(lane.whole)}</title>"
    name = f'<text class="lane" x="0" y="{_n(lane.y - 6 if second else lane.y)}">{words}</text>'
    base = f'<path class="grid" d="M{_n(drawing.left)} {_n(lane.base)}H{_n(drawing.width - 20)}"/>'
    thread = ""
    if lane.thread:
        thread = f'<path class="thread" d="M{_n(lane.thread[0])} {_n(lane.base)}H{_n(lane.thread[1])}"/>'
    return name + (base if drawing.form == "shares" else "") + thread + "\n"


def _today(drawing: Drawing) -> str:
    if not drawing.today:
        return ""
    return f'<path class="today" d="M{_n(drawing.today)} 18V{_n(drawing.bottom)}"/>\n'


def _shapes(drawing: Drawing, name: str, *, told: bool) -> str:
    """The shapes, each with its words where these are ``told``."""
    printed = (_printing(box, drawing.form)(box, name) for box in drawing.boxes)
    if not told:
        return "\n".join(printed)
    return "".join(
        f"<g>{shape}<title>{quoted(box.words)}</title></g>\n"
        for shape, box in zip(printed, drawing.boxes, strict=True)
    )


def _printing(box: Box, form: Form) -> Printing:
    if form == "steps":
        return _step
    if box.seen:
        return _stem if form == "shares" else _sighting
    return _high if form == "shares" else _bar


def _text(kind: str, x: float, y: float, words: str, anchor: str = "") -> str:
    given = f' text-anchor="{anchor}"' if anchor else ""
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{_n(x)}" y="{_n(y)}"{given}>{quoted(words)}</text>'


def _rect(kind: str, x: float, y: float, width: float, height: float, more: str = "") -> str:
    return f'<rect class="{kind}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"{more}/>'


def _doubt(box: Box) -> str:
    return " is-doubtful" if "doubtful" in box.signs else ""


def _lasting(box: Box, name: str) -> str:
    """A bar with its vague ends, its hatching, and what it may be besides."""
    fades = next((sign for sign in ("fades-out", "fades-in") if sign in box.signs), "")
    kind = f"{box.kind} untold" if "untold" in box.signs else box.kind
    plain = max(box.width - box.before - box.after, 1)
    parts = [_rect(kind, box.x + box.before, box.y, plain, box.height, ' rx="2"')]
    if box.before:
        parts.append(_rect(f"{box.kind} vague", box.x, box.y, box.before, box.height))
    if box.after:
        parts.append(_rect(f"{box.kind} vague", box.x + box.width - box.after, box.y, box.after, box.height))
    if "doubtful" in box.signs:
        parts.append(_rect("doubtful", box.x, box.y, box.width, box.height, f' fill="url(#{name}-hatch)"'))
    may = _rect("may", box.x, box.y - box.may, box.width, box.may) if box.may else ""
    whole = "".join(parts)
    return may + (f'<g mask="url(#{name}-{fades})">{whole}</g>' if fades else whole)


def _bar(box: Box, name: str) -> str:
    words = _text("on-bar", box.x + box.before + 5, box.y + 14, box.text) if box.text else ""
    return _lasting(box, name) + words


def _high(box: Box, name: str) -> str:
    """A bar as high as its share."""
    return _lasting(box, name) + _captioned(box)


def _captioned(box: Box) -> str:
    return _text("", box.label[0], box.label[1], box.text) if box.text else ""


def _seen(box: Box, radius: int) -> str:
    within = _rect("within", box.x - box.before / 2, box.y - 2, box.before, 4, ' rx="2"') if box.before else ""
    return f'{within}<circle class="seen{_doubt(box)}" cx="{_n(box.x)}" cy="{_n(box.y)}" r="{radius}"/>'


def _stem(box: Box, _: str) -> str:
    """A sighting on a stem as high as its share."""
    stem = f'<path class="stem{_doubt(box)}" d="M{_n(box.x)} {_n(box.y)}v{_n(box.height)}"/>' if box.height else ""
    return stem + _seen(box, 4) + _captioned(box)


def _sighting(box: Box, _: str) -> str:
    if not box.text:
        return _seen(box, 6)
    side = (box.x + 9, "") if box.named_after else (box.x - 9, "end")
    return _seen(box, 6) + _text("beside", side[0], box.y + 4, box.text, side[1])


def _step(box: Box, _: str) -> str:
    middle, doubt = box.x + box.width / 2, _doubt(box)
    within = _rect("within", middle - box.before / 2, box.y + 3, box.before, 6, ' rx="3"') if box.before else ""
    x, y = _n(box.x), _n(box.y)
    marks: Mapping[str, str] = {
        "over": f'<path class="step-over{doubt}" d="M{_n(box.x + 1)} {_n(box.y + 1)}l10 10m0 -10l-10 10"/>',
        "expected": f'<path class="step-expected{doubt}" d="M{_n(middle)} {_n(box.y - 1)}l7 7l-7 7l-7 -7z"/>',
        "real": f'<rect class="step-real{doubt}" x="{x}" y="{y}" width="{_SIZE}" height="{_SIZE}" rx="2"/>',
    }
    made = next((mark for sign, mark in marks.items() if sign in box.signs), "")
    return within + (made or f'<circle class="step-open{doubt}" cx="{_n(middle)}" cy="{_n(box.y + 6)}" r="6"/>')
