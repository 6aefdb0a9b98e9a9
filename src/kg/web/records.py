"""The statements of claims and their citations, read once for a page, and the rows that its view models take.

The queries *claims*, *qualifiers* and *evidence* tell readers the same. They take the engine several times as long to
plan as these statements take to read, so a page reads the statements and puts the rows together itself, with labels
from its lexicon.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kg.serving import Row, Term, Values
from kg.terms import BASE, DEF, RDF, RDFS, Iri
from kg.web.lexicon import GIST, LABELS, LOCATOR, REVERSE, Asking, Lexicon

_LABEL = (RDFS + "label",)
_QUALIFIER = DEF + "Qualifier"
_SUBJECT, _RELATION, _OBJECT, _KIND = (RDF + name for name in ("subject", "predicate", "object", "type"))
_RANK, _EVIDENCE = DEF + "rank", DEF + "evidence"
_APART = {
    DEF + name
    for name in ("from", "fromEarliest", "fromLatest", "until", "untilEarliest", "untilLatest", "on", "onEarliest",
                 "onLatest", "rank", "evidence", "inDispute")
}  # fmt: skip
"""Qualifiers that have columns of their own in the query *claims*."""

_PLAIN = {
    "from": DEF + "from",
    "until": DEF + "until",
    "on": DEF + "on",
    "dispute": DEF + "inDispute",
}
"""Columns of the query *claims* that are one statement of the claim as it stands."""


class Reading(Asking, Protocol):
    """Whatever can put a stored query and knows what things are called."""

    @property
    def lexicon(self) -> Lexicon:
        """What things are called."""


@dataclass(frozen=True)
class Record:
    """One claim: its statements by property, and its citations as rows of the query *citations*."""

    iri: Iri
    statements: Mapping[Iri, Sequence[Term]]
    citations: Sequence[Row]

    def text(self, name: str) -> str:
        """The value of a property of ours; empty where there is none."""
        found = self.statements.get(DEF + name)
        return found[0]["value"] if found else ""


@dataclass(frozen=True)
class Days:
    """The days for which claims are read; empty: the record's date, and whatever is known."""

    as_of: str
    known_on: str
    today: str

    @classmethod
    def of(cls, times: Values, record_date: str | None) -> "Days":
        """The reader's days, with the record's own."""
        as_of, known_on = ((times.get(name) or [""])[0] for name in ("asOf", "knownOn"))
        return cls(as_of, known_on, record_date or "")

    def admit(self, record: Record) -> bool:
        """Whether the claim can be true on the one day, and was published by the other."""
        if self.as_of:
            earliest = record.text("fromEarliest") or record.text("onEarliest")
            latest = record.text("untilLatest")
            if (earliest and earliest > self.as_of) or (latest and latest < self.as_of):
                return False
        known = record.statements.get(DEF + "knownSince", ())
        return not self.known_on or any(told["value"] <= self.known_on for told in known)

    def verdict(self, record: Record) -> Sequence[Term]:
        """What the claim amounts to on the day."""
        day = self.as_of or self.today
        if always := record.statements.get(DEF + "verdict"):
            return always
        ended, succeeded = record.text("untilEarliest"), record.text("succeededOn")
        if (ended and ended < day) or (succeeded and succeeded <= day):
            return (_literal("past"),)
        if record.text("fromLatest") > day:
            return (_literal("future"),)
        return record.statements.get(DEF + "verdictInTime", ())


@dataclass(frozen=True)
class Records:
    """The claims that a page has read, so that none is asked for twice."""

    _reading: dict[Iri, "asyncio.Task[dict[Iri, Record]]"] = field(default_factory=dict)

    async def read(self, asker: Reading, wanted: Collection[Iri]) -> list[Record]:
        """Some claims in the order of their IRIs, without those that are none.

        Raises:
            KgError: their statements, their citations or the words for them could not be read.
        """
        missing = sorted(iri for iri in set(wanted) if not self._read(iri))
        if missing:
            task = asyncio.ensure_future(_ask(asker, missing))
            self._reading.update(dict.fromkeys(missing, task))
        tasks = dict.fromkeys(self._reading[iri] for iri in sorted(wanted))
        known: dict[Iri, Record] = {}
        for found in await asyncio.gather(*tasks):
            known |= found
        return [known[iri] for iri in sorted(set(wanted)) if iri in known]

    def _read(self, iri: Iri) -> bool:
        """Whether a claim has been read or is being read; what failed is asked for anew."""
        task = self._reading.get(iri)
        return task is not None and not (task.done() and (task.cancelled() or task.exception() is not None))


async def _ask(asker: Reading, wanted: Sequence[Iri]) -> dict[Iri, Record]:
    statements, citations = await asyncio.gather(
        asker.raw("claim-statements", claim=wanted), asker.raw("citations", claim=wanted)
    )
    said: dict[Iri, dict[Iri, list[Term]]] = {}
    for row in statements:
        properties = said.setdefault(row["claim"]["value"], {})
        properties.setdefault(row["property"]["value"], []).append(row["value"])
    cited: dict[Iri, list[Row]] = {}
    for row in citations:
        cited.setdefault(row["claim"]["value"], []).append(row)
    claims = (iri for iri, properties in said.items() if _RELATION in properties)
    found = {iri: Record(iri, said[iri], cited.get(iri, ())) for iri in claims}
    await asker.lexicon.learn(asker, named(found.values()))
    return found


def named(records: Iterable[Record]) -> set[Iri]:
    """Everything of ours that claims and their citations speak of."""
    found: set[Iri] = set()
    for record in records:
        found.update(record.statements)
        for terms in (*record.statements.values(), *(row.values() for row in record.citations)):
            found.update(term["value"] for term in terms if term["type"] == "uri")
    return {iri for iri in found if iri.startswith(BASE)}


def claim_rows(records: Iterable[Record], entities: Sequence[Iri], days: Days, words: Lexicon) -> list[Row]:
    """The rows of the query *claims*: one for each place in which one of the entities stands, or one for each claim.

    ``entities`` with an empty one in it are all.
    """
    admitted = [record for record in records if days.admit(record)]
    found = [
        _claim_row(record, place, days, words) for record in admitted for place in _places(record, entities, words)
    ]
    return sorted(found, key=_order)


def _order(row: Row) -> tuple[str, str, str, str]:
    place, relation, latest, claim = (
        row[name]["value"] if name in row else "" for name in ("place", "relation", "latest", "claim")
    )
    return place, relation, latest, claim


def _places(record: Record, entities: Sequence[Iri], words: Lexicon) -> Iterable[str]:
    """Where the entities stand in a claim."""
    if "" in entities:
        return ("subject",)
    found = places(record, words)
    return dict.fromkeys(place for iri in entities for place in found.get(iri, ()))


def places(record: Record, words: Lexicon) -> dict[Iri, list[str]]:
    """Where each thing stands that a claim names: as subject, as object, or the qualifier's IRI."""
    found: dict[Iri, list[str]] = {}
    for property_, values in record.statements.items():
        place = {_SUBJECT: "subject", _OBJECT: "object"}.get(property_, "")
        if not place and property_ != _RANK and _is_qualifier(property_, words):
            place = property_
        for term in values if place else ():
            if term["type"] == "uri":
                found.setdefault(term["value"], []).append(place)
    return found


def _is_qualifier(property_: Iri, words: Lexicon) -> bool:
    return _QUALIFIER in words.own_kinds(property_)


def _claim_row(record: Record, place: str, days: Days, words: Lexicon) -> Row:
    said = record.statements
    kinds = sorted(said.get(_KIND, ()), key=lambda term: term["value"])
    pending = said.get(DEF + "pendingStatus", ())
    row: dict[str, Sequence[Term]] = {
        "claim": (_iri(record.iri),),
        "kind": kinds,
        "kindLabel": _label(kinds, words),
        "place": (_literal(place),),
        "placeLabel": _label((_iri(place),), words),
        "relation": said[_RELATION],
        "relationLabel": _label(said[_RELATION], words),
        "reverseLabel": _label(said[_RELATION], words, (REVERSE,)),
        "subject": said[_SUBJECT],
        "subjectLabel": _label(said[_SUBJECT], words),
        "object": said[_OBJECT],
        "objectLabel": _label(said[_OBJECT], words),
        **{column: said.get(property_, ()) for column, property_ in _PLAIN.items()},
        "earliest": said.get(DEF + "fromEarliest") or said.get(DEF + "onEarliest", ()),
        "latest": said.get(DEF + "fromLatest") or said.get(DEF + "onLatest", ()),
        "rank": said.get(_RANK, ()),
        "rankLabel": _label(said.get(_RANK, ()), words),
        "verdict": days.verdict(record),
        "status": pending,
        "statusLabel": _label(pending, words),
    }
    return {column: terms[0] for column, terms in row.items() if terms}


def qualifier_rows(records: Iterable[Record], words: Lexicon) -> list[Row]:
    """The rows of the query *qualifiers*."""
    rows: list[Row] = []
    for record in records:
        for property_, values in sorted(record.statements.items()):
            if property_ in _APART or not _is_qualifier(property_, words):
                continue
            label = _label((_iri(property_),), words)
            for term in sorted(values, key=lambda term: term["value"]):
                row = {"claim": (_iri(record.iri),), "qualifier": (_iri(property_),), "qualifierLabel": label}
                filled = {**row, "value": (term,), "valueLabel": _label((term,), words)}
                rows.append({column: terms[0] for column, terms in filled.items() if terms})
    return rows


def evidence_rows(records: Iterable[Record], words: Lexicon) -> list[Row]:
    """The rows of the query *evidence*."""
    cited = (row for record in records for row in sorted(record.citations, key=lambda row: row["evidence"]["value"]))
    return [_evidence_row(row, words) for row in cited]


def _evidence_row(row: Row, words: Lexicon) -> Row:
    evidence, source = row["evidence"]["value"], row["source"]["value"]
    texts = {
        "locator": words.any_text(evidence, LOCATOR),
        "gist": words.text(evidence, (GIST,), "en"),
        "title": words.any_text(source, LABELS[1]),
        "publisherLabel": words.text(row["publisher"]["value"], _LABEL, "en"),
        "sourceKindLabel": words.text(row["sourceKind"]["value"], _LABEL, "en") if "sourceKind" in row else "",
    }
    return {**row, **{column: _literal(text) for column, text in texts.items() if text}}


def _label(terms: Sequence[Term], words: Lexicon, properties: Sequence[Iri] = _LABEL) -> Sequence[Term]:
    """The English label of a thing, as a query gives it."""
    if not terms or terms[0]["type"] != "uri":
        return ()
    text = words.text(terms[0]["value"], properties, "en")
    return (_literal(text),) if text else ()


def _iri(text: str) -> Term:
    return Term(type="uri", value=text)


def _literal(text: str) -> Term:
    return Term(type="literal", value=text)
