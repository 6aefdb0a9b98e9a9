"""The one layout of Turtle, for exports and for the files in git alike.

Sorted subjects, a block each; ``a`` first, then what a claim says, then its qualifiers, and last rank,
evidence and notes; prefixes from the one list. The same triples always give the same text.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby, takewhile
from pathlib import Path

import pyoxigraph as ox

from kg import terms
from kg.compiler.turtle import parse
from kg.errors import InvalidSource
from kg.terms import DEF, RDF, RDFS, XSD, Iri

_FIRST = [
    RDF + "type",
    RDF + "subject",
    RDF + "predicate",
    RDF + "object",
    RDFS + "label",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
    "http://purl.org/dc/terms/title",
]
_LAST = [DEF + name for name in ("rank", "inDispute", "evidence", "note")]
_RANK = {iri: place - len(_FIRST) for place, iri in enumerate(_FIRST)} | {
    iri: place + 1 for place, iri in enumerate(_LAST)
}

_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_BARE = {
    XSD + "integer": re.compile(r"[+-]?\d+"),
    XSD + "decimal": re.compile(r"[+-]?\d*\.\d+"),
    XSD + "boolean": re.compile(r"true|false"),
}
_WIDTH = 110


def ordered(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Triples without repeats, in the order of the layout."""
    return sorted(set(triples), key=_sort_key)


def _sort_key(triple: ox.Triple) -> tuple[str, int, str, str, str]:
    predicate, value = triple.predicate.value, triple.object
    language = value.language or "" if isinstance(value, ox.Literal) else ""
    return str(triple.subject), _RANK.get(predicate, 0), predicate, language, str(value)


def write(triples: Iterable[ox.Triple], prefixes: dict[str, Iri]) -> Iterator[bytes]:
    """Turtle for triples in the order of the layout: the prefix list, then a block per subject.

    A whole graph streams in bounded memory.
    """
    yield "".join(f"@prefix {prefix}: <{space}> .\n" for prefix, space in prefixes.items()).encode()
    known = tuple(prefixes.items())
    for subject, group in groupby(triples, key=lambda triple: triple.subject):
        yield _block(_term(subject, known), list(group), known).encode()


def _block(subject: str, triples: list[ox.Triple], known: tuple[tuple[str, Iri], ...]) -> str:
    lines = []
    for predicate, group in groupby(triples, key=lambda triple: triple.predicate):
        verb = "a" if predicate == terms.RDF_TYPE else _term(predicate, known)
        objects = [_term(triple.object, known) for triple in group]
        line = f"    {verb} {', '.join(objects)}"
        lines.append(line if len(line) <= _WIDTH else f"    {verb} " + ",\n        ".join(objects))
    return f"\n{subject}\n" + " ;\n".join(lines) + " .\n"


def _term(term: object, known: tuple[tuple[str, Iri], ...]) -> str:
    match term:
        case ox.NamedNode():
            return _name(term.value, known)
        case ox.Literal(language=None, datatype=datatype) if datatype.value != XSD + "string":
            return _typed(term.value, datatype.value, known)
    return str(term)


def _typed(text: str, datatype: Iri, known: tuple[tuple[str, Iri], ...]) -> str:
    bare = _BARE.get(datatype)
    if bare and bare.fullmatch(text):
        return text
    return f"{ox.Literal(text)}^^{_name(datatype, known)}"


@cache
def _name(iri: Iri, known: tuple[tuple[str, Iri], ...]) -> str:
    """A prefixed name where the rest is a plain local name, by the longest namespace; else the IRI."""
    for prefix, space in sorted(known, key=lambda pair: -len(pair[1])):
        if iri.startswith(space) and _LOCAL.fullmatch(iri, len(space)):
            return f"{prefix}:{iri[len(space) :]}"
    return str(ox.NamedNode(iri))


def _refuse_lost_comments(path: Path, text: str, heading: int) -> None:
    """A comment in the middle belongs to no statement, so it could not be kept."""
    for number, line in enumerate(text.splitlines(), 1):
        if number > heading and line.lstrip().startswith("#"):
            raise InvalidSource(
                f"{path}:{number}: this comment would be lost; move it to the top of the file or make it a kg:note.",
                file=str(path),
                line=number,
            )


def used(triples: Iterable[ox.Triple], prefixes: dict[str, Iri]) -> dict[str, Iri]:
    """The part of the prefix list that the triples need."""
    known = tuple(prefixes.items())
    names: set[str] = set()
    for triple in triples:
        for term in (triple.subject, triple.predicate, triple.object):
            iri = term.value if isinstance(term, ox.NamedNode) else _datatype(term)
            names.add(_name(iri, known).partition(":")[0] if iri else "")
    return {prefix: space for prefix, space in prefixes.items() if prefix in names}


def _datatype(term: object) -> Iri | None:
    return term.datatype.value if isinstance(term, ox.Literal) else None


def reformat(path: Path, ontology: Path, *, rewrite: bool) -> bool:
    """Lay a file out canonically; returns whether it was not. Its leading comment is kept.

    Raises:
        BrokenTurtle: the file is not valid Turtle; it is left as it is.
    """
    triples = ordered(quad.triple for quad in parse(path, ox.NamedNode(terms.GRAPH + "file")))
    text = path.read_bytes().decode("utf-8")
    comment = "".join(line + "\n" for line in takewhile(lambda line: line.startswith("#"), text.splitlines()))
    _refuse_lost_comments(path, text, len(comment.splitlines()))
    prefixes = used(triples, terms.prefixes(ontology))
    laid_out = comment + ("\n" if comment else "") + b"".join(write(triples, prefixes)).decode()
    if laid_out != text and rewrite:
        path.write_bytes(laid_out.encode("utf-8"))
    return laid_out != text
