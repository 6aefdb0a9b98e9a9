"""Failures as answers: every error of the tree becomes an RFC 9457 problem, or a page for a browser."""

import logging

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from kg.errors import BadRequest, KgError, MethodNotAllowed, NotFound
from kg.web import pages
from kg.web.replies import allowed_at, wants_page

log = logging.getLogger("kg.web.problems")


def install(app: FastAPI) -> None:
    """Answer every failure of the application in the one form."""
    app.add_exception_handler(KgError, _known)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unforeseen)


def answer(request: Request, error: KgError) -> Response:
    """The problem body of an error, with its status and headers."""
    if wants_page(request):
        response = pages.problem(request, error)
        response.headers.update(error.headers())
        return response
    return JSONResponse(
        error.problem(),
        status_code=int(error.status),
        headers=error.headers(),
        media_type="application/problem+json",
    )


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, KgError)  # noqa: S101 - registered for this class only
    return answer(request, error)


async def _of_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    path = request.url.path
    if error.status_code == MethodNotAllowed.status:
        allowed = allowed_at(path)
        response = answer(
            request, MethodNotAllowed(f"{request.method} is not allowed at {path}; use {allowed}.", allow=allowed)
        )
        response.headers["Allow"] = allowed
        return response
    if error.status_code == NotFound.status:
        return answer(request, NotFound(f"There is nothing at {path}. Begin at / or search at /search?q=…"))
    return answer(request, BadRequest(str(error.detail)))


async def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    reasons = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return answer(request, BadRequest(f"The request cannot be read: {reasons}."))


async def _gone(_: Request, __: Exception) -> Response:
    """The client left in the middle of its request; nobody reads this."""
    return Response(status_code=499)


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("unforeseen failure at %s", request.url.path, exc_info=error)
    return answer(request, KgError("The server met a failure of its own; it has been logged."))
