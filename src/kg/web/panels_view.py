"""Declared panels as a reader meets them: lines of cells, each line with its claim; trees, timelines, glances."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from kg.serving import Row
from kg.terms import DEF, Iri
from kg.web.charts import Drawing
from kg.web.claims_view import Claim, judged
from kg.web.declared import Declared
from kg.web.views import LifeCycle, Phrase, Slice, Value, language_named, text, true, value

Mark: TypeAlias = Literal["real", "open", "over", "expected", "past", ""]
"""How sure a line is, for its shape and colour; the words say it, too."""

Stages: TypeAlias = Mapping[Iri, LifeCycle]
"""How far undertakings have come."""

_OWN_COLUMN = ("share", "votes", "quantity", "role", "onBehalfOf", "inPost")


@dataclass(frozen=True)
class Share:
    """A part of a whole in percent, as a bar: surely ``least``, possibly ``most``."""

    least: float
    most: float
    words: Phrase


@dataclass(frozen=True)
class Cell:
    """One cell: values, phrases, a share or a status under its heading."""

    column: str
    head: str
    values: tuple[Value, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    share: Share | None = None
    stage: LifeCycle | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to print."""
        return not (self.values or self.phrases or self.share or self.stage)


@dataclass(frozen=True)
class Line:
    """One row of a panel with the claim behind it; in a tree, with what stands below it.

    ``more``: the tree goes on there and is not followed; ``above``: what stands below it stands further above;
    ``earlier``: the same was seen before.
    """

    cells: tuple[Cell, ...]
    claim: Claim | None
    node: Iri = ""
    mark: Mark = ""
    children: tuple["Line", ...] = ()
    more: bool = False
    above: bool = False
    earlier: tuple["Line", ...] = ()
    row: Row = field(default_factory=dict, compare=False, repr=False)

    def at(self, column: str) -> Cell:
        """The cell of a column."""
        return next(cell for cell in self.cells if cell.column == column)

    @property
    def shown(self) -> tuple[Cell, ...]:
        """The cells that say something."""
        return tuple(cell for cell in self.cells if not cell.empty)


@dataclass(frozen=True)
class Panel:
    """One panel, ready to print: one page of its lines, and its chart; of one whose query failed there is neither."""

    declared: Declared
    lines: tuple[Line, ...]
    slice: Slice
    drawing: Drawing | None = None
    glances: tuple["Glance", ...] = ()
    failed: bool = False

    @property
    def name(self) -> str:
        """The word that binds panel, query file and anchor."""
        return self.declared.name

    @property
    def columns(self) -> tuple[Cell, ...]:
        """A cell of each column in which any line says something, for its heading."""
        used = {cell.column for line in self.lines for cell in line.shown}
        return tuple(cell for cell in self.lines[0].cells if cell.column in used) if self.lines else ()


_CALLED = {"source": "title"}
"""Columns whose things another column names than that of their labels."""


def label_of(column: str) -> str:
    """The column that says what the things of another are called."""
    return _CALLED.get(column, f"{column}Label")


@dataclass(frozen=True)
class Glance:
    """One relation with its values, few enough to read at a glance; ``left`` counts those not shown."""

    relation: Value
    entries: tuple[Line, ...]
    left: int


def line(panel: Declared, row: Row, claims: Mapping[Iri, Claim], stages: Stages) -> Line:
    """One row of the panel's query as cells under the panel's headings."""
    claim = _on_the_day(claims.get(text(row, "claim")), stages.get(text(row, panel.stage)))
    cells = tuple(_cell(panel, column, row, claim, stages) for column in panel.heads)
    return Line(cells, claim, text(row, "node"), _mark(panel, row, claim, stages), row=row)


def _on_the_day(claim: Claim | None, stage: LifeCycle | None) -> Claim | None:
    """A claim beside how far its undertaking has come on the reader's day, which it does not say again or deny."""
    if claim is None or stage is None:
        return claim
    if claim.verdict == "stands" and not claim.status and not stage.realised:
        return judged(claim, "not realised")
    return replace(claim, status="") if claim.verdict in ("not realised", "over") else claim


def _cell(panel: Declared, column: str, row: Row, claim: Claim | None, stages: Stages) -> Cell:
    cell = Cell(column, panel.head(column))
    if column == "stage":
        return replace(cell, stage=stages.get(text(row, panel.stage)))
    if column in row:
        row = language_named(row) if column == "language" else row
        return replace(cell, values=(value(row, column, label_of(column)),))
    return _of_claim(cell, claim, panel.heads) if claim else cell


def _of_claim(cell: Cell, claim: Claim, heads: Collection[str]) -> Cell:
    """A cell that the claim fills: its time, one of its qualifiers, or all that have no column of their own."""
    if cell.column == "when":
        return replace(cell, phrases=(claim.when,) if claim.when else ())
    if cell.column == "qualifiers":
        own = {DEF + name for name in _OWN_COLUMN if name in heads}
        return replace(cell, phrases=tuple(q for q in claim.qualifiers if q.iri not in own))
    told = tuple(q for q in claim.qualifiers if q.iri == DEF + cell.column)
    if cell.column == "share" and told:
        return replace(cell, share=_share(claim, told[0]))
    return replace(cell, phrases=told)


def _share(claim: Claim, words: Phrase) -> Share:
    exact = claim.numbers.get("share")
    least = exact if exact is not None else claim.numbers.get("shareMin", 0.0)
    most = (
        exact if exact is not None else claim.numbers.get("shareMax", 100.0 if "shareMin" in claim.numbers else 0.0)
    )
    return Share(least, most, words)


def folded(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines of one level of a tree, newest first, with what was seen before of the same thing under the newest.

    A sighting says that a holder held something on one day. Several are no several holdings.
    """
    newest: dict[tuple[Iri, str], int] = {}
    found: list[Line] = []
    for one in lines:
        key = one.node, text(one.row, "relation")
        if one.claim is not None and one.claim.verdict == "seen" and key in newest and not one.children:
            first = found[newest[key]]
            found[newest[key]] = replace(first, earlier=(*first.earlier, one))
            continue
        if one.claim is not None and one.claim.verdict in ("seen", "stands"):
            newest.setdefault(key, len(found))
        found.append(one)
    return tuple(found)


def _mark(panel: Declared, row: Row, claim: Claim | None, stages: Stages) -> Mark:
    if "realises" in row:
        return "over" if true(row, "ends") else ("real" if true(row, "realises") else "open")
    stage = stages.get(text(row, panel.stage)) if panel.stage else None
    if stage is not None:
        return "real" if stage.realised else ("over" if stage.ended else "open")
    if claim is None:
        return ""
    return _OF_VERDICT.get(claim.verdict, "")


_OF_VERDICT: Mapping[str, Mark] = {
    "stands": "real",
    "seen": "real",
    "past": "past",
    "set aside": "past",
    "refuted": "over",
    "over": "over",
    "not realised": "open",
    "future": "open",
}


def glances(lines: Sequence[Line], most: int = 3) -> tuple[Glance, ...]:
    """The lines of the query *glance*, relation by relation; of each a few values."""
    by_relation: dict[Value, list[Line]] = {}
    for one in lines:
        if one.claim is not None and one.claim.verdict not in ("past", "set aside", "refuted"):
            by_relation.setdefault(value(one.row, "relation", "relationLabel"), []).append(one)
    return tuple(
        Glance(relation, tuple(found[:most]), max(len(found) - most, 0)) for relation, found in by_relation.items()
    )
