"""The house: imports go one way, files and functions stay small, nothing sleeps."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from kg import __version__

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "kg"
MODULES = sorted(SOURCE.rglob("*.py"))
TURTLE = (ROOT / "data", ROOT / "ontology")

STAGES = (
    ("__init__", "settings", "errors", "terms", "formats", "trace", "scratch"),
    ("stored",),
    ("competency",),
    ("compiler.turtle", "compiler.layout"),
    ("compiler.report", "compiler.check", "compiler.assemble", "compiler.derive", "compiler.alike"),
    ("compiler.findings",),
    ("indexing", "ranking", "paths"),
    ("search", "snapshot", "export", "changes"),
    ("downloads",),
    ("compiler.build",),
    ("drafting.__init__", "drafting.model"),
    ("drafting.values", "drafting.words"),
    ("drafting.evidence",),
    ("drafting.draft",),
    ("drafting.files",),
    ("drafting.command", "drafting.sheet"),
    (
        "engine.limits",
        "engine.stats",
        "engine.frames",
        "engine.lexer",
        "engine.sandbox",
        "engine.syntax",
        "engine.caller",
        "engine.endpoint",
        "engine.translate",
    ),
    ("engine.clauses", "engine.pipes"),
    ("engine.precheck", "engine.reader", "engine.failures", "engine.child", "engine.line"),
    ("engine.crew", "engine.gate"),
    ("engine.pool",),
    ("engine.exchange",),
    ("engine.batch",),
    ("engine.store",),
    ("engine.forms",),
    ("engine.remote", "engine.federated"),
    ("publication", "loading"),
    ("publishing", "mirror"),
    ("engine.cached",),
    ("serving",),
    ("web.language",),
    ("web.wording",),
    (
        "web.replies",
        "web.dates",
        "web.figures",
        "web.rates",
        "web.encoded",
        "web.islands",
        "web.security",
        "web.assets",
        "web.packing",
        "web.captions",
        "web.shortfall",
    ),
    ("web.kept", "web.naming"),
    ("web.views", "web.charts", "web.feeds"),
    ("web.schema_org", "web.narrow"),
    ("web.chains", "web.lexicon"),
    ("web.records", "web.round"),
    ("web.asker", "web.declared", "web.inline"),
    ("web.qualifiers_view", "web.terms_view", "web.queries_view"),
    ("web.claims_view",),
    ("web.proofs", "web.engraving", "web.archive"),
    ("web.ties",),
    ("web.sources_view", "web.panels", "web.panels_view", "web.markup", "web.descriptions"),
    ("web.lives", "web.tallies", "web.drawings", "web.sifting"),
    ("web.answers", "web.neighbourhood", "web.networks"),
    ("web.graphml", "web.drawn"),
    ("web.pages", "web.thing_pages"),
    ("web.exports", "web.changes_view"),
    (
        "web.problems",
        "web.sparql",
        "web.things",
        "web.api",
        "web.charts_view",
        "web.finding",
        "web.graph_view",
        "web.reference",
        "web.path_view",
    ),
    ("web.forwarded", "web.logs", "web.metrics", "web.clock"),
    ("web.ledger", "web.reading"),
    ("web.admission", "web.access", "web.again", "web.envelope", "web.wire"),
    ("web.turn", "web.direct"),
    ("web.operations", "web.connection", "web.settling"),
    ("web.app",),
    ("connected",),
    ("console", "docs"),
    ("web.process",),
    ("web.workers",),
    ("web.server",),
    ("cli",),
    ("__main__",),
)
"""Stages of the data, first to last; a module imports from its own stage and those before it only."""

STAGE = {module: place for place, stage in enumerate(STAGES) for module in stage}


def name(path: Path) -> str:
    """``src/kg/engine/pool.py`` → ``engine.pool``; a package bears its own name."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    """The project's modules that a file imports, wherever in the file."""
    names = {name(module) for module in MODULES}
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "kg":
            package = (node.module or "").partition(".")[2]
            inside = {f"{package}.{alias.name}".lstrip(".") for alias in node.names}
            found |= (inside & names) or {package or "__init__"}
    return found


@pytest.mark.parametrize("path", [m for m in MODULES if m.parent == SOURCE or m.stem != "__init__"], ids=name)
def test_imports_go_one_way(path: Path) -> None:
    assert name(path) in STAGE, f"{name(path)} belongs to a stage; name it in STAGES"
    later = {module for module in imported(path) if STAGE[module] > STAGE[name(path)]}
    assert not later


def test_no_two_modules_import_each_other() -> None:
    graph = {name(path): imported(path) for path in MODULES}
    assert not [(a, b) for a, names in graph.items() for b in names if a in graph.get(b, ()) and a < b]


def _code() -> list[Path]:
    return [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]


@pytest.mark.parametrize("path", _code(), ids=lambda path: path.stem)
def test_files_and_functions_are_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 55, f"{node.name} has {length} lines"


def test_files_of_turtle_are_small() -> None:
    """Split a longer one by a narrower theme; data/README.md says how the parts are named."""
    lines = {path: len(path.read_text("utf-8").splitlines()) for folder in TURTLE for path in folder.rglob("*.ttl")}
    assert {path.relative_to(ROOT).as_posix(): count for path, count in lines.items() if count > 400} == {}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_and_public_name_is_documented(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [ROOT / name for name in names.splitlines() if (ROOT / name).is_file()]


HOSTS = "|".join(["pypi" + r"\.org/simple", "python" + "hosted", "registry" + r"\.npmjs", "debian" + r"\.org/deb"])
SLEEPERS = "|".join(["pytest" + r"\.(skip|mark\.skip)", "TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error"])


def test_no_file_names_a_registry_host_and_nothing_sleeps() -> None:
    unwanted = re.compile(f"{HOSTS}|{SLEEPERS}|type: ignore" + r"\s*$", re.MULTILINE)
    found = {}
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        if match := unwanted.search(text):
            found[path.relative_to(ROOT).as_posix()] = match.group()
    assert found == {}


def test_the_versions_agree() -> None:
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
