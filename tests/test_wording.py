"""What errors say in French: every sentence of the code, and each with its values."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from kg import errors
from kg.errors import BadRequest, KgError
from kg.web.wording import worded

SOURCES = Path(__file__).parents[1] / "src" / "kg"
WORDS = yaml.safe_load((SOURCES / "web" / "messages" / "problems-fr.yaml").read_text("utf-8"))
_UNHEARD = (
    errors.InvalidSource, errors.CannotWrite, errors.DiskFull, errors.PortTaken, errors.BuildUnderWay,
    errors.PublishFailed, errors.CheckFailed, errors.Refused, errors.NoSnapshot,
)  # fmt: skip
"""What is told on the command line, or on a connection whose request was never read."""
_ON_PAGES = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, KgError) and not issubclass(kind, _UNHEARD)
}
_SERVING = ("changes", "formats", "stored", "serving", "search")


def sentence(node: ast.expr) -> str:
    """The text of a string with {0}, {1} … in the place of its values; empty for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    values = iter(range(len(node.values)))
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else f"{{{next(values)}}}" for part in node.values
    )


def raised() -> Iterator[str]:
    """The sentences with which errors are made in what serves pages."""
    files = [*(SOURCES / "web").glob("*.py"), *(SOURCES / "engine").glob("*.py")]
    for path in (*files, *(SOURCES / f"{name}.py" for name in _SERVING)):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from in_function(function)


def in_function(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Those of one function, whether they stand in the call or under a name of their own."""
    named = {
        target.id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _ON_PAGES and node.args:
            given = node.args[0]
            yield sentence(named.get(given.id, given) if isinstance(given, ast.Name) else given)


def test_every_sentence_and_title_is_known_in_french() -> None:
    found = set(raised()) - {""}
    assert len(found) > 80
    assert sorted(found - WORDS["details"].keys()) == []
    titles = {kind.title for kind in _ON_PAGES.values()}
    assert sorted(titles ^ WORDS["titles"].keys()) == []


def test_every_french_sentence_has_the_values_of_the_english_one() -> None:
    for english, french in {**WORDS["details"], **WORDS["words"]}.items():
        assert set(re.findall(r"\{\d\}", french)) <= set(re.findall(r"\{\d\}", english)), english
        assert french != english or not re.search("[a-z]{3}", english), english
    for english, french in WORDS["details"].items():
        assert len(re.findall(r"\{\d\}", english)) == len(set(re.findall(r"\{\d\}", french))), english


def test_values_are_told_in_french_where_they_are_words_or_numbers() -> None:
    told = worded(errors.TooBusy("The server is busy: no reader came free in time. Try again in 1 s."), "fr")
    assert told.detail == "Le serveur est occupé\u00a0: aucun lecteur ne s’est libéré à temps. Réessayez dans 1 s."
    told = worded(
        errors.ResultTooLarge("The result has more than 1,000,000 bytes; narrow the query, or page with LIMIT."), "fr"
    )
    assert "1\u202f000\u202f000 octets" in told.detail
    told = worded(errors.UnknownEntity("The graph says nothing of <https://x.example/>. Did you mean a or b?"), "fr")
    assert told.detail.endswith("Vouliez-vous dire a ou b\u00a0?")


def test_what_is_not_known_in_french_stays_english_and_says_so() -> None:
    assert worded(BadRequest("Nobody has translated this."), "fr").language == "en"
    assert worded(BadRequest("The server is about to stop."), "en").title == "Bad request"
