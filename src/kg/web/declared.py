"""Panels as their query files declare them: which classes they are for, in what form, under what headings.

The header of a query in ``queries/entity/`` may have a field ``panel``; a new panel is a new file and no Python.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

from kg.errors import BrokenQuery
from kg.stored import StoredQuery, library
from kg.terms import DEF, Iri
from kg.web.language import LANGUAGES, spoken

Form: TypeAlias = Literal["table", "tree", "timeline", "glance"]
Chart: TypeAlias = Literal["", "spans", "shares", "steps", "years"]
Words: TypeAlias = Mapping[str, str]
"""Language → text."""


@dataclass(frozen=True)
class Declared:
    """One panel: ``heads`` are the columns shown, with their headings; ``page`` makes it a page of that name.

    ``stage`` names the column whose things are shown with their status, ``lane`` and ``bar`` the columns of a chart.
    ``needs`` are relations of which some claim must speak of a thing for the panel to have a row; without any, nobody
    knows before asking.
    """

    name: str
    summary: str
    titles: Words
    of: frozenset[Iri]
    order: int
    form: Form
    heads: Mapping[str, Words]
    empties: Words
    stage: str
    chart: Chart
    lane: str
    bar: str
    page: str = ""
    leads: Words = field(default_factory=dict)
    needs: frozenset[Iri] = frozenset()

    @property
    def lead(self) -> str:
        """What a page of its own says first, in the reader's language."""
        return self.leads.get(spoken(), "")

    @property
    def title(self) -> str:
        """The heading in the reader's language."""
        return self.titles[spoken()]

    @property
    def empty(self) -> str:
        """What to say when there is nothing; without it the panel is left out."""
        return self.empties.get(spoken(), "")

    def in_vain(self, relations: Collection[Iri]) -> bool:
        """Whether no row can come for a thing of which all claims have one of these relations."""
        return bool(self.needs) and self.needs.isdisjoint(relations)

    def head(self, column: str) -> str:
        """The heading of a column in the reader's language."""
        return self.heads[column][spoken()]


@cache
def declared(folder: Path) -> tuple[Declared, ...]:
    """Every panel of a library of queries, in the order in which pages show them.

    Raises:
        BrokenQuery: a panel lacks a field, a language, or has a form or chart that there is not.
    """
    found = [_read(query) for query in library(folder).values() if "panel" in query.extra]
    return tuple(sorted(found, key=lambda panel: (panel.order, panel.name)))


def of_classes(folder: Path, classes: Collection[Iri]) -> tuple[Declared, ...]:
    """The panels for a thing of some classes, which include those above."""
    return tuple(panel for panel in declared(folder) if panel.of.intersection(classes))


def _read(query: StoredQuery) -> Declared:
    told: Mapping[str, Any] = query.extra["panel"]
    try:
        panel = Declared(
            name=query.name,
            summary=query.summary,
            titles=_words(told["title"]),
            of=frozenset(DEF + name for name in told.get("of", ())),
            order=int(told["order"]),
            form=cast("Form", _one_of(told["form"], get_args(Form))),
            heads={str(column): _words(words) for column, words in told.get("heads", {}).items()},
            empties=_words(told["empty"]) if "empty" in told else {},
            stage=str(told.get("stage", "")),
            chart=cast("Chart", _one_of(told.get("chart", ""), get_args(Chart))),
            lane=str(told.get("lane", "")),
            bar=str(told.get("bar", "")),
            page=str(told.get("page", "")),
            leads=_words(told["lead"]) if "lead" in told else {},
            needs=frozenset(DEF + name for name in told.get("needs", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenQuery(f"{query.path}: the header's 'panel' lacks or misspells {error}.") from error
    return panel


def _words(told: Mapping[str, str]) -> Words:
    return {language: str(told[language]) for language in LANGUAGES}


def _one_of(told: str, known: tuple[str, ...]) -> str:
    if told not in known:
        raise ValueError(f"'{told}', which is none of {', '.join(known)}")
    return told
