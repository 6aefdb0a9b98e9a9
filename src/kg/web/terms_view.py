"""The vocabulary and the shapes as reading matter: terms, code lists, and rules in words."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from kg.serving import Row
from kg.terms import Iri
from kg.web.language import spoken
from kg.web.views import Value, text, value

Message: TypeAlias = tuple[tuple[str, bool], ...]
"""A rule's message in pieces; the flag marks a piece that each finding fills in."""

_HOLE = re.compile(r"\{[$?](\w+)\}")


@dataclass(frozen=True)
class DefinedTerm:
    """A class, relation, qualifier or other property; ``depth`` is a class's place below the top ones."""

    iri: Iri
    label: str
    french: str
    definition: str
    example: str
    domain: tuple[Value, ...]
    range: tuple[Value, ...]
    parents: tuple[Iri, ...]
    depth: int = 0


@dataclass(frozen=True)
class Code:
    """A code of a list."""

    iri: Iri
    label: str
    french: str
    definition: str
    broader: Value | None


@dataclass(frozen=True)
class CodeList:
    """A code list with its codes."""

    scheme: Value
    codes: tuple[Code, ...]


@dataclass(frozen=True)
class Rule:
    """One constraint: what it asks, how grave a breach is, and what it looks at."""

    iri: Iri
    message: Message
    severity: str
    targeting: str
    targets: tuple[Value, ...]
    path: Value | None


@dataclass(frozen=True)
class RuleSet:
    """A shape and the constraints that belong to it."""

    iri: Iri
    message: Message
    rules: tuple[Rule, ...]


def defined(rows: Iterable[Row]) -> dict[str, tuple[DefinedTerm, ...]]:
    """The rows of the query *vocabulary*, by sort; classes as a tree, broader ones first."""
    sorts: dict[str, dict[Iri, list[Row]]] = {}
    for row in rows:
        sorts.setdefault(text(row, "sort"), {}).setdefault(text(row, "term"), []).append(row)
    found = {sort: tuple(_term(iri, of) for iri, of in terms.items()) for sort, terms in sorts.items()}
    return {sort: _tree(terms) if sort == "class" else terms for sort, terms in found.items()}


def _term(iri: Iri, rows: Sequence[Row]) -> DefinedTerm:
    row = rows[0]
    return DefinedTerm(
        iri=iri,
        label=text(row, "label"),
        french=text(row, "labelFrench"),
        definition=text(row, "definition"),
        example=text(row, "example"),
        domain=_each(rows, lambda r: value(r, "domain", "domainLabel")),
        range=_each(rows, lambda r: value(r, "range", "rangeLabel")),
        parents=tuple(dict.fromkeys(text(r, "parent") for r in rows if "parent" in r)),
    )


def _each(rows: Iterable[Row], read: Callable[[Row], Value]) -> tuple[Value, ...]:
    return tuple(one for one in dict.fromkeys(read(row) for row in rows) if one.text)


def _tree(terms: Sequence[DefinedTerm]) -> tuple[DefinedTerm, ...]:
    """Depth first; a class below several stands under the first of ours."""
    ours = {term.iri for term in terms}
    children: dict[Iri, list[DefinedTerm]] = {}
    for term in terms:
        parent = next((iri for iri in term.parents if iri in ours and iri != term.iri), "")
        children.setdefault(parent, []).append(term)
    return tuple(_below("", 0, children))


def _below(parent: Iri, depth: int, children: Mapping[Iri, Sequence[DefinedTerm]]) -> list[DefinedTerm]:
    found: list[DefinedTerm] = []
    for term in children.get(parent, ()):
        found += [replace(term, depth=depth), *_below(term.iri, depth + 1, children)]
    return found


def code_lists(rows: Iterable[Row]) -> tuple[CodeList, ...]:
    """The rows of the query *code-lists*, list by list."""
    lists: dict[Value, dict[Iri, Code]] = {}
    for row in rows:
        codes = lists.setdefault(value(row, "scheme", "schemeLabel"), {})
        codes.setdefault(text(row, "code"), _code(row))
    return tuple(CodeList(scheme, tuple(codes.values())) for scheme, codes in lists.items())


def _code(row: Row) -> Code:
    broader = value(row, "broader", "broaderLabel") if "broader" in row else None
    return Code(text(row, "code"), text(row, "label"), text(row, "labelFrench"), text(row, "definition"), broader)


def rule_sets(rows: Iterable[Row]) -> tuple[RuleSet, ...]:
    """The rows of the query *shapes*, shape by shape; a rule without a shape above it is its own."""
    rules: dict[Iri, list[Row]] = {}
    for row in rows:
        rules.setdefault(text(row, "shape"), []).append(row)
    sets: dict[Iri, list[Rule]] = {}
    for iri, found in rules.items():
        parent = text(found[0], "parent")
        sets.setdefault(parent if parent in rules else iri, []).append(_rule(iri, found))
    return tuple(_rule_set(iri, members) for iri, members in sorted(sets.items()))


def _rule_set(iri: Iri, members: Sequence[Rule]) -> RuleSet:
    own = next((rule.message for rule in members if rule.iri == iri), ())
    below = tuple(rule for rule in members if rule.iri != iri)
    return RuleSet(iri, own, below or tuple(members))


def _rule(iri: Iri, rows: Sequence[Row]) -> Rule:
    row = rows[0]
    return Rule(
        iri=iri,
        message=message(text(row, "message")),
        severity=text(row, "severity"),
        targeting=text(row, "targeting"),
        targets=_each(rows, lambda r: value(r, "target", "targetLabel")),
        path=value(row, "path", "pathLabel") if "path" in row else None,
    )


def message(written: str) -> Message:
    """``Name the buyer of {$this}.`` → its pieces, the places that findings fill among them."""
    pieces = _HOLE.split(written)
    return tuple((piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece)


# The diagram of the classes

SEVERITIES = ("Violation", "Warning", "Info")
"""How grave a breach of a rule can be."""

SORTS = {"class": "Classes", "relation": "Relations", "qualifier": "Qualifiers", "property": "Other properties"}
"""The sorts of term, with their headings."""

_COLUMNS, _WIDE, _TALL, _STEP, _GAP = 4, 232, 28, 16, 14


@dataclass(frozen=True)
class Box:
    """A class in the diagram, with the number of its things."""

    x: int
    y: int
    width: int
    depth: int
    text: str
    count: int
    anchor: str


@dataclass(frozen=True)
class Branch:
    """The line from a class to the one above it."""

    x1: int
    y1: int
    y2: int


@dataclass(frozen=True)
class Diagram:
    """The classes as boxes, family by family."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Branch, ...]


def diagram(classes: Sequence[DefinedTerm], counts: Mapping[Iri, int]) -> Diagram:
    """The tree of the classes in columns; ``counts`` are the things of each class."""
    families: list[list[DefinedTerm]] = []
    for term, after in zip(classes, [*classes[1:], None], strict=True):
        broad = term.depth == 1 and after is not None and after.depth > 1
        if term.depth == 0 or broad or not families:
            families.append([])
        families[-1].append(term)
    heights = [0] * _COLUMNS
    boxes: list[Box] = []
    lines: list[Branch] = []
    for family in families:
        column = heights.index(min(heights))
        placed = _family(family, column * _WIDE, heights[column], counts)
        boxes += placed
        lines += _branches(placed)
        heights[column] += len(family) * _TALL + _GAP
    return Diagram(_COLUMNS * _WIDE, max(heights), tuple(boxes), tuple(lines))


def _family(family: Sequence[DefinedTerm], left: int, top: int, counts: Mapping[Iri, int]) -> list[Box]:
    first = family[0].depth
    boxes = []
    for place, term in enumerate(family):
        x = left + (term.depth - first) * _STEP
        words = term.french if spoken() == "fr" and term.french else term.label
        anchor = f"class-{term.iri.rpartition('/')[2]}"
        wide = left + _WIDE - 16 - x
        boxes.append(
            Box(x, top + place * _TALL + 2, wide, term.depth - first, words, counts.get(term.iri, 0), anchor)
        )
    return boxes


def _branches(boxes: Sequence[Box]) -> list[Branch]:
    lines = []
    for place, box in enumerate(boxes):
        above = next((one for one in reversed(boxes[:place]) if one.depth < box.depth), None)
        if above is not None:
            lines.append(Branch(box.x, box.y + 11, above.y + 22))
    return lines
