"""What things are called in every language, and what kinds of thing they are, remembered for one snapshot.

Queries give English labels, so that their data twins are the same for all readers; a page looks its own words up
here. What was looked up once is kept: a snapshot never changes.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol, TypeAlias
from xml.etree import ElementTree

from cachetools import LRUCache

from kg.serving import Row, language
from kg.snapshot import Hash
from kg.terms import CLAIM, DEF, ID, RDFS, SOURCE, Iri
from kg.web import schema_org

ICONS = Path(__file__).parent / "static" / "icons.svg"
PICTURED = (CLAIM, ID, SOURCE)
"""The namespaces whose things are shown with the icon of their kind."""
REVERSE = DEF + "reverseLabel"
LABELS = (RDFS + "label", "http://purl.org/dc/terms/title", DEF + "locator")
GIST, LOCATOR, REASON = DEF + "gist", DEF + "locator", DEF + "reason"

_KEPT_THINGS, _KEPT_SNAPSHOTS = 50_000, 4
_AT_ONCE = 400
_READ_WHOLE = 500_000
"""Statements that a graph may have for all its captions to be read at once, in a second or two."""

Texts: TypeAlias = Mapping[Iri, Mapping[str, str]]
"""Property → language → text."""


class Asking(Protocol):
    """Whatever can put a stored query."""

    async def raw(self, name: str, **values: Sequence[str]) -> list[Row]:
        """The rows of a stored query as the engine gave them."""

    @property
    def statements(self) -> int:
        """How many statements the graph has."""


@dataclass
class Caption:
    """What one thing is called, and its classes of the house ontology."""

    texts: dict[Iri, dict[str, str]] = field(default_factory=dict)
    kinds: list[Iri] = field(default_factory=list)

    def text(self, properties: Iterable[Iri], language: str) -> str:
        """The first of some properties' texts in a language."""
        return next((self.texts[p][language] for p in properties if language in self.texts.get(p, ())), "")


class Lexicon:
    """The captions of one snapshot, learned when they are needed."""

    def __init__(self) -> None:
        self._whole = False
        self._reading: asyncio.Task[None] | None = None
        self._captions: LRUCache[Iri, Caption] = LRUCache(_KEPT_THINGS)
        self._above: dict[Iri, list[Iri]] = {}
        self.matches: dict[Iri, str] = {}

    async def learn(self, asker: Asking, iris: Collection[Iri]) -> None:
        """Look up what is not known yet of some things; of a small graph everything, once."""
        await self._begun(asker)
        wanted = [] if self._whole else sorted(iri for iri in iris if iri not in self._captions)
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            self._remember(part, await asker.raw("captions", thing=part))

    async def _begun(self, asker: Asking) -> None:
        """Read what every page needs, once, however many pages ask for it at the same time."""
        reading, loop = self._reading, asyncio.get_running_loop()
        if reading is None or reading.get_loop() is not loop or (reading.done() and not _succeeded(reading)):
            reading = self._reading = loop.create_task(self._read(asker))
        await asyncio.shield(reading)

    async def _read(self, asker: Asking) -> None:
        if self._above:
            return
        above: dict[Iri, list[Iri]] = {}
        for row in await asker.raw("class-tree"):
            above.setdefault(row["class"]["value"], []).append(row["broader"]["value"])
        self.matches = schema_org.matches(await asker.raw("schema-org"))
        if asker.statements <= _READ_WHOLE:
            self._remember((), await asker.raw("captions", thing=[""]))
            self._whole = len(self._captions) < _KEPT_THINGS  # else some were forgotten again
        self._above = above

    def _remember(self, wanted: Iterable[Iri], rows: Iterable[Row]) -> None:
        found = {iri: Caption() for iri in wanted}
        for row in rows:
            caption = found.setdefault(row["thing"]["value"], Caption())
            if "text" in row:
                tag, text = language(row["text"]), row["text"]["value"]
                texts = caption.texts.setdefault(row["property"]["value"], {})
                texts[tag] = min(texts.get(tag, text), text)
            elif "kind" in row:
                caption.kinds.append(row["kind"]["value"])
        for iri, caption in found.items():
            caption.kinds.sort()
            self._captions[iri] = caption

    def whole(self, namespace: str) -> list[Iri]:
        """Every thing in a namespace, in order; none where the graph was not read as a whole."""
        return sorted(iri for iri in self._captions if iri.startswith(namespace)) if self._whole else []

    def text(self, iri: Iri, properties: Iterable[Iri], language: str) -> str:
        """A text of a thing in a language; empty where it is not known."""
        caption = self._captions.get(iri)
        return caption.text(properties, language) if caption else ""

    def any_text(self, iri: Iri, property_: Iri) -> str:
        """A text of a thing in English, else in the first language that there is; empty where there is none."""
        caption = self._captions.get(iri)
        texts = caption.texts.get(property_, {}) if caption else {}
        return texts.get("en") or next((texts[tag] for tag in sorted(texts)), "")

    def own_kinds(self, iri: Iri) -> Sequence[Iri]:
        """The classes of the house ontology that a thing is said to be of, without those above."""
        caption = self._captions.get(iri)
        return caption.kinds if caption else ()

    def label(self, iri: Iri, language: str) -> str:
        """The label of a thing in a language; empty where it is not known."""
        return self.text(iri, LABELS, language)

    def above(self, kinds: Iterable[Iri]) -> tuple[Iri, ...]:
        """Some classes and all above them, the nearest first."""
        found = list(dict.fromkeys(kinds))
        for kind in found:
            found += [broader for broader in self._above.get(kind, ()) if broader not in found]
        return tuple(found)

    def kinds(self, iri: Iri) -> tuple[Iri, ...]:
        """The classes of a thing and all above them, the nearest first."""
        caption = self._captions.get(iri)
        return self.above(caption.kinds) if caption else ()

    def icon(self, iri: Iri) -> str:
        """The icon for a thing: that of its nearest class that has one; empty without any."""
        return self.icon_of(self.kinds(iri))

    def icon_of(self, kinds: Iterable[Iri]) -> str:
        """The icon for the first of some classes that has one."""
        names = (kind.removeprefix(DEF) for kind in self.above(kinds))
        return next((name for name in names if name in icons()), "")


def _succeeded(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is None


_LEXICONS: LRUCache[Hash, Lexicon] = LRUCache(_KEPT_SNAPSHOTS)


def lexicon(snapshot: Hash) -> Lexicon:
    """The lexicon of a snapshot."""
    if snapshot not in _LEXICONS:
        _LEXICONS[snapshot] = Lexicon()
    return _LEXICONS[snapshot]


@cache
def icons() -> frozenset[str]:
    """The names of the icons in the sprite: those of the classes that they stand for."""
    sprite = ElementTree.parse(ICONS)  # noqa: S314 - a file of our own
    return frozenset(str(symbol.get("id")) for symbol in sprite.iter() if symbol.get("id"))
