"""Names: the namespaces of the graph and the IRIs that code has to know.

What varies is data, so this list is short: only terms that a stage of the pipeline itself needs. Prefixes
are read from ``ontology/prefixes.ttl``, the one list for files, queries and exports.
"""

from functools import cache
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

Iri: TypeAlias = str
"""An absolute IRI as text, without angle brackets."""

Slug: TypeAlias = str
"""The part of an IRI after its namespace: ``arquus`` in ``…/id/arquus``."""

BASE = "https://w3id.org/armature/"
DEF = BASE + "def/"
ID = BASE + "id/"
CLAIM = BASE + "claim/"
SOURCE = BASE + "source/"
CODE = BASE + "code/"
GRAPH = BASE + "graph/"
SHAPE = BASE + "shape/"

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SH = "http://www.w3.org/ns/shacl#"
XSD = "http://www.w3.org/2001/XMLSchema#"

RDF_TYPE = ox.NamedNode(RDF + "type")
RDFS_LABEL = ox.NamedNode(RDFS + "label")
SH_PREFIX = ox.NamedNode(SH + "prefix")
SH_NAMESPACE = ox.NamedNode(SH + "namespace")

GRAPH_ONTOLOGY = ox.NamedNode(GRAPH + "ontology")
GRAPH_SHAPES = ox.NamedNode(GRAPH + "shapes")
GRAPH_DERIVED = ox.NamedNode(GRAPH + "derived")

SPACES = ("id", "claim", "source", "def", "code", "graph", "shape")
"""First path segments under :data:`BASE`; each address of the server that answers for an IRI has one."""


def data_graph(relative: Path) -> ox.NamedNode:
    """The named graph of a data file, from its path below ``data/``."""
    return ox.NamedNode(GRAPH + "data/" + relative.with_suffix("").as_posix())


@cache
def prefixes(ontology: Path) -> dict[str, Iri]:
    """Prefix → namespace, sorted by prefix, as declared (``sh:declare``) in ``prefixes.ttl`` of a folder."""
    names: dict[object, str] = {}
    spaces: dict[object, str] = {}
    for quad in ox.parse(path=ontology / "prefixes.ttl", format=ox.RdfFormat.TURTLE):
        if isinstance(quad.object, ox.Literal):
            if quad.predicate == SH_PREFIX:
                names[quad.subject] = quad.object.value
            elif quad.predicate == SH_NAMESPACE:
                spaces[quad.subject] = quad.object.value
    return {name: spaces[node] for node, name in sorted(names.items(), key=lambda pair: pair[1])}


def shorten(iri: Iri, known: dict[str, Iri]) -> str:
    """The prefixed name of an IRI, by the longest namespace that fits, or the IRI itself."""
    fitting = [p for p, space in known.items() if iri.startswith(space) and len(iri) > len(space)]
    if not fitting:
        return iri
    prefix = max(fitting, key=lambda p: len(known[p]))
    return f"{prefix}:{iri[len(known[prefix]) :]}"
