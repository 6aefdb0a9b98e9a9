"""A chart for a narrow screen: the same shapes on a shorter line of years, the names of lanes above them."""

from dataclasses import replace

from kg.web import charts
from kg.web.charts import TOP, Across, Box, Drawing, Lane, Tick, captioned, fitting, lasting_room, shorten, uncrowded

WIDTH, LEFT, RIGHT = 360, 16, 16
_LEFT_OF_RUNGS = 48
"""Where the shapes begin when amounts are written beside them."""
_HEAD = 16
"""How much taller a lane is for its name."""
_NAME_AT, _LETTERS = 12, 54
_TICKS_APART = 34


def narrow(drawing: Drawing) -> Drawing:
    """The drawing for a narrow screen; its records are the same."""
    left = _LEFT_OF_RUNGS if drawing.form == "years" else LEFT
    scale = (WIDTH - left - RIGHT) / (drawing.width - drawing.left - charts.RIGHT)

    def across(x: float) -> float:
        return round(left + (x - drawing.left) * scale, 1)

    lanes = len(drawing.lanes)
    boxes = [_moved(box, drawing, across, scale) for box in drawing.boxes]
    return replace(
        drawing,
        width=WIDTH,
        left=left,
        height=drawing.height + _HEAD * lanes,
        bottom=drawing.bottom + _HEAD * lanes,
        boxes=_written(drawing, boxes, left),
        ticks=_apart(drawing, across),
        lanes=tuple(_lane(lane, place, drawing, across) for place, lane in enumerate(drawing.lanes)),
        today=None if drawing.today is None else across(drawing.today),
    )


def _written(drawing: Drawing, boxes: list[Box], left: float) -> tuple[Box, ...]:
    """The shapes with their words where there is room for these."""
    if drawing.form == "spans":
        return uncrowded(boxes, left)
    return captioned(boxes, _tall(drawing) + _HEAD, WIDTH - 2, _HEAD) if drawing.form == "shares" else tuple(boxes)


def _tall(drawing: Drawing) -> float:
    return (drawing.bottom - TOP) / len(drawing.lanes)


def _moved(box: Box, drawing: Drawing, across: Across, scale: float) -> Box:
    """A shape at its new place; marks of steps keep their size, words stay where they fit."""
    down = _HEAD * (int((box.y - TOP) // _tall(drawing)) + 1) if drawing.lanes else 0
    before, after, text = round(box.before * scale, 1), round(box.after * scale, 1), box.text
    if drawing.form == "steps":
        x, width = round(across(box.x + box.width / 2) - box.width / 2, 1), box.width
    else:
        x, width = across(box.x), box.width and max(round(box.width * scale, 1), 1.0)
    if text and drawing.form == "spans" and not box.seen:
        text = fitting(text, lasting_room(width - before - after, box.signs))
    y = round(box.y + down, 1)
    return Box(x, y, width, box.height, box.words, box.kind, box.iri, text, before, after, box.may, box.signs)


def _apart(drawing: Drawing, across: Across) -> tuple[Tick, ...]:
    """The ticks that stand far enough from each other, the last one among them."""
    kept: list[Tick] = []
    for tick in reversed(drawing.ticks):
        at = across(tick.at)
        if not kept or kept[-1].at - at >= _TICKS_APART:
            kept.append(Tick(at, tick.text))
    return tuple(reversed(kept))


def _lane(lane: Lane, place: int, drawing: Drawing, across: Across) -> Lane:
    top = TOP + place * (_tall(drawing) + _HEAD)
    thread = lane.thread and (across(lane.thread[0]), across(lane.thread[1]))
    base = round(lane.base + _HEAD * (place + 1), 1)
    return Lane(round(top + _NAME_AT, 1), (shorten(lane.whole, _LETTERS),), lane.whole, thread, base)
