"""The ontology keeps its own house rules, and every house rule is proved both ways.

`tests/ontology/<Shape>/` holds small files that one shape of `ontology/house/` accepts (`valid.*`) or rejects
(`invalid.*`); the first line of the latter names a part of every message to expect.
"""

import re
from functools import cache
from pathlib import Path
from typing import cast

import pytest
from pyoxigraph import BlankNode, RdfFormat, Triple, parse
from pyshacl import validate
from rdflib import RDF, SH, XSD, Graph, Namespace, URIRef
from rdflib.namespace import DCTERMS, OWL

ROOT = Path(__file__).parents[1]
ONTOLOGY = ROOT / "ontology"
CASES = Path(__file__).parent / "ontology"
FILES = sorted(ONTOLOGY.rglob("*.ttl"))
SHAPE = Namespace("https://w3id.org/armature/shape/")
DEF = Namespace("https://w3id.org/armature/def/")
CODE = "https://w3id.org/armature/code/"
ADDRESSES = {DCTERMS.license, OWL.versionIRI}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def strict(path: Path) -> list[Triple]:
    quads = parse(path=path, format=RdfFormat.TURTLE)
    return [quad.triple for quad in quads]


def load(*paths: Path) -> Graph:
    """Read Turtle for pySHACL. rdflib accepts bad Turtle, so pyoxigraph reads every file first."""
    graph = Graph()
    for path in paths:
        strict(path)
        graph.parse(path, format="turtle")
    return graph


def house() -> Graph:
    """The house shapes, anew for each run, because pySHACL changes the shapes graph that it is given."""
    return load(*(ONTOLOGY / "house").glob("*.ttl"), ONTOLOGY / "prefixes.ttl")


@cache
def ontology() -> Graph:
    return load(*FILES)


@cache
def prefixes() -> dict[str, str]:
    rows = load(ONTOLOGY / "prefixes.ttl").subject_objects(SH.prefix)
    return {str(prefix): str(ontology().value(node, SH.namespace)) for node, prefix in rows}


def parts(shape: URIRef) -> set[URIRef]:
    shapes = house()
    return {URIRef(str(part)) for step in (SH.property, SH.sparql) for part in shapes.objects(shape, step)}


def alone(shape: URIRef) -> Graph:
    """The one shape with its parts and the prefixes of its queries."""
    graph = load(ONTOLOGY / "prefixes.ttl")
    for node in (shape, *parts(shape)):
        graph += house().triples((node, None, None))
    return graph


def check(data: Graph, shapes: Graph) -> Graph:
    return cast("Graph", validate(data, shacl_graph=shapes, inplace=True)[1])


@cache
def report(path: Path) -> Graph:
    return check(load(path), alone(SHAPE[path.parent.name]))


@cache
def general() -> set[str]:
    """The messages of the node shapes, which a SPARQL result carries beside that of its constraint."""
    shapes = house()
    return {str(text) for shape in rules() for text in shapes.objects(shape, SH.message)}


def messages(report: Graph) -> list[str]:
    return [text for text in map(str, report.objects(None, SH.resultMessage)) if text not in general()]


def rules() -> list[URIRef]:
    return sorted(URIRef(str(shape)) for shape in house().subjects(RDF.type, SH.NodeShape))


def expected(path: Path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("# expect: "), f"{name(path)} does not say which message it expects"
    return first.removeprefix("# expect: ")


def fired(path: Path) -> set[URIRef]:
    """The property shapes and SPARQL constraints that a file broke."""
    found = report(path)
    sources = {*found.objects(None, SH.sourceConstraint), *found.objects(None, SH.sourceShape)}
    return {URIRef(str(source)) for source in sources}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_file_has_no_blank_node(path: Path) -> None:
    triples = strict(path)
    assert triples
    assert not [t for t in triples if isinstance(t.subject, BlankNode) or isinstance(t.object, BlankNode)]


def test_ontology_keeps_the_house_rules() -> None:
    assert messages(check(load(*FILES), house())) == []


@pytest.mark.parametrize("path", sorted(CASES.rglob("valid.*.ttl")), ids=name)
def test_valid_file_is_accepted(path: Path) -> None:
    assert messages(report(path)) == []


@pytest.mark.parametrize("path", sorted(CASES.rglob("invalid.*.ttl")), ids=name)
def test_invalid_file_is_rejected(path: Path) -> None:
    found = messages(report(path))
    assert found
    assert [text for text in found if expected(path) not in text] == []


@pytest.mark.parametrize("shape", rules(), ids=lambda shape: shape.removeprefix(SHAPE))
def test_every_rule_is_proved_both_ways(shape: URIRef) -> None:
    folder = CASES / shape.removeprefix(SHAPE)
    assert list(folder.glob("valid.*.ttl")), f"no valid file in {folder}"
    broken = {source for path in folder.glob("invalid.*.ttl") for source in fired(path)}
    assert parts(shape) <= broken


def written(pattern: str, *places: tuple[str, str]) -> set[tuple[str, str, str]]:
    """Every match of a two-group pattern in the files under the given folders, with the file it stands in."""
    found = set()
    for folder, suffix in places:
        for path in (ROOT / folder).rglob(f"*.{suffix}"):
            found |= {(name(path), *pair) for pair in re.findall(pattern, path.read_text(encoding="utf-8"))}
    return found


def test_one_prefix_list_for_everything() -> None:
    pattern = r"(?im)^\s*@?prefix\s+([\w-]*):\s+<([^>]*)>"
    used = written(pattern, ("ontology", "ttl"), ("data", "ttl"), ("tests", "ttl"), ("queries", "rq"))
    assert used
    assert {row for row in used if prefixes().get(row[1]) != row[2]} == set()


def test_every_namespace_has_a_prefix() -> None:
    spaces = tuple(prefixes().values())
    terms = {t for s, p, o in ontology() if p not in ADDRESSES for t in (s, p, o) if isinstance(t, URIRef)}
    assert {str(term) for term in terms if not str(term).startswith(spaces)} == set()


def test_every_name_in_a_text_exists() -> None:
    """Queries, messages, examples and comments name terms and codes too; there no parser sees a slip."""
    lists = {p: space for p, space in prefixes().items() if space == str(DEF) or space.startswith(CODE)}
    pattern = rf"\b({'|'.join(sorted(lists))}):([\w.-]*\w)"
    described = set(ontology().subjects(RDF.type))
    named = written(pattern, ("ontology", "ttl"))
    assert {row for row in named if URIRef(lists[row[1]] + row[2]) not in described} == set()


def test_every_foreign_term_was_seen_in_its_own_file() -> None:
    """The table of decision 0002 names the file for each; XML Schema datatypes have none."""
    table = (ROOT / "docs" / "decisions" / "0002-foreign-terms.md").read_text(encoding="utf-8")
    seen = set(re.findall(r"^\| `([^`]+)` \|", table, re.M))
    terms = {str(t) for s, p, o in ontology() if p not in ADDRESSES for t in (s, p, o) if isinstance(t, URIRef)}
    ours = ("https://w3id.org/armature/", str(XSD))
    assert {term for term in terms if not term.startswith(ours)} - seen == set()
