"""Draws claims to be read again beside their sources: ``python -m tests.audit 60 --seed 2026``.

``--since COMMIT`` leaves out those that the data of that commit had already.

Claims of the communiqué are left out: every one of its sentences is traced in ``docs/communique.md``. The result of
the last audit is in ``docs/data-quality.md``.
"""

import argparse
import io
import random
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph as ox

from kg.compiler.assemble import assemble, source_files
from kg.settings import Settings
from kg.terms import CLAIM, DEF, RDF, SOURCE

ROOT = Path(__file__).parents[1]
_COMMUNIQUE = SOURCE + "minarm-2024-05-21"


def drawn(store: ox.Store, count: int, seed: int, older: frozenset[str] = frozenset()) -> list[str]:
    """So many IRIs of claims that are not among older ones, the same for the same data and seed."""
    evidence = ox.NamedNode(DEF + "evidence")
    cited: dict[str, list[str]] = {}
    for quad in store.quads_for_pattern(None, evidence, None, ox.DefaultGraph()):
        cited.setdefault(str(quad.subject)[1:-1], []).append(str(quad.object)[1:-1])
    claims = sorted(
        claim
        for claim, passages in cited.items()
        if claim.startswith(CLAIM)
        and claim not in older
        and not all(passage.startswith(_COMMUNIQUE) for passage in passages)
    )
    return sorted(random.Random(seed).sample(claims, count))


def stated(commit: str) -> frozenset[str]:
    """The IRIs of all claims in the data of a commit."""
    packed = subprocess.run(
        ("git", "-C", str(ROOT), "archive", commit, "data", "ontology"), check=True, capture_output=True
    ).stdout
    with TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        store = assemble(source_files(Settings(home=Path(folder))))
    evidence = ox.NamedNode(DEF + "evidence")
    return frozenset(str(quad.subject)[1:-1] for quad in store.quads_for_pattern(None, evidence, None, None))


def told(store: ox.Store, claim: str) -> str:
    """A claim with its passages and their sources, as lines of text."""
    lines = [f"# {claim.removeprefix(CLAIM)}"]
    node = ox.NamedNode(claim)
    for quad in sorted(store.quads_for_pattern(node, None, None, ox.DefaultGraph()), key=str):
        name = quad.predicate.value.rpartition("/")[2].rpartition("#")[2]
        if quad.predicate.value != RDF + "type":
            lines.append(f"  {name}: {_short(quad.object)}")
        if name == "evidence" and isinstance(quad.object, ox.NamedNode):
            lines += _evidence(store, quad.object)
    return "\n".join(lines)


def _evidence(store: ox.Store, passage: ox.NamedNode) -> list[str]:
    of = [quad.object for quad in store.quads_for_pattern(passage, ox.NamedNode(DEF + "of"), None, ox.DefaultGraph())]
    lines = []
    for node in (passage, *(one for one in of if isinstance(one, ox.NamedNode))):
        for quad in sorted(store.quads_for_pattern(node, None, None, ox.DefaultGraph()), key=str):
            name = quad.predicate.value.rpartition("/")[2].rpartition("#")[2]
            if name in ("gist", "locator", "title", "issued", "url", "publisher", "sourceKind"):
                lines.append(f"      {name}: {_short(quad.object)}")
    return lines


def _short(term: object) -> str:
    return getattr(term, "value", str(term)).replace("https://w3id.org/armature/", "")


def main() -> None:
    """Print the drawn claims."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("count", type=int)
    words.add_argument("--seed", type=int, default=2026)
    words.add_argument("--since", metavar="COMMIT")
    given = words.parse_args()
    store = assemble(source_files(Settings(home=ROOT)))
    older = stated(given.since) if given.since else frozenset()
    for claim in drawn(store, given.count, given.seed, older):
        print(told(store, claim), end="\n\n")  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
