"""The benchmark of pages: the same pages for a seed, times of whole answers only, a report with the aims."""

import os
from urllib.parse import urlsplit

import pytest
from bench import pages
from bench.client import AnswerError
from bench.pages import Asked, Round

from kg.snapshot import Snapshot
from kg.terms import ID


def test_a_seed_draws_the_same_pages_and_none_of_those_to_begin_with(built: Snapshot) -> None:
    iris = pages.entities(built.store)
    assert f"{ID}arquus" in iris
    assert pages.drawn(iris, 10, 1) == pages.drawn(iris, 10, 1) != pages.drawn(iris, 10, 2)
    paths, others = pages.drawn(iris, 10, 1)
    assert len(paths) == 10
    assert not set(paths) & set(others)
    assert all(path.startswith("/id/") and path.endswith(".html") for path in paths)


def test_pages_are_timed_to_their_last_byte(address: str) -> None:
    port = urlsplit(address).port or 0
    found = pages.measured(port, os.getpid(), ["/id/arquus.html", "/id/camo.html"])
    assert [page.path for page in found.pages] == ["/id/arquus.html", "/id/camo.html"]
    assert all(page.seconds > 0 and page.size > 2_000 for page in found.pages)


def test_a_page_that_is_not_there_has_no_time(address: str) -> None:
    with pytest.raises(AnswerError, match="404"):
        pages.measured(urlsplit(address).port or 0, os.getpid(), ["/id/there-is-none.html"])


def test_the_report_says_what_was_seen() -> None:
    seen = Round([Asked(f"/id/{n}.html", n / 1000, 100 * n) for n in range(1, 101)], server_cpu=2.0, readers_cpu=1.0)
    found = pages.figures(seen)
    assert (found["pages"], found["server_cpu"], found["readers_cpu"]) == (100, 20.0, 10.0)
    assert found["slowest"][0] == ["/id/100.html", 100.0, 10_000]
    about = {"day": "2026-11-28", "machine": "m", "load_average": "1.0", "commit": "c", "command": "python -m x"}
    result = {"about": about, "seed": 1, "entities": 3, "statements": 9, "snapshot": "s" * 64}
    text = pages.report({**result, "cold": found, "memory": found})
    assert f"| asked for the first time | {found['p50']:.1f} | {found['p95']:.1f} | {found['p99']:.1f} | 50 |" in text
    assert "`/id/100.html`: 100.0 ms" in text
