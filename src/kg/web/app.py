"""The application: routes and middleware put together around one served graph."""

import logging
import multiprocessing
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kg import __version__
from kg.engine.sandbox import end_with_parent
from kg.serving import Serving
from kg.settings import Settings
from kg.web import api, problems, sparql, things
from kg.web.rates import Callers, Rates
from kg.web.replies import allowed_at

SECURITY = (
    (b"content-security-policy", b"default-src 'none'; style-src 'self'; img-src 'self'; "
     b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)  # fmt: skip


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application that serves the snapshots of these settings.

    The snapshot is opened when the server starts; without one the start fails with ``NoSnapshot``.
    """
    serving = Serving(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        serving.open()
        try:
            yield
        finally:
            await serving.close()

    app = FastAPI(
        title="Armature",
        version=__version__,
        description="The open, cited, time-aware knowledge graph of defence-industrial relationships.",
        license_info={"name": "Data: CC BY 4.0; software: Apache-2.0"},
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    app.include_router(sparql.router(serving))
    app.include_router(api.router(serving))
    app.include_router(things.router(serving))
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.add_middleware(Envelope)
    app.add_middleware(Callers, rates=Rates.of(settings))
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST"],
        allow_headers=["*"],
        expose_headers=[
            *("Content-Disposition", "ETag", "Link", "RateLimit", "RateLimit-Policy", "Retry-After"),
            "X-Armature-Snapshot",
        ],
        max_age=86_400,
    )
    return app


def from_environment() -> FastAPI:
    """The application for a server that starts its own worker processes; settings come from ``KG_…``."""
    if multiprocessing.parent_process() is not None:
        end_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    return create_app(Settings())


class Envelope:
    """HEAD for every GET, an answer to OPTIONS, and the security headers of every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers={"Allow": allowed_at(scope["path"])})(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        inner = {**scope, "method": "GET"} if head else scope

        async def enveloped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SECURITY]
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app(inner, receive, enveloped)
