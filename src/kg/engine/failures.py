"""What a reader's failure or death means to the caller who asked."""

import signal

from kg.engine.frames import Failure
from kg.engine.limits import Limits
from kg.engine.syntax import explain
from kg.errors import (
    BadRequest,
    EngineFailure,
    KgError,
    NotAcceptable,
    QuerySyntaxError,
    QueryTooExpensive,
    ResultTooLarge,
)
from kg.formats import of_family

_OUT_OF_MEMORY = ("memory allocation of", "bad_alloc", "MemoryError")
_NO_ORDER = "total order"


def of_failure(failure: Failure, message: str, query: str, limits: Limits) -> KgError:
    """The error for what a reader says of a query that it could not answer."""
    if failure == "syntax":
        return explain(message, query)
    if failure == "not acceptable":
        return _not_acceptable(message)
    return {
        "unsupported": QuerySyntaxError(f"The query asks for what the engine does not have: {message}."),
        "graph name": BadRequest(f"'{message[:200]}' is not an absolute IRI and cannot name a graph."),
        "too large": _too_large_a_result(limits),
        "memory": _too_much_memory(limits),
        "engine": EngineFailure(f"The engine failed: {message}"),
    }[failure]


def _not_acceptable(family: str) -> NotAcceptable:
    offered = [one.media_type for one in of_family("graph" if family == "graph" else "solutions")]
    detail = f"The query gives a {family} result, which is offered as: {', '.join(offered)}."
    return NotAcceptable(detail, offered=offered)


def _too_large_a_result(limits: Limits) -> ResultTooLarge:
    most = limits.result_bytes
    detail = f"The result has more than {most:,} bytes; narrow the query, or page with LIMIT."
    return ResultTooLarge(detail, limit=most)


def of_death(code: int, words: str, limits: Limits) -> KgError:
    """The error for a reader that ended by itself; ``code`` is negative for a signal."""
    if any(sign in words for sign in _OUT_OF_MEMORY) or code == -signal.SIGKILL:
        return _too_much_memory(limits)
    if _NO_ORDER in words:
        return QueryTooExpensive(
            "The query sorts values of different kinds, which the engine cannot do; use ORDER BY STR(?x)."
        )
    return QueryTooExpensive("The engine broke down over the query; make it simpler.")


def _too_much_memory(limits: Limits) -> QueryTooExpensive:
    return QueryTooExpensive(
        f"The query needs more than the {limits.memory >> 20:,} MiB of memory that it may have; narrow it.",
        limit=limits.memory,
    )
