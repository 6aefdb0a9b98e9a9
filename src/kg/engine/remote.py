"""A :class:`kg.engine.store.Store` over any SPARQL 1.1 server: queries go there, answers come back as asked for here.

What a stranger sends passes the same checks as before a snapshot, and the engine's own parser, so that a query
leaves this server and nothing else does. Answers are translated on their way: each server writes results in a way
of its own.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import httpx2

from kg.engine.endpoint import Credentials, Dataset, Endpoint, accepts, unreachable
from kg.engine.failures import of_failure
from kg.engine.forms import Forms
from kg.engine.frames import Family
from kg.engine.gate import Gate, Place
from kg.engine.lexer import tokens
from kg.engine.limits import Limits
from kg.engine.line import Shares
from kg.engine.precheck import DatasetClause, check_politely
from kg.engine.stats import PoolStats
from kg.engine.store import Answer, Request, one_by_one
from kg.engine.translate import WIRE, Manner, Stream, at_once
from kg.errors import EngineFailure, KgError, QueryTimeout, StoreFailure
from kg.formats import MediaType
from kg.terms import Iri

T = TypeVar("T")

_FIRST_BYTES = 1 << 16
_GRAPH = re.compile(r"\bGRAPH\b", re.IGNORECASE)
_PARSERS = 2


class RemoteStore:
    """A server at ``url``, asked by at most ``readers`` queries at once, ``public_readers`` of them strangers'.

    ``dataset`` is what a query is about that names no graphs: empty where the server's own default graph is ours.
    """

    def __init__(
        self,
        url: str,
        limits: Limits,
        credentials: Credentials | None = None,
        readers: int = 2,
        prefixes: Mapping[str, str] | None = None,
        public_readers: int = 0,
        dataset: Dataset | None = None,
    ) -> None:
        self._limits, self._prefixes = limits, dict(prefixes or {})
        self.dataset = dataset or Dataset()
        self._shares = Shares.of(readers, public_readers, limits.queue, limits.queue_client)
        self._gate = Gate(self._shares, limits.queue_wait, limits.deadline)
        self._endpoint = Endpoint(url, credentials, self._shares.places)
        self._forms = Forms(limits, min(readers, _PARSERS), self._prefixes)
        self._threads = ThreadPoolExecutor(self._shares.places + 1, "translate")
        self._under_way: set[Passage] = set()
        self._failed: dict[str, int] = {}

    def stats(self) -> PoolStats:
        """The queries at the server, and what became of those that failed there."""
        busy = self._gate.inside
        return PoolStats(busy, self._shares.places - busy, self._gate.waiting, dict(self._failed), remote=True)

    async def answer(self, request: Request, limits: Limits | None = None) -> Answer:
        limits = limits or self._limits
        clause = await check_politely(request.query, limits)
        family = await self._forms.of(request, clause, limits)
        wanted = request.accept.graph if family == "graph" else request.accept.solutions
        if wanted is None:
            raise of_failure("not acceptable", family, request.query, limits)
        place = await self._gate.enter(request.caller)
        place.begin()
        request.caller.turn()
        passage = Passage(self, place, limits)
        await passage.begin(self._text(request.query), self._about(request, clause), (family, wanted))
        return Answer(wanted, family, passage.chunks(), passage.aclose, passage.whole)

    async def several(self, requests: Sequence[Request]) -> list[bytes | KgError]:
        """The whole answers to some queries, each asked by itself."""
        return await one_by_one(self, requests)

    def _about(self, request: Request, clause: DatasetClause) -> Dataset:
        """The dataset to name in the request; graphs are listed only where the query can tell."""
        if request.default_graphs or request.named_graphs:
            return Dataset(request.default_graphs, request.named_graphs)
        if clause.default or clause.named or not self.dataset.default:
            return Dataset()
        if not _GRAPH.search(request.query):
            return Dataset(self.dataset.default)
        return Dataset(self.dataset.default, self._named(request.query))

    def _named(self, query: str) -> tuple[Iri, ...]:
        """Those of our graphs that a query can speak of: all, unless it names each of them as an IRI."""
        found = list(tokens(query))
        after = [token for word, token in pairwise(found) if word.kind == "word" and word.text.upper() == "GRAPH"]
        if not all(token.kind == "iri" for token in after):
            return self.dataset.named
        named = {token.text[1:-1] for token in after}
        return tuple(graph for graph in self.dataset.named if graph in named)

    def _text(self, query: str) -> str:
        """The query with the declarations of our prefixes that it uses and does not declare itself."""
        found = [token for token in tokens(query) if token.kind in {"name", "word"}]
        used = {token.text.partition(":")[0] for token in found if token.kind == "name"}
        declared = {b.text.partition(":")[0] for a, b in pairwise(found) if a.text.upper() == "PREFIX"}
        missing = [name for name in self._prefixes if name in used - declared]
        return "".join(f"PREFIX {name}: <{self._prefixes[name]}> " for name in missing) + query

    def manner(self, family: Family, wire: MediaType, wanted: MediaType) -> Manner:
        """How to translate one answer."""
        return Manner(family, wire, wanted, self._prefixes if family == "graph" else {})

    @property
    def endpoint(self) -> Endpoint:
        """The server."""
        return self._endpoint

    @property
    def threads(self) -> ThreadPoolExecutor:
        """Those that translate."""
        return self._threads

    def begun(self, passage: "Passage") -> None:
        """An answer is under way."""
        self._under_way.add(passage)

    def ended(self, passage: "Passage", place: Place, cause: str) -> None:
        """An answer is not under way any more; ``cause`` says why it failed, if it did."""
        self._under_way.discard(passage)
        self._gate.leave(place)
        if cause:
            self._failed[cause] = self._failed.get(cause, 0) + 1

    async def close(self) -> None:
        """Break off what is under way and close the connections."""
        self._gate.close(EngineFailure("The engine is closed."))
        for passage in list(self._under_way):
            await passage.aclose()
        await self._forms.close()
        await self._endpoint.close()
        self._threads.shutdown(wait=False)


class Passage:
    """One answer on its way through, under the clock: the deadline while the server is waited for, the transfer
    time while the caller takes its time."""

    def __init__(self, store: RemoteStore, place: Place, limits: Limits) -> None:
        self._store, self._place, self._limits = store, place, limits
        self._deadline, self._transfer = limits.deadline, limits.transfer
        self._response: httpx2.Response | None = None
        self._stream: Stream | None = None
        self._clock: asyncio.TimerHandle | None = None
        self._size = 0
        self._closing: asyncio.Task[None] | None = None
        self._late = False
        self.whole: bytes | None = None
        store.begun(self)

    async def begin(self, query: str, dataset: Dataset, form: tuple[Family, MediaType]) -> None:
        """Ask, and wait for the first bytes, so that most failures come before the answer does.

        Raises:
            KgError: what the server says against the query, or that it cannot be reached.
        """
        family, wanted = form
        try:
            self._response = await self._in_time(self._store.endpoint.ask(query, accepts(WIRE[family]), dataset))
            wire = self._response.headers.get("content-type", "").partition(";")[0].strip().lower()
            manner = self._store.manner(family, wire, wanted)
            incoming = self._incoming(self._response)
            first = await self._in_time(_first(incoming))
            if len(first) < _FIRST_BYTES:
                self.whole = self._counted(at_once(first, manner))
                await self.aclose()
            else:
                self._stream = Stream(_chain(first, incoming), manner, self._store.threads)
                await self._stream.start()
                self._run_transfer()
        except BaseException as error:
            await self._fail(error)
            raise

    async def _incoming(self, response: httpx2.Response) -> AsyncIterator[bytes]:
        try:
            async for piece in response.aiter_bytes():
                yield piece
        except httpx2.TransportError as error:
            raise unreachable(self._store.endpoint.who, error) from error
        except httpx2.DecodingError as error:
            raise StoreFailure("The store's answer is not compressed as it says.") from error

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the answer, to be read once.

        Raises:
            KgError: the server failed, broke off or took too long on the way; the answer is not whole then.
        """
        if self.whole is not None:
            yield self.whole
            return
        try:
            while data := await self._next():
                yield data
        except BaseException as error:
            await self._fail(error)
            raise
        finally:
            await self.aclose()

    async def _next(self) -> bytes:
        self._stop_clock()
        if self._late:
            most = self._limits.transfer
            raise QueryTimeout(f"The result was not fetched within {most:g} s.", limit=most)
        if self._stream is None or self._closing is not None:
            raise EngineFailure("The answer was given up before its end.")
        data = self._counted(await self._in_time(self._stream.read()))
        self._run_transfer()
        return data

    def _counted(self, data: bytes) -> bytes:
        self._size += len(data)
        if self._size > self._limits.result_bytes:
            raise of_failure("too large", "", "", self._limits)
        return data

    async def _in_time(self, work: Awaitable[T]) -> T:
        """What is waited for, within what is left of the deadline."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, self._deadline)):
                return await work
        except TimeoutError as error:
            most = self._limits.deadline
            raise QueryTimeout(f"The query ran for {most:g} s and was stopped; narrow it.", limit=most) from error
        finally:
            self._deadline -= time.monotonic() - begun

    def _run_transfer(self) -> None:
        self._since = time.monotonic()
        self._clock = asyncio.get_running_loop().call_later(max(0.0, self._transfer), self._expire)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
            self._transfer -= time.monotonic() - self._since

    def _expire(self) -> None:
        self._late = True
        self._closing = asyncio.get_running_loop().create_task(self._close("transfer"))

    async def _fail(self, error: BaseException) -> None:
        cause = type(error).slug() if isinstance(error, KgError) else "abandoned"
        await self._close(cause)

    async def aclose(self) -> None:
        """Let go of the server, if it has not finished."""
        await self._close("")

    async def _close(self, cause: str) -> None:
        self._stop_clock()
        response, self._response = self._response, None
        stream, self._stream = self._stream, None
        self._store.ended(self, self._place, cause)
        if stream is not None:
            await stream.aclose()
        if response is not None:
            await response.aclose()


async def _first(incoming: AsyncIterator[bytes]) -> bytes:
    """The beginning of an answer, or all of it if it is short."""
    data = b""
    async for piece in incoming:
        data += piece
        if len(data) >= _FIRST_BYTES:
            break
    return data


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
