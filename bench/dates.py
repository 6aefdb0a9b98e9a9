"""Partial dates as sources state them, with the first and the last day that each can mean."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

XSD = "http://www.w3.org/2001/XMLSchema#"
_DAY, _MONTH = 0.6, 0.85
"""Of all dates this share is given to the day, and this share at least to the month."""


@dataclass(frozen=True)
class Stated:
    """A date as stated (an N-Quads literal) and its bounds (ISO days)."""

    literal: str
    earliest: str
    latest: str


def day(value: date) -> Stated:
    """A date given to the day."""
    text = value.isoformat()
    return Stated(f'"{text}"^^<{XSD}date>', text, text)


def stated(value: date, random: Random) -> Stated:
    """A date given to the day, the month or the year, as chance has it."""
    exactness = random.random()
    if exactness < _DAY:
        return day(value)
    year, month = value.year, value.month
    if exactness < _MONTH:
        text = f"{year:04}-{month:02}"
        last = monthrange(year, month)[1]
        return Stated(f'"{text}"^^<{XSD}gYearMonth>', f"{text}-01", f"{text}-{last}")
    return Stated(f'"{year:04}"^^<{XSD}gYear>', f"{year:04}-01-01", f"{year:04}-12-31")


def between(first: date, last: date, random: Random) -> date:
    """Some day from the first to the last, both included."""
    return first + timedelta(days=random.randrange(max((last - first).days, 0) + 1))
