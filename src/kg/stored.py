"""Stored queries: a ``.rq`` file with a YAML header is a documented, parametrised operation.

The header stands in comment lines that begin with ``#+``, so that the file is still SPARQL and runs as it
stands in any engine. A parameter is one line ``VALUES ?name { example }``; to run the query with another
value, the braces are refilled with terms that pyoxigraph wrote, so nothing a caller sends can leave them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pyoxigraph as ox
import yaml

from kg import terms
from kg.errors import BadRequest, BrokenQuery, UnknownQuery

Kind: TypeAlias = Literal["iri", "date", "text", "integer"]
Form: TypeAlias = Literal["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"]

_HEADER = re.compile(r"^#\+ ?(.*)$", re.MULTILINE)
_FORM = re.compile(r"^\s*(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a stored query; ``example`` is the SPARQL text that stands in its braces.

    ``french`` is the description in French; empty where the file has none.
    """

    name: str
    kind: Kind
    description: str
    example: str
    french: str = ""


@dataclass(frozen=True)
class StoredQuery:
    """A query file: ``name`` is the file's name, the endpoint's and the golden file's.

    ``french`` is the summary in French, ``described_in_french`` the description; empty where the file has none.
    """

    name: str
    path: Path
    text: str
    form: Form
    summary: str
    french: str = ""
    description: str = ""
    described_in_french: str = ""
    questions: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether the query asks about everything unless it is told otherwise."""
        return self.path.parent.name == "api"

    def filled(self, values: Mapping[str, Sequence[str]], prefixes: Mapping[str, str]) -> str:
        """The query text with the given parameters in the place of the examples.

        An empty value lifts the restriction (``UNDEF``). A parameter that is not given restricts nothing where
        the query is a question (``api/``); elsewhere, where it names what is looked at, its example stays.

        Raises:
            BadRequest: a name is not a parameter of this query, or a value is not of its type.
        """
        return self._with(self.text, values, prefixes)

    def asked(self, values: Mapping[str, Sequence[str]], prefixes: Mapping[str, str]) -> str:
        """The same without the header, for an engine, under a comment with the query's name.

        Raises:
            BadRequest: as :meth:`filled`.
        """
        return self._with(self._bare, values, prefixes)

    @cached_property
    def _bare(self) -> str:
        return f"# {self.name}\n" + "\n".join(line for line in self.text.split("\n") if not line.startswith("#+"))

    def _with(self, text: str, values: Mapping[str, Sequence[str]], prefixes: Mapping[str, str]) -> str:
        known = {parameter.name: parameter for parameter in self.parameters}
        lifted = {name: [""] for name in known} if self.open else {}
        for name, given in {**lifted, **values}.items():
            if name not in known:
                expected = ", ".join(known) or "none"
                raise BadRequest(f"The query '{self.name}' has no parameter '{name}'; it has: {expected}.")
            filling = " ".join(_term(known[name], value, prefixes) for value in given)
            text = _refilled(text, name, filling)
        return text


@cache
def _slot(name: str) -> re.Pattern[str]:
    return re.compile(rf"VALUES\s+\?{re.escape(name)}\s*\{{([^}}\n]*)\}}")


def _refilled(text: str, name: str, filling: str) -> str:
    return _slot(name).sub(lambda _: f"VALUES ?{name} {{ {filling} }}", text)


def _term(parameter: Parameter, value: str, prefixes: Mapping[str, str]) -> str:
    """The value as a SPARQL term, written by pyoxigraph."""
    if not value.strip():
        return "UNDEF"
    try:
        return str(_parsed(parameter.kind, value.strip(), prefixes))
    except ValueError as error:
        raise BadRequest(f"'{value}' is not a value for '{parameter.name}': {error}") from error


def _parsed(kind: Kind, value: str, prefixes: Mapping[str, str]) -> ox.NamedNode | ox.Literal:
    match kind:
        case "iri":
            return ox.NamedNode(expand(value, prefixes))
        case "date":
            day = date.fromisoformat(value).isoformat()
            return ox.Literal(day, datatype=ox.NamedNode(terms.XSD + "date"))
        case "integer":
            return ox.Literal(int(value))
        case "text":
            return ox.Literal(value)


def expand(name: str, prefixes: Mapping[str, str]) -> str:
    """The IRI meant by a full IRI, a prefixed name (``id:arquus``) or a bare entity slug (``arquus``)."""
    if "://" in name:
        return name.strip("<>")
    prefix, colon, local = name.partition(":")
    if not colon:
        return terms.ID + name
    if prefix not in prefixes:
        raise ValueError(f"the prefix '{prefix}:' is not declared; known: {', '.join(prefixes)}")
    return prefixes[prefix] + local


def read(path: Path) -> StoredQuery:
    """Read one query file.

    Raises:
        BrokenQuery: the header is missing or not YAML, a field is missing, a parameter has no line of its
            own, or the text is not SPARQL; with the file, and the line where it is known.
    """
    text = path.read_text("utf-8")
    header = _header(path, text)
    form = _FORM.search(text)
    if form is None or "summary" not in header:
        missing = "a query form" if form is None else "a 'summary' in its header"
        raise BrokenQuery(f"{path}: the file lacks {missing}.", file=str(path))
    _require_sparql(path, text)
    return StoredQuery(
        name=path.stem,
        path=path,
        text=text,
        form=form.group(1).upper(),  # type: ignore[arg-type]  # the pattern admits only these
        summary=str(header.pop("summary")),
        french=str(header.pop("summary-fr", "")),
        description=str(header.pop("description", "")).strip(),
        described_in_french=str(header.pop("description-fr", "")).strip(),
        questions=tuple(str(q) for q in header.pop("question", ())),
        parameters=tuple(_parameters(path, text, header.pop("parameters", {}))),
        columns={str(k): str(v) for k, v in header.pop("columns", {}).items()},
        extra=header,
    )


def _header(path: Path, text: str) -> dict[str, Any]:
    try:
        header = yaml.safe_load("\n".join(_HEADER.findall(text)))
    except yaml.YAMLError as error:
        raise BrokenQuery(f"{path}: the header is not YAML: {error}", file=str(path)) from error
    if not isinstance(header, dict):
        raise BrokenQuery(f"{path}: the header is missing; begin the file with '#+ summary: …'.", file=str(path))
    return header


def _parameters(path: Path, text: str, declared: Mapping[str, Mapping[str, str]]) -> list[Parameter]:
    found = []
    for name, field_ in declared.items():
        slots = _slot(name).findall(text)
        if not slots or len(set(slots)) > 1:
            raise BrokenQuery(
                f"{path}: parameter '{name}' needs a line 'VALUES ?{name} {{ example }}'"
                " (several only with the same example).",
                file=str(path),
            )
        kind: Kind = field_["type"]  # type: ignore[assignment]  # checked on the next line
        if kind not in ("iri", "date", "text", "integer"):
            raise BrokenQuery(f"{path}: parameter '{name}' has the unknown type '{kind}'.", file=str(path))
        found.append(Parameter(name, kind, field_["description"], slots[0].strip(), field_.get("french", "")))
    return found


def _require_sparql(path: Path, text: str) -> None:
    try:
        ox.Store().query(text)
    except SyntaxError as error:
        place = re.search(r"error at (\d+):(\d+)", str(error))
        line = int(place.group(1)) if place else None
        where = f"{path}:{line}" if line else str(path)
        reason = f"{where}: not valid SPARQL: {str(error)[:200]}"
        raise BrokenQuery(reason, file=str(path), line=line) from error


@cache
def library(folder: Path) -> dict[str, StoredQuery]:
    """Every query file of a folder and its subfolders, by name; a name is used once."""
    queries: dict[str, StoredQuery] = {}
    for path in sorted(folder.rglob("*.rq")):
        query = read(path)
        if query.name in queries:
            raise BrokenQuery(f"{path}: the name is taken by {queries[query.name].path}.", file=str(path))
        queries[query.name] = query
    return queries


def offered(folder: Path) -> dict[str, StoredQuery]:
    """The queries for readers, by name: all but those of the build, of the docs' tables and of publishing."""
    inner = (folder / "rules", folder / "docs", folder / "remote")
    every = library(folder).items()
    return {name: query for name, query in every if not any(query.path.is_relative_to(f) for f in inner)}


@cache
def column_words(folder: Path) -> Mapping[str, str]:
    """What the columns mean in French, by what they mean in English: the same sentence is said of many.

    Raises:
        BrokenQuery: the file of a folder is not YAML.
    """
    path = folder / "columns-fr.yaml"
    try:
        return {str(k): str(v) for k, v in yaml.safe_load(path.read_text("utf-8")).items()} if path.exists() else {}
    except (yaml.YAMLError, AttributeError) as error:
        raise BrokenQuery(f"{path}: not a list of sentences: {error}", file=str(path)) from error


def find(folder: Path, name: str) -> StoredQuery:
    """One query of a folder.

    Raises:
        UnknownQuery: there is none of this name.
    """
    queries = library(folder)
    if name not in queries:
        raise UnknownQuery(f"There is no stored query '{name}'; see /query for the list.")
    return queries[name]
