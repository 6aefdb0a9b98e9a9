"""Lighthouse's four scores for the front page and a firm's, on phone and desk.

How fast a page is depends on what else the machine does: run it where nothing else runs.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.browser.kinds import KINDS
from tests.clients.scores import FORMS, scored

WHOLE = ("home", "firm")
CATEGORIES = {"performance", "accessibility", "best-practices", "seo"}
LEAST = 95
TRIES = 2


def better(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> Mapping[str, Any]:
    """The telling of two in which the lowest score is the higher."""
    return other if one is None or min(other["scores"].values()) > min(one["scores"].values()) else one


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", WHOLE)
def test_front_page_and_firm_score_well_in_everything(modules: Path, everything: str, kind: str, form: str) -> None:
    """The better of two runs counts, as a whole: what else the machine does meanwhile slows a page down."""
    best: Mapping[str, Any] | None = None
    for _ in range(TRIES):
        best = better(best, scored(120, address=everything, form=form, whole={kind: KINDS[kind]})[kind])
        assert set(best["scores"]) == CATEGORIES
        if min(best["scores"].values()) >= LEAST:
            break
    assert best is not None
    assert min(best["scores"].values()) >= LEAST, best
    assert best["scores"]["accessibility"] == 100, best
