"""The SERVICE clauses of a query, found among its words: where each stands, whom it calls, and what it asks there.

Nothing is guessed. What is not a plain clause with a fixed address is refused, and whoever puts something in the
place of the clauses has the rest looked at once more (:mod:`kg.engine.precheck`), in every reading of the text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kg.engine.lexer import BRACKETS, Token, place, tokens
from kg.errors import ServiceRefused
from kg.terms import Iri

_FORMS = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})


@dataclass(frozen=True)
class Clause:
    """One SERVICE clause: its place in the text (characters), its address, and the query for that server."""

    start: int
    end: int
    silent: bool
    address: Iri
    query: str


def clauses(query: str, prefixes: Mapping[str, Iri]) -> list[Clause]:
    """The clauses of a query, in order; ``prefixes`` are those that it need not declare.

    Raises:
        ServiceRefused: one cannot be carried out: its address is no fixed IRI, or it has another one inside.
    """
    found = list(tokens(query))
    prologue = _Prologue.of(query, found, prefixes)
    clauses: list[Clause] = []
    number = 0
    while number < len(found):
        if _is(found[number], "SERVICE"):
            number, clause = _clause(query, found, number, prologue)
            clauses.append(clause)
        number += 1
    return clauses


@dataclass(frozen=True)
class _Prologue:
    """What stands before the query form, and what its prefixes mean."""

    text: str
    prefixes: dict[str, Iri]
    based: bool

    @classmethod
    def of(cls, query: str, found: Sequence[Token], known: Mapping[str, Iri]) -> "_Prologue":
        form = next((n for n, token in enumerate(found) if token.text.upper() in _FORMS and token.kind == "word"), 0)
        declared = {}
        for keyword, name, iri in zip(found[:form], found[1:form], found[2:form], strict=False):
            if _is(keyword, "PREFIX") and name.kind == "name" and iri.kind == "iri":
                declared[name.text.removesuffix(":")] = iri.text[1:-1]
        text = query[found[0].start : found[form].start] if form else ""
        ours = "".join(f"PREFIX {name}: <{space}> " for name, space in known.items() if name not in declared)
        return cls(ours + text, {**known, **declared}, any(_is(token, "BASE") for token in found[:form]))


def _is(token: Token, word: str) -> bool:
    return token.kind == "word" and token.text.upper() == word


def _clause(query: str, found: Sequence[Token], number: int, prologue: _Prologue) -> tuple[int, Clause]:
    """The clause that begins at a token, and the number of its last one."""
    begin = found[number]
    rest = found[number + 1 : number + 4]
    silent = bool(rest) and _is(rest[0], "SILENT")
    rest = rest[1:] if silent else rest
    if len(rest) < 2 or rest[1].text != "{":  # noqa: PLR2004 - an address and a bracket
        raise _refused(query, begin, "is followed by an address and a group in brackets")
    address = _address(query, rest[0], prologue)
    opening = number + 2 + silent
    closing = _closing(query, found, opening)
    inside = found[opening + 1 : closing]
    if nested := next((token for token in inside if "SERVICE" in token.text.upper() and token.kind == "word"), None):
        raise _refused(query, nested, "cannot stand within another one")
    end = found[closing].start + 1
    group = query[found[opening].start : end]
    return closing, Clause(begin.start, end, silent, address, f"{prologue.text} SELECT * WHERE {group}")


def _address(query: str, token: Token, prologue: _Prologue) -> Iri:
    """The IRI that a token names.

    Raises:
        ServiceRefused: it is none, or is not written out.
    """
    if token.kind == "variable":
        raise _refused(query, token, "needs a fixed address; a variable could name any server")
    if "\\" in token.text or "%" in token.text:
        raise _refused(query, token, "needs an address without escapes")
    if token.kind == "name":
        prefix, _, local = token.text.partition(":")
        if prefix in prologue.prefixes:
            return prologue.prefixes[prefix] + local
    iri = token.text[1:-1]
    if token.kind == "iri" and ":" in iri:
        return iri
    raise _refused(query, token, "needs an absolute address, or a name whose prefix is declared")


def _closing(query: str, found: Sequence[Token], opening: int) -> int:
    """The number of the bracket that closes a group."""
    depth = 0
    for number in range(opening, len(found)):
        depth += BRACKETS.get(found[number].text, 0) if found[number].kind == "sign" else 0
        if depth == 0:
            return number
    raise _refused(query, found[opening], "has a group that is never closed")


def _refused(query: str, token: Token, what: str) -> ServiceRefused:
    line, column = place(query, token.start)
    return ServiceRefused(f"A SERVICE clause {what}.", line=line, column=column)


def replaced(query: str, found: Sequence[Clause], texts: Sequence[str]) -> str:
    """The query with a text in the place of each clause."""
    pieces, since = [], 0
    for clause, text in zip(found, texts, strict=True):
        pieces += [query[since : clause.start], text]
        since = clause.end
    return "".join([*pieces, query[since:]])


def blanked(query: str, found: Sequence[Clause]) -> str:
    """The query with an empty VALUES in the place of each clause, everything else where it was."""
    texts = [_blank(query[clause.start : clause.end]) for clause in found]
    return replaced(query, found, texts)


def _blank(clause: str) -> str:
    """``VALUES(){()}`` with the lines and the length of what stood there."""
    empty = "VALUES(){()}"
    head, kept = clause[: len(empty)], clause[len(empty) :]
    lines = "\n" * head.count("\n")
    return empty + lines + "".join(c if c == "\n" else " " for c in kept)
