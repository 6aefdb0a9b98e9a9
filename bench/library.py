"""The sources: documents with passages, begun one after the other and cited as the claims come."""

from datetime import date, timedelta
from random import Random

from bench.dates import XSD, between, stated
from bench.ink import RECORD_DATE, A, Ink, integer, text
from bench.vocabulary import Iri, code, kg
from bench.words import Words
from kg.terms import SOURCE

_TERMS = "<http://purl.org/dc/terms/"
_KINDS = ("primary", "press", "press", "registry", "dataset", "weak")
_FIRST = date(1998, 1, 1)


class Library:
    """Sources of 6 to 22 passages; a claim cites one to three of the open one, now and then an older one."""

    def __init__(self, ink: Ink, random: Random, words: Words, publishers: list[Iri]) -> None:
        self._ink, self._random, self._words = ink, random, words
        self._publishers = publishers
        self._passages: list[int] = []
        self._next = 0

    @property
    def sources(self) -> int:
        """How many sources were begun."""
        return len(self._passages)

    def cite(self) -> list[Iri]:
        """The evidence of one claim; may begin a source, in its own graph: ask before opening another."""
        if not self._passages or self._next >= self._passages[-1]:
            self._begin()
        evidence = []
        if self._random.random() < 0.6 or self._next == 0:
            self._next += 1
        evidence.append(self._passage(len(self._passages) - 1, self._next))
        chance = self._random.random()
        if chance < 0.4:
            evidence.append(self._passage(len(self._passages) - 1, 1))
        if chance < 0.12:
            older = self._random.randrange(len(self._passages))
            reached = self._next if older == len(self._passages) - 1 else self._passages[older]
            evidence.append(self._passage(older, self._random.randint(1, reached)))
        return evidence

    def _passage(self, source: int, place: int) -> Iri:
        return f"<{SOURCE}s{source}-p{place:02}>"

    def _begin(self) -> None:
        random, ink, number = self._random, self._ink, len(self._passages)
        count = random.randint(6, 22)
        self._passages.append(count)
        self._next = 0
        ink.graph(f"sources/s{number}")
        iri = f"<{SOURCE}s{number}>"
        issued = between(_FIRST, RECORD_DATE - timedelta(days=1), random)
        accessed = RECORD_DATE if number == 0 else between(issued, RECORD_DATE, random)
        english, french = self._words.sentences(random.randint(6, 12))
        publisher = self._publishers[int(len(self._publishers) * random.random() ** 3)]
        ink.state(iri, A, kg("Source"))
        ink.state(iri, f"{_TERMS}title>", text(english, "en"))
        ink.state(iri, f"{_TERMS}title>", text(french, "fr"))
        ink.state(iri, f"{_TERMS}publisher>", publisher)
        ink.state(iri, f"{_TERMS}language>", text(random.choice(("en", "fr"))))
        ink.dated(iri, f"{_TERMS}issued>", "issued", stated(issued, random))
        ink.state(iri, kg("accessed"), f'"{accessed.isoformat()}"^^<{XSD}date>')
        ink.state(iri, kg("sourceKind"), code("source", random.choice(_KINDS)))
        for place in range(1, count + 1):
            self._write(self._passage(number, place), iri, place)

    def _write(self, passage: Iri, source: Iri, place: int) -> None:
        english, french = self._words.sentences(self._random.randint(8, 24))
        for predicate, value in (
            (A, kg("Passage")),
            (kg("gist"), text(english, "en")),
            (kg("gist"), text(french, "fr")),
            (kg("incipit"), text(" ".join(french.split()[:6]).rstrip("."), "fr")),
            (kg("locator"), text(f"paragraph {place}", "en")),
            (kg("of"), source),
            (kg("order"), integer(place)),
        ):
            self._ink.state(passage, predicate, value)
