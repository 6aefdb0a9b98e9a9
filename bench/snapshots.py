"""A snapshot for Armature out of generated N-Quads, written by the project's own snapshot writer.

The one thing left out of ``kg build`` is the check against the shapes: it judges the quality of data, which
invented data has none of, and would take hours at ten million triples.
"""

import shutil
import time
from pathlib import Path

import pyoxigraph as ox

from bench.ink import TODAY
from kg import indexing, snapshot
from kg.settings import Settings
from kg.snapshot import Snapshot

_IN_MEMORY = 1 << 30
"""Bytes of N-Quads up to which the store to read from is in memory."""


def build(quads: Path, settings: Settings) -> tuple[Snapshot, float]:
    """Put a snapshot of the N-Quads in place; returns it and the seconds that it took."""
    begun = time.monotonic()
    with snapshot.building(settings.snapshots) as work:
        scratch = work.parent / f"{work.name}-loading"
        store = _loaded(quads, scratch)
        lines = snapshot.statements(store)
        manifest = snapshot.describe(store, lines, 0, TODAY)
        snapshot.fill(work, store, lines, manifest)
        indexing.build(work / "search", store, settings.queries / "rules" / "search")
        del store
        shutil.rmtree(scratch, ignore_errors=True)
        made = snapshot.put_in_place(settings.snapshots, work, manifest)
    return made, time.monotonic() - begun


def _loaded(quads: Path, folder: Path) -> ox.Store:
    """The named graphs and their merge; on disk, in a folder that the next build clears away, if they are large."""
    store = ox.Store() if quads.stat().st_size <= _IN_MEMORY else ox.Store(folder)
    store.bulk_load(path=quads, format=ox.RdfFormat.N_QUADS)
    named = ox.parse(path=quads, format=ox.RdfFormat.N_QUADS)
    store.bulk_extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in named)
    return store
