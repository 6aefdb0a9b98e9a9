"""Readers as they start: killed by somebody, or giving up by themselves."""

import _thread
import asyncio
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from kg.engine import reader
from kg.engine.child import Child, KilledAtStartError
from kg.engine.limits import Limits
from kg.engine.store import Accept, EmbeddedStore, Request, read
from kg.errors import EngineFailure

JSON = Accept("application/sparql-results+json")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "store"
    ox.Store(directory).flush()
    return directory


def _kill_readers_of(directory: Path) -> None:
    """Those among the processes below this one."""
    for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
        if os.fsencode(directory) in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(int(pid), signal.SIGKILL)


@pytest.mark.parametrize("times", [3, 12])
def test_readers_that_are_killed_as_they_start_are_waited_for(
    directory: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    start, killed = Child.start, 0

    async def killed_at_first(*told: Any) -> Child:
        nonlocal killed
        if killed < times:
            killed += 1
            raise KilledAtStartError("No reader could be started: it said nothing")
        return await start(*told)

    async def attempt() -> bytes:
        store = EmbeddedStore(directory, limits=Limits(), readers=2)
        try:
            return await read(await store.answer(Request("ASK {}", JSON)))
        finally:
            await store.close()

    monkeypatch.setattr(Child, "start", killed_at_first)
    assert b"true" in asyncio.run(attempt())
    assert killed == times


def test_being_killed_is_told_from_giving_up(directory: Path) -> None:
    async def failure(directory: Path, *, kill: bool) -> EngineFailure:
        starting = asyncio.ensure_future(Child.start(directory, {}, 1 << 30))
        while kill and not starting.done():
            _kill_readers_of(directory)
            await asyncio.sleep(0.01)
        with pytest.raises(EngineFailure) as failed:
            await starting
        return failed.value

    assert isinstance(asyncio.run(failure(directory, kill=True)), KilledAtStartError)
    assert not isinstance(asyncio.run(failure(directory / "none", kill=False)), KilledAtStartError)


def test_only_the_thread_that_evaluates_gives_way(directory: Path) -> None:
    async def priorities() -> list[int]:
        child = await Child.start(directory, {}, 1 << 30)
        try:
            return _priorities(child.process.pid)
        finally:
            await child.end()

    own = os.getpriority(os.PRIO_PROCESS, 0)
    *others, last = asyncio.run(priorities())
    assert last == own + 10
    assert others
    assert set(others) == {own}


def _priorities(pid: int) -> list[int]:
    """How nice each thread of a process is."""
    return sorted(os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in Path(f"/proc/{pid}/task").iterdir())


NUMBERS = " ".join(map(str, range(130)))
LONG = (
    "SELECT (COUNT(*) AS ?n) {" + "".join(f"VALUES ?{x} {{ {NUMBERS} }} " for x in "abc") + "FILTER(?a + ?b > ?c) }"
)


def test_the_thread_that_goes_on_needs_no_more_memory_than_the_one_before(directory: Path) -> None:
    """There is no room for a second stack, which the first thread holds until it is gone."""

    async def scenario() -> None:
        store = EmbeddedStore(directory, limits=Limits(memory=200 << 20), readers=1)
        try:
            await read(await store.answer(Request("ASK {}", JSON)))
            await _until(lambda: len(store.pids) == 3)
            pids = store.pids
            for number in range(8):
                assert b'"value":"' in await read(await store.answer(Request(f"{LONG} # {number}", JSON)))
            assert store.pids == pids
        finally:
            await store.close()

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_thread_that_does_not_come_to_life_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_thread, "start_new_thread", lambda *_: None)
    monkeypatch.setattr(_thread, "stack_size", lambda _: 0)
    monkeypatch.setattr(reader, "_BEGINS", 0.01)
    assert reader._in_thread(lambda: True) is False


def test_a_long_query_gives_way_to_others_and_the_next_one_does_not(directory: Path) -> None:
    async def scenario() -> None:
        store = EmbeddedStore(directory, limits=Limits(), readers=1)
        try:
            await read(await store.answer(Request("ASK {}", JSON)))
            await _until(lambda: len(store.pids) == 3 and not slowed(store.pids))
            pids = store.pids
            for _ in range(2):
                answering = asyncio.ensure_future(store.answer(Request(LONG, JSON)))
                seen: set[int] = set()
                while not answering.done():
                    await asyncio.sleep(0.02)
                    seen |= slowed(pids)
                assert b'"value":"' in await read(answering.result())
                assert len(seen) == 1
                await _until(lambda: not slowed(pids))
                assert b"true" in await read(await store.answer(Request("ASK {}", JSON)))
                assert store.pids == pids
        finally:
            await store.close()

    def slowed(pids: set[int]) -> set[int]:
        """Those in which no thread has the priority of one that evaluates."""
        return {pid for pid in pids if own + 10 not in _priorities(pid)}

    own = os.getpriority(os.PRIO_PROCESS, 0)
    asyncio.run(asyncio.wait_for(scenario(), 60))


async def _until(true: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError


# Pipes


def test_the_end_of_a_process_is_seen_where_the_kernel_does_not_tell_it(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: int) -> int:
        raise OSError(errno.ENOSYS, "Function not implemented")

    async def code() -> int:
        child = await Child.start(directory, {}, 1 << 30)
        os.kill(child.process.pid, signal.SIGKILL)
        await asyncio.wait_for(child.process.wait(), 20)
        return await child.end()

    monkeypatch.setattr(os, "pidfd_open", unknown)
    assert asyncio.run(code()) == -signal.SIGKILL


def test_a_process_whose_pipes_cannot_be_had_is_not_left_behind(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def noted(*given: Any, **named: Any) -> subprocess.Popen[bytes]:
        begun.append(start(*given, **named))
        return begun[-1]

    async def failure() -> str:
        async def broken(*_: Any) -> None:
            raise OSError(errno.EMFILE, "Too many open files")

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "connect_write_pipe", broken)
        with pytest.raises(EngineFailure) as failed:
            await Child.start(directory, {}, 1 << 30)
        return failed.value.detail

    monkeypatch.setattr(subprocess, "Popen", noted)
    assert "Too many open files" in asyncio.run(failure())
    (process,) = begun
    assert process.returncode == -signal.SIGKILL
    assert process.stdin
    assert process.stdin.closed


def test_a_process_that_cannot_be_started_is_told_of(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def attempt() -> None:
        with pytest.raises(EngineFailure, match="No such file"):
            await Child.start(directory, {}, 1 << 30)

    monkeypatch.setattr(sys, "executable", "/there/is/none")
    asyncio.run(attempt())
