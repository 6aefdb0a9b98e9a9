"""Lighthouse, run for some pages of a server on one form of device."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("lighthouse.mjs")
FORMS = ("mobile", "desktop")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def scored(seconds: float, **asked: object) -> dict[str, Any]:
    """Kind → what Lighthouse tells of the page; ``asked`` is what the script takes.

    Raises:
        subprocess.TimeoutExpired: it took longer than so many seconds.
    """
    browser = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, _BROWSERS)))
    done = subprocess.run(
        ["node", SCRIPT, json.dumps({"whole": {}, "read": {}, **asked})],
        capture_output=True, text=True, timeout=seconds, check=False,
        env={**os.environ, "CHROME_PATH": browser},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told
