"""Trees read as a whole, once for a snapshot: what stands below each node, so that no page asks level after level."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from cachetools import LRUCache

from kg.serving import Current, Row
from kg.snapshot import Hash
from kg.terms import Iri

Levels: TypeAlias = Mapping[Iri, Sequence[Row]]
"""The rows of a tree's query by the entity that they answer for, as the engine gave them."""

_KEPT_TREES = 8
_LARGEST = 500_000
"""Statements that a graph may have for its trees to be read whole: some 100 ms and a few MB each."""

_READ: LRUCache[tuple[Hash, str], Levels] = LRUCache(_KEPT_TREES)


class Asking(Protocol):
    """Whatever can put a stored query to a snapshot."""

    @property
    def served(self) -> Current:
        """The snapshot."""

    async def raw(self, name: str, **values: Sequence[str]) -> list[Row]:
        """The rows of a stored query as the engine gave them."""


async def levels(asker: Asking, name: str) -> Levels | None:
    """All levels of a tree's query on the record's date; ``None`` of a large graph, or of one on another server.

    Raises:
        KgError: they could not be read.
    """
    served = asker.served
    if served.remote or served.snapshot.manifest.triples > _LARGEST:
        return None
    key = (served.hash, name)
    if key not in _READ:
        found: dict[Iri, list[Row]] = {}
        for row in await asker.raw(name, entity=[""]):
            found.setdefault(row["entity"]["value"], []).append(row)
        _READ[key] = found
    return _READ[key]
