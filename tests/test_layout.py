"""The layout of Turtle: the same triples always give the same text, and the text gives them back."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg import terms
from kg.compiler import layout
from kg.errors import BrokenTurtle, InvalidSource

ONTOLOGY = Path(__file__).parents[1] / "ontology"
PREFIXES = terms.prefixes(ONTOLOGY)

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
_LOCALS = st.text("abcXYZ019._-~%/é,;'()#?:", max_size=8).map(lambda s: s.replace("%", "%25"))
_SPACES = st.sampled_from([*PREFIXES.values(), "urn:x:", "http://example.org/a#"])


def _is_iri(text: str) -> bool:
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


_IRIS = st.builds(str.__add__, _SPACES, _LOCALS).filter(_is_iri).map(ox.NamedNode)
_DATATYPES = st.sampled_from(["integer", "decimal", "boolean", "date", "gYear", "string", "double"]).map(
    lambda name: ox.NamedNode(terms.XSD + name)
)
_LITERALS = st.one_of(
    st.builds(ox.Literal, _TEXT),
    st.builds(lambda text: ox.Literal(text, language="fr"), _TEXT),
    st.builds(lambda text, kind: ox.Literal(text, datatype=kind), st.one_of(_TEXT, st.just("01"), st.just("1.")),
              _DATATYPES),
    st.builds(ox.Literal, st.one_of(st.booleans(), st.integers())),
)  # fmt: skip
_TRIPLES = st.builds(ox.Triple, _IRIS, _IRIS, st.one_of(_IRIS, _LITERALS))


def _text(triples: list[ox.Triple]) -> bytes:
    return b"".join(layout.write(layout.ordered(triples), PREFIXES))


@given(st.lists(_TRIPLES, max_size=12))
def test_export_and_import_are_the_identity(triples: list[ox.Triple]) -> None:
    again = {quad.triple for quad in ox.parse(_text(triples), ox.RdfFormat.TURTLE)}
    assert again == set(triples)


@given(st.lists(_TRIPLES, max_size=8).flatmap(lambda t: st.tuples(st.just(t), st.permutations(t))))
def test_the_order_of_the_triples_does_not_matter(pair: tuple[list[ox.Triple], list[ox.Triple]]) -> None:
    assert _text(pair[0]) == _text(pair[1] + pair[0])


def test_the_longest_namespace_and_the_order_of_a_claim() -> None:
    base = "https://w3id.org/armature/"
    claim = ox.NamedNode(base + "claim/x")

    def said(predicate: str, value: ox.NamedNode | ox.Literal) -> ox.Triple:
        return ox.Triple(claim, ox.NamedNode(predicate), value)

    triples = [
        said(base + "def/note", ox.Literal("note", language="en")),
        said(base + "def/evidence", ox.NamedNode(base + "source/s")),
        said(base + "def/quantity", ox.Literal("28", datatype=ox.NamedNode(terms.XSD + "decimal"))),
        said(base + "def/rank", ox.NamedNode(base + "code/rank/normal")),
        said(terms.RDF + "object", ox.NamedNode(base + "id/caesar")),
        said(terms.RDF + "type", ox.NamedNode(base + "def/OrderLine")),
    ]
    head, _, block = _text(triples).decode().partition("\n\n")
    assert head.startswith("@prefix ")
    assert block == (
        "claim:x\n"
        "    a kg:OrderLine ;\n"
        "    rdf:object id:caesar ;\n"
        '    kg:quantity "28"^^xsd:decimal ;\n'
        "    kg:rank rank:normal ;\n"
        "    kg:evidence src:s ;\n"
        '    kg:note "note"@en .\n'
    )


def test_a_file_is_laid_out_once_and_keeps_its_heading(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    base = "https://w3id.org/armature/"
    path.write_text(f"# What this file holds.\n<{base}id/b> a <{base}def/Firm> .\n")
    assert layout.reformat(path, ONTOLOGY, rewrite=True)
    assert path.read_text().startswith("# What this file holds.\n\n@prefix id:")
    assert not layout.reformat(path, ONTOLOGY, rewrite=True)


def test_a_broken_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_text("id:a id:b")
    with pytest.raises(BrokenTurtle):
        layout.reformat(path, ONTOLOGY, rewrite=True)
    assert path.read_text() == "id:a id:b"


def test_a_comment_that_would_be_lost_stops_the_layout(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    text = "# Heading.\n<https://w3id.org/armature/id/b> a <https://w3id.org/armature/def/Firm> .\n# A remark.\n"
    path.write_text(text)
    with pytest.raises(InvalidSource, match=r"x.ttl:3: this comment would be lost"):
        layout.reformat(path, ONTOLOGY, rewrite=True)
    assert path.read_text() == text


def test_line_ends_are_part_of_the_layout(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_bytes(b"<https://w3id.org/armature/id/b> a <https://w3id.org/armature/def/Firm> .\r\n")
    assert layout.reformat(path, ONTOLOGY, rewrite=True)
    assert b"\r" not in path.read_bytes()
