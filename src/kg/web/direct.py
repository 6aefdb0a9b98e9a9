"""The way of a query from afar past the framework, whose routing and wrapping take longer than most queries.

Such a request meets the same layers as any other (:mod:`kg.web.app` puts both ways together), but for those that have
nothing to do for it: it comes from no page of another site, and wants no page.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kg.errors import KgError
from kg.web import problems

PATH = "/sparql"


class Direct:
    """Outside all layers: sends what is for the endpoint, and needs nothing of the long way, by the short one."""

    def __init__(self, app: ASGIApp, short: ASGIApp, root: str) -> None:
        self._app, self._short = app, short
        self._paths = frozenset({PATH, root + PATH})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        short = scope["type"] == "http" and scope["path"] in self._paths and self._suits(scope)
        await (self._short if short else self._app)(scope, receive, send)

    def _suits(self, scope: Scope) -> bool:
        if scope["method"] != "GET":
            return False
        return not any(
            name == b"origin" or (name == b"accept" and b"text/html" in value) for name, value in scope["headers"]
        )


class Told:
    """Next to the endpoint: its errors become answers, which say that those to other sites differ."""

    def __init__(self, endpoint: ASGIApp) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def varied(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                fields = message["headers"]
                told = b", ".join([*(value for name, value in fields if name == b"vary"), b"Origin"])
                message["headers"] = [*(pair for pair in fields if pair[0] != b"vary"), (b"vary", told)]
            await send(message)

        try:
            await self._endpoint(scope, receive, varied)
        except KgError as error:
            if begun:
                raise
            await problems.answer(Request(scope), error)(scope, receive, varied)
