"""What pages are made of is sent compressed, and kept by browsers for as long as it is the same."""

import re

import pytest
from starlette.testclient import TestClient

from kg.web import assets

SQUEEZED = {"Accept": "text/html", "Accept-Encoding": "br, gzip;q=0.8"}
PLAIN = {"Accept": "text/html", "Accept-Encoding": "gzip;q=0, identity"}
PAGES = ("/export", "/gaps", "/sparql", "/search?q=cockerill", "/id/no-such-thing.html", "/static/css/base.css",
         "/static/icons.svg")  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_pages_and_sheets_come_compressed_to_who_takes_it(client: TestClient, path: str) -> None:
    packed, plain = client.get(path, headers=SQUEEZED), client.get(path, headers=PLAIN)
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    for answer in (packed, plain):
        assert "Accept-Encoding" in answer.headers["vary"]
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) == len(plain.content)
    hidden = re.compile(r"<code>[0-9a-f]{32}</code>")
    assert hidden.sub("", packed.text) == hidden.sub("", plain.text)


@pytest.mark.parametrize("path", [path for path in PAGES if "no-such" not in path])
def test_head_is_told_the_same_length(client: TestClient, path: str) -> None:
    """Of pages that say the same each time; one about a mistake names the request."""
    asked, told = (client.request(method, path, headers=SQUEEZED) for method in ("GET", "HEAD"))
    assert told.content == b""
    for name in ("content-encoding", "content-length", "vary"):
        assert told.headers[name] == asked.headers[name]


def test_a_compressed_answer_is_not_said_to_be_the_same_bytes(client: TestClient) -> None:
    path = "/static/css/base.css"
    tag = client.get(path, headers=PLAIN).headers["etag"]
    packed = client.get(path, headers=SQUEEZED)
    assert packed.headers["etag"] == f"W/{tag}"
    assert "accept-ranges" not in packed.headers
    assert client.get(path, headers={**SQUEEZED, "If-None-Match": packed.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/healthz", "/id/arquus.ttl", "/query/orders.csv", "/static/favicon.svg"])
def test_data_and_small_things_come_as_they_are(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


def test_a_part_of_a_file_is_a_part_of_the_plain_one(client: TestClient) -> None:
    answer = client.get("/static/css/base.css", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-1999"})
    assert answer.status_code == 206
    assert "content-encoding" not in answer.headers
    assert answer.content == (assets.FOLDER / "css/base.css").read_bytes()[:2000]


def test_a_page_names_the_content_of_its_sheets_which_are_kept_for_good(client: TestClient) -> None:
    sheets = re.findall(r'<link rel="stylesheet" href="(/static/css/[^"]+)"', client.get("/").text)
    assert len(sheets) > 1
    for path in sheets:
        assert "immutable" in client.get(path).headers["cache-control"]


@pytest.mark.parametrize("path", ["/static/css/base.css", "/static/css/base.css?v=00000000", "/static/icons.svg"])
def test_without_its_version_a_file_is_asked_for_again(client: TestClient, path: str) -> None:
    assert client.get(path).headers["cache-control"] == "no-cache"
