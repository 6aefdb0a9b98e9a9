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
ENTITIES = (
    "arquus", "belgian-defence-industrial-base", "belgian-minister-of-defence",
    "belgian-vehicle-assembly-line-2024", "belgium", "belgium-caesar-order-2024",
    "belgium-griffon-mepac-order-2024", "caesar", "camo", "camo-reinforcement-initiative", "dicod", "france",
    "franco-belgian-letter-of-intent-2024-05-21", "franco-belgian-strategic-partnership",
    "french-defence-industrial-base", "french-minister-of-the-armed-forces",
    "french-ministry-of-the-armed-forces", "french-small-calibre-ammunition-capability",
    "french-small-calibre-ammunition-line", "griffon", "griffon-mepac", "john-cockerill",
    "john-cockerill-arquus-merger", "john-cockerill-arquus-merger-initiative", "john-cockerill-defense",
    "knds", "knds-155mm-shell-line-belgium", "lecornu-dedonder-meeting-2024-05-21", "ludivine-dedonder",
    "scorpion", "sebastien-lecornu", "small-calibre-ammunition-initiative",
    "small-calibre-ammunition-purchase-from-belgium",
)  # fmt: skip
"""The entities that the communiqué speaks of."""

_EVIDENCE, _DISPUTE = ox.NamedNode(DEF + "evidence"), ox.NamedNode(DEF + "inDispute")
_SUBJECT = ox.NamedNode(RDF + "subject")


def _read(path: Path) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE)]


def _ours(term: object) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(SOURCE)


def _claims(files: Iterable[list[ox.Triple]]) -> set[ox.NamedNode | ox.BlankNode | ox.Triple]:
    """The claims that the communiqué makes on its own entities, and that name no others."""
    triples = [triple for file in files for triple in file]
    ours = {triple.subject for triple in triples if triple.predicate == _EVIDENCE and _ours(triple.object)}
    return ours - {triple.subject for triple in triples if triple.subject in ours and _foreign(triple.object)}


def _foreign(term: object) -> bool:
    """Whether this is an entity that the communiqué does not speak of."""
    if not isinstance(term, ox.NamedNode) or not term.value.startswith(terms.ID):
        return False
    return term.value.removeprefix(terms.ID) not in ENTITIES


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
