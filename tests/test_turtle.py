"""Strict reading: every error names the file and the line, and every statement can be found again."""

import os
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.compiler import turtle
from kg.errors import BrokenTurtle, InvalidSource

GRAPH = ox.NamedNode("https://w3id.org/armature/graph/data/test")
PREFIXES = {"id": "https://w3id.org/armature/id/", "kg": "https://w3id.org/armature/def/"}
TEXT = """\
@prefix id: <https://w3id.org/armature/id/> .
@prefix kg: <https://w3id.org/armature/def/> .

id:a
    a kg:Firm ;
    kg:note "one" ;
    kg:of id:b .

id:ab kg:of id:a .
<https://w3id.org/armature/id/full> kg:note "two" .
"""


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "test.ttl"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_file_fills_its_named_graph(tmp_path: Path) -> None:
    quads = turtle.parse(written(tmp_path, TEXT), GRAPH)
    assert len(quads) == 5
    assert {quad.graph_name for quad in quads} == {GRAPH}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("@prefix id: <https://w3id.org/armature/id/> .\n\nid:a id:b/c id:d .\n", 3),
        ("@prefix id: <https://w3id.org/armature/id/> .\nid:a id:b id:c\nid:d id:e id:f .\n", 3),
        ("\n\nid:a id:b id:c .\n", 3),
        ("<http://a b> <http://c> <http://d> .\n", 1),
        ('<http://a> <http://b> "unended .\n', 1),
        (b'<http://a> <http://b> "\xff" .\n', 1),
        ("<http://a> <http://b> <relative> .\n", 1),
    ],
)
def test_what_is_not_turtle_is_refused_with_file_and_line(tmp_path: Path, text: str | bytes, line: int) -> None:
    with pytest.raises(BrokenTurtle) as caught:
        turtle.parse(written(tmp_path, text), GRAPH, "data/test.ttl")
    assert caught.value.members["line"] == line
    assert caught.value.detail.startswith(f"data/test.ttl:{line}:")
    assert "Mend" in caught.value.detail


def test_what_cannot_be_read_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "folder.ttl").mkdir()
    (tmp_path / "dangling.ttl").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.ttl")
    for name in ("folder.ttl", "dangling.ttl", "pipe.ttl"):
        with pytest.raises(InvalidSource, match=f"data/{name}: not a file that can be read"):
            turtle.parse(tmp_path / name, GRAPH, f"data/{name}")


def test_a_byte_order_mark_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrokenTurtle, match=r"data/test.ttl:1:1: .*byte order mark"):
        turtle.parse(written(tmp_path, b"\xef\xbb\xbf" + TEXT.encode()), GRAPH, "data/test.ttl")


@pytest.mark.parametrize("node", ["[ <http://b> 1 ]", "_:x", "( 1 2 )"])
def test_blank_nodes_are_refused_where_they_stand(tmp_path: Path, node: str) -> None:
    text = f"<http://a> <http://b> 1 .\n<http://c> <http://d> {node} .\n"
    with pytest.raises(BrokenTurtle, match=r"data/test.ttl:2: blank nodes"):
        turtle.parse(written(tmp_path, text), GRAPH, "data/test.ttl")


@pytest.mark.parametrize(
    ("subject", "predicate", "line"),
    [
        ("id/a", None, 4),
        ("id/a", "def/note", 6),
        ("id/a", "def/of", 7),
        ("id/a", "def/missing", 4),
        ("id/ab", "def/of", 9),
        ("id/full", "def/note", 10),
        ("id/b", None, None),
    ],
)
def test_statements_are_found_again(tmp_path: Path, subject: str, predicate: str | None, line: int | None) -> None:
    base = "https://w3id.org/armature/"
    path = written(tmp_path, TEXT)
    assert turtle.locate(path, base + subject, predicate and base + predicate, PREFIXES) == line
