"""What a page asks at the same moment, gathered and put together, so that a dozen queries cost two messages."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from kg.errors import KgError
from kg.serving import Row, Values
from kg.stored import StoredQuery

Put: TypeAlias = Callable[[Sequence[tuple[StoredQuery, Values]]], Awaitable[list[list[Row] | KgError]]]
"""Puts stored queries that belong together; gives the rows of each, or its failure."""

_Rows: TypeAlias = "asyncio.Future[list[Row]]"


@dataclass
class Round:
    """The questions that wait to be put, with who waits for each.

    They are put when everybody who could run has run, twice over: what gathers parts of a page may gather in parts.
    """

    _waiting: list[tuple[StoredQuery, Values, _Rows]] = field(default_factory=list)

    async def ask(self, put: Put, query: StoredQuery, values: Values) -> list[Row]:
        """The rows of one query.

        Raises:
            KgError: that query failed, or the putting did.
        """
        loop = asyncio.get_running_loop()
        rows: _Rows = loop.create_future()
        self._waiting.append((query, values, rows))
        if len(self._waiting) == 1:
            loop.call_soon(loop.call_soon, self._begin, put)
        return await rows

    def _begin(self, put: Put) -> None:
        waiting, self._waiting = [one for one in self._waiting if not one[2].done()], []
        if not waiting:
            return
        task = asyncio.ensure_future(_carried(put, waiting))

        def given_up(_: _Rows) -> None:
            if all(rows.cancelled() for _, _, rows in waiting):
                task.cancel()

        for _, _, rows in waiting:
            rows.add_done_callback(given_up)


async def _carried(put: Put, waiting: Sequence[tuple[StoredQuery, Values, _Rows]]) -> None:
    """Put the questions, and hand each answer to who waits for it."""
    try:
        found: Sequence[list[Row] | BaseException] = await put([(query, values) for query, values, _ in waiting])
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - handed on to all who wait
        found = [error] * len(waiting)
    for (_, _, rows), told in zip(waiting, found, strict=True):
        if not rows.done():
            if isinstance(told, BaseException):
                rows.set_exception(told)
            else:
                rows.set_result(told)
