"""What differs between two snapshots: the things whose own statements were added, taken out or rewritten.

Both files of statements are sorted, so one walk through the two finds the lines of only one of them. What rules have
derived is left out: it follows from the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, TypeAlias

import pyoxigraph as ox

from kg import terms
from kg.errors import BadRequest
from kg.snapshot import Snapshot
from kg.terms import GRAPH_DERIVED, Iri

Kind: TypeAlias = Literal["Added", "Taken out", "Rewritten"]
Said: TypeAlias = dict[Iri, list[str]]
"""Property → values, as text."""

MOST_LINES = 400_000
"""Snapshots that differ by more are not compared line by line for a reader."""

_END = b"\xff"
_DERIVED = f"{GRAPH_DERIVED} .".encode()


@dataclass
class Change:
    """One thing that differs; ``before`` and ``after`` are the statements that only one snapshot has of it."""

    iri: Iri
    before: Said = field(default_factory=dict)
    after: Said = field(default_factory=dict)
    kind: Kind = "Rewritten"

    @property
    def rewritten(self) -> list[tuple[str, list[str], list[str]]]:
        """Property by property, the values before and after."""
        names = sorted({*self.before, *self.after})
        return [(name, self.before.get(name, []), self.after.get(name, [])) for name in names]

    def mentions(self, iri: Iri) -> bool:
        """Whether the thing is the one given, or names it in what differs."""
        return self.iri == iri or any(iri in values for said in (self.before, self.after) for values in said.values())


def between(older: Snapshot, newer: Snapshot) -> list[Change]:
    """Every described thing that differs, by IRI.

    Raises:
        BadRequest: they differ by more than can be told here.
    """
    changes: dict[Iri, Change] = {}
    with older.statements.open("rb") as old, newer.statements.open("rb") as new:
        for number, (line, added) in enumerate(_only_in_one(old, new)):
            if number >= MOST_LINES:
                raise BadRequest(
                    f"These snapshots differ by more than {MOST_LINES:,} statements; compare their exports."
                )
            _note(changes, line, added=added)
    typed = (_typed(older), _typed(newer))
    for change in changes.values():
        change.kind = _kind(change.iri in typed[0], change.iri in typed[1])
    return [changes[iri] for iri in sorted(changes)]


def _only_in_one(old: BinaryIO, new: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """The lines of only one of two sorted files, and whether that is the newer one."""
    left, right = old.readline() or _END, new.readline() or _END
    while left != _END or right != _END:
        if left == right:
            left, right = old.readline() or _END, new.readline() or _END
        elif left < right:
            yield left, False
            left = old.readline() or _END
        else:
            yield right, True
            right = new.readline() or _END


def _note(changes: dict[Iri, Change], line: bytes, *, added: bool) -> None:
    if line.rstrip().endswith(_DERIVED):
        return
    (quad,) = ox.parse(line, format=ox.RdfFormat.N_QUADS)
    iri = quad.subject.value
    if not iri.startswith(terms.BASE):
        return
    change = changes.setdefault(iri, Change(iri))
    said = change.after if added else change.before
    term = quad.object
    said.setdefault(quad.predicate.value, []).append(term.value if isinstance(term, ox.NamedNode) else str(term))


def _typed(found: Snapshot) -> frozenset[bytes | str]:
    """The things that a snapshot describes: those with a type of their own."""
    mark = f" <{terms.RDF}type> ".encode()
    with found.statements.open("rb") as lines:
        return frozenset(line[1 : line.index(b">")].decode() for line in lines if mark in line)


def _kind(was: bool, now: bool) -> Kind:
    if now and not was:
        return "Added"
    return "Taken out" if was and not now else "Rewritten"
