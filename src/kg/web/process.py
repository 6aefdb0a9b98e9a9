"""One server process: uvicorn around the application, with an orderly end."""

import asyncio
import gc
import os
import resource
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from kg.settings import Settings
from kg.web import logs
from kg.web.app import create_app
from kg.web.connection import Config

_FILES_BESIDES = 256
_KILLED = 128


def run(settings: Settings, listener: socket.socket, *, alone: bool) -> int:
    """Serve in this process; ``alone`` without a supervisor above it. Returns the exit code."""
    logs.configure(settings)
    listener.set_inheritable(False)  # a worker got it so; query processes must not
    _make_room_for_files(settings)
    server = Server(Config(create_app(settings), settings), alone=alone)
    server.run(sockets=[listener])
    return 0 if server.started else STARTUP_FAILURE


def _make_room_for_files(settings: Settings) -> None:
    """Raise the limit of open files to what the connections need, as far as the system lets us."""
    needed = settings.connections * 2 + _FILES_BESIDES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Server(uvicorn.Server):
    """Stops in order: turns not ready, closes the door, lets running requests finish, and ends with 0.

    A second signal ends it at once; a worker leaves that, and Ctrl-C, to its supervisor.
    """

    def __init__(self, config: Config, *, alone: bool) -> None:
        super().__init__(config)
        self._settings, self._admission = config.settings, config.admission
        self._signals = (signal.SIGTERM, signal.SIGINT) if alone else (signal.SIGTERM,)
        self._alone = alone

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.lifespan.state["observer"].connections = lambda: len(self._admission)
        gc.collect()
        gc.freeze()  # code, names and trees stay; looking through them again made pages wait for up to 50 ms

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.lifespan.state["observer"].stopping = True
        await asyncio.sleep(self._settings.drain)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        before = {number: signal.signal(number, self.handle_exit) for number in self._signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as signal calls it
        """Begin to stop; query processes die with this one if it must end at once."""
        if self.should_exit and self._alone:
            os._exit(_KILLED + sig)
        self.should_exit = True
