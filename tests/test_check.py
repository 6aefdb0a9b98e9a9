"""The checker: pySHACL's verdict on pyoxigraph's answers, in a report that is the same each time."""

import logging
from collections.abc import Iterable

import pyoxigraph as ox
import pytest
import rdflib
from pyshacl import validate

from kg.compiler.check import check, to_oxigraph, to_rdflib
from kg.compiler.report import Result
from kg.errors import CheckFailed

PREFIXES = """
@prefix : <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

DECLARATIONS = """
:ontology sh:declare :prefix .
:prefix sh:prefix "" ; sh:namespace "http://example.org/"^^xsd:anyURI .
"""

SHAPES = """
:named a sh:PropertyShape ; sh:targetClass :Gun ; sh:path rdfs:label ; sh:minCount 1 ;
    sh:message "Name it."@en ; sh:severity sh:Violation .

:weighed a sh:PropertyShape ; sh:targetClass :Gun ; sh:path :weight ;
    sh:maxCount 1 ; sh:datatype xsd:decimal ; sh:message "Weigh it once."@en ; sh:severity sh:Warning .

:Gun-shape a sh:NodeShape ; sh:targetClass :Gun ; sh:message "Guns differ."@en ; sh:severity sh:Violation ;
    sh:sparql :acyclic .

:acyclic a sh:SPARQLConstraint ; sh:prefixes :ontology ;
    sh:message "{$this} leads to itself through {?value}."@en ;
    sh:select "SELECT $this ?value WHERE { $this :variantOf ?value . ?value :variantOf* $this }" .
"""

SOUND = ':caesar a :Gun ; rdfs:label "Caesar"@fr ; :weight 18.0 .'
UNNAMED = ":caesar a :Gun ."
CYCLE = ':a a :Gun ; rdfs:label "A" ; :variantOf :b . :b a :Gun ; rdfs:label "B" ; :variantOf :a .'


def turtle(text: str) -> list[ox.Triple]:
    quads = ox.parse(PREFIXES + text, format=ox.RdfFormat.TURTLE)
    return [quad.triple for quad in quads]


def checked(data: str, shapes: str = SHAPES) -> tuple[Result, ...]:
    report = check(turtle(DECLARATIONS + data), turtle(shapes))
    return (*report.violations, *report.warnings)


def shape_of(query: str) -> str:
    return f""":S a sh:NodeShape ; sh:targetClass :Gun ; sh:sparql :c .
        :c sh:message "No."@en ; sh:prefixes :ontology ; sh:select "{query}" ."""


def test_a_sound_graph_conforms() -> None:
    report = check(turtle(DECLARATIONS + SOUND), turtle(SHAPES))
    assert report.conforms
    assert (report.violations, report.warnings) == ((), ())


def test_a_result_says_where_why_and_by_which_shape() -> None:
    assert checked(UNNAMED) == (
        Result(
            focus="http://example.org/caesar",
            path="http://www.w3.org/2000/01/rdf-schema#label",
            value=None,
            severity="Violation",
            message="Name it.",
            shape="http://example.org/named",
        ),
    )


def test_a_constraint_is_named_by_its_own_iri_with_its_own_message_filled_in() -> None:
    first, second = checked(CYCLE)
    assert (first.focus, second.focus) == ("http://example.org/a", "http://example.org/b")
    assert first.shape == second.shape == "http://example.org/acyclic"
    assert first.value == "http://example.org/b"
    assert first.message == "http://example.org/a leads to itself through http://example.org/b."


def test_warnings_alone_do_not_break_a_graph() -> None:
    report = check(turtle(DECLARATIONS + SOUND + ":caesar :weight 17.0 ."), turtle(SHAPES))
    assert report.conforms
    assert [warning.message for warning in report.warnings] == ["Weigh it once."]
    assert "sh:conforms true" in report.graph


def test_the_report_is_the_same_in_whatever_order_the_graph_comes() -> None:
    data = turtle(DECLARATIONS + CYCLE + UNNAMED)
    assert check(data, turtle(SHAPES)) == check(reversed(data), reversed(turtle(SHAPES)))


def test_the_report_graph_is_a_shacl_validation_report() -> None:
    report = check(turtle(DECLARATIONS + CYCLE), turtle(SHAPES))
    graph = rdflib.Graph().parse(data=report.graph, format="turtle")
    root = graph.value(predicate=rdflib.RDF.type, object=rdflib.SH.ValidationReport)
    assert graph.value(root, rdflib.SH.conforms) == rdflib.Literal(False)
    results = set(graph.objects(root, rdflib.SH.result))
    assert {str(graph.value(result, rdflib.SH.focusNode))[-1] for result in results} == {"a", "b"}
    assert {graph.value(result, rdflib.SH.sourceConstraintComponent) for result in results} == {
        rdflib.SH.SPARQLConstraintComponent
    }


def test_a_triple_of_two_named_graphs_counts_once() -> None:
    data = turtle(DECLARATIONS + SOUND)
    graphs = [ox.NamedNode("http://example.org/g1"), ox.NamedNode("http://example.org/g2")]
    quads = [ox.Quad(t.subject, t.predicate, t.object, graph) for t in data for graph in graphs]
    assert check(quads, turtle(SHAPES)).warnings == ()


def test_both_arguments_may_be_read_once_only() -> None:
    report = check(iter(turtle(DECLARATIONS + UNNAMED)), iter(turtle(SHAPES)))
    assert len(report.violations) == 1


@pytest.mark.parametrize(
    "query",
    [
        "SELECT $this WHERE { $this a :Gun . FILTER NOT EXISTS { $this rdfs:label ?label } }",
        "SELECT $this WHERE { FILTER NOT EXISTS { $this rdfs:label ?label } }",
        "SELECT $this WHERE { ?kind a :Kind . FILTER NOT EXISTS { $this rdfs:label ?label } }",
        "SELECT $this (COUNT(?label) AS ?n) WHERE { $this a :Gun OPTIONAL { $this rdfs:label ?label } } "
        "GROUP BY $this HAVING (COUNT(?label) = 0)",
    ],
    ids=["first pattern", "filter alone", "later pattern", "aggregate"],
)
def test_a_query_finds_the_same_whether_it_is_asked_once_or_at_each_node(query: str) -> None:
    """The first and the last are asked once for the whole graph, the others at every focus node."""
    data = UNNAMED + ':griffon a :Gun ; rdfs:label "Griffon" . :gun a :Kind .'
    assert [result.focus for result in checked(data, shape_of(query))] == ["http://example.org/caesar"]


def test_a_limited_query_is_asked_at_each_node() -> None:
    query = "SELECT $this WHERE { $this a :Gun . FILTER NOT EXISTS { $this rdfs:label ?label } } LIMIT 1"
    assert len(checked(UNNAMED + ":griffon a :Gun .", shape_of(query))) == 2


@pytest.mark.parametrize("data", [SOUND, UNNAMED, CYCLE, SOUND + ":caesar :weight 17.0, 18 ."])
def test_the_verdict_is_that_of_pyshacl_on_rdflib(data: str) -> None:
    def graph(text: str) -> rdflib.Graph:
        return rdflib.Graph().parse(data=PREFIXES + text, format="turtle")

    _, found, _ = validate(graph(data), shacl_graph=graph(DECLARATIONS + SHAPES))
    assert isinstance(found, rdflib.Graph)
    focus = sorted(str(node) for node in found.objects(None, rdflib.SH.focusNode))
    assert sorted(result.focus for result in checked(data)) == focus


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        (":S a sh:PropertyShape ; sh:targetClass :Gun ; sh:minCount 1 .", "path"),
        (shape_of("SELECT $this WHERE {"), "expected"),
        (shape_of("SELECT $this WHERE { $this :length ?n MINUS { $this :weight ?n } }"), "MINUS"),
        (
            """:S a sh:NodeShape ; sh:targetClass :Gun ; sh:property :P .
            :P a sh:PropertyShape ; sh:path :variantOf ; sh:node :S .""",
            "[Rr]ecursive|deep",
        ),
    ],
    ids=["no path", "not SPARQL", "not allowed in SHACL", "recursive"],
)
def test_shapes_that_cannot_be_used_are_an_error(shapes: str, reason: str) -> None:
    with pytest.raises(CheckFailed, match=reason):
        checked(CYCLE, shapes)


def test_nothing_is_written_and_no_logger_stays_changed(capfd: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("rdflib.term")
    level, handlers = log.level, logging.getLogger().handlers[:]
    assert len(checked(SOUND + ':caesar :weight "heavy"^^xsd:decimal .')) > 0
    assert tuple(capfd.readouterr()) == ("", "")
    assert (log.level, logging.getLogger().handlers) == (level, handlers)


def terms() -> Iterable[ox.NamedNode | ox.BlankNode | ox.Literal]:
    decimal, date = (ox.NamedNode(f"http://www.w3.org/2001/XMLSchema#{name}") for name in ("decimal", "date"))
    yield ox.NamedNode("http://example.org/é")
    yield ox.BlankNode("b1")
    yield ox.Literal("plain")
    yield ox.Literal("une ligne\nde deux", language="fr-be")
    yield ox.Literal("010.00", datatype=decimal)
    yield ox.Literal("2024-02-30", datatype=date)
    yield ox.Literal(True)


@pytest.mark.parametrize("term", list(terms()), ids=str)
def test_a_term_comes_back_from_rdflib_as_it_went(term: ox.NamedNode | ox.BlankNode | ox.Literal) -> None:
    assert to_oxigraph(to_rdflib(term)) == term
