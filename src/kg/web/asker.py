"""Stored queries put to one snapshot on behalf of one page, their answers in the reader's language."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from kg.serving import Current, Row, Serving, Term
from kg.stored import find
from kg.terms import BASE, Iri
from kg.web import chains, views
from kg.web.language import Language, spoken, typeset
from kg.web.lexicon import GIST, LABELS, LOCATOR, PICTURED, REASON, REVERSE, Lexicon, lexicon
from kg.web.records import Records
from kg.web.round import Round
from kg.web.shortfall import Shortfall

_LABEL, _FRENCH = "Label", "French"
_WORDS = {
    "title": (("source",), LABELS),
    "reverseLabel": (("relation", "predicate"), (REVERSE,)),
    "gist": (("evidence", "passage"), (GIST,)),
    "locator": (("evidence", "passage"), (LOCATOR,)),
    "reason": (("dispute",), (REASON,)),
}
"""Columns whose words are looked up otherwise than ``xLabel`` for ``x``: the columns of the thing, the properties."""


@dataclass(frozen=True)
class Asker:
    """Asks for a page, what it asks at the same moment together, and remembers what came up and what failed."""

    serving: Serving
    served: Current
    seen: set[Iri] = field(default_factory=set)
    round: Round = field(default_factory=Round)
    shortfall: Shortfall = field(default_factory=Shortfall)
    records: Records = field(default_factory=Records)

    @property
    def lexicon(self) -> Lexicon:
        """What things of this snapshot are called."""
        return lexicon(self.served.hash)

    @property
    def statements(self) -> int:
        """How many statements the graph has."""
        return self.served.snapshot.manifest.triples

    async def rows(self, name: str, **values: Sequence[str]) -> list[Row]:
        """The rows of a stored query; values left out keep the example, so every restriction is given.

        Labels are in the reader's language, where the graph has them.
        """
        return await self.heard(await self.raw(name, **values))

    async def heard(self, rows: list[Row]) -> list[Row]:
        """Rows with their labels in the reader's language; the things in them are remembered."""
        things = {iri for row in rows for iri in _things(row)}
        self.seen.update(things)
        if spoken() != "en":
            await self.lexicon.learn(self, things)
            rows = [_translated(row, self.lexicon, spoken()) for row in rows]
        return rows

    async def raw(self, name: str, **values: Sequence[str]) -> list[Row]:
        """The rows of a stored query as the engine gives them, or gave them when all of them were read."""
        if (read := chains.known(self.served, name, values)) is not None:
            return read
        query = find(self.serving.settings.queries, name)
        return await self.round.ask(partial(self.serving.several, self.served), query, values)

    async def learn(self, more: Iterable[Iri] = ()) -> None:
        """Look up what kinds of thing have come up, for their icons, and what is called how of some ``more``.

        A page does without them, too.
        """
        shown = {iri for iri in self.seen if iri.startswith(PICTURED)}
        wanted = shown | {iri for iri in more if iri.startswith(BASE)}
        await self.shortfall.bear("captions", self.lexicon.learn(self, wanted))

    def called(self, iri: Iri) -> str:
        """What a thing that was learnt is called in the reader's language, else in English, else by its IRI."""
        known = self.lexicon
        return known.label(iri, spoken()) or known.label(iri, "en") or views.local_name(iri)

    def sentence(self, subject: str, predicate: str, thing: str) -> str:
        """What a claim says, in words: its things as they are called, any other value as it is."""
        return " ".join(self.called(one) if one.startswith(BASE) else one for one in (subject, predicate, thing))


def _things(row: Row) -> Iterator[Iri]:
    for term in row.values():
        if term["value"].startswith(BASE) and (term["type"] == "uri" or " " not in term["value"]):
            yield term["value"]


def _translated(row: Row, words: Lexicon, language: Language) -> Row:
    """A row with its labels in a language; what is not known in it stays."""
    changed: Row = {}
    for column, term in row.items():
        backwards = column == "relationLabel" and "reversed" in row
        owners, properties = _WORDS.get(column, ((column.removesuffix(_LABEL),), (REVERSE,) if backwards else LABELS))
        owner = next((name for name in owners if name in row and name != column), None)
        if owner and term["type"] == "literal" and (told := words.text(row[owner]["value"], properties, language)):
            changed[column] = Term(type="literal", value=typeset(told) if column in _WORDS else told)
        elif column + _FRENCH in row:
            changed[column] = Term(type="literal", value=typeset(row[column + _FRENCH]["value"]))
    return {**row, **changed}
