"""Writes the golden answers of the stored queries anew: ``python -m tests.golden_files``. Read the difference."""

from pathlib import Path

import pyoxigraph as ox

from kg.compiler.build import graph
from kg.settings import Settings
from kg.stored import library

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden"


def main() -> None:
    """Ask every stored query of ``queries/api`` with its own examples."""
    whole = graph(Settings(home=ROOT))
    for name, query in library(ROOT / "queries" / "api").items():
        solutions = whole.store.query(query.text)
        assert isinstance(solutions, ox.QuerySolutions)
        answer = solutions.serialize(format=ox.QueryResultsFormat.CSV) or b""
        (GOLDEN / f"{name}.csv").write_bytes("".join(f"{line}\n" for line in answer.decode().splitlines()).encode())


if __name__ == "__main__":
    main()
