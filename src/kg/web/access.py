"""Every request, seen from outside: it gets an identifier, is measured, counted and written down."""

import os
import re
import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kg import trace
from kg.web.ledger import Entry, Ledger
from kg.web.metrics import Metrics

_IDENTIFIER = re.compile(rb"[A-Za-z0-9._\-]{1,128}")
_HEADER = b"x-request-id"
_IDENTIFIER_BYTES = 16


@dataclass
class _Answer:
    """What has been sent of an answer; the status is 499 while the client has got nothing."""

    status: int = 499
    size: int = 0
    whole: bool = False


class Access:
    """The outermost layer but for the proxies' headers, so that nothing escapes it."""

    def __init__(self, app: ASGIApp, metrics: Metrics, ledger: Ledger) -> None:
        self._app, self._metrics, self._ledger = app, metrics, ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        known = trace.begin(identifier(scope))
        answer = _Answer()
        started = time.perf_counter()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                message = {**message, "headers": [*message["headers"], (_HEADER, known.id.encode())]}
            await send(message)
            if message["type"] == "http.response.body":
                answer.size += len(message.get("body", b""))
                answer.whole = not message.get("more_body", False)

        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, watched)
        finally:
            self._metrics.in_flight.dec()
            self._record(scope, known, answer, time.perf_counter() - started)

    def _record(self, scope: Scope, known: trace.Trace, answer: _Answer, seconds: float) -> None:
        for query, problem in known.lacking.items():
            self._metrics.unshown.labels(query, problem).inc()
        entry = Entry(
            method=scope["method"],
            route=template(scope),
            path=scope["path"],
            status=answer.status,
            client=scope["client"][0] if scope["client"] else "",
            snapshot=known.snapshot[:12],
            lacking=" ".join(sorted(known.lacking)),
            whole=answer.whole,
        )
        self._ledger.write(entry, known.id, seconds, answer.size)
        if answer.whole and (repeatable := scope.get("kg.repeatable")) is not None:
            repeatable.entry = entry


def identifier(scope: Scope) -> str:
    """The request's own identifier if it brings a well-formed one, else a new one."""
    for name, given in scope["headers"]:
        if name == _HEADER and _IDENTIFIER.fullmatch(given):
            return bytes(given).decode("ascii")
    return fresh()


def fresh() -> str:
    """An identifier that no other request has."""
    return os.urandom(_IDENTIFIER_BYTES).hex()


def template(scope: Scope) -> str:
    """The route that answered, as it is written in the code: ``/id/{slug:path}``; ``-`` where none did."""
    if (path := getattr(scope.get("route"), "path", None)) is not None:
        return str(path)
    return "/static" if scope.get("app_root_path") is not None else "-"
