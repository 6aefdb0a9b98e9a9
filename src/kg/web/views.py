"""View models that every page shares: what a template prints, made from the rows of query answers.

No markup here, and no queries: a row goes in, a frozen dataclass comes out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kg import terms
from kg.serving import Row, Term, language
from kg.terms import CODE, DEF, RDF, RDFS, XSD, Iri
from kg.web import dates, figures
from kg.web.language import named, say, spoken

SKOS = "http://www.w3.org/2004/02/skos/core#"

_DATES = {XSD + "date", XSD + "gYearMonth", XSD + "gYear"}
NUMBERS = {XSD + "decimal", XSD + "integer", XSD + "double"}
_TRUE = {"true", "1"}
"""Both are written for it; some servers count rather than say."""
_UNKNOWN = CODE + "unknown/"


@dataclass(frozen=True)
class Value:
    """One thing or literal in words; ``iri`` makes it a link, ``moment`` a machine-readable date.

    Of a number ``raw`` is what the graph has, and ``exact`` all its digits where the text is shorter.
    """

    text: str
    iri: Iri = ""
    language: str = ""
    moment: str = ""
    unknown: bool = False
    exact: str = ""
    raw: str = field(default="", compare=False)


@dataclass(frozen=True)
class Phrase:
    """A label and what it says: ``role`` – ``buyer``; without a label the values speak for themselves."""

    label: str
    values: tuple[Value, ...]
    iri: Iri = ""


@dataclass(frozen=True)
class Statement:
    """The values of one property of a thing."""

    predicate: Value
    values: tuple["Stated", ...]


@dataclass(frozen=True)
class Stated:
    """A value, whether a rule derived it, and the claims that it rests on."""

    value: Value
    derived: bool
    claims: tuple[Iri, ...]


@dataclass(frozen=True)
class LifeCycle:
    """How far a thing has come: ``sentence`` says it plainly, ``claim`` is the milestone behind it."""

    status: Value | None
    realised: bool
    ended: bool
    since: Value | None
    sentence: str
    claim: Iri = ""


@dataclass(frozen=True)
class Slice:
    """One page of a long list: items ``first`` to ``last`` (from 1) of ``total``."""

    first: int
    last: int
    total: int
    page: int
    pages: int


def text(row: Row, name: str) -> str:
    """The text of a column; empty where it is unbound."""
    return row[name]["value"] if name in row else ""


def true(row: Row, name: str) -> bool:
    """Whether a column holds the boolean *true*."""
    return text(row, name) in _TRUE


def value(row: Row, name: str, label: str = "") -> Value:
    """The value of a column, with the label that another column gives it."""
    shown = text(row, label) if label else ""
    return of_term(row[name], shown) if name in row else Value("")


def of_term(term: Term, label: str = "") -> Value:
    """A term in words: a thing by its label, a date and a number as people write them."""
    content = term["value"]
    if term["type"] == "literal":
        return _of_literal(content, term.get("datatype", ""), language(term))
    if content.startswith(_UNKNOWN):
        return Value(say("{what} by the source", what=label or say("not known")), content, unknown=True)
    return Value(label or local_name(content), content)


def _of_literal(content: str, datatype: Iri, tag: str) -> Value:
    if datatype in _DATES:
        return Value(dates.written(content), moment=content)
    if datatype in NUMBERS:
        return figure(content)
    if datatype == XSD + "boolean":
        return Value(say("yes") if content == "true" else say("no"))
    elsewhere = content.startswith(("http://", "https://")) and not content.startswith(terms.BASE)
    return Value(content, iri=content if datatype == XSD + "anyURI" and elsewhere else "", language=tag)


def figure(content: str) -> Value:
    """A number, from a million on in short and with the exact one beside it."""
    exact, brief = figures.number(content), figures.short(content)
    return Value(brief, exact=exact if brief != exact else "", raw=content)


def money(content: str, currency: str) -> Value:
    """An amount in a currency (ISO 4217), from a million on in short and with the exact one beside it."""
    exact, brief = figures.money(content, currency), figures.short_money(content, currency)
    return Value(brief, exact=exact if brief != exact else "", raw=content)


def language_named(row: Row) -> Row:
    """A row with the language of a source by its name, where it tells one: several are told apart by spaces."""
    if "language" not in row:
        return row
    words = ", ".join(map(named, row["language"]["value"].split()))
    return {**row, "language": Term(type="literal", value=words)}


def local_name(iri: Iri) -> str:
    """The last part of an IRI, for things without a label."""
    return iri.rstrip("/#").rpartition("#")[2].rpartition("/")[2] or iri


def slug(iri: Iri) -> str:
    """The part of an IRI after its namespace, as an anchor on a page."""
    for space in (terms.CLAIM, terms.SOURCE, terms.ID):
        if iri.startswith(space):
            return iri.removeprefix(space)
    return local_name(iri)


def statements(rows: Sequence[Row]) -> tuple[Statement, ...]:
    """The rows of the query *statements*, one entry per property."""
    by_predicate: dict[Iri, list[Row]] = {}
    for row in rows:
        by_predicate.setdefault(text(row, "predicate"), []).append(row)
    return tuple(
        Statement(value(found[0], "predicate", "predicateLabel"), _stated(found)) for found in by_predicate.values()
    )


def _stated(rows: Iterable[Row]) -> tuple[Stated, ...]:
    derived: dict[Value, bool] = {}
    claims: dict[Value, list[Iri]] = {}
    for row in rows:
        shown = value(row, "object", "objectLabel")
        derived[shown] = true(row, "derived")
        claims.setdefault(shown, []).extend([text(row, "claim")] if "claim" in row else [])
    return tuple(Stated(shown, made, tuple(claims[shown])) for shown, made in derived.items())


def literals(rows: Iterable[Row], predicate: Iri) -> tuple[Value, ...]:
    """The values of one property among the rows of *statements*, the reader's language first, each once."""
    found = [value(row, "object", "objectLabel") for row in rows if text(row, "predicate") == predicate]
    return tuple(
        sorted(dict.fromkeys(found), key=lambda one: (one.language != spoken(), one.language != "en", one.text))
    )


def kinds(rows: Iterable[Row]) -> tuple[Value, ...]:
    """What a thing is, in the classes of the house ontology; else the code list it is in, or any class."""
    found = list(rows)
    every = literals(found, RDF + "type")
    ours = tuple(one for one in every if one.iri.startswith(DEF))
    return ours or literals(found, SKOS + "inScheme") or every


def title(rows: Sequence[Row], iri: Iri) -> Value:
    """The name of a thing in the reader's language, else in English, else any, else the end of its IRI.

    A passage is named by its place in the source.
    """
    for predicate in (RDFS + "label", "http://purl.org/dc/terms/title", DEF + "locator"):
        names = literals(rows, predicate)
        if names:
            return names[0]
    return Value(local_name(iri))


def life_cycle(rows: Sequence[Row], as_of: str = "", known_on: str = "") -> LifeCycle | None:
    """How far a thing has come, from the query *life-cycle*; ``None`` where it has no life cycle.

    ``as_of`` and ``known_on`` are the reader's days for which that was asked; empty where none is given.
    """
    if not rows:
        return None
    row = rows[0]
    status = value(row, "status", "statusLabel") if "status" in row else None
    since = value(row, "on") if "on" in row else (value(row, "reached") if "reached" in row else None)
    realised, ended = true(row, "realised"), true(row, "ended")
    sentence = _not_done(status.text, ended=ended) if status else _no_step(as_of, known_on)
    sentence = "" if realised else sentence
    return LifeCycle(status, realised, ended, since, sentence, text(row, "claim"))


def _no_step(as_of: str, known_on: str) -> str:
    """What is told where no step is: a firm that was founded later is not undone, and nobody says more than that."""
    if not (as_of or known_on):
        return say("No accepted claim tells of a step taken.")
    if not known_on:
        return say("No accepted claim tells of a step taken by {day}.", day=dates.written(as_of))
    if not as_of:
        return say("No source published by {known} tells of a step taken.", known=dates.written(known_on))
    days = {"day": dates.written(as_of), "known": dates.written(known_on)}
    return say("No source published by {known} tells of a step taken by {day}.", **days)


def _not_done(status: str, *, ended: bool) -> str:
    return (
        say("This is over: {status}.", status=status) if ended else say("This is {status}, not done.", status=status)
    )


def cut(total: int, page: int, size: int) -> Slice:
    """The slice for one page of a list; a page past the end shows the last one."""
    pages = max(1, -(-total // size))
    shown = min(max(page, 1), pages)
    first = (shown - 1) * size
    return Slice(min(first + 1, total), min(first + size, total), total, shown, pages)


def following(total: int, left: int, shown: int) -> Slice:
    """The slice of a list read key after key: ``left`` items remain of it, ``shown`` of these are here."""
    before = total - left
    return Slice(min(before + 1, total), before + shown, total, 1, 1)
