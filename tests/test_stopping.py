"""The end of a server: in order when asked, at once when asked twice, and never leaving anybody behind."""

import os
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.live import ENDLESS, Live, received, serving, within

from kg.settings import Settings
from kg.snapshot import Snapshot

Answer = tuple[int, dict[str, str], bytes]


def descendants(pid: int) -> set[int]:
    """The processes below one, however deep."""
    found: set[int] = set()
    for entry in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, entry.read_text().split()):
            found |= {child, *descendants(child)}
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that run; a zombie that nobody has collected yet does not."""
    states = {pid: Path(f"/proc/{pid}/stat") for pid in pids}
    return {
        pid for pid, stat in states.items() if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    }


def begun(live: Live, pool: ThreadPoolExecutor, query: str) -> "Future[Answer]":
    """A query that is under way."""
    asked = pool.submit(live.query, query)
    assert within(25, lambda: live.figure('armature_readers{state="busy"}') == 1)
    return asked


@pytest.mark.parametrize("workers", [1, 2])
def test_running_queries_finish_before_the_server_does(
    settings: Settings, built: Snapshot, tmp_path: Path, workers: int
) -> None:
    with (
        serving(settings, tmp_path, workers=workers, deadline=5, shutdown=20) as live,
        ThreadPoolExecutor(1) as pool,
    ):
        asked = begun(live, pool, ENDLESS)
        family = descendants(live.process.pid)
        os.killpg(live.process.pid, signal.SIGTERM)  # as a service manager does that asks every process
        within(25, lambda: not accepts(live))
        assert not asked.done()
        status, _, body = asked.result(15)
        assert (status, b"query-timeout" in body) == (503, True), "it ran to its own deadline"
        assert live.process.wait(15) == 0
        assert within(25, lambda: not alive(family))
        assert "Traceback" not in live.log()


def accepts(live: Live) -> bool:
    try:
        with live.connect():
            return True
    except ConnectionRefusedError:
        return False


def test_what_does_not_finish_in_time_is_given_up(settings: Settings, built: Snapshot, tmp_path: Path) -> None:
    with serving(settings, tmp_path, deadline=60, shutdown=1) as live, ThreadPoolExecutor(1) as pool:
        asked = begun(live, pool, ENDLESS)
        started = time.monotonic()
        live.process.send_signal(signal.SIGTERM)
        status, _, body = asked.result(15)
        assert (status, b"not-ready" in body) == (503, True)
        assert live.process.wait(15) == 0
        assert 0.9 < time.monotonic() - started < 15
        assert "Traceback" not in live.log()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_signal_ends_everything_at_once(
    settings: Settings, built: Snapshot, tmp_path: Path, workers: int
) -> None:
    with (
        serving(settings, tmp_path, workers=workers, deadline=60, shutdown=60) as live,
        ThreadPoolExecutor(1) as pool,
    ):
        asked = begun(live, pool, ENDLESS)
        family = descendants(live.process.pid)
        live.process.send_signal(signal.SIGTERM)
        within(25, lambda: not accepts(live))
        live.process.send_signal(signal.SIGTERM)
        assert live.process.wait(10) == 128 + signal.SIGTERM
        assert within(25, lambda: not alive(family))
        with pytest.raises(OSError):  # noqa: PT011 - closed or reset, as it comes
            asked.result(15)


@pytest.mark.parametrize("workers", [1, 2])
def test_nobody_outlives_a_server_that_is_killed(
    settings: Settings, built: Snapshot, tmp_path: Path, workers: int
) -> None:
    with serving(settings, tmp_path, workers=workers) as live:
        assert live.query("ASK {}")[0] == 200
        family = descendants(live.process.pid)
        assert len(family) >= workers
        live.process.kill()
        live.process.wait(10)
        assert within(25, lambda: not alive(family))


def test_the_door_stays_open_for_a_while_if_asked_to(settings: Settings, built: Snapshot, tmp_path: Path) -> None:
    with serving(settings, tmp_path, drain=4) as live:
        assert live.ask("/readyz")[0] == 200
        live.process.send_signal(signal.SIGTERM)
        assert within(3, lambda: live.ask("/readyz")[0] == 503)
        assert b"about to stop" in live.ask("/readyz")[2]
        assert live.query("ASK {}")[0] == 200
        assert live.process.wait(15) == 0


def test_an_idle_connection_does_not_hold_up_the_end(settings: Settings, built: Snapshot, tmp_path: Path) -> None:
    with serving(settings, tmp_path, shutdown=30) as live, live.connect() as idle, live.connect() as half:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(65_536)
        half.sendall(b"GET /hea")
        live.process.send_signal(signal.SIGTERM)
        assert live.process.wait(8) == 0
        assert b"HTTP/1.1" not in received(half)


def test_a_worker_that_dies_is_replaced_and_its_figures_go(
    settings: Settings, built: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving(settings, tmp_path, workers=2) as live:
        for _ in range(20):
            assert live.query("ASK {}")[0] == 200
        told = 'armature_http_requests_total{method="GET",route="/sparql",status="2xx"}'
        assert within(25, lambda: live.figure(told) == 20)
        (folder,) = tmp_path.glob("armature-metrics-*")
        assert folder.stat().st_mode & 0o077 == 0
        workers = {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_livesum_*.db")}
        assert len(workers) == 2
        assert live.figure("process_resident_memory_bytes") > 0
        victim = workers.pop()
        os.kill(victim, signal.SIGKILL)
        assert live.logged("worker ended", f"pid={victim}")
        assert within(25, lambda: not list(folder.glob(f"gauge_live*_{victim}.db")))
        assert within(20, lambda: len(list(folder.glob("gauge_livesum_*.db"))) == 2)
        assert within(25, lambda: live.figure(told) == 20), "what a dead worker has counted still counts"
        assert live.query("ASK {}")[0] == 200
    assert not list(tmp_path.glob("armature-metrics-*"))
