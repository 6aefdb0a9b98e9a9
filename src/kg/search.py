"""Search over names: any language, former names and acronyms, accents and typos forgiven.

A tantivy index is built into the snapshot, one document per described thing. The text of a search never
reaches a query parser: it is cut into words and each becomes a term, prefix or fuzzy query.
"""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph as ox
import tantivy

from kg.stored import read
from kg.terms import Iri

_ANALYZER = "names"
_LIMIT_OF_WORDS = 12
_MEMORY = 15_000_000
_LENGTH_FOR_A_TYPO, _LENGTH_FOR_TWO = 4, 8
"""In shorter words a typo makes another word."""


@dataclass(frozen=True)
class Hit:
    """One thing found: its label, the names that it is known by, its kind's IRI and label."""

    iri: Iri
    label: str
    names: tuple[str, ...]
    kind: Iri
    kind_label: str
    score: float


def _analyzer() -> tantivy.TextAnalyzer:
    plain = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    return plain.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold()).build()


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for stored in ("iri", "label", "kind", "kind_label", "names"):
        builder.add_text_field(stored, stored=True, tokenizer_name="raw")
    builder.add_text_field("text", stored=False, tokenizer_name=_ANALYZER)
    return builder.build()


def build(folder: Path, store: ox.Store, query_file: Path) -> int:
    """Write the index of every named thing into the folder; returns how many there are.

    ``query_file`` selects ``?iri ?name ?main ?kind ?kindLabel``, a row per name; ``?main`` is true for the
    label to show.
    """
    rows = store.query(read(query_file).text)
    assert isinstance(rows, ox.QuerySolutions)  # noqa: S101 - the file is a SELECT, proved when read
    return write(folder, rows)


def write(folder: Path, rows: ox.QuerySolutions) -> int:
    """Write the index of the things that the rows of such a query name; returns how many there are."""
    folder.mkdir()
    index = tantivy.Index(_schema(), path=str(folder))
    index.register_tokenizer(_ANALYZER, _analyzer())
    writer = index.writer(_MEMORY, num_threads=1)
    documents = _documents(rows)
    for document in documents:
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    return len(documents)


def _documents(rows: ox.QuerySolutions) -> list[tantivy.Document]:
    names: dict[Iri, list[str]] = defaultdict(list)
    facts: dict[Iri, dict[str, str]] = {}
    for row in rows:
        iri, name = row["iri"].value, row["name"].value
        names[iri] += [name] if name not in names[iri] else []
        known = facts.setdefault(iri, {"kind": row["kind"].value, "kind_label": row["kindLabel"].value})
        if row["main"].value in {"true", "1"}:
            known["label"] = name
    return [_document(iri, facts[iri], names[iri]) for iri in sorted(facts)]


def _document(iri: Iri, known: dict[str, str], names: Sequence[str]) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("iri", iri)
    document.add_text("label", known.get("label", names[0]))
    document.add_text("kind", known["kind"])
    document.add_text("kind_label", known["kind_label"])
    document.add_text("names", "\n".join(names))
    document.add_text("text", "\n".join(names))
    return document


class SearchIndex:
    """The open index of one snapshot."""

    def __init__(self, folder: Path) -> None:
        self._copy: TemporaryDirectory[str] | None = None
        self._index = self._opened(folder)
        self._index.register_tokenizer(_ANALYZER, _analyzer())
        self._searcher = self._index.searcher()
        self._schema = self._index.schema
        self._analyzer = _analyzer()

    def _opened(self, folder: Path) -> tantivy.Index:
        """The index; tantivy wants to lock it, so one that cannot be written to is read from a copy."""
        try:
            return tantivy.Index.open(str(folder))
        except (OSError, ValueError):
            self._copy = TemporaryDirectory(prefix="armature-search-")
            shutil.copytree(folder, self._copy.name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.lock"))
            Path(self._copy.name).chmod(0o700)
            return tantivy.Index.open(self._copy.name)

    def find(self, text: str, limit: int = 20, offset: int = 0) -> tuple[int, list[Hit]]:
        """How many things match every word of the text, and one page of them, best first."""
        words = self._analyzer.analyze(text)[:_LIMIT_OF_WORDS]
        if not words:
            return 0, []
        every = tantivy.Query.boolean_query([(tantivy.Occur.Must, self._word(word)) for word in words])
        result = self._searcher.search(every, limit=limit, offset=offset, count=True)
        hits = [self._hit(score, address) for score, address in result.hits]
        return int(result.count), hits  # type: ignore[attr-defined]  # missing in the stubs

    def _word(self, word: str) -> tantivy.Query:
        """A word matches whole (best), as the beginning of a name's word, or with a typo."""
        ways = [
            tantivy.Query.boost_query(tantivy.Query.term_query(self._schema, "text", word), 3.0),
            tantivy.Query.fuzzy_term_query(self._schema, "text", word, distance=0, prefix=True),
        ]
        if len(word) >= _LENGTH_FOR_A_TYPO:
            ways.append(
                tantivy.Query.fuzzy_term_query(
                    self._schema,
                    "text",
                    word,
                    distance=1 if len(word) < _LENGTH_FOR_TWO else 2,
                    prefix=False,
                )
            )
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, way) for way in ways])

    def _hit(self, score: float, address: tantivy.DocAddress) -> Hit:
        document = self._searcher.doc(address)

        def text(field: str) -> str:
            return str(document.get_first(field))

        names = tuple(text("names").split("\n"))
        return Hit(text("iri"), text("label"), names, text("kind"), text("kind_label"), score)
