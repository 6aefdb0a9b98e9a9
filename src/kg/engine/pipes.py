"""The pipes of a process as frames: written at once, read as they come, without a task or a stream between.

The process is not started by the loop: libuv copies the tables of the whole server's memory before each start, which
stops everybody for some twenty milliseconds, where the standard library borrows them.
"""

import asyncio
import os
import subprocess
from collections import deque
from collections.abc import Sequence
from typing import BinaryIO, cast

from kg.engine import frames

_MOST_BYTES = 1 << 17
"""Of frames that nobody has taken yet; with more, the process has to wait."""


class ReaderDiedError(Exception):
    """The process ended in the middle of an answer."""


class Pipes(asyncio.Protocol):
    """A process, its standard input and output; ``returncode`` is ``None`` while it runs."""

    _in: asyncio.WriteTransport
    _out: asyncio.ReadTransport

    def __init__(self, loop: asyncio.AbstractEventLoop, process: subprocess.Popen[bytes]) -> None:
        self._loop, self._process = loop, process
        self._data = b""
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._held = 0
        self._paused = self._dropping = False
        self._waiter: asyncio.Future[None] | None = None
        self._gone: asyncio.Future[None] = loop.create_future()
        self.broken = ""
        self.over = False
        self.pid = process.pid
        self.returncode: int | None = None

    @classmethod
    async def start(cls, command: Sequence[str], env: dict[str, str], complaints: BinaryIO) -> "Pipes":
        """A process that has just been started; whoever calls waits for it to the end, for there is something to end.

        Raises:
            OSError: it could not be started.
        """
        loop = asyncio.get_running_loop()
        process = subprocess.Popen(  # noqa: ASYNC220, S603 - a quarter of a millisecond; our own command
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints
        )
        try:
            pipes = cls(loop, process)
            pipes._in, _ = await loop.connect_write_pipe(asyncio.Protocol, process.stdin)
            await loop.connect_read_pipe(lambda: pipes, process.stdout)
        except BaseException:
            with process:  # whose end closes the pipes and waits
                process.kill()
            raise
        pipes._watch()
        return pipes

    def _watch(self) -> None:
        """Have the end of the process told, by the kernel or else by a thread that waits for it."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except OSError:
            self._loop.run_in_executor(None, self._process.wait).add_done_callback(lambda _: self._ended())
        else:
            self._loop.add_reader(descriptor, self._readable, descriptor)

    def _readable(self, descriptor: int) -> None:
        self._loop.remove_reader(descriptor)
        os.close(descriptor)
        self._ended()

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out = cast("asyncio.ReadTransport", transport)

    def data_received(self, data: bytes) -> None:
        if self._dropping:
            return
        data, at = self._data + data if self._data else data, 0
        size = frames.HEADER.size
        while len(data) - at >= size:
            kind, length = frames.HEADER.unpack_from(data, at)
            if length > frames.LARGEST:
                self.broken = f"a frame of {length} bytes"
                break
            if len(data) - at - size < length:
                break
            self._frames.append((kind, data[at + size : at + size + length]))
            self._held += length
            at += size + length
        self._data = data[at:]
        if self._held > _MOST_BYTES and not self._paused:
            self._paused = True
            self._out.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - lost is lost
        self.over = True
        self._wake()
        self._finish()

    def _ended(self) -> None:
        self.returncode = self._process.wait()
        self._finish()

    def _finish(self) -> None:
        """Let go of the process once it has ended and all that it sent has been read."""
        if self.over and self.returncode is not None:
            self._in.close()
            if not self._gone.done():
                self._gone.set_result(None)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the server does

    def write(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            ReaderDiedError: nobody reads them any more.
        """
        if self.over or self._in.is_closing():
            raise ReaderDiedError
        self._in.write(data)

    async def frame(self) -> tuple[bytes, bytes]:
        """The next frame. Cancelling loses nothing.

        Raises:
            ReaderDiedError: the process ended, or sends what is no frame.
        """
        while not self._frames:
            if self.over or self.broken or self._dropping:
                raise ReaderDiedError(self.broken)
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        kind, data = self._frames.popleft()
        self._held -= len(data)
        if self._paused and not self._frames:
            self._paused = False
            self._out.resume_reading()
        return kind, data

    async def wait(self) -> int:
        """Wait until the process is gone and its pipes are closed; returns its exit code."""
        await asyncio.shield(self._gone)
        return cast("int", self.returncode)

    def close(self) -> None:
        """Send nothing more, and want nothing more that comes."""
        self._dropping = True
        self._frames.clear()
        self._in.close()
        if self._paused:
            self._paused = False
            self._out.resume_reading()
        self._wake()
