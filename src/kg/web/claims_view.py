"""Claims as a reader meets them: a sentence, its qualifiers in words, its verdict, and who says so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from kg.serving import Row
from kg.terms import DEF, Iri
from kg.web import dates
from kg.web.language import say
from kg.web.qualifiers_view import currency_code, in_words, notes_of, numbers_of
from kg.web.views import Phrase, Value, money, text, value

Place: TypeAlias = Literal["subject", "object"] | Iri
"""Where a thing stands in a claim; anything else than the two is a qualifier's IRI."""

VERDICTS: Mapping[str, str] = {
    "stands": "Accepted: the plain statement holds on the record's date.",
    "not realised": "Speaks of something that has not come about; no plain statement is made of it.",
    "over": "Speaks of something that has ended or was called off.",
    "seen": "Known to be so on the day given; for how long is not known.",
    "past": "Held once, and has ended.",
    "future": "Begins after the record's date.",
    "set aside": "Kept, but a rival claim is preferred.",
    "uncertain": "Not accepted, for want of a trusted or clear source.",
    "refuted": "Kept, and held to be wrong.",
    "said": "Reported as said; it makes nothing real.",
}
"""What each verdict of the query *claims* means."""

_STATUS = DEF + "hasStatus"
_CURRENCY = DEF + "currency"
_NAMING = DEF + "hasName"


@dataclass(frozen=True)
class Citation:
    """Who says so, when and where in the text; ``gist`` is our paraphrase of the passage."""

    iri: Iri
    locator: str
    gist: str
    source: Value
    publisher: Value
    issued: Value
    accessed: Value
    source_kind: str


@dataclass(frozen=True)
class Claim:
    """One claim, ready to print.

    ``verdict`` is the word of the query, ``standing`` the same in the reader's language. ``numbers`` are the
    qualifiers that are numbers, by local name.
    """

    iri: Iri
    place: Place
    place_label: str
    kind: Value
    relation: Value
    reverse: str
    subject: Value
    object: Value
    when: Phrase | None
    qualifiers: tuple[Phrase, ...]
    notes: tuple[Value, ...]
    rank: Value
    verdict: str
    standing: str
    meaning: str
    status: str
    dispute: Iri
    evidence: tuple[Citation, ...]
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def of_open(self) -> bool:
        """Whether it stands, but describes something that is only meant, announced or over."""
        return self.verdict == "stands" and bool(self.status) and self.relation.iri != _STATUS


@dataclass(frozen=True)
class Group:
    """The claims of one relation, seen from one place; ``total`` counts those on other pages too."""

    heading: str
    relation: Iri
    place: Place
    total: int
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Rivals:
    """A dispute: what it is about, why the preferred claim is preferred, and every rival."""

    iri: Iri
    label: str
    reason: str
    claims: tuple["Rival", ...]


@dataclass(frozen=True)
class Rival:
    """One side of a dispute."""

    claim: Iri
    subject: Value
    relation: Value
    object: Value
    preferred: bool
    when: Phrase | None = None
    quantity: Value | None = None


def citations(rows: Iterable[Row]) -> dict[Iri, tuple[Citation, ...]]:
    """The rows of the query *evidence*, by claim."""
    found: dict[Iri, dict[Iri, Citation]] = {}
    for row in rows:
        found.setdefault(text(row, "claim"), {}).setdefault(text(row, "evidence"), _citation(row))
    return {claim: tuple(cited.values()) for claim, cited in found.items()}


def _citation(row: Row) -> Citation:
    return Citation(
        iri=text(row, "evidence"),
        locator=text(row, "locator") or say("the whole text"),
        gist=text(row, "gist"),
        source=value(row, "source", "title"),
        publisher=value(row, "publisher", "publisherLabel"),
        issued=value(row, "issued"),
        accessed=value(row, "accessed"),
        source_kind=text(row, "sourceKindLabel"),
    )


def claims(rows: Iterable[Row], qualifiers: Iterable[Row], evidence: Iterable[Row]) -> list[Claim]:
    """Every row of the query *claims*, with what the queries *qualifiers* and *evidence* add to it."""
    said: dict[Iri, list[Row]] = {}
    for row in qualifiers:
        said.setdefault(text(row, "claim"), []).append(row)
    cited = citations(evidence)
    return [_claim(row, said.get(text(row, "claim"), []), cited.get(text(row, "claim"), ())) for row in rows]


def _claim(row: Row, qualifiers: Sequence[Row], evidence: tuple[Citation, ...]) -> Claim:
    verdict = text(row, "verdict")
    shown, phrases = _priced(value(row, "object", "objectLabel"), in_words(qualifiers))
    return Claim(
        iri=text(row, "claim"),
        place=text(row, "place"),
        place_label=text(row, "placeLabel"),
        kind=value(row, "kind", "kindLabel"),
        relation=value(row, "relation", "relationLabel"),
        reverse=text(row, "reverseLabel"),
        subject=value(row, "subject", "subjectLabel"),
        object=shown,
        when=when(row),
        qualifiers=phrases,
        notes=notes_of(qualifiers),
        rank=value(row, "rank", "rankLabel"),
        verdict=verdict,
        standing=say(verdict),
        meaning=say(VERDICTS[verdict]) if verdict in VERDICTS else "",
        status=text(row, "statusLabel"),
        dispute=text(row, "dispute"),
        evidence=evidence,
        numbers=numbers_of(qualifiers),
    )


def judged(claim: Claim, verdict: str) -> Claim:
    """The claim with another verdict, such as that of a day on which what it speaks of was not real yet."""
    return replace(claim, verdict=verdict, standing=say(verdict), meaning=say(VERDICTS[verdict]), status="")


def _priced(shown: Value, phrases: tuple[Phrase, ...]) -> tuple[Value, tuple[Phrase, ...]]:
    """The value of a claim as money where a qualifier says in which currency, which then is not said again."""
    currency = next((one.values[0].iri for one in phrases if one.iri == _CURRENCY), "")
    if not (currency and shown.raw):
        return shown, phrases
    return money(shown.raw, currency_code(currency)), tuple(one for one in phrases if one.iri != _CURRENCY)


def when(row: Row) -> Phrase | None:
    """The time of a claim in words, as precise as it was stated."""
    start, end, day = (value(row, name) for name in ("from", "until", "on"))
    if start.text and end.text:
        return Phrase("", (*_dated("from", start), *_dated("until", end)))
    if start.text or end.text:
        return Phrase("", _dated("since", start) if start.text else _dated("until", end))
    if day.text:
        return Phrase("", _dated("on", day))
    return _bounded(value(row, "earliest"), value(row, "latest"))


def _dated(word: str, day: Value) -> tuple[Value, Value]:
    return Value(dates.preposition(day.moment, word)), day


def _bounded(earliest: Value, latest: Value) -> Phrase | None:
    if earliest.text and latest.text:
        return Phrase("", (*_dated("between", earliest), *_dated("and", latest)))
    if latest.text:
        return Phrase("", (*_dated("by", latest), Value(say("at the latest"))))
    return Phrase("", _dated("not before", earliest)) if earliest.text else None


def ordered(mentions: Iterable[Row]) -> list[Row]:
    """The rows of the query *mentions* in reading order: said of the thing, said with it, named beside it.

    Within these by relation, the status first and names last; within a relation as the query sorts them.
    """
    return sorted(mentions, key=lambda row: (_place_order(text(row, "place")), *_relation_order(row)))


def _place_order(place: Place) -> int:
    return {"subject": 0, "object": 1}.get(place, 2)


def _relation_order(row: Row) -> tuple[str, int, str]:
    relation, place = text(row, "relation"), text(row, "place")
    qualifier = place if place.startswith(DEF) else ""
    return qualifier, {_STATUS: 0, _NAMING: 2}.get(relation, 1), relation


def groups(shown: Iterable[Claim], mentions: Iterable[Row]) -> tuple[Group, ...]:
    """Claims in groups of one place and relation, in the order in which they come.

    ``mentions`` are all of the thing, also those on other pages, for the counts.
    """
    totals: dict[tuple[Place, Iri], int] = {}
    for row in mentions:
        key = _group(text(row, "place"), text(row, "relation"))
        totals[key] = totals.get(key, 0) + 1
    gathered: dict[tuple[Place, Iri], list[Claim]] = {}
    for claim in shown:
        gathered.setdefault(_group(claim.place, claim.relation.iri), []).append(claim)
    return tuple(
        Group(_heading(members[0]), members[0].relation.iri, place, totals.get((place, key), len(members)),
              tuple(members))
        for (place, key), members in gathered.items()
    )  # fmt: skip


def _group(place: Place, relation: Iri) -> tuple[Place, Iri]:
    """A qualifier makes one group, whatever the relation."""
    return (place, relation) if place in ("subject", "object") else (place, "")


def _heading(claim: Claim) -> str:
    if claim.place == "subject":
        return claim.relation.text
    if claim.place == "object":
        return claim.reverse or claim.relation.text
    return claim.place_label


def rivals(rows: Iterable[Row]) -> dict[Iri, Rivals]:
    """The disputes of the query *contradictions*, by IRI, the preferred claim first."""
    sides: dict[Iri, dict[Iri, Rival]] = {}
    heads: dict[Iri, Row] = {}
    for row in rows:
        heads[text(row, "dispute")] = row
        sides.setdefault(text(row, "dispute"), {}).setdefault(text(row, "claim"), _rival(row))
    return {
        iri: Rivals(iri, text(head, "disputeLabel"), text(head, "reason"), tuple(sides[iri].values()))
        for iri, head in heads.items()
    }


def _rival(row: Row) -> Rival:
    return Rival(
        claim=text(row, "claim"),
        subject=value(row, "subject", "subjectLabel"),
        relation=value(row, "relation", "relationLabel"),
        object=_rival_value(row),
        preferred=text(row, "rank").endswith("/preferred"),
        when=when(row),
        quantity=_rival_amount(row),
    )


def _rival_value(row: Row) -> Value:
    shown = value(row, "object", "objectLabel")
    return money(shown.raw, currency_code(text(row, "currency"))) if "currency" in row and shown.raw else shown


def _rival_amount(row: Row) -> Value | None:
    """How many, or how large a share, where the rival claim says so."""
    if "share" in row:
        return Value(f"{value(row, 'share').text} {say('% of the capital')}")
    return value(row, "quantity") if "quantity" in row else None
