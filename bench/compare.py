"""Whether two answers say the same: rows as a multiset, triples as a set, whatever the order.

Terms must be the same. Three spellings of one thing count as one: a plain string and its xsd:string, numbers of
one value (integer or decimal; doubles to twelve digits), and true as 1.
"""

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

import pyoxigraph as ox

from kg.terms import XSD

Answer: TypeAlias = Counter[tuple[str, ...]]
"""Row or triple, each term as text → how often it comes."""

_NUMBERS = frozenset(
    XSD + name for name in ("integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger")
)
_BOOLEANS = {"1": "true", "0": "false"}


class UnreadableError(Exception):
    """The body is not what was asked for."""


def read(body: bytes, *, graph: bool) -> Answer:
    """The answer in a body: SPARQL JSON results, or N-Triples (Turtle is read as well).

    Raises:
        UnreadableError: it is neither.
    """
    try:
        return _triples(body) if graph else _rows(body)
    except (ValueError, KeyError, TypeError, SyntaxError) as error:
        raise UnreadableError(f"the body cannot be read: {error}") from error


def _rows(body: bytes) -> Answer:
    told = json.loads(body)
    names = sorted(told["head"]["vars"])
    rows = told["results"]["bindings"]
    return Counter(tuple(_json_term(row.get(name)) for name in names) for row in rows)


def _json_term(term: dict[str, str] | None) -> str:
    if not term:
        return ""
    if term["type"] == "uri":
        return f"<{term['value']}>"
    if term["type"] == "bnode":
        return "_:"
    return _literal(term["value"], term.get("datatype", ""), term.get("xml:lang", ""))


def _literal(value: str, datatype: str, language: str) -> str:
    if language:
        return f'"{value}"@{language.lower()}'
    if datatype in _NUMBERS:
        return f'"{_number(value)}"^^number'
    if datatype == XSD + "boolean":
        value = _BOOLEANS.get(value, value)
    return f'"{value}"' if datatype in {"", XSD + "string"} else f'"{value}"^^<{datatype}>'


def _number(value: str) -> str:
    try:
        return f"{Decimal(value).normalize():.12g}"
    except InvalidOperation:
        return value


def _triples(body: bytes) -> Answer:
    triples = ox.parse(body, format=ox.RdfFormat.TURTLE)
    return Counter({tuple(_term(term) for term in (t.subject, t.predicate, t.object)): 1 for t in triples})


def _term(term: object) -> str:
    if isinstance(term, ox.Literal):
        return _literal(term.value, "" if term.language else term.datatype.value, term.language or "")
    return "_:" if isinstance(term, ox.BlankNode) else str(term)


def difference(expected: Answer, found: Answer) -> str:
    """Empty where both say the same, else in what they differ, with an example of each side."""
    if expected == found:
        return ""
    missing, surplus = expected - found, found - expected
    parts = [f"{sum(found.values())} rows instead of {sum(expected.values())}"]
    for name, rows in (("missing", missing), ("surplus", surplus)):
        if rows:
            parts.append(f"{name} {' '.join(min(rows))[:160]}")
    return "; ".join(parts)
