"""Where words stand beside the marks of a chart, so that none lies upon another or upon a mark."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_LETTER, _ABOVE, _BELOW, _GAP = 7.0, 10.0, 2.0, 3.0
"""How wide a letter is, how far it rises and falls from its line, and how far a line is kept from what is below."""


@dataclass(frozen=True)
class Area:
    """A rectangle that is taken; ``y`` goes down."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Area") -> bool:
        """Whether two have a place in common."""
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)


@dataclass(frozen=True)
class Caption:
    """Words of one line: where they begin, and the line that they stand on."""

    text: str
    left: float
    line: float

    @property
    def area(self) -> Area:
        """What the words cover."""
        return Area(self.left, self.line - _ABOVE, self.left + width(self.text), self.line + _BELOW)


def width(text: str) -> float:
    """How wide words are."""
    return len(text) * _LETTER


def placed(wanted: Sequence[Caption], marks: Iterable[Area], top: float, right: float) -> list[Caption | None]:
    """Each caption where it is wanted or, where something is there, above that; ``None`` where nothing is free.

    Those that come first have the choice. None rises above ``top``; none that begins before ``right`` goes beyond it.
    """
    taken = [*marks]
    found: list[Caption | None] = []
    for caption in wanted:
        left = caption.left if caption.left >= right else min(caption.left, right - width(caption.text))
        inside = replace(caption, left=round(left, 1))
        free = _free(inside, taken, top)
        found.append(free)
        taken += [free.area] if free and free.text else []
    return found


def _free(caption: Caption, taken: Sequence[Area], top: float) -> Caption | None:
    while met := [area for area in taken if area.meets(caption.area)]:
        caption = replace(caption, line=round(min(area.top for area in met) - _GAP, 1))
    return caption if caption.area.top >= top else None
