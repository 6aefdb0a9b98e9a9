"""Where and on what a run was made, for its report."""

import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from kg.settings import CHECKOUT


def about() -> dict[str, str]:
    """Day, commit, machine, its load at the end of the run, and the command that makes the run again."""
    changed = _told("git", "status", "--porcelain", "src", "bench", "queries", "ontology", ":!bench/results")
    return {
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": _told("git", "rev-parse", "--short", "HEAD") + (" with changes" if changed else ""),
        "machine": f"{_told('nproc')} × {_processor()}, {_memory():.0f} GiB, Linux {platform.release()}",
        "load_average": Path("/proc/loadavg").read_text("ascii").split()[0],
        "python": platform.python_version(),
        "command": f"python -m bench.run {' '.join(sys.argv[1:])}".strip(),
    }


def _told(*command: str) -> str:
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout.strip()


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _memory() -> float:
    return int(Path("/proc/meminfo").read_text("ascii").split()[1]) / (1 << 20)
