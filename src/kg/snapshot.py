"""Snapshots: immutable folders named by the hash of their content, put in place by one rename.

``<folder>/<hash>/`` holds ``store/`` (RocksDB), ``search/`` (tantivy), ``graph.nq`` (every statement,
sorted) and ``manifest.json``; ``<folder>/current`` is a link to the one that serves.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from stat import S_IMODE
from typing import TypeAlias

import pyoxigraph as ox

from kg import __version__
from kg.errors import BuildUnderWay, CannotWrite, DiskFull, NoSnapshot
from kg.terms import RDF_TYPE

LAYOUT = 4
"""Number of the layout inside a snapshot; part of the hash, so that a new layout is a new snapshot."""

Hash: TypeAlias = str
"""SHA-256 of the sorted N-Quads, as 64 hexadecimal digits."""

_BUILDING = ".building-"
_NAME = re.compile(r"[0-9a-f]{64}")
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Manifest:
    """What a snapshot says of itself.

    ``triples`` counts the merge; ``graphs`` and ``properties`` map an IRI to its number of triples, ``classes``
    to its number of instances.
    """

    hash: Hash
    layout: int
    software: str
    record_date: str | None
    triples: int
    derived: int
    graphs: dict[str, int]
    classes: dict[str, int]
    properties: dict[str, int]
    warnings: int


@dataclass(frozen=True)
class Snapshot:
    """A built graph on disk."""

    path: Path
    manifest: Manifest

    @property
    def hash(self) -> Hash:
        return self.manifest.hash

    @property
    def store(self) -> Path:
        """The folder of the engine's files."""
        return self.path / "store"

    @property
    def search(self) -> Path:
        """The folder of the search index."""
        return self.path / "search"

    @property
    def statements(self) -> Path:
        """Every statement as sorted N-Quads."""
        return self.path / "graph.nq"


def statements(store: ox.Store) -> list[bytes]:
    """The statements of the named graphs as sorted N-Quads lines: the content that is hashed."""
    named = (quad for quad in store if not isinstance(quad.graph_name, ox.DefaultGraph))
    return sorted(f"{quad} .\n".encode() for quad in named)


def content_hash(lines: Iterable[bytes]) -> Hash:
    """The hash that names a snapshot; the same for the same statements on any machine."""
    digest = hashlib.sha256(f"armature snapshot {LAYOUT}\n".encode())
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def describe(store: ox.Store, lines: list[bytes], warnings: int, record_date: str | None) -> Manifest:
    """The manifest of a graph that is about to be written."""
    named = (q.graph_name.value for q in store if isinstance(q.graph_name, ox.NamedNode))
    graphs = dict(sorted(Counter(named).items()))
    properties: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    for quad in store.quads_for_pattern(None, None, None, ox.DefaultGraph()):
        properties[quad.predicate.value] += 1
        if quad.predicate == RDF_TYPE and isinstance(quad.object, ox.NamedNode):
            classes[quad.object.value] += 1
    return Manifest(
        hash=content_hash(lines),
        layout=LAYOUT,
        software=__version__,
        record_date=record_date,
        triples=properties.total(),
        derived=next((n for g, n in graphs.items() if g.endswith("/derived")), 0),
        graphs=graphs,
        classes=dict(sorted(classes.items())),
        properties=dict(sorted(properties.items())),
        warnings=warnings,
    )


def manifest_of(path: Path) -> Manifest:
    """The manifest in a folder.

    Raises:
        NoSnapshot: there is none.
    """
    try:
        return Manifest(**json.loads((path / "manifest.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise NoSnapshot(f"{path} is not a whole snapshot; run 'kg build'.") from error


def read(path: Path) -> Snapshot:
    """The snapshot in a folder.

    Raises:
        NoSnapshot: the folder is not a whole snapshot of this layout.
    """
    manifest = manifest_of(path)
    whole = (path / "store" / "CURRENT").is_file() and (path / "graph.nq").is_file()
    if manifest.layout != LAYOUT or not whole or not (path / "search" / "meta.json").is_file():
        raise NoSnapshot(f"{path} is damaged or was built by another version; run 'kg build'.")
    return Snapshot(path, manifest)


def current(folder: Path) -> Snapshot:
    """The snapshot that serves.

    Raises:
        NoSnapshot: nothing was built here yet.
    """
    link = folder / "current"
    if not link.is_symlink():
        raise NoSnapshot(f"There is no snapshot in {folder}; run 'kg build' first.")
    return read(link.resolve())


def kept(folder: Path) -> list[Snapshot]:
    """The whole snapshots of a folder, newest first."""
    return [found for path in _newest_first(folder) if (found := _whole(path))]


def _newest_first(folder: Path) -> list[Path]:
    named = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(named, key=_written, reverse=True)


def _written(path: Path) -> int:
    """When a snapshot was written; one without its manifest counts as oldest."""
    try:
        return (path / "manifest.json").stat().st_mtime_ns
    except OSError:
        return 0


def prune(folder: Path, keep: int) -> list[Hash]:
    """Remove all but the ``keep`` newest snapshots and the one that serves; returns what was removed.

    Whoever serves a snapshot that has just been replaced is still reading it: ``keep`` is 2 at least.
    """
    serving = (folder / "current").resolve().name
    old = [path for path in _newest_first(folder)[max(keep, 2) :] if path.name != serving]
    for path in old:
        # Away from its name first, so that what has a hash for its name is always whole.
        doomed = path.rename(folder / f"{_BUILDING}old-{path.name}")
        shutil.rmtree(doomed, ignore_errors=True)
    return [path.name for path in old]


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """A fresh folder to build in, under the one lock of the snapshot folder; removed again at the end.

    What an earlier, killed build left behind is cleared away first.

    Raises:
        BuildUnderWay: another build holds the lock.
        DiskFull, CannotWrite: the disk refuses; nothing that serves was touched.
    """
    with _reporting(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BuildUnderWay(f"Another build is writing to {folder}; wait for it to end.") from error
            for left in folder.glob(_BUILDING + "*"):
                shutil.rmtree(left, ignore_errors=True)
            work = folder / f"{_BUILDING}{os.getpid()}"
            work.mkdir()
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _reporting(folder: Path) -> Iterator[None]:
    """Failures of the disk, from the system or from the engine, as errors of the tree."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE or "No space left" in str(error) or "File too large" in str(error):
            raise DiskFull(
                f"No space left to write the snapshot in {folder}; free some or set KG_SNAPSHOTS to another "
                "disk. The snapshot that served before still does.",
            ) from error
        raise CannotWrite(f"The snapshot cannot be written in {folder}: {error}.") from error


def fill(work: Path, store: ox.Store, lines: list[bytes], manifest: Manifest) -> None:
    """Write engine files, statements and manifest into the building folder; the index is search's to add."""
    engine = ox.Store(work / "store")
    engine.bulk_extend(iter(store))
    engine.optimize()
    engine.flush()
    del engine
    (work / "graph.nq").write_bytes(b"".join(lines))
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False, sort_keys=True)
    (work / "manifest.json").write_text(text + "\n", "utf-8")


def put_in_place(folder: Path, work: Path, manifest: Manifest) -> Snapshot:
    """Rename a finished building folder to its hash and point ``current`` at it, both atomically."""
    target = folder / manifest.hash
    _share(work)
    _sync(work)
    if _whole(target) is None:
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    link = folder / f"{_BUILDING}link-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(manifest.hash)
    link.replace(folder / "current")
    _sync_folder(folder)
    return read(target)


def _share(work: Path) -> None:
    """Let everybody read each file who may read the manifest: the index writes some for its owner alone."""
    mode = S_IMODE((work / "manifest.json").stat().st_mode)
    for path in work.rglob("*"):
        if path.is_file():
            path.chmod(mode | S_IMODE(path.stat().st_mode))


def _whole(path: Path) -> Snapshot | None:
    try:
        return read(path)
    except NoSnapshot:
        return None


def _sync(work: Path) -> None:
    for path in work.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            _sync_folder(path)
    _sync_folder(work)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
