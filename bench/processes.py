"""Processes of the engines: started in a session of their own, measured and ended by process id."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_GRACE = 10.0
_LOOKS, _LOOK, _IDLE = 240, 0.5, 0.1
"""How often to look whether a server is idle, seconds between, and the share of a processor that counts as idle."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


class StartError(Exception):
    """An engine did not come up, or could not load the data."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a server; what it says goes to the log."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env={**os.environ, **(environment or {})}, start_new_session=True,
        )  # fmt: skip


def run(command: Sequence[str], log: Path, seconds: float, cwd: Path | None = None) -> None:
    """Run to the end within so many seconds.

    Raises:
        StartError: it failed or took longer; the detail has the end of the log.
    """
    process = subprocess.Popen(
        command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log.open("ab"), stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise StartError(f"{command[0]} took longer than {seconds:g} s") from error
    finally:
        end(process)
    if code != 0:
        raise StartError(f"{command[0]} ended with {code}: {tail(log)}")


def tail(log: Path) -> str:
    """The end of a log."""
    return log.read_text("utf-8", "replace")[-600:].strip() if log.is_file() else ""


def tree(root: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found, pending = [], [root]
    while pending:
        pid = pending.pop()
        found.append(pid)
        pending += children.get(pid, [])
    return found


def resident(root: int) -> tuple[int, int]:
    """Bytes of a process and all below it: RSS counts shared pages once a process, PSS once."""
    rss = pss = 0
    for pid in tree(root):
        try:
            rss += int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
            pss += next((int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:")), 0)
        except OSError:
            continue
    return rss, pss


def settled(root: int) -> None:
    """Wait until a server, with the processes below it, is idle: one may read on when it answers already."""
    used = sum(cpu(root))
    for _ in range(_LOOKS):
        time.sleep(_LOOK)
        before, used = used, sum(cpu(root))
        if used - before < _IDLE * _LOOK:
            return


def cpu(root: int) -> tuple[float, float]:
    """CPU seconds (user and system) that a process, and the ones below it, have used so far."""
    own, *below = (_cpu_of(pid) for pid in tree(root))
    return own, sum(below)


def _cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those below it, politely at first; each by its id."""
    pids = tree(process.pid)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pid in pids[1:]:
        _kill_orphan(pid, process.pid)


def _kill_orphan(pid: int, session: int) -> None:
    """Kill what outlived its parent, if it is still of the session that was started here."""
    try:
        if os.getsid(pid) == session:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float) -> float:
    """Wait until ``ready()`` is true; returns the seconds that it took.

    Raises:
        StartError: the process ended, or the time ran out.
    """
    begun = time.monotonic()
    while not ready():
        if process.poll() is not None:
            raise StartError(f"the server ended with {process.returncode}: {tail(log)}")
        if time.monotonic() - begun > seconds:
            raise StartError(f"the server did not answer within {seconds:g} s")
        time.sleep(0.005)
    return time.monotonic() - begun
