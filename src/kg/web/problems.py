"""Failures as answers: every error of the tree becomes an RFC 9457 problem, or a page for a browser."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from kg import trace
from kg.errors import BadRequest, KgError, MethodNotAllowed, NotFound
from kg.web import language, pages
from kg.web.replies import SEARCH, allowed_at, local, wants_page
from kg.web.wording import worded


def install(app: FastAPI) -> None:
    """Answer every failure of the application in the one form."""
    app.add_exception_handler(KgError, _known)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(ClientDisconnect, _gone)


def answer(request: Request, error: KgError) -> Response:
    """The problem body of an error, with its status and headers."""
    if wants_page(request):
        response = pages.problem(request, error)
        response.headers.update(error.headers())
        return response
    told = worded(error, language.guessed(request))
    return JSONResponse(
        {**error.problem(), "title": told.title, "detail": told.detail, **_request_id()},
        status_code=int(error.status),
        headers={"Content-Language": told.language, **error.headers()},
        media_type="application/problem+json",
    )


def _request_id() -> dict[str, str]:
    known = trace.current()
    return {"request_id": known.id} if known else {}


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, KgError)  # noqa: S101 - registered for this class only
    return answer(request, error)


async def _of_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    path = request.url.path
    if error.status_code == MethodNotAllowed.status:
        allowed = allowed_at(request)
        response = answer(
            request, MethodNotAllowed(f"{request.method} is not allowed at {path}; use {allowed}.", allow=allowed)
        )
        response.headers["Allow"] = allowed
        return response
    if error.status_code == NotFound.status:
        return answer(
            request,
            NotFound(
                f"There is nothing at {path}. Begin at {local(request, '/')} or search at {local(request, SEARCH)}."
            ),
        )
    return answer(request, BadRequest(str(error.detail)))


async def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    reasons = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return answer(request, BadRequest(f"The request cannot be read: {reasons}."))


async def _gone(_: Request, __: Exception) -> Response:
    """The client left in the middle of its request; nobody reads this."""
    return Response(status_code=499)


def unforeseen() -> KgError:
    """What a client is told of a failure that nobody thought of: nothing of the inside."""
    return KgError("The server met a failure of its own; it has been logged.")
