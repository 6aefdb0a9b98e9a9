"""The engine's syntax errors, made readable: the place, the word that stands there, what could stand there.

pyoxigraph reports ``error at 1:24: expected one of …`` with every token its grammar knows, and where it
expected a keyword it counts the column from the end of that keyword.
"""

import re

from kg.errors import QuerySyntaxError

_REPORT = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)", re.DOTALL)
_ITEM = re.compile(r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,\s][^,]*')
_KEYWORD = re.compile(r"[A-Za-z_0-9]+")
_SHOWN = 6
_SHORT_FOR = {
    "CONSTRUCT": "SELECT, ASK, CONSTRUCT or DESCRIBE",
    "OPTIONAL": "a triple, OPTIONAL, FILTER or another clause",
    "ENCODE_FOR_URI": "an expression",
}
"""Of several words the engine names only the longest; this is what could stand there."""


def explain(report: str, query: str) -> QuerySyntaxError:
    """The error to raise for what pyoxigraph says about a query; line and column count from 1."""
    found = _REPORT.fullmatch(report.strip())
    if found is None:
        return QuerySyntaxError(f"The query is not valid SPARQL: {report.strip()[:200]}")
    line, column = int(found[1]), int(found[2])
    items = _ITEM.findall(found[3])
    column = max(1, column - _overshoot(items))
    sentence = next((item for item in items if " " in item and item[0].isalpha()), None)
    near = _near(query, line, column, back=sentence is not None)
    reason = sentence or _expected(items)
    detail = f"The query stops being valid SPARQL at line {line}, column {column}{near}: {reason}."
    return QuerySyntaxError(detail, line=line, column=column)


def _overshoot(items: list[str]) -> int:
    """How far the column lies behind the place: the shortest keyword, if only keywords were expected."""
    told = [item for item in items if item != "[_]" and " " not in item]
    keywords = [item for item in told if _KEYWORD.fullmatch(item)]
    return min(map(len, keywords)) if keywords and len(keywords) == len(told) else 0


def _near(query: str, line: int, column: int, *, back: bool) -> str:
    """The word at the place, or the one before it where the text ends or ``back`` asks for that."""
    text = query.split("\n")[line - 1 : line]
    before, rest = ("".join(text)[: column - 1].split(), "".join(text)[column - 1 :].split())
    if rest and not back:
        return f", at '{rest[0][:40]}'"
    return f", after '{before[-1][-40:]}'" if before else ""


def _expected(items: list[str]) -> str:
    shown = [_SHORT_FOR.get(item, item) for item in items if item[0] == '"' or _KEYWORD.fullmatch(item)]
    if not shown:
        return "the text is incomplete or has a word that cannot stand there"
    more = " …" if len(shown) > _SHOWN else ""
    return f"expected {', '.join(shown[:_SHOWN])}{more}"
