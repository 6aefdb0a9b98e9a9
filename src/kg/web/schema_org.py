"""A thing in the words of schema.org, for search engines: what the ontology's alignments allow, and no more."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kg.serving import Row
from kg.terms import DEF, RDF, Iri
from kg.web.views import text

_SCHEMA = "https://schema.org/"
_MATCH = "http://www.w3.org/2004/02/skos/core#exactMatch"
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_ANYTHING = "Thing"
_MOST = 50


def matches(rows: Iterable[Row]) -> dict[Iri, str]:
    """The rows of the query *schema-org*: a term of ours to the name of one of schema.org's."""
    found: dict[Iri, str] = {}
    for row in rows:
        found.setdefault(text(row, "term"), text(row, "match").removeprefix(_SCHEMA))
    return found


def described(iri: Iri, name: str, kinds: Sequence[Iri], rows: Sequence[Row], known: Mapping[Iri, str]) -> str:
    """JSON-LD of a thing that may stand in a page: its kind, its name, and the plain statements that have a match.

    ``kinds`` are its classes, the nearest first; ``rows`` those of the query *statements*.
    """
    told: dict[str, list[Any]] = {}
    for row in rows:
        predicate = text(row, "predicate")
        if predicate == _MATCH:
            told.setdefault("sameAs", []).append(text(row, "object"))
        elif predicate in known and predicate.startswith(DEF) and not predicate.startswith(RDF):
            told.setdefault(known[predicate], []).append(_value(row))
    document = {
        "@context": _SCHEMA,
        "@type": next((known[kind] for kind in kinds if kind in known), _ANYTHING),
        "@id": iri,
        "name": name,
        "url": iri,
        **{key: values[0] if len(values) == 1 else values[:_MOST] for key, values in sorted(told.items())},
        "subjectOf": {"@type": "Dataset", "name": "Armature", "license": _LICENCE},
    }
    return json.dumps(document, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")


def _value(row: Row) -> Any:
    if row["object"]["type"] == "uri":
        label = text(row, "objectLabel")
        return {"@id": text(row, "object"), **({"name": label} if label else {})}
    return text(row, "object")
