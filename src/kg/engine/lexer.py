"""The words of a SPARQL text: enough of the grammar to know what stands in a string and what does not.

Every pattern is possessive, so the time is linear in the length of the text, whatever it holds. The pieces
follow the engine where it is laxer than the standard: any character beyond ASCII may be part of a name, and
words run together (``trueSERVICE``) stay one piece.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias, cast

Kind: TypeAlias = Literal["space", "iri", "string", "variable", "blank", "language", "name", "word", "sign"]

_ESCAPE = (
    r"""\\[tbnrf"'\\]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}"""
    r"""|\\U(?:0000(?![dD][89a-fA-F])|000[1-9a-fA-F]|0010)[0-9a-fA-F]{4}"""
)
_FIRST = r"A-Za-z0-9_\x80-\U0010ffff"
_REST = rf"{_FIRST}\-"
_LOCAL_ESCAPE = r"%[0-9a-fA-F]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
_PIECES: dict[Kind, str] = {
    "space": r"(?:[ \t\r\n]++|\#[^\r\n]*+)++",
    "iri": r'<(?:[^\x00-\x20<>"{}|^`\\]|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8})*+>',
    "string": rf'"""(?:(?:""|")?+(?:[^"\\]|{_ESCAPE}))*+"""'
    rf"|'''(?:(?:''|')?+(?:[^'\\]|{_ESCAPE}))*+'''"
    rf'|"(?:[^"\\\r\n]|{_ESCAPE})*+"'
    rf"|'(?:[^'\\\r\n]|{_ESCAPE})*+'",
    "variable": rf"[?$][{_FIRST}]++",
    "blank": rf"_:[{_FIRST}](?:[{_REST}]|\.++(?=[{_REST}]))*+",
    "language": r"@[A-Za-z]++(?:-[A-Za-z0-9]++)*+",
    "name": rf"(?:[{_FIRST}](?:[{_REST}]|\.++(?=[{_REST}]))*+)?+:"
    rf"(?:(?:[{_FIRST}:]|{_LOCAL_ESCAPE})"
    rf"(?:[{_REST}:]|{_LOCAL_ESCAPE}|\.++(?=[{_REST}:%\\]))*+)?+",
    "word": rf"[{_FIRST}](?:[{_REST}]|\.++(?=[{_REST}]))*+",
    "sign": r"<<\(|\)>>|<<|>>|\{\||\|\}|&&|\|\||\^\^|[<>!]=|[\s\S]",
}
_PIECE = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PIECES.items()), re.ASCII)

_BRACKET = r"<<\(|\)>>|<<|>>|\{\||\|\}|[(){}\[\]]"
_NO_BRACKET = rf"(?!{_BRACKET})(?:\|\||[\s\S])"
_SKIPPED = (r"""[^"'\#<>(){}\[\]|]++""", r"\#[^\r\n]*+", _PIECES["iri"], _PIECES["string"], _NO_BRACKET)
_NEXT_BRACKET = re.compile(rf"(?:{'|'.join(_SKIPPED)})*+({_BRACKET}|\Z)")
"""The next bracket of a text without escapes, whose words need not be told apart for that, or its end."""

BRACKETS = {
    **dict.fromkeys(("(", "{", "[", "<<", "<<(", "{|"), 1),
    **dict.fromkeys((")", "}", "]", ">>", ")>>", "|}"), -1),
}
"""Bracket → by how much it changes the depth."""


class Token(NamedTuple):
    """One piece of a query; ``start`` counts characters from 0."""

    kind: Kind
    text: str
    start: int


def tokens(query: str, start: int = 0) -> Iterator[Token]:
    """The pieces from ``start`` on, without spaces and comments."""
    for match in _PIECE.finditer(query, start):
        kind: Kind = match.lastgroup  # type: ignore[assignment]  # the groups bear the names of the kinds
        if kind != "space":
            yield Token(kind, match[0], match.start())


def nesting(query: str) -> int:
    """How many brackets are open at once, at most."""
    depth = deepest = 0
    for bracket in _brackets(query):
        depth += BRACKETS.get(bracket, 0)
        if depth < 0:
            depth = 0
        elif depth > deepest:
            deepest = depth
    return deepest


def _brackets(query: str) -> Iterable[str]:
    """The brackets of a query, among other pieces perhaps; which words there are takes longer to tell."""
    if "\\" in query:
        return (token.text for token in tokens(query) if token.kind == "sign")
    return cast("list[str]", _NEXT_BRACKET.findall(query))


def place(query: str, offset: int) -> tuple[int, int]:
    """Line and column of a character, both from 1."""
    return query.count("\n", 0, offset) + 1, offset - query.rfind("\n", 0, offset)
