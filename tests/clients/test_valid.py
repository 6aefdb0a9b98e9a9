"""The Nu HTML Checker finds nothing to object to: in no kind of page, in both languages and on a day, in no sheet."""

import json
import subprocess
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from tests.browser.kinds import KINDS, REFUSED, asked

STATIC = Path(__file__).parents[2] / "src" / "kg" / "web" / "static"
UNKNOWN = "Property “paint-order” doesn't exist"
"""SVG 2 has it, and the checker's list of properties does not."""
WAYS: tuple[dict[str, str], ...] = ({}, {"lang": "fr"}, {"asOf": "2024-05-20", "knownOn": "2024-06-01"})


@pytest.fixture(scope="module")
def checker(modules: Path) -> Path:
    return modules / "vnu-jar" / "build" / "dist" / "vnu.jar"


def objections(checker: Path, *options: str) -> list[str]:
    """Everything that the checker says, warnings too, each with its file and what it is about."""
    done = subprocess.run(
        ["java", "-Xss4m", "-jar", checker, "--format", "json", "--exit-zero-always", "--stdout", *options],
        capture_output=True, text=True, timeout=180, check=True,
    )  # fmt: skip
    return [
        f"{said['url'].rpartition('/')[2]}:{said.get('lastLine')}: {said['message']} {said.get('extract', '')!r}"
        for said in json.loads(done.stdout)["messages"]
        if UNKNOWN not in said["message"]
    ]


def fetched(address: str, path: str) -> bytes:
    """The page at an address, also where it tells of a mistake."""
    request = Request(f"{address}{path}", headers={"Accept": "text/html"})  # noqa: S310 - our own address
    try:
        with urlopen(request, timeout=30) as answer:  # noqa: S310 - our own address
            body: bytes = answer.read()
    except HTTPError as error:
        body = error.read()
    return body


def test_every_page_is_valid(address: str, checker: Path, tmp_path: Path) -> None:
    for kind, path in KINDS.items():
        for number, way in enumerate(WAYS[:1] if kind in REFUSED else WAYS):
            (tmp_path / f"{kind}.{number}.html").write_bytes(fetched(address, asked(path, **way)))
    assert objections(checker, "--html", str(tmp_path)) == []


@pytest.mark.parametrize("form", ["css", "svg"])
def test_every_sheet_and_picture_is_valid(checker: Path, form: str) -> None:
    files = sorted(str(path) for path in STATIC.rglob(f"*.{form}"))
    assert len(files) > 1
    assert objections(checker, f"--{form}", *files) == []


def test_the_checker_would_tell(checker: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!doctype html><html lang=en><title>x</title><p><p align=left><ul><p>x</ul>")
    assert len(objections(checker, "--html", str(tmp_path))) > 1
