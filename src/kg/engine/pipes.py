"""The pipes of a process as frames: written at once, read as they come, without a task or a stream between."""

import asyncio
from collections import deque
from typing import cast

from kg.engine import frames

_MOST_BYTES = 1 << 17
"""Of frames that nobody has taken yet; with more, the process has to wait."""


class ReaderDiedError(Exception):
    """The process ended in the middle of an answer."""


class Pipes(asyncio.SubprocessProtocol):
    """A process, its standard input and output; ``returncode`` is ``None`` while it runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._data = b""
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._held = 0
        self._paused = self._dropping = False
        self._waiter: asyncio.Future[None] | None = None
        self._gone: asyncio.Future[None] = loop.create_future()
        self.broken = ""
        self.over = False
        self.pid = 0
        self.returncode: int | None = None

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._in = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        self._out = cast("asyncio.ReadTransport", self._transport.get_pipe_transport(1))
        self.pid = self._transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002 - there is one to read from
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

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - lost is lost
        if fd == 1:
            self.over = True
            self._wake()
        self._finish()

    def process_exited(self) -> None:
        self.returncode = self._transport.get_returncode()
        self._finish()

    def _finish(self) -> None:
        """Let go of the process once it has ended and all that it sent has been read."""
        if self.over and self.returncode is not None:
            self._transport.close()
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
