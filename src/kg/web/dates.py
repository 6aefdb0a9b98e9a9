"""Dates for people: a day, a month or a year as precise as the source gave it, and stretches between days."""

from datetime import date
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton

from kg.web.language import locale, say

_YEAR_ONLY, _YEAR_AND_MONTH = 4, 7
_KEPT = 10_000


def written(text: str) -> str:
    """``2024-05-21`` → 21 May 2024, ``2024-04`` → April 2024, ``2018`` → 2018; other text as it is."""
    return _written(text, locale())


@lru_cache(_KEPT)
def _written(text: str, speaking: Locale) -> str:
    if len(text) == _YEAR_ONLY:
        return text
    try:
        day = date.fromisoformat(text if len(text) > _YEAR_AND_MONTH else f"{text}-01")
    except ValueError:
        return text
    if len(text) == _YEAR_AND_MONTH:
        return str(format_skeleton("yMMMM", day, locale=speaking))
    long = str(format_date(day, "long", locale=speaking))
    return long.replace("1 ", "1er ", 1) if speaking.language == "fr" and day.day == 1 else long


PREPOSITIONS = ("on", "from", "until", "since", "between", "and", "not before", "by")
"""Words before a date; French has another before a day than before a month or a year."""


def preposition(text: str, word: str = "on") -> str:
    """The word before a date: *on* a day, *in* a month or a year; or another of :data:`PREPOSITIONS`."""
    key = f"{word} (a day)" if len(text) > _YEAR_AND_MONTH else f"{word} (a year)"
    return say(key)


def stretch(first: str, last: str) -> tuple[str, str]:
    """Two days, the year left out of the first where both share it."""
    start, end = written(first), written(last)
    year = first[:_YEAR_ONLY]
    shared = first[:_YEAR_ONLY] == last[:_YEAR_ONLY] and len(first) > _YEAR_ONLY
    return (start.removesuffix(f" {year}") if shared else start), end
