"""Who holds a post only until it is filled: told so on the pages of post, person and claim, in both languages."""

import pytest
from starlette.testclient import TestClient
from tests.reading import page, words

from kg.compiler.build import build
from kg.settings import Settings
from kg.web.app import create_app

CLAIM = "lecornu-french-armed-forces-minister-2024-05-21"
PAGES = ("/id/french-minister-of-the-armed-forces.html", "/id/sebastien-lecornu.html", f"/claim/{CLAIM}.html")


@pytest.fixture
def interim(project: Settings) -> Settings:
    """The communiqué's graph, in which the French minister is one ad interim."""
    path = project.home / "data" / "government" / "france.ttl"
    head, mark, rest = path.read_text("utf-8").partition(f"claim:{CLAIM}\n")
    assert mark
    acting = rest.replace("    kg:on ", "    kg:acting true ;\n    kg:on ", 1)
    path.write_text(head + mark + acting, "utf-8")
    build(project)
    return project.model_copy(update={"readers": 1})


def test_an_interim_holder_is_told_as_one_in_both_languages(interim: Settings) -> None:
    with TestClient(create_app(interim), follow_redirects=False) as client:
        for path in PAGES:
            english, french = (words(page(client, f"{path}?lang={name}")) for name in ("en", "fr"))
            assert "ad interim" in english, path
            assert "par intérim" in french, path
            assert "ad interim" not in french, path
        heads = [words(head) for head in page(client, f"{PAGES[0]}?lang=fr").iter("th")]
        assert "Mandat" in heads


def test_nobody_else_is_told_as_one(client: TestClient) -> None:
    for path in PAGES:
        assert "ad interim" not in words(page(client, path)), path
