"""The workloads: queries with parameters drawn from what the generator listed, by chance with a fixed seed.

*Cold* texts differ from one request to the next, by their parameters and by a numbered comment at the end, so no
engine can have answered one before. The *hot set* is a handful of texts that come again and again.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Literal

import yaml

from kg import stored, terms
from kg.settings import Settings
from kg.stored import StoredQuery

Group = Literal["page", "small", "heavy", "export"]
"""page: as the product's pages ask; small: few rows, by index; heavy: much is read; export: much comes out."""

HOT, HOT_OF_HEAVY, CHECKED = 8, 2, 3
FOLDER = Path(__file__).parent / "workloads"


@dataclass(frozen=True)
class Workload:
    """One kind of request; ``draws`` maps a parameter to the values that it takes."""

    query: StoredQuery
    group: Group
    draws: dict[str, list[list[str]]]
    given: dict[str, list[str]]
    prefixes: dict[str, str]
    seed: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1), compare=False)

    @property
    def name(self) -> str:
        return self.query.name

    @property
    def graph(self) -> bool:
        """Whether triples come out, not rows."""
        return self.query.form in ("CONSTRUCT", "DESCRIBE")

    def texts(self, sort: str, number: int) -> list[str]:
        """So many texts, the same for the same sort (``hot``, ``checked``, …); fewer if there are no more."""
        random = Random(f"{self.seed} {self.name} {sort}")  # noqa: S311
        return list(dict.fromkeys(self._drawn(random) for _ in range(number)))

    def hot(self) -> list[str]:
        """The hot set."""
        return self.texts("hot", HOT if self.group in {"page", "small"} else HOT_OF_HEAVY)

    def cold(self, sort: str) -> Iterator[str]:
        """Texts without end, none of which was asked before in this process."""
        random = Random(f"{self.seed} {self.name} {sort}")  # noqa: S311
        while True:
            yield f"{self._drawn(random)}\n# {next(self._numbers)}"

    def _drawn(self, random: Random) -> str:
        values = {name: random.choice(listed) for name, listed in self.draws.items()}
        return self.query.filled({**self.given, **values}, self.prefixes)


def load(parameters: Path, settings: Settings, seed: int = 1) -> list[Workload]:
    """The workloads over a generated graph: those of the folder, then the stored queries."""
    listed = {name: _values(found) for name, found in json.loads(parameters.read_text("utf-8")).items()}
    prefixes = terms.prefixes(settings.ontology)

    def made(query: StoredQuery, about: dict[str, Any]) -> Workload:
        draws = {name: listed[source] for name, source in about["draws"].items()}
        given = {name: [value] for name, value in about.get("given", {}).items()}
        return Workload(_bare(query), about["group"], draws, given, prefixes, seed)

    own = [made(query, dict(query.extra)) for query in stored.library(FOLDER).values()]
    chosen = yaml.safe_load((FOLDER / "stored.yaml").read_text("utf-8"))
    return own + [made(stored.find(settings.queries, name), about) for name, about in chosen.items()]


def _values(found: list[str | list[str]]) -> list[list[str]]:
    return [[iri.strip("<>") for iri in ([value] if isinstance(value, str) else value)] for value in found]


def _bare(query: StoredQuery) -> StoredQuery:
    """The query without its header, which no client would send."""
    lines = query.text.splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("#+"))
    return StoredQuery(query.name, query.path, text, query.form, query.summary, parameters=query.parameters)
