"""The exports of a snapshot as files: each is written once, then sent from the disk.

A snapshot never changes, so neither does an export of it. The files lie in ``exports/`` of the snapshot's own
folder, where every server that shares it finds them, or in a scratch folder where that cannot be written. A
large graph is written by another process, so that the server goes on answering and its memory stays small.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path

from kg import export, terms
from kg.errors import CannotWrite, DiskFull, KgError, NoSnapshot, UnknownEntity
from kg.formats import Format
from kg.snapshot import Snapshot

FOLDER = "exports"
_IN_PROCESS = 50_000
"""Statements up to which starting another process would take longer than writing."""
_LONGEST = 3600.0


class Downloads:
    """The files of one snapshot; :meth:`close` removes a scratch folder.

    ``fetch`` writes the statements to a file where they lie elsewhere until they are needed.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        prefixes: dict[str, terms.Iri],
        fetch: Callable[[Path], Awaitable[None]] | None = None,
    ) -> None:
        self._snapshot, self._prefixes, self._fetch = snapshot, prefixes, fetch
        self._writing: dict[str, asyncio.Task[Path]] = {}
        self._turn = asyncio.Semaphore(1)
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    async def file(self, name: str, form: Format, *, packed: bool = False) -> Path:
        """The file of ``all`` or of a named graph (``graph/…``) in a format, gzipped if ``packed``.

        Whoever asks while it is being written waits for the same file; leaving does not stop the writing.

        Raises:
            UnknownEntity: the snapshot has no such graph.
            DiskFull, CannotWrite, NoSnapshot: it could not be written.
        """
        self._size(name)
        relative = f"{name}.{form.name}{'.gz' if packed else ''}"
        for folder in self._folders():
            if (folder / relative).is_file():
                return folder / relative
        if relative not in self._writing:
            task = asyncio.get_running_loop().create_task(self._write(relative, name, form, packed))
            self._writing[relative] = task
            task.add_done_callback(lambda _: self._writing.pop(relative, None))
        return await asyncio.shield(self._writing[relative])

    def _size(self, name: str) -> int:
        """How many statements a download has."""
        manifest = self._snapshot.manifest
        if name == "all":
            return manifest.triples
        if terms.BASE + name not in manifest.graphs:
            raise UnknownEntity(f"There is no named graph <{terms.BASE}{name}>; see /export for the list.")
        return manifest.graphs[terms.BASE + name]

    def _folders(self) -> list[Path]:
        scratch = [Path(self._scratch.name)] if self._scratch else []
        return [self._snapshot.path / FOLDER, *scratch]

    @cached_property
    def _folder(self) -> Path:
        """Where files are written: beside the snapshot's own, else in a scratch folder."""
        folder = self._snapshot.path / FOLDER
        try:
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                _sweep(folder)
                return folder
        except OSError:
            self._scratch = tempfile.TemporaryDirectory(prefix="armature-exports-")
            return Path(self._scratch.name)

    async def _write(self, relative: str, name: str, form: Format, packed: bool) -> Path:
        """Write under another name, then rename: what has the right name is whole."""
        async with self._turn:
            await self._require_statements()
            target = self._folder / relative
            part = target.with_name(f"{target.name}.part-{os.getpid()}")
            job = export.Job(str(self._snapshot.path), name, form.name, str(part), packed, self._prefixes)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                await self._run(job)
                part.replace(target)
            except OSError as error:
                raise export.failure(error) from error
            finally:
                part.unlink(missing_ok=True)
        return target

    async def _require_statements(self) -> None:
        """See that the statements are there; only one export at a time does."""
        if self._snapshot.statements.is_file():
            return
        if self._fetch is None or not self._snapshot.path.is_dir():
            raise NoSnapshot("The snapshot that was served is gone from the disk; build it again.")
        await self._fetch(self._snapshot.statements)

    async def _run(self, job: export.Job) -> None:
        if self._size(job.name) <= _IN_PROCESS:
            await asyncio.to_thread(export.perform, job)
            return
        command = (sys.executable, "-m", "kg.export")
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(_LONGEST):
                _, words = await process.communicate(job.text())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise _told(words.decode("utf-8", "replace").strip())

    async def close(self) -> None:
        """Stop what is being written and remove a scratch folder."""
        for task in list(self._writing.values()):
            task.cancel()
        await asyncio.gather(*self._writing.values(), return_exceptions=True)
        if self._scratch is not None:
            self._scratch.cleanup()


def _sweep(folder: Path) -> None:
    """Remove what a server that was killed left half-written."""
    for part in folder.rglob("*.part-*"):
        if part.stat().st_mtime < time.time() - _LONGEST:
            part.unlink(missing_ok=True)


def _told(words: str) -> KgError:
    """The failure that the writing process told of."""
    last = words.splitlines()[-1] if words else "The process that writes exports ended without a word."
    return DiskFull(last) if last.startswith("No space") else CannotWrite(last)
