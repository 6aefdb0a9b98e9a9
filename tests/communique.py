"""The communiqué's part of the data, cut out of it: small enough to be copied, broken and built in every test.

What other sources say is left out; a claim that they say too keeps the communiqué's passages only.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

from kg import terms
from kg.compiler import layout
from kg.terms import DEF, RDF

SOURCE = terms.SOURCE + "minarm-2024-05-21"
_EVIDENCE, _DISPUTE = ox.NamedNode(DEF + "evidence"), ox.NamedNode(DEF + "inDispute")
_COMPARES = ox.NamedNode(DEF + "overlapsWith")
_SUBJECT = ox.NamedNode(RDF + "subject")


def _read(path: Path) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE)]


def _ours(term: object) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(SOURCE)


def _claims(files: Iterable[list[ox.Triple]]) -> set[object]:
    """The claims that the communiqué makes; that two orders overlap is read out of several sources."""
    every = [triple for file in files for triple in file]
    compared: set[object] = {triple.subject for triple in every if triple.object == _COMPARES}
    cited: set[object] = {
        triple.subject for triple in every if triple.predicate == _EVIDENCE and _ours(triple.object)
    }
    return cited - compared


def _named(kept: Iterable[ox.Triple]) -> set[object]:
    return {term for triple in kept for term in (triple.subject, triple.object) if isinstance(term, ox.NamedNode)}


def write(data: Path, target: Path) -> None:
    """Write the communiqué's part of the files in ``data`` below ``target``, each in the file where it is."""
    files = {path: _read(path) for path in sorted(data.rglob("*.ttl"))}
    claims = _claims(files.values())
    said = [
        triple
        for file in files.values()
        for triple in file
        if (triple.subject in claims and not (triple.predicate == _EVIDENCE and not _ours(triple.object)))
        or _ours(triple.subject)
    ]
    rivals = Counter(triple.object for triple in said if triple.predicate == _DISPUTE)
    said = [triple for triple in said if triple.predicate != _DISPUTE or rivals[triple.object] > 1]
    wanted = _named(said) | claims
    everything = set(said)
    for path, file in files.items():
        kept = [triple for triple in file if triple in everything or _described(triple, wanted)]
        if kept:
            _write(target / path.relative_to(data), path, layout.ordered(kept), data.parent / "ontology")


def _described(triple: ox.Triple, wanted: set[object]) -> bool:
    """Whether this describes an entity or a dispute that is spoken of, and is no claim on it."""
    subject = str(triple.subject)
    names = (f"<{terms.ID}", f"<{terms.CLAIM}dispute-")
    return triple.subject in wanted and subject.startswith(names) and triple.predicate != _SUBJECT


def _write(target: Path, source: Path, triples: list[ox.Triple], ontology: Path) -> None:
    head = next(iter(source.read_text("utf-8").splitlines()), "")
    comment = f"{head}\n\n" if head.startswith("#") else ""
    text = b"".join(layout.write(triples, layout.used(triples, terms.prefixes(ontology)))).decode()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(comment + text, "utf-8")
