"""The one table of formats, and the choice among them.

Every address takes its formats from here: by suffix (``.ttl``), by ``?format=ttl`` or by ``Accept``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

import mimeparse
import pyoxigraph as ox

from kg.errors import NotAcceptable

MediaType: TypeAlias = str
Family: TypeAlias = Literal["graph", "dataset", "solutions", "page"]
"""What a format can write: triples, quads, query solutions, or a page for people."""


@dataclass(frozen=True)
class Format:
    """One format: its short name is both the file suffix and the value of ``?format=``."""

    name: str
    media_type: MediaType
    label: str
    families: tuple[Family, ...]
    rdf: ox.RdfFormat | None = None
    results: ox.QueryResultsFormat | None = None

    @property
    def content_type(self) -> str:
        """The ``Content-Type`` header; text formats are always UTF-8."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


HTML = Format("html", "text/html", "Page", ("page",))
TURTLE = Format("ttl", "text/turtle", "Turtle", ("graph",), rdf=ox.RdfFormat.TURTLE)
JSON_LD = Format("jsonld", "application/ld+json", "JSON-LD", ("graph",), rdf=ox.RdfFormat.JSON_LD)
N_TRIPLES = Format("nt", "application/n-triples", "N-Triples", ("graph",), rdf=ox.RdfFormat.N_TRIPLES)
RDF_XML = Format("rdf", "application/rdf+xml", "RDF/XML", ("graph",), rdf=ox.RdfFormat.RDF_XML)
TRIG = Format("trig", "application/trig", "TriG", ("dataset",), rdf=ox.RdfFormat.TRIG)
N_QUADS = Format("nq", "application/n-quads", "N-Quads", ("dataset",), rdf=ox.RdfFormat.N_QUADS)
JSON = Format("json", "application/sparql-results+json", "JSON", ("solutions",), results=ox.QueryResultsFormat.JSON)
XML = Format("xml", "application/sparql-results+xml", "XML", ("solutions",), results=ox.QueryResultsFormat.XML)
CSV = Format("csv", "text/csv", "CSV", ("solutions",), results=ox.QueryResultsFormat.CSV)
TSV = Format("tsv", "text/tab-separated-values", "TSV", ("solutions",), results=ox.QueryResultsFormat.TSV)

FORMATS = (HTML, TURTLE, JSON_LD, N_TRIPLES, RDF_XML, TRIG, N_QUADS, JSON, XML, CSV, TSV)
BY_NAME = {f.name: f for f in FORMATS}
BY_MEDIA_TYPE = {f.media_type: f for f in FORMATS}

ALIASES: dict[MediaType, MediaType] = {
    "application/json": JSON.media_type,
    "application/xml": XML.media_type,
    "text/xml": XML.media_type,
    "application/turtle": TURTLE.media_type,
    "application/x-turtle": TURTLE.media_type,
    "text/n3": TURTLE.media_type,
    "text/rdf+n3": TURTLE.media_type,
    "application/x-json+ld": JSON_LD.media_type,
    "application/xhtml+xml": HTML.media_type,
    "text/plain": N_TRIPLES.media_type,
}
"""Names that clients use for a format besides its registered one. All Turtle is N3."""

SHORT_ALIASES = {
    "turtle": TURTLE.name,
    "n3": TURTLE.name,
    "json-ld": JSON_LD.name,
    "ntriples": N_TRIPLES.name,
    "n-triples": N_TRIPLES.name,
    "rdf+xml": RDF_XML.name,
    "rdfxml": RDF_XML.name,
}
"""What clients write for ``?format=`` besides our own short names (SPARQLWrapper does, unasked)."""


def names(one: Format) -> tuple[str, ...]:
    """Every name by which ``?format=`` knows a format: its own, what else clients write, and its media types."""
    short = [alias for alias, name in SHORT_ALIASES.items() if name == one.name]
    media = [alias for alias, media_type in ALIASES.items() if media_type == one.media_type]
    return (one.name, *short, one.media_type, *media)


def of_family(*families: Family) -> tuple[Format, ...]:
    """The formats that write any of the families, in the order in which they are preferred."""
    return tuple(f for f in FORMATS if set(f.families) & set(families))


def named(name: str, offered: Sequence[Format]) -> Format:
    """The offered format with this short name or media type.

    Raises:
        NotAcceptable: it is none of the offered ones; the error lists them.
    """
    short = SHORT_ALIASES.get(name.lower(), name.lower())
    media_type = ALIASES.get(name.lower(), name.lower())
    for one in offered:
        if short == one.name or media_type == one.media_type:
            return one
    raise NotAcceptable(
        f"The format '{name}' is not offered here; use one of: {', '.join(f.name for f in offered)}.",
        offered=[f.media_type for f in offered],
    )


def accepted(accept: str | None, offered: Sequence[Format]) -> Format:
    """The best of the offered formats for an ``Accept`` header; the first one where there is none.

    Raises:
        NotAcceptable: the header excludes them all, or cannot be read.
    """
    best = preferred(accept, offered)
    if best is None:
        raise NotAcceptable(
            f"None of the formats in 'Accept: {accept}' is offered here; "
            f"use one of: {', '.join(f.media_type for f in offered)}.",
            offered=[f.media_type for f in offered],
        )
    return best


def preferred(accept: str | None, offered: Sequence[Format]) -> Format | None:
    """Like :func:`accepted`, but ``None`` where nothing fits."""
    return _preferred(accept or "", tuple(offered))


@lru_cache(maxsize=1024)
def _preferred(accept: str, offered: tuple[Format, ...]) -> Format | None:
    """Few headers are ever sent, each many times; reading one takes longer than a small answer."""
    if not accept.strip():
        return offered[0]
    ranked = [(_quality(one, accept), -place) for place, one in enumerate(offered)]
    quality, place = max(ranked)
    return offered[-place] if quality > 0 else None


def _quality(one: Format, accept: str) -> float:
    """The q-value of a format; ranges that cannot be read do not count."""
    ranges = [parsed for part in accept.lower().split(",") for parsed in _media_range(part.strip())]
    return float(mimeparse.quality_parsed(one.media_type, ranges)) if ranges else 0.0


def _media_range(part: str) -> Iterable[tuple[str, str, dict[str, str]]]:
    """One range of the header, an alias already turned into the registered name."""
    try:
        kind, subtype, parameters = mimeparse.parse_media_range(part)
    except mimeparse.MimeTypeParseException:
        return []
    kind, _, subtype = ALIASES.get(f"{kind}/{subtype}", f"{kind}/{subtype}").partition("/")
    return [(kind, subtype, parameters)]
