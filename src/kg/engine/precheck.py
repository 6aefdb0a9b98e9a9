"""The first barrier: a look at the query's text before an engine sees it.

It turns away what could only waste a reader (too long, nested or chained too deeply) and what is never
allowed (``SERVICE``), with a message that tells the place. It runs in linear time. Nothing relies on it
alone: readers have a deadline, a memory cap and no network.
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from kg.engine.lexer import BRACKETS, Token, nesting, place, tokens
from kg.engine.limits import Limits
from kg.errors import QuerySyntaxError, QueryTooDeep, QueryTooLarge, ServiceRefused

_OPERATORS = frozenset({"!", "+", "-", "*", "/", "|", "^", "&&", "||"})
_CLAUSES = frozenset(
    {"AS", "BIND", "EXISTS", "FILTER", "GRAPH", "LATERAL", "MINUS", "OPTIONAL", "SELECT", "UNION", "VALUES"}
)
_FROM = re.compile(r"FROM(?<![:?$\w]FROM)\b(?!:)")
"""The word by itself: not ``kg:from``, ``?from`` or ``from:x``. What begins with letters is found fastest."""
_REMARKS = re.compile(r"\A(?:#[^\r\n]*[\r\n]+)+")
"""Comments before anything else, such as the header of a stored query; further down ``#`` may stand in a string."""
_OPENING_SIGNS = ("(", "{", "[", "<<")
_OPERATOR_SIGNS = "!+-*/|^&"
_FORMS = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
_OPERANDS = frozenset({"iri", "string", "variable", "language", "name", "word", "blank"})
_CONTEXT = 4
_SHORT = 4_000
_ADDRESSES = frozenset({"iri", "name", "variable", "word"})
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})")
_HIDDEN = re.compile(r"\..*\.service", re.IGNORECASE | re.DOTALL)
_AMBIGUOUS = re.compile(r"<(?![A-Za-z][A-Za-z0-9+.\-]*+://)[^#']*+[#'].*", re.DOTALL)


@dataclass(frozen=True)
class DatasetClause:
    """The FROM and FROM NAMED of a query, as written, and the prologue that gives their prefixes meaning."""

    prologue: str = ""
    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def check(query: str, limits: Limits) -> DatasetClause:
    """Let a query pass, and say which graphs it names.

    Raises:
        QueryTooLarge: more bytes than ``limits.query_length``.
        QuerySyntaxError: a character that no query can have.
        QueryTooDeep: brackets or operators beyond the limits.
        ServiceRefused: a SERVICE clause, however it is spelled.
    """
    _check_characters(query, limits.query_length)
    if _is_harmless(query, limits):
        return DatasetClause()
    found = list(tokens(query))
    _check_depth(query, found, limits.query_depth)
    _check_operators(query, found, limits.operators)
    _check_service(query, found)
    if _ESCAPE.search(query):
        decoded = _ESCAPE.sub(_decoded, query)
        _check_service(decoded, list(tokens(decoded)))
    return _dataset_clause(query, found)


def _is_harmless(query: str, limits: Limits) -> bool:
    """Whether counting is enough to let a query pass, as it is for most; else its words are looked at.

    Nothing nests deeper than there are opening brackets, and there are no more operators than signs and words
    for them. A query without the letters of SERVICE and FROM has neither clause, unless escapes hide them.
    """
    letters = _REMARKS.sub("", query).upper()
    if "\\U" in letters or "SERVICE" in letters or ("FROM" in letters and _FROM.search(letters)):
        return False
    operators = sum(map(query.count, _OPERATOR_SIGNS)) + sum(map(letters.count, _CLAUSES))
    if operators > limits.operators:
        return False
    return sum(map(query.count, _OPENING_SIGNS)) <= limits.query_depth or nesting(query) <= limits.query_depth


async def check_politely(query: str, limits: Limits) -> DatasetClause:
    """Like :func:`check`, but in a thread for a long text, which may take the better part of a second."""
    if len(query) < _SHORT:
        return check(query, limits)
    return await asyncio.to_thread(check, query, limits)


def _check_characters(query: str, most: int) -> None:
    try:
        length = len(query.encode())
    except UnicodeEncodeError as error:
        line, column = place(query, error.start)
        raise QuerySyntaxError("The query is not valid Unicode text.", line=line, column=column) from error
    if length > most:
        raise QueryTooLarge(f"The query has {length:,} bytes; the most allowed is {most:,}.", limit=most)
    if (zero := query.find("\0")) >= 0:
        line, column = place(query, zero)
        raise QuerySyntaxError("The query has a NUL character in it.", line=line, column=column)


def _check_depth(query: str, found: list[Token], most: int) -> None:
    depth = 0
    for token in found:
        depth = max(0, depth + BRACKETS.get(token.text, 0))
        if depth > most:
            line, column = place(query, token.start)
            detail = f"The query opens more than {most} brackets within each other."
            raise QueryTooDeep(detail, line=line, column=column, limit=most)


def _check_operators(query: str, found: list[Token], most: int) -> None:
    counted = (token for token, following in _with_next(found) if _is_operator(token, following))
    for number, token in enumerate(counted, start=1):
        if number > most:
            line, column = place(query, token.start)
            detail = f"The query has more than {most:,} operators; for long lists use VALUES or IN."
            raise QueryTooDeep(detail, line=line, column=column, limit=most)


def _with_next(found: list[Token]) -> Iterator[tuple[Token, Token | None]]:
    yield from pairwise(found)
    if found:
        yield found[-1], None


def _is_operator(token: Token, following: Token | None) -> bool:
    if token.kind == "word":
        return token.text.upper() in _CLAUSES
    if token.kind != "sign" or token.text not in _OPERATORS:
        return False
    signs_number = following is not None and following.start == token.start + 1 and following.text[0].isdigit()
    return not (signs_number and token.text in {"+", "-"})


def _check_service(query: str, found: list[Token]) -> None:
    """Refuse SERVICE in every way in which the text can be read.

    ``?a <x:b#c> …`` is an IRI to the standard; after an operand the engine may read ``<`` as *less than*
    and the rest as a comment. Both readings are followed; each place is looked at once.
    """
    _refuse_service(query, found)
    seen = {token.start for token in found}
    followed: set[int] = set()
    pending = list(_ambiguous(found))
    while pending:
        start = pending.pop()
        if start not in followed:
            followed.add(start)
            reading = _reading(query, start, seen)
            _refuse_service(query, reading, opened=True)
            pending.extend(_ambiguous(reading))


def _reading(query: str, start: int, seen: set[int]) -> list[Token]:
    """The pieces from ``start`` to where a known reading is joined, and the few that give them context."""
    reading: list[Token] = []
    known = 0
    for token in tokens(query, start):
        reading.append(token)
        known += token.start in seen
        seen.add(token.start)
        if known == _CONTEXT:
            break
    return reading


def _ambiguous(found: list[Token]) -> Iterator[int]:
    for before, token in pairwise(found):
        after_operand = before.kind in _OPERANDS or before.text in {")", "]"}
        if after_operand and token.kind == "iri" and _AMBIGUOUS.fullmatch(token.text):
            yield token.start + 1


def _refuse_service(query: str, found: list[Token], *, opened: bool = False) -> None:
    for number, token in enumerate(found):
        opened = opened or token.text == "{"
        if _is_keyword(token) or (opened and _is_disguised(token, found, number)):
            line, column = place(query, token.start)
            detail = "The query calls another server with SERVICE; this one answers from its own graph only."
            raise ServiceRefused(detail, line=line, column=column)


def _is_keyword(token: Token) -> bool:
    return token.kind == "word" and "SERVICE" in token.text.upper()


def _is_disguised(token: Token, found: list[Token], number: int) -> bool:
    """Whether the engine could take a prefixed name apart: ``SERVICE:x {`` or ``x:a.b.SERVICE <…> {``."""
    if token.kind != "name":
        return False
    prefix, _, local = token.text.partition(":")
    if "SERVICE" not in prefix.upper() and not _HIDDEN.search(local):
        return False
    after_graph = number > 0 and found[number - 1].text.upper() == "GRAPH"
    return not after_graph and _group_follows(found[number + 1 : number + 4])


def _group_follows(following: list[Token]) -> bool:
    """Whether ``{`` comes next, with at most SILENT and the address of a service before it."""
    brace = next((token for token in following if token.kind not in _ADDRESSES), None)
    return brace is not None and brace.text == "{"


def _decoded(escape: re.Match[str]) -> str:
    code = int(escape[1] or escape[2], 16)
    return chr(code) if code <= 0x10FFFF else escape[0]  # noqa: PLR2004 - the last code point


def _dataset_clause(query: str, found: list[Token]) -> DatasetClause:
    """The graphs after FROM and FROM NAMED, words that stand nowhere else in SPARQL."""
    form = next((n for n, token in enumerate(found) if _is_word(token, _FORMS)), None)
    if form is None:
        return DatasetClause()
    graphs: dict[bool, list[str]] = {False: [], True: []}
    for number, token in enumerate(found[form:], start=form):
        if _is_word(token, frozenset({"FROM"})):
            named = _is_word(found[min(number + 1, len(found) - 1)], frozenset({"NAMED"}))
            graphs[named] += [graph.text for graph in found[number + 1 + named : number + 2 + named]]
    return DatasetClause(query[: found[form].start], tuple(graphs[False]), tuple(graphs[True]))


def _is_word(token: Token, words: frozenset[str]) -> bool:
    return token.kind == "word" and token.text.upper() in words
