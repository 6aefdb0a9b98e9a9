"""Stored queries as pages: the library, the form of one query, and its answer as a table."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kg.serving import Row, Term, Values
from kg.stored import Kind, Parameter, StoredQuery
from kg.terms import BASE, Iri
from kg.web.language import spoken, typeset
from kg.web.views import Value, of_term, value

_LABEL = "Label"
_BEGINNING = 5
_EVERYWHERE = {"what", "which", "when", "with", "from", "that", "have", "quel", "quell", "dans", "pour", "avec"}
"""Beginnings of words that say nothing of what is asked."""
_LITERAL = re.compile(r'^"(?P<text>(?:[^"\\]|\\.)*)"(?:\^\^\S+|@\S+)?$')
_OFFERED = re.compile(rf"(?<!<)({re.escape(BASE)}[^\s<>?,]+)")


@dataclass(frozen=True)
class Field:
    """A parameter in a form: one input per value, an empty one for no restriction."""

    name: str
    kind: Kind
    description: Value
    values: tuple[str, ...]
    given: bool
    example: str = ""


@dataclass(frozen=True)
class Column:
    """A column of the table, with the description of the query's header."""

    name: str
    description: Value


@dataclass(frozen=True)
class Table:
    """An answer: a column that only labels another one is merged into it; a cell may hold several values."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[tuple[Value, ...], ...], ...]


@dataclass(frozen=True)
class Shelf:
    """The queries of one folder, with what each tells and the questions that it answers."""

    name: str
    queries: tuple[tuple[StoredQuery, Value, tuple[Value, ...]], ...]


def shelves(queries: Iterable[StoredQuery], questions: Mapping[str, Value]) -> tuple[Shelf, ...]:
    """The library, folder by folder; ``questions`` are the labels of the questions by number (``q01``)."""
    by_folder: dict[str, list[StoredQuery]] = {}
    for query in queries:
        by_folder.setdefault(query.path.parent.name, []).append(query)
    return tuple(
        Shelf(name, tuple((query, summary(query), asked(query, questions)) for query in found))
        for name, found in sorted(by_folder.items())
    )


def summary(query: StoredQuery) -> Value:
    """What a query tells, in the reader's language where its file has it, else in English."""
    return _in_words(query.summary, query.french)


def likely(queries: Iterable[StoredQuery], text: str, most: int = 3) -> tuple[StoredQuery, ...]:
    """The questions whose summary shares the most words with a text; a word counts by its beginning."""
    wanted = _beginnings(text)
    told = ((_beginnings(f"{query.summary} {query.french}"), query) for query in queries if query.open)
    shared = [(len(wanted & words), query) for words, query in told if wanted & words]
    found = sorted(shared, key=lambda one: (-one[0], one[1].name))
    return tuple(query for _, query in found[:most])


def _beginnings(text: str) -> set[str]:
    return {word[:_BEGINNING] for word in re.findall(r"[^\W\d_]{4,}", text.casefold())} - _EVERYWHERE


def description(query: StoredQuery) -> Value:
    """What is to be known of its answers, in the reader's language where its file has it; empty without any."""
    return _in_words(query.description, query.described_in_french)


def _in_words(english: str, french: str) -> Value:
    return Value(typeset(french), language="fr") if french and spoken() == "fr" else Value(english, language="en")


def asked(query: StoredQuery, questions: Mapping[str, Value]) -> tuple[Value, ...]:
    """The questions that a query answers, in words where the graph knows them."""
    return tuple(questions.get(number, Value(number)) for number in query.questions)


def question_labels(codes: Iterable[Row]) -> dict[str, Value]:
    """The questions of the code list, by number."""
    found = (value(row, "code", "label") for row in codes)
    return {one.iri.rpartition("/")[2]: one for one in found}


def fields(query: StoredQuery, values: Values) -> tuple[Field, ...]:
    """The form of a query: what was given, else the examples that stand in its text."""
    return tuple(_field(query, parameter, values) for parameter in query.parameters)


def _field(query: StoredQuery, parameter: Parameter, values: Values) -> Field:
    given, example = parameter.name in values, examples(parameter)
    shown = tuple(values[parameter.name]) if given else (() if query.open else example)
    return Field(
        parameter.name,
        parameter.kind,
        _in_words(parameter.description, parameter.french),
        shown or ("",),
        given,
        " ".join(example),
    )


def examples(parameter: Parameter) -> tuple[str, ...]:
    """The example values of a parameter as a caller writes them: ``id:camo``, ``2024-05-21``; none: empty."""
    if parameter.kind in ("iri", "integer"):
        return tuple("" if word == "UNDEF" else word.strip("<>") for word in parameter.example.split())
    literal = _LITERAL.match(parameter.example.strip())
    return (literal.group("text") if literal else "",)


def table(query: StoredQuery, head: Sequence[str], rows: Sequence[Row], french: Mapping[str, str]) -> Table:
    """The answer of a query as a table; ``french`` has what columns mean in French, by what they mean in English."""
    merged = {name + _LABEL for name in head if name + _LABEL in head}
    shown = [name for name in head if name not in merged]
    return Table(
        columns=columns(query, shown, french),
        rows=tuple(tuple(_cell(row, name) for name in shown) for row in rows),
    )


def columns(query: StoredQuery, names: Iterable[str], french: Mapping[str, str]) -> tuple[Column, ...]:
    """Some columns of a query with what they mean; ``french`` is as in :func:`table`."""
    meant = ((name, query.columns.get(name, "")) for name in names)
    return tuple(Column(name, _in_words(english, french.get(english, ""))) for name, english in meant)


def _cell(row: Row, name: str) -> tuple[Value, ...]:
    if name not in row:
        return ()
    label = row[name + _LABEL]["value"] if name + _LABEL in row else ""
    iris = _several(row[name])
    if len(iris) > 1 or (iris and not label):
        labels = label.split("; ") if label.count("; ") == len(iris) - 1 else [""] * len(iris)
        return tuple(of_term({"type": "uri", "value": i}, one) for i, one in zip(iris, labels, strict=True))
    return (of_term(row[name], label),)


def _several(term: Term) -> list[Iri]:
    """The things that a text names one after the other, as aggregated columns do; none in any other text."""
    words = term["value"].split() if term["type"] == "literal" else []
    return words if all(word.startswith(BASE) for word in words) else []


@dataclass(frozen=True)
class Place:
    """A place in a query's text, counted from 1, and the line with what stands ``before`` and from it on."""

    line: int
    column: int
    before: str
    after: str


def place(text: str, members: Mapping[str, object]) -> Place | None:
    """The place that an error's members ``line`` and ``column`` name; ``None`` where they name none in the text."""
    line, column, lines = members.get("line"), members.get("column", 1), text.split("\n")
    if not (isinstance(line, int) and isinstance(column, int) and 0 < line <= len(lines)):
        return None
    told = lines[line - 1].rstrip("\r")
    return Place(line, column, told[: column - 1], told[column - 1 :])


def linked(words: str) -> tuple[Value, ...]:
    """A sentence in pieces: the things that it offers are links; what it refuses stands in angle brackets."""
    pieces = _OFFERED.split(words)
    return tuple(Value(piece, piece if number % 2 else "") for number, piece in enumerate(pieces))


def untold(members: Mapping[str, object], words: str) -> dict[str, str]:
    """What an error has besides its sentence, as text; without what that says already."""
    told = {
        name: ", ".join(map(_plain, member)) if isinstance(member, list | tuple) else _plain(member)
        for name, member in members.items()
    }
    return {name: text for name, text in told.items() if text and text not in words}


def _plain(member: object) -> str:
    """A member as a sentence has it: a whole number of seconds without its point."""
    return f"{member:g}" if isinstance(member, float) else str(member)


def graph_file(graph: Iri, data: str) -> str:
    """The file that a named graph was read from, where it is one of the data."""
    return f"data/{graph.removeprefix(data)}.ttl" if graph.startswith(data) else ""
