"""Where a fact is written: the file of its subject, or the one that ``data/README.md`` gives to a new entity.

Everything is tried on a copy of the data first. What the shapes object to is not written at all.
"""

import shutil
import tempfile
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

import pyoxigraph as ox

from kg import terms
from kg.compiler import layout
from kg.compiler.build import check
from kg.compiler.findings import Findings
from kg.compiler.turtle import parse
from kg.drafting.draft import Draft
from kg.drafting.model import Model
from kg.errors import BadRequest, ShapesViolated
from kg.settings import Settings
from kg.terms import DEF, GRAPH, Iri

_FOLDERS = {
    "State": "government",
    "PublicBody": "government",
    "Post": "government",
    "Person": "government",
    "IndustrialBase": "government",
    "Organisation": "firms",
    "Programme": "programmes",
    "EquipmentType": "equipment",
    "Agreement": "agreements",
    "Meeting": "agreements",
    "Initiative": "initiatives",
    "Order": "orders",
    "Deal": "deals",
    "Site": "production",
    "ProductionLine": "production",
    "Capability": "production",
    "Investment": "production",
    "InternationalOrganisation": "government",
}
"""Class → folder, as ``data/README.md`` has it; a class below one of these goes where that one does."""

Additions = dict[Path, list[ox.Triple]]
"""File below ``data/`` → statements to add to it."""


def of_draft(made: Draft) -> Additions:
    """The claim in its file; a new passage, and a new source, in the source's."""
    claim, evidence = made.claim(), made.evidence()
    home = of_claim(made.model, made.subject(), made.object(), made.kind.iri)
    additions: Additions = {chosen(made.one("file")) if made.one("file") else home: claim}
    if evidence:
        additions.setdefault(of_source(made.model, made.source()), []).extend(evidence)
    return additions


def of_claim(model: Model, subject: Iri, value: ox.NamedNode | ox.Literal, kind: Iri) -> Path:
    """The file of a claim: that of its subject; a stake stands with the firm that is owned."""
    home = value.value if kind == DEF + "Stake" and isinstance(value, ox.NamedNode) else subject
    return _file_of(model, home)


def of_source(model: Model, source: Iri) -> Path:
    """The file of a source, one for each."""
    return _file_of(model, source) if model.knows(source) else Path("sources") / f"{source.rpartition('/')[2]}.ttl"


def of_entity(model: Model, kind: Iri, iri: Iri) -> Path:
    """The file of a new entity: one of its own in the folder of its kind."""
    folder = next((folder for name, folder in _FOLDERS.items() if model.under(kind, DEF + name)), "firms")
    return Path(folder) / f"{iri.rpartition('/')[2]}.ttl"


def chosen(text: str) -> Path:
    """A file named by hand, below ``data/``.

    Raises:
        BadRequest: it would be elsewhere.
    """
    path = Path(text.removeprefix("data/")).with_suffix(".ttl")
    if path.is_absolute() or ".." in path.parts or len(path.parts) < 2:  # noqa: PLR2004 - folder and name
        raise BadRequest(f"file: '{text}' is no file in a folder of data/, such as firms/knds.ttl.")
    return path


def _file_of(model: Model, thing: Iri) -> Path:
    graph = model.graph_of(thing)
    if graph is None or not graph.startswith(GRAPH + "data/"):
        raise BadRequest(f"<{thing}> is not described in a file of data/; name the file: file=firms/….ttl.")
    return Path(graph.removeprefix(GRAPH + "data/") + ".ttl")


def written(settings: Settings, additions: Additions) -> dict[Path, str]:
    """The whole new text of each file that the additions change, in the one layout."""
    return {path: _text(settings, path, triples) for path, triples in additions.items()}


def _text(settings: Settings, path: Path, added: Iterable[ox.Triple]) -> str:
    there, comment = settings.data / path, f"# {path.stem.replace('-', ' ').capitalize()}.\n\n"
    triples = list(added)
    if there.is_file():
        lines = there.read_text("utf-8").splitlines()
        comment = "".join(f"{line}\n" for line in takewhile(lambda line: line.startswith("#"), lines))
        comment += "\n" if comment else ""
        triples += [quad.triple for quad in parse(there, ox.NamedNode(GRAPH + "file"))]
    ordered = layout.ordered(triples)
    prefixes = layout.used(ordered, terms.prefixes(settings.ontology))
    return comment + b"".join(layout.write(ordered, prefixes)).decode()


def tried(settings: Settings, texts: dict[Path, str]) -> Findings:
    """What shapes and rules say of the data with the new texts in it; nothing is written to it.

    Raises:
        ShapesViolated: they object; the detail is the report.
    """
    with tempfile.TemporaryDirectory(prefix="armature-draft-") as folder:
        copy = Path(folder)
        for name in ("ontology", "queries", "data"):
            shutil.copytree(settings.home / name, copy / name)
        for path, text in texts.items():
            (copy / "data" / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / "data" / path).write_text(text, "utf-8")
        findings = check(settings.model_copy(update={"home": copy}))
    if findings.violations:
        raise ShapesViolated(f"{findings.text()}\nNothing was written.", violations=len(findings.violations))
    return findings


def write(settings: Settings, texts: dict[Path, str]) -> None:
    """Write the files, each whole or not at all, those with sources first."""
    for path, text in sorted(texts.items(), key=lambda pair: pair[0].parts[0] != "sources"):
        target = settings.data / path
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        part.write_text(text, "utf-8")
        part.replace(target)


def shown(settings: Settings, triples: Iterable[ox.Triple]) -> str:
    """Statements as Turtle blocks without the prefixes, to be read."""
    ordered = layout.ordered(triples)
    prefixes = terms.prefixes(settings.ontology)
    return b"".join(list(layout.write(ordered, prefixes))[1:]).decode().strip()
