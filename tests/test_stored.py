"""Stored queries: documented, parametrised, and closed to whatever a caller sends."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import stored, terms
from kg.errors import BadRequest, BrokenQuery, UnknownQuery

ROOT = Path(__file__).parents[1]
PREFIXES = terms.prefixes(ROOT / "ontology")
TEXT = """\
#+ summary: A test.
#+ parameters:
#+   who: {type: iri, description: Who.}
#+   day: {type: date, description: When.}
#+   name: {type: text, description: A name.}
#+   many: {type: integer, description: How many.}
PREFIX id: <https://w3id.org/armature/id/>
SELECT * WHERE {
  VALUES ?who { id:france }
  VALUES ?day { UNDEF }
  VALUES ?name { "x" }
  VALUES ?many { 1 }
}
"""


def query(folder: Path, text: str = TEXT) -> stored.StoredQuery:
    path = folder / "test-query.rq"
    path.write_text(text, "utf-8")
    return stored.read(path)


def row(text: str) -> dict[str, str]:
    solutions = ox.Store().query(text)
    assert isinstance(solutions, ox.QuerySolutions)
    (only,) = solutions
    return {v.value: str(only[v]) for v in solutions.variables if only[v] is not None}


def test_a_query_runs_as_it_stands_and_with_other_values(tmp_path: Path) -> None:
    read = query(tmp_path)
    assert read.name == "test-query"
    assert [p.example for p in read.parameters] == ["id:france", "UNDEF", '"x"', "1"]
    assert "day" not in row(read.text)
    filled = read.filled({"who": ["id:arquus"], "day": ["2024-05-21"], "many": ["28"], "name": [""]}, PREFIXES)
    assert row(filled) == {
        "who": "<https://w3id.org/armature/id/arquus>",
        "day": '"2024-05-21"^^<http://www.w3.org/2001/XMLSchema#date>',
        "many": '"28"^^<http://www.w3.org/2001/XMLSchema#integer>',
    }


@pytest.mark.parametrize("name", ["arquus", "id:arquus", "https://w3id.org/armature/id/arquus"])
def test_an_entity_may_be_given_by_slug_prefixed_name_or_iri(name: str) -> None:
    assert stored.expand(name, PREFIXES) == "https://w3id.org/armature/id/arquus"


HOSTILE = [
    '" } . ?s ?p ?o . VALUES ?x { "',
    '\\" } #',
    "a\"\"\"b'''c\nnew } line",
    "\\u0022 } SERVICE <http://x> { }",
    "} UNION { SELECT * { ?a ?b ?c } }",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_sent_can_leave_its_braces(tmp_path: Path, value: str) -> None:
    filled = query(tmp_path).filled({"name": [value]}, PREFIXES)
    assert row(filled)["name"] == str(ox.Literal(value.strip()))
    for iri in (f"http://x/{value}", f"id:{value}"):
        with pytest.raises(BadRequest):
            query(tmp_path).filled({"who": [iri]}, PREFIXES)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"whom": ["x"]}, "has no parameter 'whom'; it has: who, day, name, many"),
        ({"day": ["2024-13-01"]}, "is not a value for 'day'"),
        ({"day": ["21 May"]}, "is not a value for 'day'"),
        ({"many": ["1.5"]}, "is not a value for 'many'"),
        ({"who": ["nope:x"]}, "the prefix 'nope:' is not declared"),
        ({"who": ["http://a b"]}, "is not a value for 'who'"),
    ],
)
def test_a_bad_value_is_a_clear_error(tmp_path: Path, values: dict[str, list[str]], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        query(tmp_path).filled(values, PREFIXES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT * WHERE { }", "the header is missing"),
        ("#+ description: x\nSELECT * WHERE { }", "lacks a 'summary'"),
        ("#+ summary: [x\nSELECT * WHERE { }", "the header is not YAML"),
        ("#+ summary: x\nINSERT DATA { }", "lacks a query form"),
        ("#+ summary: x\nSELECT * WHERE { ?s ?p", r"test-query.rq:2: not valid SPARQL"),
        (TEXT.replace("VALUES ?day { UNDEF }", ""), "parameter 'day' needs a line"),
        (TEXT.replace("type: date", "type: day"), "unknown type 'day'"),
    ],
)
def test_a_broken_file_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BrokenQuery, match=message):
        query(tmp_path, text)


def test_every_query_of_the_project_is_sound() -> None:
    library = stored.library(ROOT / "queries")
    assert len(library) > 20
    assert {q for query in library.values() for q in query.questions} >= {"q01", "q22", "q40"}
    with pytest.raises(UnknownQuery):
        stored.find(ROOT / "queries", "no-such-query")


def test_rules_are_not_offered_to_readers() -> None:
    names = set(stored.offered(ROOT / "queries"))
    assert {"orders", "claims", "freshness"} <= names
    assert not names & {"edges", "repeated-claim", "names", "trace-of-source"}


def test_a_name_is_used_once(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        query(tmp_path / folder)
    with pytest.raises(BrokenQuery, match="the name is taken"):
        stored.library(tmp_path)
