"""What analysts ask, and what the graph answers: the competency questions, each with its stored query.

The list is ``queries/competency.yaml``; how two entities are connected is answered by the search for paths.
``docs/answers.md`` shows every answer and is compared with the graph by a test, so that a change of an answer shows
in the change that made it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kg.errors import BrokenQuery
from kg.stored import StoredQuery, find


@dataclass(frozen=True)
class Question:
    """One question: its number, its words, the stored query with its parameters, and the columns that tell.

    ``says`` are texts that the answer must hold whatever else it says; ``note`` tells how to read it.
    """

    number: str
    words: str
    query: str
    parameters: Mapping[str, Sequence[str]]
    columns: tuple[str, ...]
    says: tuple[str, ...]
    note: str = ""

    def filled(self, queries: Path, prefixes: Mapping[str, str]) -> tuple[StoredQuery, str]:
        """The stored query that answers, and its text with the parameters of the question.

        Raises:
            BrokenQuery: a column is none of the query's.
        """
        query = find(queries, self.query)
        if strange := set(self.columns) - set(query.columns):
            raise BrokenQuery(f"competency.yaml: {self.number}: {self.query} has no column {', '.join(strange)}.")
        return query, query.filled(self.parameters, prefixes)


@dataclass(frozen=True)
class Connection:
    """A question that the search for paths answers: how two entities (slugs) are connected.

    ``says`` are slugs of what must lie on the best way, in this order; ``also`` of what must lie on some way.
    """

    number: str
    words: str
    start: str
    end: str
    says: tuple[str, ...]
    also: tuple[str, ...]
    note: str = ""


def questions(queries: Path) -> list[Question]:
    """The questions of ``competency.yaml`` that a stored query answers, in its order.

    Raises:
        BrokenQuery: the file is not the list that it should be.
    """
    return [asked for asked in _entries(queries) if isinstance(asked, Question)]


def connections(queries: Path) -> list[Connection]:
    """The questions of ``competency.yaml`` on how two entities are connected, in its order.

    Raises:
        BrokenQuery: the file is not the list that it should be.
    """
    return [asked for asked in _entries(queries) if isinstance(asked, Connection)]


def _entries(queries: Path) -> list[Question | Connection]:
    path = queries / "competency.yaml"
    try:
        entries = yaml.safe_load(path.read_text("utf-8"))
        return [_connection(entry) if "path" in entry else _question(entry) for entry in entries]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise BrokenQuery(f"{path}: not a list of questions: {error}", file=str(path)) from error


def _connection(entry: Mapping[str, Any]) -> Connection:
    return Connection(
        number=entry["number"],
        words=entry["question"],
        start=entry["path"]["from"],
        end=entry["path"]["to"],
        says=tuple(entry["says"]),
        also=tuple(entry.get("also", ())),
        note=entry.get("note", ""),
    )


def _question(entry: Mapping[str, Any]) -> Question:
    parameters = {name: value if isinstance(value, list) else [value] for name, value in entry["parameters"].items()}
    return Question(
        number=entry["number"],
        words=entry["question"],
        query=entry["query"],
        parameters={name: [str(value) for value in values] for name, values in parameters.items()},
        columns=tuple(entry["columns"]),
        says=tuple(str(text) for text in entry["says"]),
        note=entry.get("note", ""),
    )
