"""Answers read as a whole, once for a snapshot: the levels of trees, and what pages ask of many things.

A query that is asked about one thing after another takes the engine longer to plan than to answer. Of a small graph
its answer about everything is read instead, and pages have their rows from that.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from cachetools import LRUCache

from kg.serving import Current, Row, Values
from kg.snapshot import Hash
from kg.terms import Iri

Levels: TypeAlias = Mapping[Iri, Sequence[Row]]
"""The rows of a query by the thing that they answer for, as the engine gave them."""

ASKED = {"life-cycle": "entity", "steps": "thing", "measures": "claim"}
"""Queries that pages ask of many things, with the parameter and column that says of which."""

_TREE = "entity"
_KEPT = 16
_LARGEST = 500_000
"""Statements that a graph may have for its trees to be read whole: some 100 ms and a few MB each."""

_READ: LRUCache[tuple[Hash, str], Levels] = LRUCache(_KEPT)


class Asking(Protocol):
    """Whatever can put a stored query to a snapshot."""

    @property
    def served(self) -> Current:
        """The snapshot."""

    async def raw(self, name: str, **values: Sequence[str]) -> list[Row]:
        """The rows of a stored query as the engine gave them."""


async def levels(asker: Asking, name: str) -> Levels | None:
    """All rows of a query on the record's date; ``None`` of a large graph, or of one on another server.

    Raises:
        KgError: they could not be read.
    """
    served = asker.served
    if served.remote or served.snapshot.manifest.triples > _LARGEST:
        return None
    key = (served.hash, name)
    if key not in _READ:
        by, found = ASKED.get(name, _TREE), dict[Iri, list[Row]]()
        for row in await asker.raw(name, **{by: [""]}):
            found.setdefault(row[by]["value"], []).append(row)
        _READ[key] = found
    return _READ[key]


def known(served: Current, name: str, values: Values) -> list[Row] | None:
    """The rows of a query about some things, from what was read; ``None`` where they have to be asked for.

    They come thing by thing, in the order of their IRIs. What was read holds for the record's date, so not for days.
    """
    read, by = _READ.get((served.hash, name)), ASKED.get(name, _TREE)
    wanted = values.get(by, ("",))
    if read is None or "" in wanted or any(any(given) for one, given in values.items() if one != by):
        return None
    return [row for thing in sorted(set(wanted)) for row in read.get(thing, ())]
