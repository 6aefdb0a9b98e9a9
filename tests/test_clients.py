"""The clients that people use from Python, each asking all three forms over HTTP.

Those that need Node.js or Java stand in tests/clients and have a target of their own: ``make test-clients``.
"""

import csv
import io
import json
import urllib.request
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pandas as pd
import pytest
from rdflib import RDF, RDFS, Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, JSONLD, N3, RDFXML, TSV, TURTLE, XML, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

BASE = "https://w3id.org/armature/"
FIRM, ARQUUS = URIRef(f"{BASE}def/Firm"), URIRef(f"{BASE}id/arquus")
FIRMS = {f"{BASE}id/{name}" for name in ("arquus", "john-cockerill", "john-cockerill-defense", "knds")}
SELECT = f"SELECT ?firm WHERE {{ ?firm a <{FIRM}> }}"
ASK = f"ASK {{ <{ARQUUS}> a <{FIRM}> }}"
CONSTRUCT = f"CONSTRUCT {{ ?firm a <{FIRM}> }} WHERE {{ ?firm a <{FIRM}> }}"


def wrapped(address: str, query: str, form: str, method: str = "GET") -> SPARQLWrapper:
    wrapper = SPARQLWrapper(f"{address}/sparql")
    wrapper.setQuery(query)
    wrapper.setReturnFormat(form)
    wrapper.setMethod(method)
    return wrapper


def converted(wrapper: SPARQLWrapper) -> Any:
    """What the wrapper makes of the answer; its type depends on the format."""
    return wrapper.queryAndConvert()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("form", [JSON, XML, CSV, TSV])
def test_sparqlwrapper_selects(address: str, form: str, method: str) -> None:
    found = converted(wrapped(address, SELECT, form, method))
    if form == JSON:
        firms = {row["firm"]["value"] for row in found["results"]["bindings"]}
    elif form == XML:
        firms = {node.firstChild.data for node in found.getElementsByTagName("uri")}
    else:
        firms = {line.strip("<>") for line in found.decode().split()[1:]}
    assert firms == FIRMS


# SPARQLWrapper makes its graphs with a class of rdflib that rdflib calls deprecated.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sparqlwrapper_asks_and_constructs(address: str, method: str) -> None:
    assert converted(wrapped(address, ASK, JSON, method))["boolean"] is True
    for form in (TURTLE, N3, RDFXML, JSONLD):
        found = converted(wrapped(address, CONSTRUCT, form, method))
        syntax = "turtle" if form == N3 else form
        graph = found if isinstance(found, Graph) else Graph().parse(data=found, format=syntax)
        assert {str(s) for s in graph.subjects(RDF.type, FIRM)} == FIRMS, form


def test_sparqlwrapper_tells_where_a_query_is_wrong(address: str) -> None:
    with pytest.raises(QueryBadFormed, match="not valid SPARQL"):
        wrapped(address, "SELECT ?x WHERE {", JSON).query()


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_reads_the_endpoint_like_a_graph(address: str, method: str) -> None:
    store = SPARQLStore(f"{address}/sparql", method=method)
    graph = Graph(store)
    assert {str(s) for s in graph.subjects(RDF.type, FIRM)} == FIRMS
    assert (ARQUUS, RDFS.label, Literal("Arquus", lang="en")) in graph
    assert bool(graph.query(ASK)) is True
    constructed = graph.query(CONSTRUCT).graph
    assert constructed is not None
    assert {str(s) for s in constructed.subjects(RDF.type, FIRM)} == FIRMS


def test_rdflib_reads_one_named_graph(address: str) -> None:
    store = SPARQLStore(f"{address}/sparql", context_aware=True)
    graph = Graph(store, identifier=URIRef(f"{BASE}graph/data/firms/arquus"))
    assert [str(s) for s in graph.subjects(RDF.type, FIRM)] == [str(ARQUUS)]


def test_pandas_reads_a_query_as_a_table(address: str) -> None:
    table = pd.read_csv(f"{address}/sparql?{urlencode({'query': SELECT, 'format': 'csv'})}")
    assert set(table["firm"]) == FIRMS
    orders = pd.read_csv(f"{address}/query/orders.csv?buyer=id:belgium")
    assert {"order", "quantity", "status"} <= set(orders.columns)
    assert 28 in set(orders["quantity"])


def test_pandas_shows_an_ask_and_refuses_a_graph(address: str) -> None:
    frame = pd.read_json(f"{address}/sparql?{urlencode({'query': ASK, 'format': 'json'})}", typ="series")
    assert frame["boolean"] is True
    with pytest.raises(HTTPError, match="406"):
        pd.read_csv(f"{address}/sparql?{urlencode({'query': CONSTRUCT, 'format': 'csv'})}")


def test_the_standard_library_is_enough(address: str) -> None:
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{address}/sparql", SELECT.encode(), {"Content-Type": "application/sparql-query", "Accept": "text/csv"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own address
        rows = list(csv.DictReader(io.TextIOWrapper(answer, "utf-8")))
    assert {row["firm"] for row in rows} == FIRMS
    with urllib.request.urlopen(f"{address}/sparql?{urlencode({'query': ASK})}", timeout=10) as answer:  # noqa: S310
        assert json.load(answer)["boolean"] is True
