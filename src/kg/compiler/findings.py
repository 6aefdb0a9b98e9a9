"""Findings: what the shapes and the rule queries object to, each with the file and line to mend."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import pyoxigraph as ox

from kg import terms
from kg.compiler import alike, report, turtle
from kg.compiler.assemble import SourceFile
from kg.compiler.check import check
from kg.errors import BrokenQuery
from kg.settings import Settings
from kg.stored import StoredQuery, library
from kg.terms import Iri


@dataclass(frozen=True)
class Finding:
    """One objection. ``file`` and ``line`` are ``None`` where no source file speaks of the focus node."""

    severity: str
    focus: Iri
    message: str
    rule: str
    file: str | None
    line: int | None

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.file else "(derived)"


@dataclass(frozen=True)
class Findings:
    """Everything found in one check; ``shacl`` is the standard validation report in Turtle."""

    violations: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    shacl: str
    checked: int

    def text(self) -> str:
        """The report for people: by file, in the order of its lines, with a summary at the end."""
        found = sorted((*self.violations, *self.warnings), key=lambda f: (f.file or "~", f.line or 0, f.message))
        blocks = [
            "\n".join([file or "(derived statements)", *(_line(f) for f in group)])
            for file, group in groupby(found, key=lambda f: f.file)
        ]
        return "\n\n".join([*blocks, self.summary()])

    def summary(self) -> str:
        wrong, doubtful = len(self.violations), len(self.warnings)
        return f"{self.checked:,} statements checked: {wrong} violation{_s(wrong)}, {doubtful} warning{_s(doubtful)}."


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _line(finding: Finding) -> str:
    place = f"line {finding.line}" if finding.line else "no line"
    return f"  {place}: {finding.severity.lower()}: {finding.message}  [{finding.rule}]"


class _Locator:
    """Finds the file and line that speak of a node."""

    def __init__(self, settings: Settings, store: ox.Store, files: list[SourceFile]) -> None:
        self._store = store
        self._files = files
        self._ontology = settings.ontology

    @cached_property
    def prefixes(self) -> dict[str, Iri]:
        return terms.prefixes(self._ontology)

    def place(self, focus: Iri, path: Iri | None) -> tuple[str | None, int | None]:
        graphs = {q.graph_name for q in self._store.quads_for_pattern(ox.NamedNode(focus), None, None, None)}
        for file in self._files:
            if file.graph in graphs:
                line = turtle.locate(file.path, focus, path, self.prefixes)
                if line is not None:
                    return file.shown, line
        return None, None

    def shortened(self, text: str) -> str:
        """A message with its IRIs as prefixed names."""
        return " ".join(_shortened_word(word, self.prefixes) for word in text.split(" "))


def _shortened_word(word: str, prefixes: dict[str, Iri]) -> str:
    start = word.find(terms.BASE)
    if start < 0:
        return word
    bare = word[start:].rstrip(".,;:)>'\"")
    return word.replace(f"<{bare}>", bare).replace(bare, terms.shorten(bare, prefixes))


def inspect(settings: Settings, store: ox.Store, files: list[SourceFile]) -> Findings:
    """Run every shape and every rule query over an assembled and derived graph.

    Raises:
        CheckFailed, BrokenQuery: the shapes or a rule query cannot be run.
    """
    locator = _Locator(settings, store, files)
    merged = list(store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    shapes = store.quads_for_pattern(None, None, None, terms.GRAPH_SHAPES)
    shacl = check(merged, shapes)
    found = [_of_shape(result, locator) for result in (*shacl.violations, *shacl.warnings)]
    for rule in library(settings.queries / "rules" / "empty").values():
        found += _of_rule(rule, store, locator)
    for rule in library(settings.queries / "rules" / "alike").values():
        found += _of_alike(rule, store, locator)
    return Findings(
        violations=tuple(f for f in found if f.severity == "Violation"),
        warnings=tuple(f for f in found if f.severity != "Violation"),
        shacl=shacl.graph,
        checked=len(merged),
    )


def _of_shape(result: report.Result, locator: _Locator) -> Finding:
    file, line = locator.place(result.focus, result.path)
    value = f" (value: {result.value})" if result.value and result.value not in result.message else ""
    return Finding(
        severity=result.severity,
        focus=result.focus,
        message=locator.shortened(f"{result.focus}: {result.message}{value}"),
        rule=locator.shortened(result.shape),
        file=file,
        line=line,
    )


def _of_rule(rule: StoredQuery, store: ox.Store, locator: _Locator) -> Iterator[Finding]:
    """A finding per row of a rule query, which selects ``?focus`` and ``?message``."""
    for row in _rows(rule, store, "?focus and ?message"):
        yield _found(rule, str(row["focus"].value), str(row["message"].value), locator)


def _of_alike(rule: StoredQuery, store: ox.Store, locator: _Locator) -> Iterator[Finding]:
    """A finding per pair of things with labels alike that no data file says to be different."""
    rows = _rows(rule, store, "?thing, ?group and ?label")
    for focus, message in alike.objections(store, map(alike.named, rows)):
        yield _found(rule, focus, message, locator)


def _rows(rule: StoredQuery, store: ox.Store, columns: str) -> ox.QuerySolutions:
    rows = store.query(rule.text)
    if not isinstance(rows, ox.QuerySolutions) or rule.extra.get("severity") not in ("Violation", "Warning"):
        raise BrokenQuery(
            f"{rule.path}: a rule selects {columns} and has 'severity: Violation' or 'Warning'.",
            file=str(rule.path),
        )
    return rows


def _found(rule: StoredQuery, focus: Iri, message: str, locator: _Locator) -> Finding:
    file, line = locator.place(focus, None)
    text = locator.shortened(f"{focus}: {message}")
    return Finding(str(rule.extra["severity"]), focus, text, rule.name, file, line)
