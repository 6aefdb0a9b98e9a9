"""The application: routes and middleware put together around one served graph."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from kg import __version__
from kg.serving import Serving
from kg.settings import Settings
from kg.web import (
    api,
    assets,
    charts_view,
    exports,
    finding,
    graph_view,
    islands,
    markup,
    operations,
    path_view,
    problems,
    reference,
    settling,
    sparql,
    things,
)  # fmt: skip
from kg.web.access import Access
from kg.web.direct import Direct, Told
from kg.web.envelope import Envelope
from kg.web.forwarded import Forwarded
from kg.web.operations import Operations
from kg.web.packing import Packed
from kg.web.rates import Callers, Rates


class Application(FastAPI):
    """The framework's application, and the way past it."""

    direct: Direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.direct(scope, receive, send)


def create_app(settings: Settings) -> Application:
    """The ASGI application that serves the snapshots of these settings.

    The snapshot is opened when the server starts; without one the start fails with ``NoSnapshot``. The server
    finds the :class:`kg.web.operations.Operations` of the process as ``observer`` in the state of the lifespan.
    """
    serving = Serving(settings)
    operating = Operations(serving)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        await asyncio.gather(serving.start(), asyncio.to_thread(markup.prepare))
        await settling.prepare(serving)
        try:
            async with operating.sampling(), settling.settling(serving):
                yield {"observer": operating}
        finally:
            await serving.close()

    app = Application(
        title="Armature",
        version=__version__,
        description="The open, cited, time-aware knowledge graph of defence-industrial relationships.",
        license_info={"name": "Data: CC BY 4.0; software: Apache-2.0"},
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    endpoint = sparql.Endpoint(serving)
    app.include_router(sparql.router(endpoint))
    app.include_router(operations.router(serving, operating))
    app.include_router(api.router(serving))
    app.include_router(finding.router(serving))
    app.include_router(graph_view.router(serving))
    app.include_router(path_view.router(serving))
    app.include_router(charts_view.router(serving))
    app.include_router(exports.router(serving))
    app.include_router(reference.router(serving))
    app.include_router(things.router(serving))
    app.mount("/static/islands", islands.files, name="islands")
    app.mount("/static", assets.Assets(), name="static")
    _wrap(app, settings, operating, endpoint)
    return app


def _wrap(app: Application, settings: Settings, operating: Operations, endpoint: sparql.Endpoint) -> None:
    """The layers around the routes, from the inside out; and those of them that a query from afar meets."""
    rates = Rates.of(settings)
    app.add_middleware(Packed)
    app.add_middleware(Envelope, settings=settings)
    app.add_middleware(Callers, rates=rates)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST"],
        allow_headers=["*"],
        expose_headers=[
            *("Content-Disposition", "ETag", "Link", "RateLimit", "RateLimit-Policy", "Retry-After"),
            *("X-Armature-Snapshot", "X-Request-ID"),
        ],
        max_age=86_400,
    )
    app.add_middleware(Access, metrics=operating.metrics, ledger=operating.ledger)
    app.add_middleware(Forwarded, settings=settings)
    enveloped = Callers(Envelope(Told(endpoint), settings), rates)
    short = Forwarded(Access(enveloped, operating.metrics, operating.ledger), settings)
    app.direct = Direct(partial(FastAPI.__call__, app), short, settings.root_path)
