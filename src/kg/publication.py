"""The record of a publication: which snapshot a SPARQL server holds, written beside it in a named graph of its own.

The record is JSON in pieces, since some servers take no long texts. While a publication is under way it names no
snapshot, so that nobody takes half of one for whole.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256

import pyoxigraph as ox

from kg.errors import NoSnapshot
from kg.snapshot import LAYOUT, Manifest
from kg.terms import GRAPH, RDF, Iri

RECORD = GRAPH + "publication"
"""The named graph of the record."""

MERGE = GRAPH + "merge"
"""The named graph of the merge, on servers whose default graph cannot be it."""

_PIECE = 1_000
_IDENTIFIER = "http://purl.org/dc/terms/identifier"


@dataclass(frozen=True)
class Publication:
    """``id`` is made anew each time. ``merge`` is the graph that holds the merge; ``None``: the default graph.

    ``manifest`` is ``None`` while the publication is under way.
    """

    id: str
    merge: Iri | None
    manifest: Manifest | None

    @property
    def validator(self) -> str:
        """Names this publication of this snapshot; 16 hexadecimal digits."""
        known = self.manifest.hash if self.manifest else ""
        return sha256(f"{known} {self.id}".encode()).hexdigest()[:16]

    def triples(self) -> list[ox.Triple]:
        """The record as statements."""
        text = json.dumps({"layout": LAYOUT, **asdict(self)}, sort_keys=True)
        record = ox.NamedNode(RECORD)
        pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]
        told = [
            ox.Triple(record, ox.NamedNode(f"{RDF}_{place}"), ox.Literal(piece))
            for place, piece in enumerate(pieces, start=1)
        ]
        if self.manifest:
            told.append(ox.Triple(record, ox.NamedNode(_IDENTIFIER), ox.Literal(self.manifest.hash)))
        return told


def of_pieces(rows: Iterable[Mapping[str, str]]) -> Publication | None:
    """The record that rows of the query *publication* hold; ``None`` where there is none.

    Raises:
        NoSnapshot: it was written by a version that this one cannot read.
    """
    pieces = {int(row["place"].rpartition("_")[2]): row["piece"] for row in rows}
    if not pieces:
        return None
    try:
        told = json.loads("".join(piece for _, piece in sorted(pieces.items())))
        if told["layout"] != LAYOUT:
            raise NoSnapshot("The snapshot was published by another version; publish it again: kg publish.")
        manifest = Manifest(**told["manifest"]) if told["manifest"] else None
        return Publication(told["id"], told["merge"], manifest)
    except (ValueError, TypeError, KeyError) as error:
        raise NoSnapshot("The record of the publication cannot be read; publish again: kg publish.") from error
