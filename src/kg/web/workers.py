"""Several server processes on one listening socket, and the supervisor that starts, replaces and ends them."""

import logging
import multiprocessing
import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess

from prometheus_client.multiprocess import mark_process_dead
from uvicorn.config import STARTUP_FAILURE

from kg.engine.sandbox import end_with_parent
from kg.scratch import Scratch
from kg.settings import Settings
from kg.web import logs, process
from kg.web.metrics import SHARED

log = logging.getLogger("kg.web.workers")

_PAUSE_SECONDS = 1.0
_SLACK_SECONDS = 10.0
_KILLED = 128
_STOPPING = (signal.SIGTERM, signal.SIGINT)
_spawn = multiprocessing.get_context("spawn")
multiprocessing.allow_connection_pickling()


def supervise(settings: Settings, listener: socket.socket) -> int:
    """Keep ``settings.workers`` processes serving until told to stop; returns the exit code."""
    logs.configure(settings)
    with _shared_figures() as folder, _signals() as signals:
        return Supervisor(settings, listener, folder, signals).run()


def work(settings: Settings, listener: socket.socket) -> None:
    """One server process; it ends with its supervisor, however that ends."""
    end_with_parent()
    parent = multiprocessing.parent_process()
    if parent is None or not parent.is_alive():
        return
    raise SystemExit(process.run(settings, listener, alone=False))


@contextmanager
def _shared_figures() -> Iterator[str]:
    """A private folder in which the processes gather their figures; removed at the end."""
    scratch = Scratch("metrics")
    os.environ[SHARED] = str(scratch.path)
    try:
        yield str(scratch.path)
    finally:
        del os.environ[SHARED]
        scratch.close()


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket from which the numbers of the signals to stop can be read, a byte each."""
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    before = {number: signal.signal(number, lambda *_: None) for number in _STOPPING}
    woken = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        with reading, writing:
            yield reading
            signal.set_wakeup_fd(woken)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Supervisor:
    """Starts processes one by one, replaces those that die, and ends them all."""

    def __init__(self, settings: Settings, listener: socket.socket, figures: str, signals: socket.socket) -> None:
        self._settings, self._listener = settings, listener
        self._figures, self._signals = figures, signals
        self._workers: dict[int, SpawnProcess] = {}

    def run(self) -> int:
        """Serve until a signal comes, or no process can be started; returns the exit code."""
        for _ in range(self._settings.workers):
            self._start()
        try:
            while not self._told(None):
                if not self._replace_dead():
                    self._end_all(signal.SIGTERM)
                    return STARTUP_FAILURE
            return self._stop()
        finally:
            self._end_all(signal.SIGKILL)

    def _start(self) -> None:
        worker = _spawn.Process(target=work, args=(self._settings, self._listener))
        worker.start()
        self._workers[worker.sentinel] = worker

    def _told(self, seconds: float | None) -> int:
        """Wait until a process ends or a signal comes; the signal's number, or 0."""
        wait([*self._workers, self._signals], seconds)
        return self._signal(0.0)

    def _signal(self, seconds: float) -> int:
        if not select.select([self._signals], [], [], seconds)[0]:
            return 0
        number = self._signals.recv(1)[0]
        return number if number in _STOPPING else 0

    def _replace_dead(self) -> bool:
        """Whether the server can go on: not if a process could not even start."""
        for dead in self._collected():
            log.error("worker ended pid=%s code=%s", dead.pid, dead.exitcode)
            if dead.exitcode == STARTUP_FAILURE:
                return False
            time.sleep(_PAUSE_SECONDS)
            self._start()
        return True

    def _collected(self) -> list[SpawnProcess]:
        """Those that ended since the last time; their part of the live figures ends, too."""
        dead = [worker for worker in self._workers.values() if not worker.is_alive()]
        for worker in dead:
            del self._workers[worker.sentinel]
            mark_process_dead(worker.pid, self._figures)  # type: ignore[no-untyped-call]
        return dead

    def _stop(self) -> int:
        """Have all finish what they have begun; a second signal, or the time they have, ends them at once."""
        self._listener.close()
        self._end_all(signal.SIGTERM)
        settings = self._settings
        until = time.monotonic() + settings.drain + settings.shutdown + _SLACK_SECONDS
        while self._workers and (left := until - time.monotonic()) > 0:
            if number := self._told(left):
                return _KILLED + number
            self._collected()
        return 0

    def _end_all(self, number: signal.Signals) -> None:
        for worker in self._workers.values():
            if worker.is_alive() and worker.pid is not None:
                os.kill(worker.pid, number)
