"""The world while it is written: chance, words, sources, numbering, and what is worth asking about later."""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from bench.dates import Stated
from bench.ink import LABEL, A, Claim, Ink, Rivalry, text
from bench.library import Library
from bench.vocabulary import Iri, kg
from bench.words import Words
from kg.terms import CLAIM, ID

_NOTED = 1_000
"""Things of one sort that are remembered, the greatest of them."""


def entity(sort: str, number: int) -> Iri:
    """The IRI of an entity, from its sort and number."""
    return f"<{ID}{sort}-{number}>"


@dataclass(frozen=True)
class Entry:
    """A claim as the builders put it; evidence and name come from the world."""

    subject: Iri
    relation: str
    object: str
    dates: dict[str, Stated] = field(default_factory=dict)
    more: Sequence[tuple[Iri, str]] = ()
    rank: str | None = None
    dispute: Rivalry | None = None


class World:
    """What the builders share. Memory grows with what is noted and with what is not realised, not with the graph."""

    def __init__(self, ink: Ink, random: Random) -> None:
        self.ink, self.random = ink, random
        self.words = Words(random)
        self.library = Library(ink, random, self.words, [entity("body", number) for number in range(180)])
        self.counts: Counter[str] = Counter()
        self.noted: dict[str, list[tuple[int, Iri]]] = {}
        self._path = ""

    @contextmanager
    def file(self, path: str) -> Iterator[None]:
        """A data file, which is a named graph."""
        self._path = path
        self.ink.graph(path)
        yield

    def new(self, sort: str) -> Iri:
        """The next entity of a sort."""
        self.counts[sort] += 1
        return entity(sort, self.counts[sort] - 1)

    def hub(self, sort: str, count: int) -> Iri:
        """One of the first ``count`` entities of a sort: a few often, most of them seldom."""
        return entity(sort, int(count * self.random.random() ** 3))

    def note(self, sort: str, iri: Iri, weight: int) -> None:
        """Remember a thing to ask about; of too many the greatest stay."""
        heap = self.noted.setdefault(sort, [])
        (heapq.heappush if len(heap) < _NOTED else heapq.heappushpop)(heap, (weight, iri))

    def entity(self, iri: Iri, kind: str, english: str, french: str, others: Sequence[str] = ()) -> None:
        """An entity with its labels."""
        self.ink.entity(iri, kind, english, french, others)

    def claim(self, entry: Entry) -> None:
        """A claim with its evidence."""
        self.ink.claim(self._claim(entry))

    def life(self, iri: Iri, kind: str, milestones: Sequence[Entry]) -> None:
        """The milestones of a thing, which decide whether it is real; to be told before its other claims."""
        claims = [self._claim(entry) for entry in milestones]
        self.ink.life(iri, kind, claims)
        for claim in claims:
            self.ink.claim(claim)

    def dispute(self, subject: Iri, about: Iri) -> Iri:
        """A new dispute between claims that have one subject, and are about one thing."""
        number = self.counts["dispute"]
        self.counts["dispute"] += 1
        iri = f"<{CLAIM}dispute-{number}>"
        english, french = self.words.sentences(12)
        self.ink.state(iri, A, kg("Dispute"))
        self.ink.state(iri, LABEL, text(f"Dispute {number}", "en"))
        self.ink.state(iri, LABEL, text(f"Désaccord {number}", "fr"))
        self.ink.state(iri, kg("reason"), text(english, "en"))
        self.ink.state(iri, kg("reason"), text(french, "fr"))
        self.note("disputed", about, number)
        self.note("contested", subject, number)
        return iri

    def _claim(self, entry: Entry) -> Claim:
        evidence = self.library.cite()
        self.ink.graph(self._path)
        number = self.counts["claim"]
        self.counts["claim"] += 1
        rank = entry.rank or self._rank()
        more = [*entry.more, *self._notes()]
        relation = self.ink.vocabulary.relations[entry.relation]
        name = f"c{number}"
        return Claim(name, entry.subject, relation, entry.object, evidence, entry.dates, rank, entry.dispute, more)

    def _rank(self) -> str:
        chance = self.random.random()
        return (
            "normal"
            if chance < 0.93
            else "preferred"
            if chance < 0.96
            else "uncertain"
            if chance < 0.99
            else "refuted"
        )

    def _notes(self) -> Sequence[tuple[Iri, str]]:
        if self.random.random() > 0.25:
            return ()
        english, french = self.words.sentences(self.random.randint(6, 14))
        return ((kg("note"), text(english, "en")), (kg("note"), text(french, "fr")))
