"""The graph described for machines: the SPARQL service description, and the dataset in VoID and DCAT.

Everything is read from the snapshot's manifest and the stored queries, so that editors can complete, federating
engines can plan, and catalogues can list.
"""

from collections.abc import Iterable, Iterator

import pyoxigraph as ox
from starlette.requests import Request
from starlette.responses import Response

from kg import export, terms
from kg.formats import Format, of_family
from kg.serving import Current, Serving
from kg.stored import StoredQuery, offered
from kg.terms import RDF_TYPE, RDFS, XSD, Iri
from kg.web.replies import chosen, etag, headers

SD = "http://www.w3.org/ns/sparql-service-description#"
VOID = "http://rdfs.org/ns/void#"
DCAT = "http://www.w3.org/ns/dcat#"
DCTERMS = "http://purl.org/dc/terms/"
SCHEMA = "https://schema.org/"
FORMATS = "http://www.w3.org/ns/formats/"
IANA = "https://www.iana.org/assignments/media-types/"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"

PREFIXES = {
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "rdfs": RDFS,
    "schema": SCHEMA,
    "sd": SD,
    "sh": terms.SH,
    "void": VOID,
    "xsd": XSD,
}

_FORMAT_NAMES = {
    "ttl": "Turtle",
    "nt": "N-Triples",
    "rdf": "RDF_XML",
    "jsonld": "JSON-LD",
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
}
"""Short name of a format → its name in the W3C's list of formats."""

_EXECUTABLES = {
    "SELECT": ("SPARQLSelectExecutable", "select"),
    "ASK": ("SPARQLAskExecutable", "ask"),
    "CONSTRUCT": ("SPARQLConstructExecutable", "construct"),
}


def described(request: Request, serving: Serving, served: Current, triples: Iterable[ox.Triple]) -> Response:
    """A description of the service or the dataset in the graph format asked for."""
    form = chosen(request, of_family("graph"))
    known = {**serving.prefixes, **PREFIXES}
    body = export.rewritten(b"".join(f"{triple} .\n".encode() for triple in triples), form, known)
    return Response(body, media_type=form.content_type, headers=headers(etag(serving.settings, served, form)))


def _iri(subject: Iri, predicate: Iri, value: Iri) -> ox.Triple:
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(value))


def _text(subject: Iri, predicate: Iri, value: str, language: str | None = None) -> ox.Triple:
    literal = ox.Literal(value, language=language) if language else ox.Literal(value)
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), literal)


def _count(subject: Iri, predicate: Iri, value: int) -> ox.Triple:
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.Literal(value))


def service(serving: Serving, served: Current, base: Iri) -> Iterator[ox.Triple]:
    """The service description of ``<base>sparql``; ``base`` is the server's address, ending in ``/``."""
    endpoint, dataset = f"{base}sparql", f"{base}.well-known/void#dataset"
    yield _iri(endpoint, RDF_TYPE.value, SD + "Service")
    yield _iri(endpoint, SD + "endpoint", endpoint)
    yield _iri(endpoint, SD + "supportedLanguage", SD + "SPARQL11Query")
    yield _iri(endpoint, SD + "defaultDataset", dataset)
    yield _iri(endpoint, terms.SH + "prefixes", terms.DEF)
    for form in of_family("solutions", "graph"):
        if form.name in _FORMAT_NAMES:
            yield _iri(endpoint, SD + "resultFormat", FORMATS + _FORMAT_NAMES[form.name])
    yield from _graphs(served, dataset)
    yield from _declared(serving)
    for query in offered(serving.settings.queries).values():
        yield from _example(query, base, endpoint)


def _graphs(served: Current, dataset: Iri) -> Iterator[ox.Triple]:
    """The default graph and the named ones, with their sizes. A named graph is described at its own name."""
    default = f"{dataset}-default-graph"
    yield _iri(dataset, RDF_TYPE.value, SD + "Dataset")
    yield _iri(dataset, SD + "defaultGraph", default)
    yield _iri(default, RDF_TYPE.value, SD + "Graph")
    yield _count(default, VOID + "triples", served.snapshot.manifest.triples)
    for graph, triples in served.snapshot.manifest.graphs.items():
        yield _iri(dataset, SD + "namedGraph", graph)
        yield _iri(graph, RDF_TYPE.value, SD + "NamedGraph")
        yield _iri(graph, SD + "name", graph)
        yield _iri(graph, SD + "graph", graph)
        yield _count(graph, VOID + "triples", triples)


def _declared(serving: Serving) -> Iterator[ox.Triple]:
    """The prefixes that queries may use, as the ontology declares them."""
    for prefix, space in serving.prefixes.items():
        node = f"{terms.DEF}prefix/{prefix}"
        yield _iri(terms.DEF, terms.SH + "declare", node)
        yield _text(node, terms.SH + "prefix", prefix)
        anyuri = ox.Literal(space, datatype=ox.NamedNode(XSD + "anyURI"))
        yield ox.Triple(ox.NamedNode(node), terms.SH_NAMESPACE, anyuri)


def _example(query: StoredQuery, base: Iri, endpoint: Iri) -> Iterator[ox.Triple]:
    """A stored query as an executable example (the convention of the SIB's example collections)."""
    if query.form not in _EXECUTABLES:
        return
    kind, keyword = _EXECUTABLES[query.form]
    node = f"{base}query/{query.name}"
    yield _iri(node, RDF_TYPE.value, terms.SH + "SPARQLExecutable")
    yield _iri(node, RDF_TYPE.value, terms.SH + kind)
    yield _text(node, RDFS + "comment", query.summary, "en")
    yield _text(node, terms.SH + keyword, query.text)
    yield _iri(node, SCHEMA + "target", endpoint)


def dataset(served: Current, base: Iri) -> Iterator[ox.Triple]:
    """The dataset in VoID (sizes, classes, properties) and DCAT (title, licence, distributions)."""
    manifest, node = served.snapshot.manifest, f"{base}.well-known/void#dataset"
    yield _iri(node, RDF_TYPE.value, VOID + "Dataset")
    yield _iri(node, RDF_TYPE.value, DCAT + "Dataset")
    yield _text(node, DCTERMS + "title", "Armature", "en")
    about = "Cited, time-aware claims about defence-industrial relationships."
    yield _text(node, DCTERMS + "description", about, "en")
    yield _iri(node, DCTERMS + "license", LICENCE)
    yield _text(node, DCTERMS + "identifier", manifest.hash)
    if manifest.record_date:
        day = ox.Literal(manifest.record_date, datatype=ox.NamedNode(XSD + "date"))
        yield ox.Triple(ox.NamedNode(node), ox.NamedNode(DCTERMS + "modified"), day)
    yield _text(node, VOID + "uriSpace", terms.BASE)
    yield _iri(node, VOID + "sparqlEndpoint", f"{base}sparql")
    yield _count(node, VOID + "triples", manifest.triples)
    yield from _partitions(served, node)
    for form in of_family("graph", "dataset"):
        yield from _distribution(node, f"{base}export/all.{form.name}", form)


def _partitions(served: Current, node: Iri) -> Iterator[ox.Triple]:
    """How many instances each class and how many triples each property has."""
    for kind, count, found in (
        ("class", "entities", served.snapshot.manifest.classes),
        ("property", "triples", served.snapshot.manifest.properties),
    ):
        yield _count(node, VOID + ("classes" if kind == "class" else "properties"), len(found))
        for place, (iri, number) in enumerate(found.items(), 1):
            part = f"{node}-{kind}-{place}"
            yield _iri(node, VOID + kind + "Partition", part)
            yield _iri(part, VOID + kind, iri)
            yield _count(part, VOID + count, number)


def _distribution(node: Iri, url: Iri, form: Format) -> Iterator[ox.Triple]:
    yield _iri(node, DCAT + "distribution", url)
    yield _iri(node, VOID + "dataDump", url)
    yield _iri(url, RDF_TYPE.value, DCAT + "Distribution")
    yield _iri(url, DCAT + "downloadURL", url)
    yield _iri(url, DCAT + "mediaType", IANA + form.media_type)
    yield _iri(url, DCTERMS + "license", LICENCE)
