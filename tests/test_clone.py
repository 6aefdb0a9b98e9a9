"""As a stranger would: clone into an empty folder and run the documented commands."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
START = 180
"""Seconds from the clone to the first answer."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the working tree as git would hand them out, in a repository of their own."""
    folder = tmp_path_factory.mktemp("clone") / "armature"
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def without_node() -> dict[str, str]:
    """The environment with no Node.js on the path, and none of the project's own settings."""
    paths = [p for p in os.environ["PATH"].split(os.pathsep) if not (Path(p) / "node").exists() or p == "/usr/bin"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KG_")}
    return {**kept, "PATH": os.pathsep.join([str(Path(sys.executable).parent), *paths])}


def test_make_serve_answers(clone: Path) -> None:
    started = time.monotonic()
    with subprocess.Popen(
        ["make", "serve", "PORT=0", f"PYTHON={sys.executable}"],
        cwd=clone, env=without_node(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            seen = ""
            for line in process.stdout:
                seen += line
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    break
            assert found, seen
            with urllib.request.urlopen(f"{found.group()}/healthz", timeout=30) as answer:  # noqa: S310 - our own address
                assert json.loads(answer.read())["status"] == "ok"
            assert time.monotonic() - started < START
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def test_the_installed_package_is_a_complete_product(clone: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    python = str(clone / ".venv" / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(clone)],
        check=True, timeout=120,
    )  # fmt: skip
    (wheel,) = wheels.glob("armature_kg-*.whl")
    site = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True, timeout=120)
    environment = {**without_node(), "PYTHONPATH": str(site), "XDG_DATA_HOME": str(tmp_path / "data")}
    command = [python, "-P", "-m", "kg"]
    built = subprocess.run(
        [*command, "build"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "data" / "armature" / "snapshots" / "current").is_symlink()
    asked = subprocess.run(
        [*command, "query", "signatories-of-agreement", "--format", "csv"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "ludivine-dedonder" in asked.stdout
