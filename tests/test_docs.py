"""The documentation: what is generated is current, and what is written by hand runs."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kg import docs
from kg.cli import kg
from kg.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").glob("*.md")])


def test_the_generated_pages_are_current(whole_settings: Settings) -> None:
    assert docs.write(whole_settings, kg, rewrite=False) == [], "run 'make docs'"


def test_every_passage_of_the_communique_is_traced() -> None:
    text = (ROOT / "docs" / "communique.md").read_text("utf-8")
    passages = ["masthead", "dateline", "title", *(f"s{n:02}" for n in range(1, 16)), "footer"]
    places = [text.index(f"`src:minarm-2024-05-21-{name}`") for name in passages]
    assert places == sorted(places)
    for section in text.split("\n## ")[1:]:
        assert "| `claim:" in section


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


def test_the_pictures_of_the_readme_are_there_and_small() -> None:
    shown = set(re.findall(r"docs/images/[\w.-]+", (ROOT / "README.md").read_text("utf-8")))
    assert shown == {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "images").iterdir()}
    assert [name for name in shown if (ROOT / name).stat().st_size > 200_000] == []


def test_the_readme_counts_what_the_graph_holds() -> None:
    told = re.search(
        r"more than ([\d,]+) claims from ([\d,]+) sources, among them (\d+) orders, (\d+) deals, (\d+) firms and"
        r"\s+(\d+) disagreements",
        (ROOT / "README.md").read_text("utf-8"),
    )
    assert told is not None
    tables = (ROOT / "docs" / "coverage.md").read_text("utf-8")
    in_all = re.search(r"\| (\d+) \| (\d+) \| \d+ \| (\d+) \|", tables)
    kinds = [re.search(rf"\| {kind} \| (\d+) \|", tables) for kind in ("order", "corporate deal", "firm")]
    assert in_all is not None
    held = [in_all[1], in_all[2], *(found[1] for found in kinds if found is not None), in_all[3]]
    numbers = [int(number.replace(",", "")) for number in told.groups()]
    assert len(held) == len(numbers)
    assert all(number <= int(true) < number * 1.1 for number, true in zip(numbers, held, strict=True))


def test_the_commands_of_the_readme_answer(client: TestClient) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    paths = re.findall(r"http://127\.0\.0\.1:8000(/[^\s'>]+)", text)
    assert len(paths) >= 4
    for path in paths:
        if path != "/sparql":
            assert client.get(path, headers={"Accept": "*/*"}).status_code in (200, 303), path
    posted = re.search(r"curl -d '(query=[^']+)'", text)
    assert posted
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.post("/sparql", content=posted.group(1), headers=form)
    assert len(answer.json()["results"]["bindings"]) == 1


def test_the_licences_are_there() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")
    assert "Attribution 4.0" in (ROOT / "LICENSE-DATA").read_text("utf-8")
