"""What every answer has around it: HEAD for every GET, OPTIONS, security headers, and an end for every failure."""

import asyncio
import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kg.errors import KgError, NotReady
from kg.settings import Settings
from kg.web import problems
from kg.web.replies import allowed_at
from kg.web.security import SECURITY, transport_security

log = logging.getLogger("kg.web.envelope")


class Envelope:
    """Next to the routes, so that what it answers passes through all other layers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._hsts = app, settings.hsts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        inner = {**scope, "method": "GET", "asked": "HEAD"} if head else scope
        added = [*SECURITY, *transport_security(self._hsts, scope["scheme"])]
        begun = False

        async def enveloped(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in added if pair[0] not in own)]
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._respond(inner, receive, enveloped)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the last resort: it is logged or told
            await self._failed(inner, receive, enveloped, error, begun=begun)
        finally:
            scope["route"] = inner.get("route")

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers={"Allow": allowed_at(Request(scope))})(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _failed(self, scope: Scope, receive: Receive, send: Send, error: BaseException, *, begun: bool) -> None:
        """Tell the client if it can still be told; else leave the answer without its end.

        A request is only cancelled when the server stops and cannot wait for it any longer.
        """
        known = error if isinstance(error, KgError) else error.__cause__
        if isinstance(error, asyncio.CancelledError):
            log.warning("request given up: the server stops")
        elif isinstance(known, KgError) and begun:
            log.warning("answer broken off: %s", known.detail)
        else:
            log.error("unforeseen failure at %s", scope["path"], exc_info=error)
        if not begun:
            stops = NotReady("The server stops, and the answer would have taken too long.")
            told = stops if isinstance(error, asyncio.CancelledError) else problems.unforeseen()
            await problems.answer(Request(scope), told)(scope, receive, send)
