"""Writes entities, claims and sources as N-Quads, and beside each what the build derives from it.

This is the second telling of ``queries/rules/derive/``, in Python and one claim at a time, so that ten million
triples can be written without a store; a test holds the two to the same result. What the rules derive on ownership
(owner, owned, held, share) is not told, for no workload asks for it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from bench.dates import XSD, Stated
from bench.vocabulary import Iri, Relation, Status, Vocabulary, code, kg, rdf
from kg.terms import BASE, CLAIM, GRAPH, RDFS

RECORD_DATE = date(2026, 6, 30)
TODAY = RECORD_DATE.isoformat()
DERIVED = f"<{GRAPH}derived>"
LABEL = f"<{RDFS}label>"
ALT_LABEL = "<http://www.w3.org/2004/02/skos/core#altLabel>"
A = rdf("type")
ACCEPTED_RANKS = ("preferred", "normal")

_TRUE = f'"true"^^<{XSD}boolean>'
_FALSE = f'"false"^^<{XSD}boolean>'
_FLUSH = 1 << 20


def text(value: str, language: str = "") -> str:
    """A literal; the generator's words need no escaping."""
    return f'"{value}"@{language}' if language else f'"{value}"'


def _day(value: str) -> str:
    return f'"{value}"^^<{XSD}date>'


def _source(passage: Iri) -> Iri:
    """The source of a passage: ``<…/s7-p03>`` is of ``<…/s7>``."""
    return f"{passage.rpartition('-p')[0]}>"


def decimal(value: float) -> str:
    """A decimal in the canonical form of XML Schema 1.1, which engines give back as it is."""
    return f'"{value:.2f}'.rstrip("0").rstrip(".") + f'"^^<{XSD}decimal>'


def integer(value: int) -> str:
    """An integer."""
    return f'"{value}"^^<{XSD}integer>'


@dataclass(frozen=True)
class Rivalry:
    """A dispute that a claim is part of, and whether one of the rivals is preferred."""

    iri: Iri
    settled: bool


@dataclass(frozen=True)
class Claim:
    """One claim to be written; ``dates`` maps from, until or on to what is stated."""

    name: str
    subject: Iri
    relation: Relation
    object: str
    evidence: Sequence[Iri]
    dates: dict[str, Stated] = field(default_factory=dict)
    rank: str = "normal"
    dispute: Rivalry | None = None
    more: Sequence[tuple[Iri, str]] = ()

    @property
    def accepted(self) -> bool:
        """Whether it is preferred, or normal without a preferred rival."""
        if self.rank == "normal":
            return self.dispute is None or not self.dispute.settled
        return self.rank == "preferred"

    @property
    def begun(self) -> list[str]:
        """The first day on which it can have been so, by start or sighting; none without either."""
        return sorted(self.dates[name].earliest for name in ("from", "on") if name in self.dates)[:1]


Step: TypeAlias = tuple[str, Status]
"""The last day on which a status can have been reached, and the status."""


class Ink:
    """Lines out, counted and hashed.

    ``unreal`` maps what is not realised, on which edges depend, to its status, if it has one; ``over`` holds what
    has ended, ``settling`` the statuses that make a thing real or end it.
    """

    def __init__(self, vocabulary: Vocabulary, write: Callable[[bytes], Any]) -> None:
        self.vocabulary = vocabulary
        self.unreal: dict[Iri, Iri | None] = {}
        self.over: set[Iri] = set()
        self.settling: dict[Iri, frozenset[Iri]] = {}
        self.stated = self.derived = 0
        self.instances: Counter[str] = Counter()
        self.known: dict[Iri, str] = {}
        self.types: dict[Iri, set[Iri]] = {}
        self.terms: dict[Iri, list[Claim]] = {}
        self.digest = hashlib.sha256()
        self._write = write
        self._lines: list[str] = []
        self._size = 0
        self._graph = ""

    def graph(self, path: str) -> None:
        """Go on in the named graph of a data file."""
        self._graph = f"<{GRAPH}data/{path}>"

    def state(self, subject: Iri, predicate: Iri, value: str) -> None:
        """A triple that a data file states."""
        self.stated += 1
        if predicate == A:
            self.instances[value] += 1
        self._out(f"{subject} {predicate} {value} {self._graph} .\n")

    def derive(self, subject: Iri, predicate: Iri, value: str) -> None:
        """A triple that a rule derives."""
        self.derived += 1
        self._out(f"{subject} {predicate} {value} {DERIVED} .\n")

    def line(self, line: str) -> None:
        """A quad that is ready."""
        self._out(line)

    def _out(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line)
        if self._size > _FLUSH:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        data = "".join(self._lines).encode()
        self.digest.update(data)
        self._write(data)
        self._lines, self._size = [], 0

    def entity(self, iri: Iri, kind: str, english: str, french: str, others: Sequence[str] = ()) -> None:
        """An entity with its labels."""
        self.state(iri, A, kg(kind))
        if kind == "EquipmentType":
            self.types[iri] = {iri}
        self.state(iri, LABEL, text(english, "en"))
        self.state(iri, LABEL, text(french, "fr"))
        for other in others:
            self.state(iri, ALT_LABEL, text(other, "en"))

    def claim(self, claim: Claim) -> None:
        """A claim with its evidence, and what follows from it."""
        iri = f"<{CLAIM}{claim.name}>"
        for predicate, value in (
            (A, claim.relation.claim_class),
            (rdf("subject"), claim.subject),
            (rdf("predicate"), claim.relation.iri),
            (rdf("object"), claim.object),
            (kg("rank"), code("rank", claim.rank)),
            *((kg("evidence"), passage) for passage in dict.fromkeys(claim.evidence)),
            *claim.more,
        ):
            self.state(iri, predicate, value)
        if claim.dispute:
            self.state(iri, kg("inDispute"), claim.dispute.iri)
        for name, date_ in claim.dates.items():
            self.dated(iri, kg(name), name, date_)
        self.derive(iri, kg("knownSince"), _day(min(self.known[_source(passage)] for passage in claim.evidence)))
        if claim.begun:
            self.derive(iri, kg("begunEarliest"), _day(claim.begun[0]))
        self._judge(iri, claim)
        if claim.relation.name == "holdsPost":
            self.terms.setdefault(claim.object, []).append(claim)
        if claim.accepted:
            self.derive(iri, kg("accepted"), _TRUE)
            if claim.relation.name == "variantOf":
                self.types[claim.subject] |= self.types[claim.object]
            if self._has_edge(claim):
                self.derive(claim.subject, claim.relation.iri, claim.object)

    def _judge(self, iri: Iri, claim: Claim) -> None:
        """What the claim amounts to, and the status that it waits for."""
        if always := self._always(claim):
            self.derive(iri, kg("verdict"), text(always))
        else:
            self.derive(iri, kg("verdictInTime"), text(self._in_time(claim)))
        waits = claim.subject if claim.subject in self.unreal else claim.object
        if pending := self.unreal.get(waits):
            self.derive(iri, kg("pendingStatus"), pending)

    def _always(self, claim: Claim) -> str:
        """The verdict that holds whatever the day; empty without one."""
        if claim.rank in ("refuted", "uncertain"):
            return claim.rank
        if not claim.accepted:
            return "set aside"
        if claim.object.startswith(f"<{BASE}code/unknown/"):
            return "said"
        if claim.relation.name != "hasStatus":
            return ""
        return "stands" if claim.object in self.settling.get(claim.subject, frozenset()) else "said"

    def _in_time(self, claim: Claim) -> str:
        """The verdict between start and end."""
        relation, dates, ends = claim.relation, claim.dates, (claim.subject, claim.object)
        if relation.term and "from" not in dates:
            return "seen"
        if relation.conditional and not self.unreal.keys().isdisjoint(ends):
            return "not realised" if self.over.isdisjoint(ends) else "over"
        return "seen" if relation.temporal and dates.keys() == {"on"} else "stands"

    def dated(self, iri: Iri, predicate: Iri, name: str, value: Stated) -> None:
        """A date as stated, and its bounds; ``name`` is that of the bounds without Earliest and Latest."""
        self.state(iri, predicate, value.literal)
        self.derive(iri, kg(f"{name}Earliest"), _day(value.earliest))
        self.derive(iri, kg(f"{name}Latest"), _day(value.latest))
        if name == "issued":
            self.known[iri] = value.latest

    def within(self) -> None:
        """Within which types each type of equipment is, once all are told."""
        for item, types in self.types.items():
            for one in sorted(types):
                self.derive(item, kg("withinType"), one)

    def succession(self) -> None:
        """What each term of office comes after, once all are told."""
        for terms in self.terms.values():
            known = [claim for claim in terms if claim.accepted]
            for one in terms:
                begins = min(one.begun, default="") or (one.dates["until"].latest if "until" in one.dates else "")
                others = [
                    day for claim in known if claim.subject != one.subject for day in claim.begun if day < begins
                ]
                own = [c.dates["until"].latest for c in known if c.subject == one.subject and "until" in c.dates]
                for name, days in (("precededOn", others), ("resumedAfter", [day for day in own if day < begins])):
                    if days:
                        self.derive(f"<{CLAIM}{one.name}>", kg(name), _day(max(days)))

    def _has_edge(self, claim: Claim) -> bool:
        relation, dates = claim.relation, claim.dates
        if relation.name == "hasStatus" or claim.object.startswith(f"<{BASE}code/unknown/"):
            return False
        if relation.temporal and "from" in dates and dates["from"].latest > TODAY:
            return False
        if relation.temporal and "until" in dates and dates["until"].earliest < TODAY:
            return False
        if relation.term and "from" not in dates:
            return False
        return not (relation.conditional and not self.unreal.keys().isdisjoint((claim.subject, claim.object)))

    def life(self, iri: Iri, kind: str, milestones: Sequence[Claim]) -> None:
        """What the milestones of a thing of this class amount to; to be told before its other claims."""
        by_iri = {status.iri: status for status in self.vocabulary.statuses.values()}
        steps = [(m, (m.dates["on"].latest, by_iri[m.object])) for m in milestones if "on" in m.dates]
        accepted = [step for m, step in steps if m.accepted]
        outrun = {m.name for m, step in steps if _is_outrun(step, accepted)}
        for m, _ in steps:
            if m.name in outrun:
                self.derive(f"<{CLAIM}{m.name}>", kg("outrun"), _TRUE)
        past = [step for step in accepted if step[0] <= TODAY]
        current = _latest([step for m, step in steps if m.accepted and m.name not in outrun and step[0] <= TODAY])
        if current:
            self.derive(iri, kg("hasStatus"), current.iri)
        above = self.vocabulary.above[kind]
        self.settling[iri] = frozenset(
            status.iri for status in by_iri.values() if status.ends or not status.makes_true.isdisjoint(above)
        )
        if "Undertaking" not in above and not milestones:
            return
        reached = any(not status.makes_true.isdisjoint(above) for _, status in past)
        if current is not None and current.ends:
            self.over.add(iri)
        real = reached and iri not in self.over
        self.derive(iri, kg("realised"), _TRUE if real else _FALSE)
        if not real:
            self.unreal[iri] = current.iri if current else None


def _is_outrun(plan: Step, accepted: Sequence[Step]) -> bool:
    """Whether a plan is told on or after the day on which the thing had got further, with no stop in between."""
    day, status = plan
    stops = [since for since, stop in accepted if stop.stops and since <= day]
    return status.looks_ahead and any(
        then <= day and stage.order > status.order and not stage.looks_ahead and not any(s >= then for s in stops)
        for then, stage in accepted
    )


def _latest(past: Sequence[tuple[str, Status]]) -> Status | None:
    """The status of the latest day; of several on one day the one further on in the life cycle."""
    return max(past, key=lambda one: (one[0], one[1].order))[1] if past else None
