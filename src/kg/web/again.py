"""Answers given again: the same bytes from the same address get the answer that they had, as long as it holds.

A request is known by every byte of its head, so nothing that decides an answer can be missed: not an Accept header,
not a cookie, not what a proxy says of its client. Whoever made the answer says how to tell whether it holds still.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from cachetools import LRUCache

from kg.web.ledger import Entry

Key: TypeAlias = tuple[str, bytes]
"""The address at the other end, and the head of a request without a body."""

_BYTES = 16 << 20
_ENTRY_BYTES = 1_000
_NEVER_TWICE = tuple(
    b"\r\n%s:" % name
    for name in (b"content-length", b"transfer-encoding", b"expect", b"x-request-id", b"if-none-match", b"range")
)
"""Fields of requests that are answered by themselves each time: those with a body, for one, which is to be read."""


@dataclass
class Repeatable:
    """What the layers say of an answer: the maker how to have its body again, and the outermost what it wrote down.

    ``body`` returns ``None`` once the answer no longer holds.
    """

    body: Callable[[], bytes | None] | None = None
    entry: Entry | None = None


@dataclass(frozen=True)
class Ready:
    """An answer that can be given again: its head but for date and identifier, and where its body comes from."""

    head: bytes
    body: Callable[[], bytes | None]
    entry: Entry
    size: int = field(default=0)


class Answers:
    """The answers of one process, the least recently given forgotten first."""

    def __init__(self) -> None:
        self._ready: LRUCache[Key, Ready] = LRUCache(_BYTES, getsizeof=lambda ready: ready.size)

    def find(self, key: Key) -> Ready | None:
        """The answer that these bytes had."""
        return self._ready.get(key)

    def keep(self, key: Key, head: bytes, repeatable: Repeatable) -> None:
        """Remember an answer, if it can be given again as it is."""
        if repeatable.body is None or repeatable.entry is None:
            return
        size = _ENTRY_BYTES + len(key[1]) + len(head)
        lower = key[1].lower()
        if size < _BYTES and not any(name in lower for name in _NEVER_TWICE):
            self._ready[key] = Ready(head, repeatable.body, repeatable.entry, size)

    def forget(self, key: Key) -> None:
        """The answer does not hold any more."""
        self._ready.pop(key, None)
