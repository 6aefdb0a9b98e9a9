"""Writes the golden answers of queries anew: ``python -m tests.golden_files``. Read the difference.

Those of the stored queries are of all data; those of the panels are of the communiqué's part, for every entity of it,
with a few invented claims on owners and makers, of whom it does not speak.
"""

import csv
import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyoxigraph as ox
from tests import communique

from kg.compiler.build import graph
from kg.settings import Settings
from kg.stored import StoredQuery, library
from kg.terms import prefixes

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden"
PANELS = GOLDEN / "panels"
DAYS = ("", "2024-03-01")
"""Each panel is asked without a day, and as of one on which only some of the communiqué's claims can hold."""
BEHIND_CHARTS = ("steps",)
"""Queries that charts ask besides those of their panels; their parameter is *thing*."""


def panels(folder: Path) -> dict[str, StoredQuery]:
    """The queries behind the panels of entity pages, by name."""
    return {
        name: query
        for name, query in library(folder / "entity").items()
        if ("panel" in query.extra and "page" not in query.extra["panel"]) or name in BEHIND_CHARTS
    }


def answer(query: StoredQuery, store: ox.Store, spaces: Mapping[str, str]) -> str:
    """What a panel says of every entity of the communiqué that it says anything of, as CSV."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["asked", "day", *query.columns])
    rows.writerows(_rows(query, store, spaces))
    return written.getvalue()


def _rows(query: StoredQuery, store: ox.Store, spaces: Mapping[str, str]) -> Iterator[list[str]]:
    for entity in communique.ENTITIES:
        for day in DAYS:
            asked = "thing" if query.name in BEHIND_CHARTS else "entity"
            solutions = store.query(query.filled({asked: [entity], "asOf": [day], "knownOn": [""]}, spaces))
            assert isinstance(solutions, ox.QuerySolutions)
            for row in solutions:
                cells = (row[column] for column in query.columns)
                yield [entity, day, *("" if term is None else getattr(term, "value", str(term)) for term in cells)]


def main() -> None:
    """Ask every stored query of ``queries/api`` with its own examples, and every panel of every entity."""
    whole = graph(Settings(home=ROOT))
    for name, query in library(ROOT / "queries" / "api").items():
        solutions = whole.store.query(query.text)
        assert isinstance(solutions, ox.QuerySolutions)
        found = solutions.serialize(format=ox.QueryResultsFormat.CSV) or b""
        (GOLDEN / f"{name}.csv").write_bytes("".join(f"{line}\n" for line in found.decode().splitlines()).encode())
    with tempfile.TemporaryDirectory() as folder:
        store = part(Path(folder))
    for name, query in panels(ROOT / "queries").items():
        (PANELS / f"{name}.csv").write_text(answer(query, store, prefixes(ROOT / "ontology")), "utf-8")


def part(home: Path) -> ox.Store:
    """The communiqué's graph with what is invented and what is derived; ``home`` is an empty folder."""
    for name in ("ontology", "queries"):
        shutil.copytree(ROOT / name, home / name)
    communique.write(ROOT / "data", home / "data")
    shutil.copy(PANELS / "invented.ttl", home / "data" / "firms")
    return graph(Settings(home=home)).store


if __name__ == "__main__":
    main()
