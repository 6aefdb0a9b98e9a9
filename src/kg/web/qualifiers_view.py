"""Qualifiers in words: *28 pieces*, *role: buyer*, *expected: inaugurated between 27 May and 2 June 2024*."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from kg.serving import Row
from kg.terms import CODE, DEF, Iri
from kg.web import dates
from kg.web.language import say, spoken
from kg.web.views import NUMBERS, Phrase, Value, money, text, value

Said: TypeAlias = Mapping[str, Sequence[Value]]
"""The values of one claim's qualifiers, by the qualifier's local name."""

_PIECE = CODE + "unit/piece"


def in_words(rows: Sequence[Row]) -> tuple[Phrase, ...]:
    """The qualifiers of one claim, those that belong together in one phrase; notes are apart."""
    said = _said(rows)
    labels = {_name(row): text(row, "qualifierLabel") for row in rows}
    phrases = [phrase for compose in _COMPOSED for phrase in compose(said)]
    rest = [name for name in said if name not in _IN_COMPOSED]
    plain = [Phrase(_heading(name, labels[name]), tuple(said[name]), DEF + name) for name in rest]
    return (*phrases, *plain)


def _heading(name: str, label: str) -> str:
    return say(_PREPOSITIONS[name]) if name in _PREPOSITIONS else label


def notes_of(rows: Iterable[Row]) -> tuple[Value, ...]:
    """The notes of one claim, those in the reader's language first."""
    notes = [value(row, "value") for row in rows if _name(row) == "note"]
    return tuple(sorted(notes, key=lambda note: note.language != spoken()))


def numbers_of(rows: Iterable[Row]) -> dict[str, float]:
    """The qualifiers of one claim that are numbers, by local name."""
    found = ((_name(row), row["value"]) for row in rows if "value" in row)
    return {name: float(term["value"]) for name, term in found if term.get("datatype") in NUMBERS}


def _name(row: Row) -> str:
    return text(row, "qualifier").removeprefix(DEF)


def _said(rows: Iterable[Row]) -> dict[str, list[Value]]:
    said: dict[str, list[Value]] = {}
    for row in rows:
        said.setdefault(_name(row), []).append(value(row, "value", "valueLabel"))
    return said


def _first(said: Said, name: str) -> Value | None:
    return next(iter(said.get(name, ())), None)


def _quantity(said: Said) -> list[Phrase]:
    """How many, in which unit; a unit without a quantity belongs to the value of the claim itself."""
    unit = _first(said, "unit")
    counted = _range(said, "quantity", "quantityMin", "quantityMax")
    if not counted:
        return [Phrase(say("in (a unit)"), (unit,), DEF + "unit")] if unit else []
    words = (*counted, Value(_counted_in(unit, counted[-1].text), unit.iri)) if unit else counted
    return [Phrase("", words, DEF + "quantity")]


def _counted_in(unit: Value, amount: str) -> str:
    return say("pieces") if unit.iri == _PIECE and amount != "1" else unit.text


def _share(said: Said) -> list[Phrase]:
    share = _range(said, "share", "shareMin", "shareMax")
    return [Phrase("", (*share, Value(say("% of the capital"))), DEF + "share")] if share else []


def _votes(said: Said) -> list[Phrase]:
    votes = said.get("votes")
    return [Phrase("", (*votes, Value(say("% of the votes"))), DEF + "votes")] if votes else []


def _range(said: Said, exact: str, least: str, most: str) -> tuple[Value, ...]:
    if exact in said:
        return tuple(said[exact])
    low, high = _first(said, least), _first(said, most)
    if low and high:
        return Value(say("between")), low, Value(say("and")), high
    if low:
        return Value(say("at least")), low
    return (Value(say("at most")), high) if high else ()


def _expected(said: Said) -> list[Phrase]:
    """What the source looks forward to, and between which days."""
    status = said.get("expectedStatus", ())
    first, last = _first(said, "expectedEarliest"), _first(said, "expectedLatest")
    words = (*status, *_between(first, last))
    return [Phrase(say("expected"), words, DEF + "expectedStatus")] if words else []


def _between(first: Value | None, last: Value | None) -> tuple[Value, ...]:
    if first and last and first.moment == last.moment:
        return _dated("on", first)
    if first and last:
        start, end = dates.stretch(first.moment, last.moment)
        from_day, to_day = Value(start, moment=first.moment), Value(end, moment=last.moment)
        return *_dated("between", from_day), *_dated("and", to_day)
    if first:
        return _dated("not before", first)
    return _dated("by", last) if last else ()


def _dated(word: str, day: Value) -> tuple[Value, Value]:
    return Value(dates.preposition(day.moment, word)), day


def _flags(said: Said) -> list[Phrase]:
    """Qualifiers that are only true or false say themselves."""
    yes, no = say("yes"), say("no")
    words = {
        ("lead", yes): "leads",
        ("optional", yes): "an option, not firm",
        ("optional", no): "firm",
        ("acting", yes): "ad interim",
    }
    given = ((name, one.text) for name in ("lead", "optional", "acting") for one in said.get(name, ()))
    return [Phrase("", (Value(say(words[key])),), DEF + key[0]) for key in given if key in words]


def _amount(said: Said) -> list[Phrase]:
    """Amounts with the sign of their currency; one without an amount belongs to the value of the claim itself."""
    currency, amounts = _first(said, "currency"), said.get("amount", ())
    if not amounts:
        return [Phrase(say("currency"), (currency,), DEF + "currency")] if currency else []
    told = tuple(money(one.raw, currency_code(currency.iri)) if currency and one.raw else one for one in amounts)
    return [Phrase(say("amount"), told, DEF + "amount")]


def currency_code(iri: Iri) -> str:
    """``code:currency/EUR`` → ``EUR``."""
    return iri.removeprefix(CODE + "currency/")


_COMPOSED: tuple[Callable[[Said], list[Phrase]], ...] = (_quantity, _share, _votes, _amount, _expected, _flags)
_IN_COMPOSED = {
    "quantity", "quantityMin", "quantityMax", "unit", "share", "shareMin", "shareMax", "votes",
    "expectedStatus", "expectedEarliest", "expectedLatest", "lead", "optional", "acting", "note", "amount",
    "currency",
}  # fmt: skip
_PREPOSITIONS = {"onBehalfOf": "on behalf of", "inPost": "as"}
