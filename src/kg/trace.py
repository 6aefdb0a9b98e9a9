"""Which request the work at hand belongs to: known to everything that the request starts, and to its log lines."""

from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class Trace:
    """One request: its identifier, the hash of the snapshot that answers it once that is known, and what it lacks.

    ``lacking``: the queries of parts of the page that could not be shown, each with the kind of problem.
    """

    id: str
    snapshot: str = ""
    lacking: dict[str, str] = field(default_factory=dict)


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def begin(identifier: str) -> Trace:
    """From here on, in this task and those that it starts, the work belongs to this request."""
    trace = Trace(identifier)
    _current.set(trace)
    return trace


def current() -> Trace | None:
    """The request that the work belongs to; ``None`` for the server's own."""
    return _current.get()


def answers(snapshot: str) -> None:
    """Note the snapshot that answers the request at hand."""
    if (trace := _current.get()) is not None:
        trace.snapshot = snapshot


def lacks(query: str, problem: str) -> None:
    """Note a query whose part of the page at hand cannot be shown, and the kind of problem."""
    if (trace := _current.get()) is not None:
        trace.lacking.setdefault(query, problem)
