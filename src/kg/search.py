"""Search over names: any language, former names and acronyms, accents and typos forgiven.

The text of a search never reaches a query parser: it is cut into words and each becomes a term, prefix or fuzzy
query. What is found is put in order by :mod:`kg.ranking`.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tantivy

from kg.indexing import ANALYZER, FACETS, REPLACED, analyzer
from kg.ranking import EXACT, Match, match
from kg.terms import Iri

_LIMIT_OF_WORDS = 12
_RANKED = 200
"""So many of the hits are put in order by how their names match; those after them stay as the index has them."""
_LENGTH_FOR_A_TYPO, _LENGTH_FOR_AN_UNFINISHED_ONE, _LENGTH_FOR_TWO = 4, 5, 8
"""In shorter words a typo makes another word."""
_LENGTH_OF_A_WORD = 3
_SAYING_NOTHING = frozenset(
    ("and", "are", "der", "des", "did", "die", "elle", "est", "how", "les", "many", "may", "par", "que", "qui",
     "quel", "quelle", "the", "une", "was", "what", "when", "which", "who", "with")
)  # fmt: skip
"""Shorter words, and these, do not say by themselves what is meant."""


@dataclass(frozen=True)
class Hit:
    """One thing found: its labels by language, all its names, its kind, and the name that matched.

    ``former`` tells whether it no longer bears the name that matched, which may be an address that it replaced.
    """

    iri: Iri
    label: str
    labels: Mapping[str, str]
    names: tuple[str, ...]
    kind: Iri
    kind_label: str
    kind_labels: Mapping[str, str]
    claims: int
    matched: str
    former: bool
    exact: bool


@dataclass(frozen=True)
class Facets:
    """What a search can be narrowed to: IRIs with their labels by language."""

    kinds: Mapping[Iri, Mapping[str, str]]
    states: Mapping[Iri, Mapping[str, str]]


class SearchIndex:
    """The open index of one snapshot."""

    def __init__(self, folder: Path) -> None:
        self._copy: TemporaryDirectory[str] | None = None
        self._index = self._opened(folder)
        self._index.register_tokenizer(ANALYZER, analyzer())
        self._searcher = self._index.searcher()
        self._schema = self._index.schema
        self._analyzer = analyzer()
        self.facets = Facets(**json.loads((folder / FACETS).read_text("utf-8")))
        self.replaced: Mapping[Iri, Iri] = json.loads((folder / REPLACED).read_text("utf-8"))

    def _opened(self, folder: Path) -> tantivy.Index:
        """The index; tantivy wants to lock it, so one that cannot be written to is read from a copy."""
        try:
            return tantivy.Index.open(str(folder))
        except (OSError, ValueError):
            self._copy = TemporaryDirectory(prefix="armature-search-")
            shutil.copytree(folder, self._copy.name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.lock"))
            Path(self._copy.name).chmod(0o700)
            return tantivy.Index.open(self._copy.name)

    def find(
        self, text: str, limit: int = 20, offset: int = 0, kinds: Sequence[Iri] = (), states: Sequence[Iri] = ()
    ) -> tuple[int, list[Hit]]:
        """How many things match every word of the text, and one page of them, best first.

        ``kinds`` and ``states`` narrow the search to things of any of these kinds, and of any of these states.
        """
        words = self._analyzer.analyze(text)[:_LIMIT_OF_WORDS]
        if not words:
            return 0, []
        query = self._query(words, kinds, states)
        first = self._searcher.search(query, limit=_RANKED, count=True)
        total = int(first.count)  # type: ignore[attr-defined]  # missing in the stubs
        ranked = sorted((self._graded(address, words) for _, address in first.hits), key=_place)
        page = [_hit(shown, found) for shown, found in ranked[offset : offset + limit]]
        if (missing := min(limit, total - offset) - len(page)) > 0:
            more = self._searcher.search(query, limit=missing, offset=max(offset, _RANKED), count=False)
            page += [_hit(*self._graded(address, words)) for _, address in more.hits]
        return total, page

    def near(self, text: str, limit: int) -> list[Hit]:
        """Things whose names have some words of the text, those that have the most of them first, sources last."""
        words = [word for word in self._analyzer.analyze(text)[:_LIMIT_OF_WORDS] if word not in _SAYING_NOTHING]
        telling = [word for word in words if len(word) >= _LENGTH_OF_A_WORD]
        if not telling:
            return []
        some = self._any([tantivy.Query.term_query(self._schema, "text", word) for word in telling])
        found = self._searcher.search(some, limit=_RANKED, count=False).hits
        graded = [self._graded(address, telling) for _, address in found]
        return [_hit(*one) for one in sorted(graded, key=lambda one: self._nearness(one[0], telling))[:limit]]

    def _nearness(self, shown: dict[str, Any], words: Sequence[str]) -> tuple[object, ...]:
        """Sources last; then by how many of the words a name has, and how many others."""
        names = (set(words_of) for _, _, words_of in shown["names"])
        shared, further = min((-len(name & {*words}), len(name - {*words})) for name in names)
        return shown["later"], shared, further, -shown["claims"], shown["iri"]

    def _query(self, words: Sequence[str], kinds: Sequence[Iri], states: Sequence[Iri]) -> tantivy.Query:
        whole = self._term("whole", " ".join(words))
        parts: list[tuple[tantivy.Occur, tantivy.Query]] = [
            (tantivy.Occur.Must, self._word(word, last=place == len(words) - 1)) for place, word in enumerate(words)
        ]
        parts.append((tantivy.Occur.Should, tantivy.Query.boost_query(whole, 100.0)))
        for name, wanted in (("kind", kinds), ("state", states)):
            if wanted:
                parts.append((tantivy.Occur.Must, self._any([self._term(name, one) for one in wanted])))
        return tantivy.Query.boolean_query(parts)

    def _term(self, name: str, text: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, name, text, index_option="basic")

    def _any(self, ways: Sequence[tantivy.Query]) -> tantivy.Query:
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, way) for way in ways])

    def _fuzzy(self, word: str, distance: int, *, prefix: bool) -> tantivy.Query:
        return tantivy.Query.fuzzy_term_query(self._schema, "text", word, distance=distance, prefix=prefix)

    def _word(self, word: str, *, last: bool) -> tantivy.Query:
        """A word matches whole (best), as the beginning of one, or with a typo; the last one may be unfinished."""
        ways = [
            tantivy.Query.boost_query(tantivy.Query.term_query(self._schema, "text", word), 3.0),
            self._fuzzy(word, 0, prefix=True),
        ]
        if len(word) >= _LENGTH_FOR_A_TYPO:
            ways.append(self._fuzzy(word, 1 if len(word) < _LENGTH_FOR_TWO else 2, prefix=False))
        if last and len(word) >= _LENGTH_FOR_AN_UNFINISHED_ONE:
            ways.append(self._fuzzy(word, 1, prefix=True))
        return self._any(ways)

    def _graded(self, address: tantivy.DocAddress, words: Sequence[str]) -> tuple[dict[str, Any], Match]:
        shown: dict[str, Any] = json.loads(str(self._searcher.doc(address).get_first("shown")))
        return shown, match(words, [name for _, _, name in _findable(shown)])


def _place(found: tuple[dict[str, Any], Match]) -> tuple[object, ...]:
    shown, how = found
    return how.grade, -how.likeness, shown["later"], how.more, -shown["claims"], shown["iri"]


def _findable(shown: dict[str, Any]) -> list[tuple[str, bool, list[str]]]:
    """All that a thing is found by, each with whether it is former and with its words: names, then old addresses."""
    return [*shown["names"], *shown["addresses"]]


def _hit(shown: dict[str, Any], how: Match) -> Hit:
    matched, former, _ = _findable(shown)[how.name]
    kinds = shown["kindLabels"]
    return Hit(
        iri=shown["iri"],
        label=shown["label"],
        labels=shown["labels"],
        names=tuple(name for name, _, _ in shown["names"]),
        kind=shown["kind"],
        kind_label=kinds.get("en") or next(iter(kinds.values())),
        kind_labels=kinds,
        claims=shown["claims"],
        matched=matched,
        former=former,
        exact=how.grade == EXACT,
    )
