"""Dates for people: a day, a month or a year as precise as the source gave it, and stretches between days."""

from datetime import date

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_YEAR_ONLY, _YEAR_AND_MONTH = 4, 7


def written(text: str) -> str:
    """``2024-05-21`` → 21 May 2024, ``2024-04`` → April 2024, ``2018`` → 2018; other text as it is."""
    if len(text) == _YEAR_ONLY:
        return text
    try:
        day = date.fromisoformat(text if len(text) > _YEAR_AND_MONTH else f"{text}-01")
    except ValueError:
        return text
    month = f"{_MONTHS[day.month - 1]} {day.year}"
    return f"{day.day} {month}" if len(text) > _YEAR_AND_MONTH else month


def preposition(text: str) -> str:
    """The word before a date at which something happened: *on* a day, *in* a month or a year."""
    return "on" if len(text) > _YEAR_AND_MONTH else "in"


def stretch(first: str, last: str) -> tuple[str, str]:
    """Two days, the year left out of the first where both share it."""
    start, end = written(first), written(last)
    year = first[:_YEAR_ONLY]
    shared = first[:_YEAR_ONLY] == last[:_YEAR_ONLY] and len(first) > _YEAR_ONLY
    return (start.removesuffix(f" {year}") if shared else start), end
