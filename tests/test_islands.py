"""The scripts of the pages: found where pages look for them, kept by browsers, and only those of our own."""

import gzip
import json
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kg.web import islands

MANIFEST = json.loads((islands.FOLDER / "manifest.json").read_text("utf-8"))
NAMES = sorted({name for files in MANIFEST.values() for name in (files["script"], *files["shared"])})


def test_every_file_of_the_folder_is_in_use() -> None:
    used = {name for files in MANIFEST.values() for name in (files["script"], *files["shared"], files.get("sheet"))}
    loose = {path.name for path in islands.FOLDER.iterdir()} - used - {"manifest.json", "THIRD-PARTY.txt"}
    scripts = "".join((islands.FOLDER / name).read_text("utf-8") for name in NAMES)
    assert {name for name in loose if name not in scripts} == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_is_kept_for_good_and_sent_compressed(client: TestClient, name: str) -> None:
    answer = client.get(f"/static/islands/{name}", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.content == (islands.FOLDER / name).read_bytes()
    plain = client.get(f"/static/islands/{name}", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content


def test_the_licences_of_what_is_bundled_can_be_read(client: TestClient) -> None:
    answer = client.get("/static/islands/THIRD-PARTY.txt")
    assert "Third-party software" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.js", "..%2f..%2fapp.py", "manifest"])
def test_nothing_else_is_served_there(client: TestClient, name: str) -> None:
    assert client.get(f"/static/islands/{name}").status_code == 404


def test_pages_load_their_own_scripts_only(client: TestClient) -> None:
    page = client.get("/id/arquus.html")
    scripts = [tag for tag in re.findall(r"<script[^>]*>", page.text) if "application/ld+json" not in tag]
    assert scripts == [f'<script type="module" src="/static/islands/{MANIFEST["find"]["script"]}">']
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_what_every_page_loads_is_small() -> None:
    files = [Path(islands.FOLDER / MANIFEST["find"][kind]) for kind in ("script", "sheet")]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 10_000
