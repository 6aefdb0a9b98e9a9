"""Building the search index: one document per described thing, with all its names, its kinds and its states.

Things of which more is claimed come first, so that of equal hits they are found first. Beside it stands what was
replaced by what.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox
import tantivy

from kg.stored import read
from kg.terms import BASE, DEF, Iri

ANALYZER = "names"
FACETS = "facets.json"
REPLACED = "replaced.json"
"""IRIs that were replaced, each with its successor."""
_MEMORY = 15_000_000
_LATER = ("Agreement", "Initiative", "Deal", "Order", "Meeting", "Undertaking", "Source")


@dataclass
class Known:
    """What is known of one thing: names with whether they are former, labels and labels of its kind by language.

    ``replaces`` are the IRIs that it has replaced.
    """

    names: dict[str, bool] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    kinds: dict[Iri, dict[str, str]] = field(default_factory=dict)
    states: dict[Iri, dict[str, str]] = field(default_factory=dict)
    replaces: list[Iri] = field(default_factory=list)
    claims: int = 0

    @property
    def label(self) -> str:
        """The English label, else any, else any name."""
        return self.labels.get("en") or next(iter(self.labels.values()), "") or next(iter(self.names))


def analyzer() -> tantivy.TextAnalyzer:
    """What cuts names and searches into words: lower case, no accents."""
    plain = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    return plain.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold()).build()


def schema() -> tantivy.Schema:
    """The fields: the thing as JSON to show it, words to find it by, whole names, kinds and states to narrow it."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("shown", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", stored=False, tokenizer_name=ANALYZER)
    for narrow in ("whole", "kind", "state"):
        builder.add_text_field(narrow, stored=False, tokenizer_name="raw", index_option="basic")
    return builder.build()


QUERIES = ("names", "standing", "states", "replaced")
"""The stored queries that tell what is indexed."""

Rows = Mapping[str, Iterable[ox.QuerySolution]]
"""The rows of each of these queries."""


def build(folder: Path, store: ox.Store, queries: Path) -> int:
    """Write the index of every named thing of a store into the folder; returns how many there are.

    ``queries`` is the folder with the files of :data:`QUERIES`.
    """
    return write(folder, {name: _rows(store, queries / f"{name}.rq") for name in QUERIES})


def write(folder: Path, rows: Rows) -> int:
    """Write the index of the things that the rows name into the folder; returns how many there are."""
    folder.mkdir()
    index = tantivy.Index(schema(), path=str(folder))
    words = analyzer()
    index.register_tokenizer(ANALYZER, words)
    replaced = {row["old"].value: row["iri"].value for row in rows["replaced"]}
    known = _known(rows, replaced)
    writer = index.writer(_MEMORY, num_threads=1)
    for iri in sorted(known, key=lambda iri: (-known[iri].claims, iri)):
        writer.add_document(_document(iri, known[iri], words))
    writer.commit()
    writer.wait_merging_threads()
    for name, content in ((FACETS, _facets(known)), (REPLACED, replaced)):
        (folder / name).write_text(json.dumps(content, ensure_ascii=False, sort_keys=True), "utf-8")
    return len(known)


def _rows(store: ox.Store, query: Path) -> Iterator[ox.QuerySolution]:
    found = store.query(read(query).text)
    assert isinstance(found, ox.QuerySolutions)  # noqa: S101 - the files are SELECTs, proved when read
    yield from found


def _known(rows: Rows, replaced: Mapping[Iri, Iri]) -> dict[Iri, Known]:
    known: dict[Iri, Known] = defaultdict(Known)
    for row in rows["names"]:
        one, name, label = known[row["iri"].value], row["name"].value, row["kindLabel"]
        one.names[name] = one.names.get(name, True) and row["former"].value in {"true", "1"}
        if row["language"] is not None:
            one.labels.setdefault(row["language"].value, name)
        one.kinds.setdefault(row["kind"].value, {})[label.language or "en"] = label.value
    for row in rows["standing"]:
        if row["iri"].value in known:
            known[row["iri"].value].claims = int(row["claims"].value)
    for row in rows["states"]:
        if row["iri"].value in known:
            label = row["stateLabel"]
            known[row["iri"].value].states.setdefault(row["state"].value, {})[label.language or "en"] = label.value
    for old, iri in replaced.items():
        if iri in known:
            known[iri].replaces.append(old)
    return dict(known)


def _document(iri: Iri, known: Known, words: tantivy.TextAnalyzer) -> tantivy.Document:
    kind = min(known.kinds)
    shown = {
        "iri": iri,
        "label": known.label,
        "labels": known.labels,
        "names": [[name, known.names[name], words.analyze(name)] for name in _by_weight(known)],
        "addresses": [[_address(old), True, words.analyze(_slug(old))] for old in known.replaces],
        "kind": kind,
        "kindLabels": known.kinds[kind],
        "claims": known.claims,
        "later": any(one.removeprefix(DEF) in _LATER for one in known.kinds),
    }
    document = tantivy.Document()
    document.add_text("shown", json.dumps(shown, ensure_ascii=False))
    document.add_text("text", "\n".join([*known.names, *map(_address, known.replaces)]))
    for name in [*known.names, *map(_slug, known.replaces)]:
        document.add_text("whole", " ".join(words.analyze(name)))
    for one in known.kinds:
        document.add_text("kind", one)
    for state in known.states:
        document.add_text("state", state)
    return document


def _address(iri: Iri) -> str:
    return iri.removeprefix(BASE)


def _slug(iri: Iri) -> str:
    return _address(iri).partition("/")[2]


def _by_weight(known: Known) -> list[str]:
    """Labels first, so that of names that match equally well it is one of them that is told."""
    labels = [known.label, *known.labels.values()]
    return list(dict.fromkeys([*(name for name in labels if name in known.names), *known.names]))


def _facets(known: Mapping[Iri, Known]) -> dict[str, dict[Iri, dict[str, str]]]:
    """The kinds and the states that a search can be narrowed to, with their labels."""
    kinds: dict[Iri, dict[str, str]] = {}
    states: dict[Iri, dict[str, str]] = {}
    for one in known.values():
        kinds |= one.kinds
        states |= one.states
    return {"kinds": kinds, "states": states}
