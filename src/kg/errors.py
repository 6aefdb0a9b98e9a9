"""The one tree of errors.

Every failure that a caller can meet is a :class:`KgError`. The class carries the HTTP status, the title of
the RFC 9457 problem and the exit code of the command line; the instance carries the sentence that says what
is wrong and what to do, and any further members of the problem body.
"""

from collections.abc import Mapping
from http import HTTPStatus

PROBLEM_BASE = "https://w3id.org/armature/problem/"


class KgError(Exception):
    """Root of the tree: something went wrong that is the project's own fault."""

    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    title: str = "Internal error"
    exit_code: int = 1

    def __init__(self, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = {name: value for name, value in members.items() if value is not None}

    @classmethod
    def slug(cls) -> str:
        """The last path segment of the problem type: ``QuerySyntaxError`` → ``query-syntax-error``."""
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("-")

    def headers(self) -> dict[str, str]:
        """HTTP headers that belong to this failure."""
        return {}

    def problem(self) -> dict[str, object]:
        """The RFC 9457 body: type, title, status, detail and the extension members."""
        return {
            "type": PROBLEM_BASE + self.slug(),
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
            **self.members,
        }


# What the caller sent


class BadRequest(KgError):
    """The request is malformed."""

    status = HTTPStatus.BAD_REQUEST
    title = "Bad request"
    exit_code = 2


class QuerySyntaxError(BadRequest):
    """The text is not SPARQL 1.1; members ``line`` and ``column`` (from 1) say where it stops being so."""

    title = "The query is not valid SPARQL"


class ServiceRefused(BadRequest):
    """The query asks this server to call another one that it may not call, or in a way that it does not read."""

    title = "SERVICE is not allowed here"


class QueryTooDeep(BadRequest):
    """The query nests deeper, or chains longer, than the engine can be trusted with."""

    title = "The query nests too deeply"


class NotFound(KgError):
    """Nothing is known under this name."""

    status = HTTPStatus.NOT_FOUND
    title = "Not found"
    exit_code = 4


class UnknownEntity(NotFound):
    """No entity, claim, source, term, code or graph has this IRI."""

    title = "Unknown entity"


class UnknownQuery(NotFound):
    """No stored query has this name."""

    title = "Unknown stored query"


class UnknownSnapshot(NotFound):
    """No snapshot that is kept has this hash; member ``kept`` lists those that are."""

    title = "Unknown snapshot"


class MethodNotAllowed(KgError):
    """The address exists, but not for this HTTP method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    title = "Method not allowed"


class NotAcceptable(KgError):
    """None of the formats asked for is offered; member ``offered`` lists the media types that are."""

    status = HTTPStatus.NOT_ACCEPTABLE
    title = "Format not available"
    exit_code = 2


class UnsupportedMediaType(KgError):
    """The body comes in a type that this address does not read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = "Unsupported media type"


class QueryTooLarge(KgError):
    """The query text is longer than the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "The query is too long"
    exit_code = 5

    def headers(self) -> dict[str, str]:
        return {"Connection": "close"}


# How the caller sent it


class Refused(KgError):
    """The connection is not served on: nothing that follows on it is read."""

    status = HTTPStatus.BAD_REQUEST

    def headers(self) -> dict[str, str]:
        return {"Connection": "close"}


class MalformedRequest(Refused):
    """What came is not HTTP."""

    title = "Malformed request"


class VersionNotSupported(Refused):
    """The request speaks another version of HTTP than 1.0 and 1.1."""

    status = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
    title = "HTTP version not supported"


class MethodUnknown(Refused):
    """The request has a method that HTTP may have, but no server of graphs."""

    status = HTTPStatus.NOT_IMPLEMENTED
    title = "Unknown method"


class RequestTimeout(Refused):
    """The request did not arrive whole in time; member ``limit`` is in seconds."""

    status = HTTPStatus.REQUEST_TIMEOUT
    title = "The request took too long to arrive"


class AddressTooLong(Refused):
    """The request line is longer than the limit, in bytes."""

    status = HTTPStatus.REQUEST_URI_TOO_LONG
    title = "The address is too long"


class HeaderTooLarge(Refused):
    """The header has more fields or bytes than the limit."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    title = "The header is too large"


class BodyTooLarge(Refused):
    """The body has more bytes than the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "The body is too large"


class TooManyConnections(Refused):
    """All connections are taken; member ``retry_after`` is in seconds."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Too many connections"

    def headers(self) -> dict[str, str]:
        return {**super().headers(), "Retry-After": str(self.members.get("retry_after", 1))}


class TooManyOfOneClient(TooManyConnections):
    """One client address has all the connections that it may have; member ``retry_after`` is in seconds."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many connections from your address"


# What the query costs


class QueryTimeout(KgError):
    """The query ran past its deadline and was stopped."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "The query took too long"
    exit_code = 5


class QueryTooExpensive(KgError):
    """The query needed more memory than it may have, or brought its reader down."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "The query is too expensive"
    exit_code = 5


class ResultTooLarge(KgError):
    """The result is larger than the limit."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "The result is too large"
    exit_code = 5


class TooBusy(KgError):
    """All readers are taken and the queue is full; member ``retry_after`` is in seconds."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "The server is busy"
    exit_code = 5

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.members.get("retry_after", 1))}


class TooManyRequests(KgError):
    """One client asks more than its share; member ``retry_after`` is in seconds."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many requests"
    exit_code = 5

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.members.get("retry_after", 1))}


class QuotaExceeded(TooManyRequests):
    """A client has used what it may in a minute; ``fields`` are the header fields that tell its quotas."""

    title = "The quota is used up"

    def __init__(self, detail: str, fields: Mapping[str, str], **members: object) -> None:
        super().__init__(detail, **members)
        self.fields = fields

    def headers(self) -> dict[str, str]:
        return {**super().headers(), **self.fields}


class EngineFailure(KgError):
    """The engine could not be started or broke its protocol."""

    title = "The query engine failed"


# Another server


class StoreUnreachable(KgError):
    """The SPARQL server that holds the graph does not answer; member ``retry_after`` is in seconds."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "The store cannot be reached"
    exit_code = 9

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.members.get("retry_after", 5))}


class StoreFailure(KgError):
    """Another SPARQL server failed, or does not let us do what we must; members say which and how."""

    status = HTTPStatus.BAD_GATEWAY
    title = "The store failed"
    exit_code = 9


class PublishFailed(StoreFailure):
    """A graph does not stand on the server as it should; members ``graph``, ``expected``, ``found``."""

    title = "The publication failed"


# What the sources of the graph hold


class InvalidSource(KgError):
    """The Turtle in git cannot become a graph."""

    title = "The data is not valid"
    exit_code = 3


class BrokenTurtle(InvalidSource):
    """A file is not Turtle; members ``file``, ``line`` and ``column`` (from 1)."""

    title = "Broken Turtle"


class BrokenQuery(InvalidSource):
    """A stored query file cannot be used; members ``file`` and ``line``."""

    title = "Broken stored query"


class ShapesViolated(InvalidSource):
    """The graph breaks shapes or rule queries; the detail is the report."""

    title = "The data violates its shapes"


class CheckFailed(KgError):
    """The check itself could not be carried out."""

    title = "The check could not run"
    exit_code = 3


# Where the product runs


class NoSnapshot(KgError):
    """There is no built graph to serve."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "No snapshot"
    exit_code = 6


class NotReady(KgError):
    """The server cannot answer queries now, or is about to stop; the detail is the reason."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Not ready"
    exit_code = 6


class Forbidden(KgError):
    """The address is not for this client."""

    status = HTTPStatus.FORBIDDEN
    title = "Not for this client"


class BuildUnderWay(KgError):
    """Another build holds the lock on the snapshot folder."""

    status = HTTPStatus.CONFLICT
    title = "A build is under way"
    exit_code = 6


class PortTaken(KgError):
    """Another program listens on the port asked for."""

    title = "The port is taken"
    exit_code = 7


class DiskFull(KgError):
    """The snapshot could not be written for want of space."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    title = "The disk is full"
    exit_code = 8


class CannotWrite(KgError):
    """A file or folder could not be written for another reason than space."""

    title = "Cannot write"
    exit_code = 8
