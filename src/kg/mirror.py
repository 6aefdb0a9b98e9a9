"""What serving needs besides answers, made from the SPARQL server that a snapshot was published to.

The manifest comes from the record of the publication, the search index from the names that the server holds, and
the statements behind the exports are fetched when the first export is asked for. All of it lies in a folder named
by the publication, which server processes share.
"""

import asyncio
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox

from kg import indexing, snapshot, stored
from kg.engine.endpoint import Credentials, Dataset, Endpoint, accepts
from kg.engine.limits import Limits
from kg.engine.store import Accept, Request, Store
from kg.engine.translate import WIRE, Manner, at_once
from kg.errors import CannotWrite, NoSnapshot, QueryTimeout, StoreFailure
from kg.formats import JSON, N_TRIPLES
from kg.publication import Publication, of_pieces
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.terms import Iri

log = logging.getLogger("kg.mirror")

FOLDER = "remote"
_BUILDING = ".building-"
_KEPT = 2
_LONGEST = 3600.0
_ANY_SIZE = 1 << 50


async def published(settings: Settings) -> Publication:
    """The publication that the server at ``settings.store`` holds.

    Raises:
        NoSnapshot: nothing was published there, or a publication is under way.
        StoreUnreachable, StoreFailure: the server does not answer.
    """
    endpoint = Endpoint(settings.store, Credentials.of(settings), 1)
    try:
        async with asyncio.timeout(settings.deadline):
            found = of_pieces(await _rows(endpoint, stored.find(settings.queries, "publication").text))
    except TimeoutError as error:
        raise QueryTimeout(f"The store did not answer within {settings.deadline:g} s.") from error
    finally:
        await endpoint.close()
    if found is None:
        raise NoSnapshot("Nothing was published to the store yet; run 'kg publish' first.")
    if found.manifest is None:
        raise NoSnapshot("A publication to the store is under way, or was broken off; run 'kg publish' again.")
    return found


async def _rows(endpoint: Endpoint, query: str) -> list[Mapping[str, str]]:
    response = await endpoint.ask(query, accepts(WIRE["solutions"]), Dataset())
    try:
        wire = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = at_once(await response.aread(), Manner("solutions", wire, JSON.media_type, {}))
    finally:
        await response.aclose()
    bindings = json.loads(body)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in bindings]


class Mirror:
    """The folder of one publication; ``limits`` are those of a query, which work at large does not have."""

    def __init__(self, settings: Settings, publication: Publication, store: Store, limits: Limits) -> None:
        self._settings, self._publication, self._store = settings, publication, store
        self._limits = replace(limits, deadline=_LONGEST, transfer=_LONGEST, result_bytes=_ANY_SIZE)
        self._folder = settings.snapshots / FOLDER

    async def snapshot(self) -> Snapshot:
        """The mirrored snapshot: manifest and search index, made where they are not there yet.

        Raises:
            CannotWrite: the folder of the snapshots cannot be written to.
            StoreUnreachable, StoreFailure: the server does not answer.
        """
        manifest = self._publication.manifest
        if manifest is None:
            raise NoSnapshot("A publication to the store is under way; run 'kg publish' again.")
        target = self._folder / self._publication.validator
        if not (target / "manifest.json").is_file():
            async with self._building() as work:
                await self._index(work)
                (work / "manifest.json").write_text(json.dumps(asdict(manifest), indent=2), "utf-8")
                if not target.exists():
                    work.rename(target)
            self._prune()
        return Snapshot(target, manifest)

    @asynccontextmanager
    async def _building(self) -> AsyncIterator[Path]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            work = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=self._folder))
        except OSError as error:
            raise CannotWrite(
                f"{self._folder} cannot be written to ({error.strerror}); set KG_SNAPSHOTS to a folder for "
                "the search index and the exports of the store."
            ) from error
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)

    async def _index(self, work: Path) -> None:
        """Build the search index from what the server holds."""
        answers = {name: work / f"{name}.json" for name in indexing.QUERIES}
        for name, answer in answers.items():
            query = stored.find(self._settings.queries, name).text
            with answer.open("wb") as file:
                await self._copied(Request(query, Accept(solutions=JSON.media_type)), file)
        await asyncio.to_thread(_indexed, work, answers)
        for answer in answers.values():
            answer.unlink()

    async def _copied(self, request: Request, file: IO[bytes]) -> None:
        answer = await self._store.answer(request, self._limits)
        try:
            async for chunk in answer.chunks:
                await asyncio.to_thread(file.write, chunk)
        finally:
            await answer.aclose()

    async def fetch(self, target: Path) -> None:
        """Write all statements as sorted N-Quads to ``target``, as a build would.

        Raises:
            StoreFailure: the server does not hold what was published, or something else by now.
        """
        async with self._building() as work:
            whole = work / "graph.nq"
            with whole.open("wb") as quads:
                for graph, count in cast("dict[Iri, int]", self._manifest["graphs"]).items():
                    await self._append(graph, count, work / "graph.nt", quads)
            await _sorted(whole)
            if await published(self._settings) != self._publication:
                raise StoreFailure("Another snapshot was published meanwhile; ask again.")
            await asyncio.to_thread(self._compare, whole)
            whole.replace(target)

    @property
    def _manifest(self) -> dict[str, object]:
        return asdict(self._publication)["manifest"] or {}

    async def _append(self, graph: Iri, count: int, part: Path, quads: IO[bytes]) -> None:
        query = stored.find(self._settings.queries, "graph-statements").filled({"graph": [graph]}, {})
        with part.open("wb") as file:
            await self._copied(Request(query, Accept(graph=N_TRIPLES.media_type)), file)
        found = await asyncio.to_thread(_named, part, graph, quads)
        if found != count:
            raise StoreFailure(
                f"The store gives {found:,} of the {count:,} statements of <{graph}>. If it caps the rows of a "
                "result, raise that; else publish again.",
                graph=graph,
            )

    def _compare(self, whole: Path) -> None:
        with whole.open("rb") as lines:
            found = snapshot.content_hash(lines)
        if found != self._manifest["hash"]:
            log.warning("store writes some terms otherwise than they were published hash=%s", found)

    def _prune(self) -> None:
        """Remove the folders of all but the last publications."""
        folders = [path for path in self._folder.iterdir() if not path.name.startswith(_BUILDING)]
        for old in sorted(folders, key=lambda path: path.stat().st_mtime_ns, reverse=True)[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
        for left in self._folder.glob(f"{_BUILDING}*"):
            if left.stat().st_mtime < time.time() - _LONGEST:
                shutil.rmtree(left, ignore_errors=True)


def _indexed(work: Path, answers: dict[str, Path]) -> None:
    indexing.write(work / "search", {name: _solutions(answer) for name, answer in answers.items()})


def _solutions(answer: Path) -> ox.QuerySolutions:
    results = ox.parse_query_results(path=answer, format=ox.QueryResultsFormat.JSON)
    assert isinstance(results, ox.QuerySolutions)  # noqa: S101 - what a SELECT gives
    return results


def _named(part: Path, graph: Iri, quads: IO[bytes]) -> int:
    """Append the triples of a file as quads; returns how many there were."""
    count = 0
    with part.open("rb") as triples:
        for count, line in enumerate(triples, start=1):  # noqa: B007 - the last one counts
            quads.write(line.removesuffix(b" .\n") + f" <{graph}> .\n".encode())
    return count


async def _sorted(path: Path) -> None:
    """Sort the lines of a file by their bytes, in bounded memory."""
    command = ("sort", "-T", str(path.parent), "-o", str(path), str(path))
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, "LC_ALL": "C"})
    try:
        code = await process.wait()
    except BaseException:
        process.kill()
        raise
    if code:
        raise CannotWrite("The statements of the store could not be sorted; is the disk full?")
