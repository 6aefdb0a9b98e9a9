"""What a page does without: the parts whose query failed, for its words, its header, the log and the figures."""

import logging
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.responses import Response

from kg import trace
from kg.errors import (
    EngineFailure,
    KgError,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooExpensive,
    ResultTooLarge,
    StoreFailure,
    StoreUnreachable,
    TooBusy,
)

log = logging.getLogger("kg.web.shortfall")

HEADER = "X-Not-Shown"
"""Names the queries of the parts that a page lacks."""

BEARABLE = (
    EngineFailure,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooExpensive,
    ResultTooLarge,
    StoreFailure,
    StoreUnreachable,
    TooBusy,
)
"""What may befall one query of a page while the others are answered. A client's quota is not among it."""

T = TypeVar("T")


@dataclass(frozen=True)
class Shortfall:
    """The queries of one page that failed, by name, each with its failure."""

    failed: dict[str, KgError] = field(default_factory=dict)

    async def bear(self, query: str, work: Awaitable[T]) -> T | None:
        """What a part of the page waits for; ``None`` where its query fails, which is remembered.

        Raises:
            KgError: the failure is one that the whole page shares, such as a quota that is used up.
        """
        try:
            return await work
        except BEARABLE as error:
            self.failed.setdefault(query, error)
            trace.lacks(query, type(error).slug())
            log.warning("part of a page not shown query=%s: %s", query, error.detail)
            return None


def mark(response: Response, queries: Iterable[str]) -> Response:
    """The page with a header that names the queries of what it lacks, if it lacks anything."""
    if names := ", ".join(sorted(queries)):
        response.headers[HEADER] = names
    return response


def lacks(response: Response) -> bool:
    """Whether a page lacks a part."""
    return HEADER in response.headers


def passing(response: Response) -> Response:
    """A page that lacks a part, without a validator: nobody may keep it for a whole one."""
    del response.headers["ETag"]
    response.headers["Cache-Control"] = "no-store"
    return response
