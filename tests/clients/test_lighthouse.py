"""Lighthouse's scores: all four for the front page and a firm's, accessibility for every kind, on phone and desk."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.browser.kinds import KINDS

SCRIPT = Path(__file__).with_name("lighthouse.mjs")
WHOLE = ("home", "firm")
FORMS = ("mobile", "desktop")
LEAST = 95
TRIES = 3


@pytest.fixture(scope="module")
def browser_path() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
    return found or os.environ["CHROME_PATH"]


def scored(address: str, browser_path: str, whole: dict[str, str], read: dict[str, str]) -> dict[Any, Any]:
    """(kind, form) → what Lighthouse tells of the page.

    Raises:
        subprocess.TimeoutExpired: it took more than six minutes.
    """
    asked = json.dumps({"address": address, "whole": whole, "read": read})
    done = subprocess.run(
        ["node", SCRIPT, asked], capture_output=True, text=True, timeout=360, check=False,
        env={**os.environ, "CHROME_PATH": browser_path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {(told["kind"], told["form"]): told for told in json.loads(done.stdout)}


def test_front_page_and_firm_score_well_in_everything(modules: Path, everything: str, browser_path: str) -> None:
    """The better of three runs counts, for what else the machine does slows a page down."""
    best: dict[Any, dict[str, int]] = {}
    for _ in range(TRIES):
        found = scored(everything, browser_path, {kind: KINDS[kind] for kind in WHOLE}, {})
        assert set(found) == {(kind, form) for kind in WHOLE for form in FORMS}
        for key, told in found.items():
            best[key] = {name: max(score, best.get(key, {}).get(name, 0)) for name, score in told["scores"].items()}
            assert set(told["scores"]) == {"performance", "accessibility", "best-practices", "seo"}
            assert told["scores"]["accessibility"] == 100, told
        if all(min(scores.values()) >= LEAST for scores in best.values()):
            return
    raise AssertionError(best)


def test_every_kind_of_page_is_wholly_accessible(modules: Path, address: str, browser_path: str) -> None:
    found = scored(address, browser_path, {}, KINDS)
    assert set(found) == {(kind, form) for kind in KINDS for form in FORMS}
    assert {key: told["lost"] for key, told in found.items() if told["scores"] != {"accessibility": 100}} == {}
