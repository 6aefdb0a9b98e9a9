"""Check a graph against its shapes: pySHACL walks the shapes, pyoxigraph answers their SPARQL.

rdflib would parse each constraint's query anew at every focus node, and recurse without end on cycles.
"""

import logging
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias
from unittest.mock import patch

import pyoxigraph as ox
import rdflib
from pyshacl import Validator
from pyshacl.errors import ShapeRecursionWarning
from pyshacl.graph_abstraction import RdfLibDataGraph
from pyshacl.helper.sparql_query_helper import SPARQLQueryHelper
from rdflib.namespace import SH, XSD
from rdflib.query import Result

from kg.compiler import report
from kg.errors import CheckFailed

Statement: TypeAlias = ox.Quad | ox.Triple

Row: TypeAlias = dict[rdflib.Variable, rdflib.term.Identifier]

ANCHORED = re.compile(r"^SELECT (DISTINCT )?\$this [^{]*\bWHERE { \$this (?!.*\b(LIMIT|OFFSET)\b)", re.MULTILINE)
THIS = rdflib.Variable("this")
DECLARATIONS = frozenset(str(term) for term in (SH.declare, SH.prefix, SH.namespace))


def check(triples: Iterable[Statement], shapes: Iterable[Statement]) -> report.Report:
    """Validate a whole graph (ontology, data and what is derived from them) against shapes.

    Graph names are ignored, and a triple that stands in two graphs counts once. Prefixes that the graph
    declares (``sh:declare``) are known to the constraints.

    Raises:
        CheckFailed: the shapes cannot be used, or a constraint cannot be evaluated.
    """
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    declared = (quad for quad in store if quad.predicate.value in DECLARATIONS)
    with _quiet(), _prepared_once():
        found = _validate(_Data(store), _shapes([*shapes, *declared]))
    return report.read(_triple(*triple) for triple in found)


def _shapes(triples: list[Statement]) -> rdflib.Graph:
    """The shapes as pySHACL needs them, in a graph for one run, since it changes what it is given.

    A SPARQL constraint with a message of its own does not take that of its shape as well. A query stands
    on one line: pySHACL searches its text at every focus node, in time that grows with lines times length.
    """
    graph = _fill(rdflib.Graph(bind_namespaces="none"), triples)
    for shape, _, constraint in list(graph.triples((None, SH.sparql, None))):
        if (constraint, SH.message, None) in graph:
            graph.remove((shape, SH.message, None))
    for constraint, _, query in list(graph.triples((None, SH.select, None))):
        if "#" not in str(query):
            graph.set((constraint, SH.select, rdflib.Literal(" ".join(str(query).split()))))
    return graph


def _validate(data: RdfLibDataGraph, shapes: rdflib.Graph) -> rdflib.Graph:
    options = {"allow_infos": True, "allow_warnings": True, "logger": logging.getLogger(__name__)}
    try:
        validator: Any = Validator(data, shacl_graph=shapes, options=options)
        found: rdflib.Graph = validator.run()[1]
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise CheckFailed(f"The shapes cannot be used: {reason}. Mend the shape and check again.") from error
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """No remarks of rdflib's on ill-typed literals, which are for the shapes; recursive shapes are errors."""
    log = logging.getLogger("rdflib.term")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ShapeRecursionWarning)
            yield
    finally:
        log.setLevel(level)


@contextmanager
def _prepared_once() -> Iterator[None]:
    """pySHACL searches and rewrites a constraint's text at every focus node, with the same result: here once.

    Two thirds of the time of a check went into it at 3,000 claims.
    """
    helper: Any = SPARQLQueryHelper
    bind, prefix = helper.pre_bind_variables, helper.apply_prefixes
    bound: dict[Any, tuple[tuple[str, ...], str]] = {}
    prefixed: dict[tuple[Any, str], str] = {}

    def pre_bind_variables(self: Any, this: Any, valuenode: Any = None, extravars: Any = None) -> Any:
        if valuenode is not None or extravars:
            return bind(self, this, valuenode, extravars)
        if self not in bound:
            names, text = bind(self, this)
            bound[self] = (tuple(names), text)
        names, text = bound[self]
        return {name: this if name == "this" else self.shape.node for name in names}, text

    def apply_prefixes(self: Any, text: str) -> str:
        if (self, text) not in prefixed:
            prefixed[self, text] = prefix(self, text)
        return prefixed[self, text]

    with patch.multiple(helper, pre_bind_variables=pre_bind_variables, apply_prefixes=apply_prefixes):
        yield


class _Data(RdfLibDataGraph):
    """The checked graph as pySHACL reads it, with its queries left to pyoxigraph.

    A query whose first pattern is about ``$this`` finds the same with ``$this`` free and the solutions
    sorted by it as it does at each focus node in turn, so it is asked once.
    """

    def __init__(self, store: ox.Store) -> None:
        graph = _fill(rdflib.Graph(bind_namespaces="none"), store)
        super().__init__(graph.store, graph)
        self._oxigraph = store
        self._answers: dict[str, dict[Any, list[Row]]] = {}

    def query(self, query_object: Any = None, *_: Any, **options: Any) -> Result:
        bound = options["initBindings"]
        if query_object in self._answers or ANCHORED.search(query_object):
            rows = self._everywhere(query_object).get(bound["this"], [])
        else:
            rows = self._solve(query_object, bound)
        found = Result("SELECT")
        found.vars = list({name: None for row in rows for name in row})
        found.bindings = [*rows]
        return found

    def _everywhere(self, query: str) -> dict[Any, list[Row]]:
        if query not in self._answers:
            rows = defaultdict(list)
            for row in self._solve(query, {}):
                rows[row[THIS]].append(row)
            self._answers[query] = rows
        return self._answers[query]

    def _solve(self, query: str, bound: Mapping[str, Any]) -> list[Row]:
        terms = {ox.Variable(name): to_oxigraph(term) for name, term in bound.items()}
        solutions: Any = self._oxigraph.query(query, substitutions=terms)
        names = [rdflib.Variable(variable.value) for variable in solutions.variables]
        return [
            {name: to_rdflib(term) for name, term in zip(names, row, strict=True) if term is not None}
            for row in solutions
        ]


def _fill(graph: rdflib.Graph, triples: Iterable[Statement]) -> rdflib.Graph:
    for triple in triples:
        graph.add((to_rdflib(triple.subject), to_rdflib(triple.predicate), to_rdflib(triple.object)))
    return graph


def _triple(subject: Any, predicate: Any, value: Any) -> ox.Triple:
    return ox.Triple(*(to_oxigraph(term) for term in (subject, predicate, value)))


def to_rdflib(term: Any) -> rdflib.term.Identifier:
    """The same term for rdflib, with its lexical form and language as they are."""
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    datatype = rdflib.URIRef(term.datatype.value)
    return rdflib.Literal(term.value, datatype=None if datatype == XSD.string else datatype, normalize=False)


def to_oxigraph(term: Any) -> Any:
    """The same term for pyoxigraph; the inverse of :func:`to_rdflib`."""
    if isinstance(term, rdflib.URIRef):
        return ox.NamedNode(term)
    if isinstance(term, rdflib.BNode):
        return ox.BlankNode(term)
    if term.language:
        return ox.Literal(str(term), language=term.language)
    return ox.Literal(str(term), datatype=ox.NamedNode(term.datatype or XSD.string))
