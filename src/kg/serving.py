"""What serves: the current snapshot with its engine, index and manifest, renewed when a build replaces it.

One object per server process. A request takes :meth:`Serving.current` once and uses that to its end, so a
new snapshot never changes an answer half-way; the old engine closes when the last such request is done.
"""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, TypeAlias, TypedDict, cast

from cachetools import LRUCache

from kg import snapshot, terms, trace
from kg.downloads import Downloads
from kg.engine.cached import CachedStore
from kg.engine.caller import ASKING
from kg.engine.endpoint import Credentials, Dataset
from kg.engine.federated import FederatedStore, Services
from kg.engine.remote import RemoteStore
from kg.engine.store import Accept, EmbeddedStore, Limits, Request, Store, read
from kg.errors import KgError, NoSnapshot
from kg.formats import JSON, N_TRIPLES
from kg.mirror import Mirror, published
from kg.publication import Publication
from kg.search import SearchIndex
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.stored import StoredQuery
from kg.terms import Iri

log = logging.getLogger("kg.serving")

_EARLIER = 16

Values: TypeAlias = Mapping[str, Sequence[str]]
"""Parameter name → values of a stored query; an empty value lifts the restriction."""


class Term(TypedDict, total=False):
    """One RDF term as the SPARQL 1.1 JSON results format writes it."""

    type: Literal["uri", "literal", "bnode"]
    value: str
    datatype: str
    # The format's own key has a colon in it, which a class body cannot spell; see ``language``.


Row: TypeAlias = dict[str, Term]
"""One solution: column → term; an unbound column is missing."""


@dataclass
class Current:
    """One snapshot being served, with its engine and its search index.

    ``validator`` tells its answers from those of any other, and from those of an earlier publication of the same
    snapshot. ``remote``: another server holds the statements.
    """

    snapshot: Snapshot
    store: Store
    search: SearchIndex
    downloads: Downloads
    validator: str
    remote: bool = False
    users: int = field(default=0)
    retired: bool = field(default=False)

    @cached_property
    def name(self) -> str:
        """The name of the snapshot's folder."""
        return self.snapshot.path.name

    @property
    def hash(self) -> str:
        return self.snapshot.hash

    @property
    def record_date(self) -> str | None:
        """The day for which plain statements hold (ISO)."""
        return self.snapshot.manifest.record_date

    @property
    def present(self) -> bool:
        """Whether what it answers from is still there, as far as can be told without asking it."""
        return self.remote or self.snapshot.statements.is_file()

    async def close(self) -> None:
        """Let go of the engine and of files on their way."""
        await self.downloads.close()
        await self.store.close()


def limits(settings: Settings) -> Limits:
    """The limits of one query, from the settings."""
    return Limits(
        deadline=settings.deadline,
        transfer=settings.transfer,
        memory=settings.memory,
        result_bytes=settings.result_bytes,
        query_length=settings.query_length,
        query_depth=settings.query_depth,
        queue=settings.queue,
        queue_client=settings.queue_client,
        queue_wait=settings.queue_wait,
    )


def federated(settings: Settings, engine: Store, prefixes: Mapping[str, Iri]) -> Store:
    """The store with the services that its queries may call; itself where there are none."""
    allowed = tuple(settings.services.split())
    if not allowed:
        return engine
    services = Services(allowed, settings.service_bytes)
    return FederatedStore(engine, services, limits(settings), settings.readers, prefixes, settings.public_readers)


class Serving:
    """The served graph of one process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._link = str(settings.snapshots / "current")
        self._current: Current | None = None
        self._follower: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._earlier: LRUCache[str, Downloads] = LRUCache(_EARLIER)

    @cached_property
    def prefixes(self) -> dict[str, str]:
        return terms.prefixes(self.settings.ontology)

    def open(self) -> Current:
        """Open the current snapshot, or the newer one that a build has put in its place.

        Raises:
            NoSnapshot: nothing was built yet, or it cannot be read.
        """
        if self.settings.store:
            if self._current is None:
                raise NoSnapshot("The store has not been read yet.")
            return self._current
        if self._current is not None and not self._replaced(self._current):
            return self._current
        fresh = self._opened(snapshot.current(self.settings.snapshots))
        self._put(fresh)
        return fresh

    def _put(self, fresh: Current) -> None:
        old, self._current = self._current, fresh
        if old is not None:
            self._retire(old)

    async def start(self) -> None:
        """Open what serves; what another server holds is followed from now on.

        Raises:
            NoSnapshot: there is none, or it cannot be read.
            StoreUnreachable, StoreFailure: the other server does not answer.
        """
        if not self.settings.store:
            self.open()
            return
        await self._renew()
        self._follower = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self.settings.store_refresh)
            try:
                await self._renew()
            except KgError as error:
                log.warning("store not read: %s", error.detail)

    async def _renew(self) -> None:
        """Serve what was published last, if that is not what serves."""
        found = await published(self.settings)
        if self._current is not None and self._current.validator == found.validator:
            return
        store = self._remote(found)
        try:
            mirror = Mirror(self.settings, found, store, limits(self.settings))
            mirrored = await mirror.snapshot()
            index = SearchIndex(mirrored.search)
        except BaseException:
            await store.close()
            raise
        files = Downloads(mirrored, self.prefixes, mirror.fetch)
        self._put(Current(mirrored, self._cached(store), index, files, found.validator, remote=True))

    def _remote(self, found: Publication) -> RemoteStore:
        graphs = tuple(found.manifest.graphs) if found.manifest else ()
        return RemoteStore(
            self.settings.store,
            limits(self.settings),
            Credentials.of(self.settings),
            readers=self.settings.readers,
            prefixes=self.prefixes,
            public_readers=self.settings.public_readers,
            dataset=Dataset((found.merge,), graphs) if found.merge else Dataset(),
        )

    def _cached(self, engine: Store) -> CachedStore:
        return CachedStore(federated(self.settings, engine, self.prefixes), self.settings.cache_bytes)

    def kept(self) -> list[Snapshot]:
        """The snapshots whose files can be had, newest first."""
        if not self.settings.store:
            return snapshot.kept(self.settings.snapshots)
        return [self._current.snapshot] if self._current else []

    def _opened(self, found: Snapshot) -> Current:
        engine = EmbeddedStore(
            found.store,
            limits=limits(self.settings),
            readers=self.settings.readers,
            prefixes=self.prefixes,
            public_readers=self.settings.public_readers,
        )
        return Current(
            found,
            self._cached(engine),
            SearchIndex(found.search),
            Downloads(found, self.prefixes),
            found.hash[:16],
        )

    def _replaced(self, served: Current) -> bool:
        """Whether ``current`` points elsewhere by now; a broken link keeps what serves."""
        try:
            # text by text, since this is asked for every request
            return os.readlink(self._link).rpartition("/")[2] != served.name  # noqa: PTH115
        except OSError:
            return False

    def enter(self) -> Current:
        """The snapshot that serves, which stays open until it was left as often as it was entered.

        Raises:
            NoSnapshot: there is none.
        """
        try:
            served = self.open()
        except NoSnapshot:
            if self._current is None:
                raise
            served = self._current
        served.users += 1
        trace.answers(served.hash)
        return served

    def leave(self, served: Current) -> None:
        """One request less needs it."""
        served.users -= 1
        if served.retired:
            self._retire(served)

    @asynccontextmanager
    async def current(self) -> AsyncIterator[Current]:
        """The snapshot that serves, for the length of one request."""
        served = self.enter()
        try:
            yield served
        finally:
            self.leave(served)

    def earlier(self, found: Snapshot) -> Downloads:
        """The files of a snapshot that no longer serves."""
        if found.hash not in self._earlier:
            self._earlier[found.hash] = Downloads(found, self.prefixes)
        return self._earlier[found.hash]

    def _retire(self, served: Current) -> None:
        served.retired = True
        if served.users == 0:
            task = asyncio.get_running_loop().create_task(served.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """End the engines of this process."""
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)
        await asyncio.gather(*self._closing, *(files.close() for files in self._earlier.values()))
        if self._current is not None:
            await self._current.close()
            self._current = None

    async def rows(self, served: Current, query: StoredQuery, values: Values) -> list[Row]:
        """The solutions of a stored SELECT query, read whole."""
        return _rows(await self.body(served, self._request(query, values)))

    def _request(self, query: StoredQuery, values: Values) -> Request:
        return Request(query.asked(values, self.prefixes), Accept(solutions=JSON.media_type), caller=ASKING.get())

    async def several(
        self, served: Current, questions: Sequence[tuple[StoredQuery, Values]]
    ) -> list[list[Row] | KgError]:
        """The solutions of some stored SELECT queries that belong together, or the failure of each.

        Raises:
            BadRequest: the values of one are not what it takes.
        """
        requests = [self._request(query, values) for query, values in questions]
        bodies = await served.store.several(requests)
        return [body if isinstance(body, KgError) else _rows(body) for body in bodies]

    async def triples(self, served: Current, query: StoredQuery, values: Values) -> bytes:
        """The N-Triples of a stored CONSTRUCT query, read whole."""
        text = query.asked(values, self.prefixes)
        return await self.body(served, Request(text, Accept(graph=N_TRIPLES.media_type)))

    async def body(self, served: Current, request: Request) -> bytes:
        """The whole answer to one query, asked by the house on behalf of the current client."""
        return await read(await served.store.answer(replace(request, caller=ASKING.get())))


def _rows(body: bytes) -> list[Row]:
    return cast("list[Row]", json.loads(body)["results"]["bindings"])


def language(term: Term) -> str:
    """The language tag of a term, lower-case; empty where it has none."""
    return str(cast("dict[str, str]", term).get("xml:lang", "")).lower()
