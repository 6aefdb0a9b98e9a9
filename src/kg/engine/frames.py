"""The frames between the pool and a reader: a letter, a length, that many bytes.

A reader greets with READY. Every REQUEST is answered by HEAD, any number of DATA and END, or by FAILED,
which may also come in place of the END.
"""

import json
import struct
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

HEADER = struct.Struct(">cI")
READY, REQUEST, HEAD, DATA, END, FAILED = b"R", b"Q", b"H", b"D", b"E", b"X"

LARGEST = 1 << 20
"""Bytes that a frame from a reader may have; a longer one means that the protocol is broken."""

Family = Literal["solutions", "boolean", "graph"]
"""What comes out: of SELECT, of ASK, of CONSTRUCT or DESCRIBE."""

Failure = Literal["syntax", "unsupported", "graph name", "not acceptable", "too large", "memory", "engine"]


Texts: TypeAlias = tuple[str, ...]


class Manner(NamedTuple):
    """How a query is to be answered, which is the same for most.

    ``solutions`` and ``graph`` are the media types to write. ``default_graphs`` and ``named_graphs`` are IRIs
    that replace the query's own dataset clause; that clause is told as it is written, with its prologue.
    ``form_only`` asks for the head alone: whether the query is one, and what it gives.
    """

    solutions: str | None
    graph: str | None
    default_graphs: Texts
    named_graphs: Texts
    prologue: str
    from_default: Texts
    from_named: Texts
    result_bytes: int
    form_only: bool


class Question(NamedTuple):
    """What a REQUEST holds: the manner as JSON in one line, then the query as it is."""

    query: str
    manner: Manner

    def packed(self) -> bytes:
        """The frame."""
        return pack(REQUEST, _line(self.manner) + self.query.encode("utf-8", "replace"))

    @classmethod
    def unpacked(cls, payload: bytes) -> "Question":
        """The question that a frame holds."""
        line, _, query = payload.partition(b"\n")
        return cls(query.decode(), _manner(line))


@lru_cache(maxsize=64)
def _line(manner: Manner) -> bytes:
    return json.dumps(manner).encode() + b"\n"


@lru_cache(maxsize=64)
def _manner(line: bytes) -> Manner:
    return Manner._make(tuple(part) if isinstance(part, list) else part for part in json.loads(line))


def pack(kind: bytes, payload: bytes = b"") -> bytes:
    """A frame, ready to be written."""
    return HEADER.pack(kind, len(payload)) + payload
