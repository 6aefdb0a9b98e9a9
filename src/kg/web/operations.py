"""What those who run the server ask it: whether it lives, whether it is ready, and how it is doing."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg.engine.cached import CachedStore
from kg.engine.store import Accept, Limits, Store
from kg.engine.store import Request as Query
from kg.errors import Forbidden, KgError, NoSnapshot, NotReady, Refused, TooBusy
from kg.formats import JSON
from kg.serving import Current, Serving, limits
from kg.web.forwarded import Proxies
from kg.web.ledger import Entry, Ledger
from kg.web.metrics import Metrics

log = logging.getLogger("kg.access")

_SAMPLED_EACH, _PROBED_EACH = 1.0, 1.0
_PROBE_SECONDS = 3.0
_PROBE = Query("ASK {}", Accept(solutions=JSON.media_type))


class Operations:
    """The state of one server process that is of use to those who run it."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self.metrics = Metrics()
        self.ledger = Ledger(self.metrics, told=serving.settings.access_log)
        self.stopping = False
        self.connections: Callable[[], int] = lambda: 0
        self._probe: asyncio.Task[str] | None = None
        self._probed = float("-inf")
        self._sampled: Store | None = None

    # What the connections tell

    def refused(self, error: Refused, client: str, identifier: str) -> None:
        """A connection was told of an error and is not served on."""
        self.metrics.refused.labels(error.slug()).inc()
        if self._serving.settings.access_log:
            about = {"status": int(error.status), "problem": error.slug(), "client": client, "request": identifier}
            log.info("refused", extra={"fields": about})

    def cut(self, cause: str, client: str) -> None:
        """A connection was closed without a word."""
        self.metrics.cut.labels(cause).inc()
        log.debug("connection cut cause=%s client=%s", cause, client)

    def repeated(self, entry: Entry, identifier: str, seconds: float, size: int) -> None:
        """An answer was given again."""
        self.ledger.write(entry, identifier, seconds, size)

    # What the operators ask

    async def ready(self) -> None:
        """Return if a snapshot is open and a query process answers.

        Callers share one attempt, which holds for a second: asking often costs nothing.

        Raises:
            NotReady: with the reason.
        """
        if self.stopping:
            raise NotReady("The server is about to stop.")
        if self._probe is None or (self._probe.done() and time.monotonic() - self._probed > _PROBED_EACH):
            self._probe = asyncio.create_task(self._attempt())
        if reason := await asyncio.shield(self._probe):
            raise NotReady(reason)

    async def _attempt(self) -> str:
        """Why the server is not ready; empty if it is."""
        try:
            async with asyncio.timeout(_PROBE_SECONDS), self._serving.current() as served:
                await self._ask(served)
        except TimeoutError:
            return f"No query was answered within {_PROBE_SECONDS:g} s."
        except TooBusy:
            return ""
        except KgError as error:
            return f"{error.title}: {error.detail}"
        else:
            return ""
        finally:
            self._probed = time.monotonic()

    async def _ask(self, served: Current) -> None:
        """Ask past the cache. That all are busy answering others is as good as an answer."""
        store = served.store.behind if isinstance(served.store, CachedStore) else served.store
        if not served.remote and store.stats().busy >= self._serving.settings.readers:
            return
        answer = await store.answer(_PROBE, _brief(limits(self._serving.settings)))
        try:
            async for _ in answer.chunks:
                pass
        finally:
            await answer.aclose()

    @asynccontextmanager
    async def sampling(self) -> AsyncIterator[None]:
        """Have the figures sampled, that other processes can tell them; for the time that the server runs."""
        sampler = asyncio.create_task(self._sample())
        try:
            yield
        finally:
            sampler.cancel()
            with suppress(asyncio.CancelledError):
                await sampler

    async def _sample(self) -> None:
        while True:
            await self.sample()
            await asyncio.sleep(_SAMPLED_EACH)

    async def sample(self) -> None:
        """Take down how things stand; of a store that was replaced, what it has counted since the last time."""
        with suppress(KgError):
            async with self._serving.current() as served:
                if self._sampled not in (None, served.store):
                    self.metrics.sample(self._sampled, self.connections())
                self._sampled = served.store
                self.metrics.sample(served.store, self.connections())


def _brief(usual: Limits) -> Limits:
    return Limits(**{**vars(usual), "deadline": min(usual.deadline, _PROBE_SECONDS), "queue_wait": _PROBE_SECONDS})


def router(serving: Serving, operations: Operations) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/metrics``."""
    routes = APIRouter(tags=["operations"])
    readers_of_metrics = Proxies(serving.settings.metrics_allow_ips)

    @routes.get("/healthz", summary="Whether the server answers, and from what")
    async def healthz() -> dict[str, Any]:
        async with serving.current() as served:
            manifest = served.snapshot.manifest
            if not served.present:
                raise NoSnapshot("The snapshot that was served is gone from the disk; build it again.")
            return {
                "status": "ok",
                "snapshot": manifest.hash,
                "recordDate": manifest.record_date,
                "triples": manifest.triples,
            }

    @routes.get("/readyz", summary="Whether queries are answered: 200, or 503 with the reason")
    async def readyz() -> dict[str, str]:
        await operations.ready()
        return {"status": "ready"}

    @routes.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    async def metrics(request: Request) -> Response:
        client = request.client.host if request.client else ""
        if client not in readers_of_metrics:
            raise Forbidden(f"Figures are not shown to {client or 'you'}; see KG_METRICS_ALLOW_IPS.")
        await operations.sample()
        async with serving.current() as served:
            text, media_type = operations.metrics.text(served, request.headers.get("accept", ""))
        return Response(text, headers={"Content-Type": media_type, "Cache-Control": "no-store"})

    return routes
