"""Which request the work at hand belongs to: known to everything that the request starts, and to its log lines."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Trace:
    """One request: its identifier, and the hash of the snapshot that answers it once that is known."""

    id: str
    snapshot: str = ""


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
