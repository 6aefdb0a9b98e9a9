"""What a query gives, told by the engine's own parser without the graph: solutions, yes or no, or a graph.

A reader over an empty store is asked, so that a text which brings the parser down ends that process only. Whatever
is no query, an update above all, ends here.
"""

from collections.abc import Mapping

import pyoxigraph as ox
from cachetools import LRUCache

from kg.engine.exchange import Exchange
from kg.engine.frames import Family
from kg.engine.limits import Limits
from kg.engine.pool import Pool
from kg.engine.precheck import DatasetClause
from kg.engine.store import Request, question
from kg.scratch import Scratch

_REMEMBERED, _LONGEST = 1_000, 4_000


class Forms:
    """Parsers that can be killed; ``readers`` work at once, fewer of them for strangers."""

    def __init__(self, limits: Limits, readers: int, prefixes: Mapping[str, str], public: int = 0) -> None:
        self._scratch = Scratch("forms")
        empty = self._scratch.path / "store"
        ox.Store(empty).flush()
        self._pool = Pool(empty, limits, readers, dict(prefixes), public)
        self._known: LRUCache[Request, Family] = LRUCache(_REMEMBERED)

    async def of(self, request: Request, clause: DatasetClause, limits: Limits) -> Family:
        """The form of a query's answer.

        Raises:
            QuerySyntaxError: it is no SPARQL 1.1 query.
            KgError: it is too much for the parser.
        """
        if (known := self._known.get(request)) is not None:
            return known
        exchange = Exchange(self._pool, await self._pool.take(request.caller), limits)
        family, _ = await exchange.begin(question(request, clause, limits, form_only=True))
        await exchange.aclose()
        self._remember(request, family)
        return family

    def _remember(self, request: Request, family: Family) -> None:
        if len(request.query) < _LONGEST:
            self._known[request] = family

    async def close(self) -> None:
        """End the parsers."""
        await self._pool.close()
        self._scratch.close()
