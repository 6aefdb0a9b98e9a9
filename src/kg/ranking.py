"""The order of what a search found: exactly that name, then names that begin so, then names with a typo.

Whatever matches equally well is ordered by what it is and how much is known of it: a gun before an order of it, and
of two firms the one of which more claims speak.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias

Words: TypeAlias = Sequence[str]
"""A text cut into words, in lower case and without accents."""

EXACT, BEGINS, HAS, PARTLY, ALIKE = range(5)
"""How a name matches: is the text; begins with it; has its words; has words that begin so; is spelt alike."""


@dataclass(frozen=True)
class Match:
    """How well a text matches the best of a thing's names.

    ``likeness`` is 1 where nothing is misspelt; ``more`` tells whether the name has more words than the text.
    """

    name: int
    grade: int
    likeness: float
    more: bool


def match(words: Words, names: Sequence[Words]) -> Match:
    """How the words match the best of the names; ``name`` is its place among them (the first of equal ones)."""
    length = len(words)
    grade, more, best = min((_grade(words, name), len(name) > length, place) for place, name in enumerate(names))
    if grade < ALIKE:
        return Match(best, grade, 1.0, more)
    likeness, best = max((_likeness(words, name), -place) for place, name in enumerate(names))
    return Match(-best, ALIKE, round(likeness, 1), len(names[-best]) > length)


def _grade(words: Words, name: Words) -> int:
    text, whole = " ".join(words), " ".join(name)
    if text == whole:
        return EXACT
    if whole.startswith(text):
        return BEGINS
    if set(words) <= set(name):
        return HAS
    return PARTLY if all(any(one.startswith(word) for one in name) for word in words) else ALIKE


def _likeness(words: Words, name: Words) -> float:
    """From 0 to 1: how near each word comes to the nearest one of the name, as far as it was written."""
    nearest = (max((_near(word, one) for one in name), default=0.0) for word in words)
    return sum(nearest) / max(len(words), 1)


def _near(word: str, one: str) -> float:
    return max(SequenceMatcher(None, word, one[:end]).ratio() for end in {len(word), len(one)})
