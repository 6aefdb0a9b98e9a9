"""One reader process, seen from the server: started, asked, read from, ended."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kg.engine.frames import Question
from kg.engine.pipes import Pipes, ReaderDiedError
from kg.errors import EngineFailure

_START_SECONDS = 20.0
_COMPLAINT_BYTES = 4_000
_LEAST = 19
"""The lowest of the ordinary priorities, as a niceness."""


class KilledAtStartError(EngineFailure):
    """Somebody killed the process before it was ready: the next one may live."""


@dataclass(eq=False)
class Child:
    """A reader.

    ``barriers`` are those of :mod:`kg.engine.sandbox` that hold in it. ``last_words`` is what it wrote to standard
    error; that is known once it has ended.
    """

    process: Pipes
    complaints: BinaryIO
    barriers: dict[str, bool] = field(default_factory=dict)
    _ended: bool = False
    last_words: str = ""

    @classmethod
    async def start(cls, directory: Path, prefixes: dict[str, str], memory: int) -> "Child":
        """A reader that waits for its first question.

        Raises:
            EngineFailure: the process could not be started, or gave up; the detail has its last words.
            KilledAtStartError: it was killed from outside.
        """
        child = await cls._spawn(directory, json.dumps({"prefixes": prefixes, "memory": memory}))
        try:
            async with asyncio.timeout(_START_SECONDS):
                _, greeting = await child.frame()
        except (ReaderDiedError, TimeoutError) as error:
            code = await child.end()
            reason = (child.last_words.splitlines() or ["it said nothing"])[-1]
            killed = code == -signal.SIGKILL and isinstance(error, ReaderDiedError)
            failure = KilledAtStartError if killed else EngineFailure
            raise failure(f"No reader could be started on {directory}: {reason}") from error
        except BaseException:
            await child.end()
            raise
        child.barriers = json.loads(greeting)
        return child

    @classmethod
    async def _spawn(cls, directory: Path, options: str) -> "Child":
        complaints = os.fdopen(os.memfd_create("reader"), "w+b")
        command = (sys.executable, "-P", "-m", "kg.engine.reader", str(directory), options)
        env = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        creation = asyncio.ensure_future(Pipes.start(command, env, complaints))
        try:
            return cls(await asyncio.shield(creation), complaints)
        except OSError as error:
            complaints.close()
            raise EngineFailure(f"No reader could be started: {error}") from error
        except asyncio.CancelledError:
            # the process is there, or about to be: it is to be ended, too
            await cls(await creation, complaints).end()
            raise

    @property
    def alive(self) -> bool:
        return self.process.returncode is None and not self.process.over

    def ask(self, question: Question) -> None:
        """Send a question.

        Raises:
            ReaderDiedError: nobody reads it any more.
        """
        self.process.write(question.packed())

    def send(self, questions: Sequence[Question]) -> None:
        """Send several questions at once, to be answered one after the other; whoever does so reads all answers.

        Nothing waits until they are read, for a reader may be busy writing an answer that is to be read here. That
        nobody reads them shows when their answers are waited for.
        """
        with suppress(ReaderDiedError):
            self.process.write(b"".join([one.packed() for one in questions]))

    async def frame(self) -> tuple[bytes, bytes]:
        """The next frame: its letter and what it holds. Cancelling loses nothing.

        Raises:
            ReaderDiedError: the process ended, or sends what is no frame.
        """
        return await self.process.frame()

    def kill(self) -> None:
        """End the process at once; what it had sent can still be read."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)

    def slow(self) -> None:
        """Let the query that runs give way to those that begin: all threads but the first get the least priority.

        The process itself sees that the next query has the usual one again.
        """
        own = str(self.process.pid)
        with suppress(OSError):  # it may end meanwhile
            for thread in Path(f"/proc/{own}/task").iterdir():
                if thread.name != own:
                    os.setpriority(os.PRIO_PROCESS, int(thread.name), _LEAST)

    async def end(self) -> int:
        """Kill the process, wait until it is gone and its pipes are closed; returns its exit code."""
        if not self._ended:
            self._ended = True
            self.kill()
            self.process.close()
        code = await self.process.wait()
        if not self.complaints.closed:
            with self.complaints:
                self.complaints.seek(0)
                self.last_words = self.complaints.read()[:_COMPLAINT_BYTES].decode("utf-8", "replace").strip()
        return code
