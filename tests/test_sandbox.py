"""What a query process can no longer do, tried from inside one."""

import asyncio
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.engine import frames
from kg.engine.child import Child
from kg.engine.frames import Manner, Question

MIB = 1 << 20


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sandbox") / "store"
    store = ox.Store(directory)
    store.add(ox.Quad(*[ox.NamedNode("urn:x:a")] * 3))
    store.flush()
    return directory


def question(query: str) -> Question:
    manner = Manner(
        solutions="text/csv",
        graph="text/turtle",
        default_graphs=(),
        named_graphs=(),
        prologue="",
        from_default=(),
        from_named=(),
        result_bytes=1_000,
        form_only=False,
    )
    return Question(query, manner)


ATTEMPTS = {
    "open a socket": "socket.socket()",
    "make a pair of sockets": "socket.socketpair()",
    "write a file": "open(path, 'w')",
    "append to a file": "open(path, 'a')",
    "change a file": "open(path, 'r+')",
    "delete a file": "os.unlink(path)",
    "rename a file": "os.rename(path, path + 'x')",
    "make a folder": "os.mkdir(path + 'x')",
    "empty a file": "os.truncate(path, 0)",
    "change rights": "os.chmod(path, 0o777)",
    "fork": "os.fork()",
    "run a program": "os.execv('/bin/true', ['true'])",
    "kill the parent": "os.kill(os.getppid(), 0)",
    "raise the memory cap": "resource.setrlimit(resource.RLIMIT_AS, (1 << 50, 1 << 50))",
}
ALLOWED = {
    "read a file": "open(path).read()",
    "start a thread": "[t.start() or t.join() for t in [threading.Thread(target=print)]]",
    "map memory within the cap": f"bytearray({16 * MIB})",
}
PROGRAM = """
import json, os, resource, socket, sys, threading
from kg.engine import sandbox
path, attempt, steps = sys.argv[1:]
if "n" in steps and not sandbox.leave_network(): sys.exit("no namespaces here")
if "c" in steps: assert all(sandbox.cap_resources(64 << 20).values())
if "f" in steps: assert sandbox.filter_calls()
try:
    exec(attempt)
except (OSError, MemoryError, ValueError) as error:
    sys.exit(type(error).__name__)
"""


def attempt(path: Path, what: str, steps: str) -> str:
    """Try something behind barriers (network, caps, filter of calls); returns the error's name, if any."""
    path.write_text("content")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), what, steps],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.stderr.strip().splitlines()[-1] if done.stderr else ""


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_sandbox_refuses_to(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    refused = attempt(path, ATTEMPTS[name], "cf")
    assert refused in {"PermissionError", "ValueError"}
    assert path.read_text() == "content"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ALLOWED)
def test_the_sandbox_allows_to(name: str, tmp_path: Path) -> None:
    assert attempt(tmp_path / "file", ALLOWED[name], "cf") == ""


def test_memory_beyond_the_cap_is_refused(tmp_path: Path) -> None:
    assert attempt(tmp_path / "file", f"bytearray({128 * MIB})", "c") == "MemoryError"


@pytest.fixture
def listener() -> socket.socket:
    """Someone who would notice a connection."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    return listening


@pytest.mark.parametrize("steps", ["n", "f"])
def test_each_network_barrier_holds_by_itself(steps: str, listener: socket.socket, tmp_path: Path) -> None:
    with listener:
        connect = f"socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 1)"
        assert attempt(tmp_path / "file", connect, steps) in {
            "PermissionError",
            "OSError",
            "ConnectionRefusedError",
        }
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("silent", ["", "SILENT "])
def test_a_service_that_comes_past_the_first_barrier_reaches_nobody(
    silent: str, listener: socket.socket, directory: Path
) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"

    async def exchange() -> bytes:
        child = await Child.start(directory, {}, 256 * MIB)
        assert child.barriers["system calls"]
        child.ask(question(f"SELECT * WHERE {{ SERVICE {silent}<{address}> {{ ?s ?p ?o }} }}"))
        kind = (await child.frame())[0]
        await child.end()
        return kind

    with listener:
        assert asyncio.run(exchange()) == (frames.HEAD if silent else frames.FAILED)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_reader_is_capped_before_its_first_question(directory: Path) -> None:
    async def look() -> tuple[Child, tuple[int, int], int, str]:
        child = await Child.start(directory, {}, 256 * MIB)
        cap = resource.prlimit(child.process.pid, resource.RLIMIT_AS)
        mapped, status = _mapped(child.process.pid), _status(child.process.pid)
        await child.end()
        return child, cap, mapped, status

    child, (soft, hard), mapped, status = asyncio.run(look())
    assert set(child.barriers) >= {"memory", "core", "file size", "open files", "parent", "system calls"}
    assert all(held for name, held in child.barriers.items() if name != "network")
    assert soft == hard
    assert abs(soft - mapped - 256 * MIB) < 96 * MIB  # the C library maps a pool per thread on top
    assert "\nNoNewPrivs:\t1\n" in status
    assert "\nSeccomp:\t2\n" in status


def _mapped(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


def _status(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text()


ORPHAN = """
import asyncio, sys
from pathlib import Path
from kg.engine.child import Child
async def main():
    child = await Child.start(Path(sys.argv[1]), {}, 1 << 28)
    print(child.process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_a_reader_does_not_outlive_a_killed_server(directory: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHAN, str(directory)], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert _is_running(pid)
        server.send_signal(signal.SIGKILL)
    end = time.monotonic() + 5
    while _is_running(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
