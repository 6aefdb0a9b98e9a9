"""The frames between the pool and a reader: a letter, a length, that many bytes.

A reader greets with READY. Every REQUEST is answered by HEAD, any number of DATA and END, or by FAILED,
which may also come in place of the END.
"""

import struct
from typing import Literal, TypedDict

HEADER = struct.Struct(">cI")
READY, REQUEST, HEAD, DATA, END, FAILED = b"R", b"Q", b"H", b"D", b"E", b"X"

LARGEST = 1 << 20
"""Bytes that a frame from a reader may have; a longer one means that the protocol is broken."""

Family = Literal["solutions", "boolean", "graph"]
"""What comes out: of SELECT, of ASK, of CONSTRUCT or DESCRIBE."""

Failure = Literal["syntax", "unsupported", "graph name", "not acceptable", "too large", "memory", "engine"]


class Question(TypedDict):
    """The JSON of a REQUEST.

    ``solutions`` and ``graph`` are the media types to write. ``default_graphs`` and ``named_graphs`` are IRIs
    that replace the query's own dataset clause; that clause is told as it is written, with its prologue.
    ``form_only`` asks for the head alone: whether the query is one, and what it gives.
    """

    query: str
    solutions: str | None
    graph: str | None
    default_graphs: list[str]
    named_graphs: list[str]
    prologue: str
    from_default: list[str]
    from_named: list[str]
    result_bytes: int
    form_only: bool


def pack(kind: bytes, payload: bytes = b"") -> bytes:
    """A frame, ready to be written."""
    return HEADER.pack(kind, len(payload)) + payload
