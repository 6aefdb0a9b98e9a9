"""Scratch folders: gone with their owner, and cleared away by the next one where it was killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kg.scratch import Scratch


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def _age(folder: Path) -> None:
    os.utime(folder, (0, 0))


def test_a_folder_goes_with_its_owner(temporary: Path) -> None:
    made = Scratch("metrics")
    assert made.path.parent == temporary
    made.close()
    made.close()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_owner_left_is_cleared_away(temporary: Path) -> None:
    code = (
        "import signal; from kg.scratch import Scratch; mine = Scratch('metrics'); print(mine.path, flush=True); "
        "signal.alarm(60); signal.pause()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(temporary)}
    ) as owner:
        assert owner.stdout is not None
        left = Path(owner.stdout.readline().strip())
        _age(left)
        mine = Scratch("metrics")
        assert left.is_dir(), "its owner lives"
        owner.send_signal(signal.SIGKILL)
        owner.wait(10)
    _age(left)
    other = Scratch("forms")
    assert left.is_dir(), "it is for another purpose"
    again = Scratch("metrics")
    assert not left.exists()
    assert mine.path.is_dir()
    for one in (mine, other, again):
        one.close()


def test_a_folder_without_a_lock_is_given_time(temporary: Path) -> None:
    folder = temporary / "armature-metrics-old"
    folder.mkdir()
    Scratch("metrics").close()
    assert folder.is_dir()
    _age(folder)
    Scratch("metrics").close()
    assert not folder.exists()
