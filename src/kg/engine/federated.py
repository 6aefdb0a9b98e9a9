"""SERVICE, carried out by the parent: allowed servers are asked, and what they say stands in the query as VALUES.

The store behind never sees a SERVICE clause, and a reader never needs the network. Each clause is evaluated by
itself, without what the rest of the query knows, so it should say what it needs to be small.
"""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pyoxigraph as ox

from kg.engine.clauses import Clause, blanked, clauses, replaced
from kg.engine.endpoint import Dataset, Endpoint, accepts, unreachable
from kg.engine.forms import Forms
from kg.engine.gate import Gate
from kg.engine.limits import Limits
from kg.engine.line import Shares
from kg.engine.precheck import check_politely
from kg.engine.stats import PoolStats
from kg.engine.store import Accept, Answer, Request, Store, one_by_one
from kg.engine.translate import WIRE
from kg.errors import EngineFailure, KgError, QueryTimeout, ResultTooLarge, ServiceRefused, StoreFailure
from kg.formats import JSON, N_TRIPLES
from kg.terms import Iri

_SERVICE = re.compile("SERVICE", re.IGNORECASE)
_NOTHING = "{}"
"""What a SILENT clause that fails stands for: one solution that says nothing."""

_FACTOR = 8
"""How much larger than the text that it becomes the answer of a server may be."""


@dataclass(frozen=True)
class Services:
    """The servers that may be called, by their address, and the bytes that their answers may add to a query."""

    allowed: tuple[Iri, ...]
    size: int


class FederatedStore:
    """A store whose queries may call the allowed servers; ``readers`` calls at once, fewer of strangers."""

    def __init__(
        self,
        store: Store,
        services: Services,
        limits: Limits,
        readers: int,
        prefixes: Mapping[str, Iri],
        public_readers: int = 0,
    ) -> None:
        self.behind, self._services, self._limits = store, services, limits
        self._prefixes = dict(prefixes)
        shares = Shares.of(readers, public_readers, limits.queue, limits.queue_client)
        self._gate = Gate(shares, limits.queue_wait, limits.deadline)
        self._forms = Forms(limits, 1, self._prefixes)
        self._endpoints = {url: Endpoint(url, None, shares.places, f"The service {url}") for url in services.allowed}

    def stats(self) -> PoolStats:
        """Those of the store behind."""
        return self.behind.stats()

    async def answer(self, request: Request, limits: Limits | None = None) -> Answer:
        """The answer of the store behind, after the services that the query calls have been asked.

        Raises:
            ServiceRefused: it calls one that is not allowed, or in a way that cannot be carried out.
            KgError: a service fails, and the clause is not SILENT; or as the store behind.
        """
        if not _SERVICE.search(request.query):
            return await self.behind.answer(request, limits)
        limits = limits or self._limits
        found = clauses(request.query, self._prefixes)
        for clause in found:
            self._require_allowed(clause)
        await self._require_sound(request, found, limits)
        if not found:
            return await self.behind.answer(request, limits)
        texts = await self._asked(request, found, limits)
        query = replaced(request.query, found, texts)
        more = replace(limits, query_length=limits.query_length + self._services.size)
        return await self.behind.answer(replace(request, query=query), more)

    async def several(self, requests: Sequence[Request]) -> list[bytes | KgError]:
        """Those of the store behind; one by one where any of the queries calls a service."""
        if any(_SERVICE.search(request.query) for request in requests):
            return await one_by_one(self, requests)
        return await self.behind.several(requests)

    def _require_allowed(self, clause: Clause) -> None:
        if clause.address not in self._endpoints:
            allowed = ", ".join(self._services.allowed)
            raise ServiceRefused(f"SERVICE may not call <{clause.address}>; it may call: {allowed}.")

    async def _require_sound(self, request: Request, found: list[Clause], limits: Limits) -> None:
        """See that the query and each part of it are queries, and that no other call hides in them."""
        graph = Accept(JSON.media_type, N_TRIPLES.media_type)
        rest = replace(request, query=blanked(request.query, found), accept=graph)
        for one in (rest, *(Request(clause.query, graph, caller=request.caller) for clause in found)):
            clause = await check_politely(one.query, limits)
            await self._forms.of(one, clause, limits)

    async def _asked(self, request: Request, found: list[Clause], limits: Limits) -> list[str]:
        """What to put in the place of each clause."""
        place = await self._gate.enter(request.caller)
        place.begin()
        texts: list[str] = []
        until, left = time.monotonic() + limits.deadline, self._services.size
        try:
            for clause in found:
                try:
                    texts.append(await self._values(clause, until - time.monotonic(), left))
                except KgError as error:
                    if not clause.silent:
                        raise _told(clause, error) from error
                    texts.append(_NOTHING)
                left -= len(texts[-1])
        finally:
            self._gate.leave(place)
        return texts

    async def _values(self, clause: Clause, seconds: float, left: int) -> str:
        """The solutions of one clause as a VALUES block."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                body = await self._body(clause, left * _FACTOR)
        except TimeoutError as error:
            raise QueryTimeout(f"The service <{clause.address}> did not answer in time.") from error
        text, reason = await asyncio.to_thread(_written, body)
        if reason:
            raise StoreFailure(reason)
        if len(text.encode()) > left:
            raise self._too_large(clause)
        return text

    async def _body(self, clause: Clause, most: int) -> bytes:
        endpoint = self._endpoints[clause.address]
        response = await endpoint.ask(clause.query, accepts(WIRE["solutions"][:1]), Dataset())
        body = bytearray()
        try:
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > most:
                    raise self._too_large(clause)
        except httpx2.TransportError as error:
            raise unreachable(endpoint.who, error) from error
        except httpx2.DecodingError as error:
            raise StoreFailure(f"{endpoint.who} sends what it does not say.") from error
        finally:
            await response.aclose()
        return bytes(body)

    def _too_large(self, clause: Clause) -> ResultTooLarge:
        most = self._services.size
        detail = f"The service <{clause.address}> answers more than {most:,} bytes; ask it for less."
        return ResultTooLarge(detail, limit=most)

    async def close(self) -> None:
        """Close the connections, then the store behind."""
        self._gate.close(EngineFailure("The engine is closed."))
        for endpoint in self._endpoints.values():
            await endpoint.close()
        await self._forms.close()
        await self.behind.close()


def _told(clause: Clause, error: KgError) -> KgError:
    """A failure of a service: its own syntax errors are not about a place in the whole query."""
    error.members.setdefault("service", clause.address)
    return error


def values(body: bytes) -> str:
    """The solutions of a SPARQL JSON result as a VALUES block.

    Raises:
        StoreFailure: they cannot be read, or have blank nodes, which mean nothing elsewhere.
    """
    text, reason = _written(body)
    if reason:
        raise StoreFailure(reason)
    return text


def _written(body: bytes) -> tuple[str, str]:
    """The block, or the reason why there is none; an error would carry the engine's objects into another thread."""
    try:
        results: Any = ox.parse_query_results(body, ox.QueryResultsFormat.JSON)
        names = [variable.value for variable in results.variables]
        rows = [_row(row, len(names)) for row in results]
    except _BlankNodeError:
        return "", "A service answers with blank nodes, which cannot be carried over; ask it for what they stand for."
    except (SyntaxError, ValueError, AttributeError) as error:
        return "", f"The answer of a service cannot be read: {str(error)[:200]}."
    return f"{{ VALUES ({' '.join(f'?{name}' for name in names)}) {{ {' '.join(rows)} }} }}", ""


def _row(row: Any, columns: int) -> str:
    terms = [row[column] for column in range(columns)]
    if any(isinstance(term, ox.BlankNode) for term in terms):
        raise _BlankNodeError
    return "(" + " ".join("UNDEF" if term is None else str(term) for term in terms) + ")"


class _BlankNodeError(Exception):
    """A solution cannot be written down."""
