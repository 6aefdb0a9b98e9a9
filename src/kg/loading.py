"""Loading graphs into another SPARQL server: by the Graph Store Protocol, or by SPARQL Update; and asking it back."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import httpx2

from kg.engine.endpoint import Credentials, accepts, refusal, unreachable
from kg.errors import QueryTimeout, QueryTooLarge, StoreFailure, StoreUnreachable, TooBusy
from kg.formats import JSON, N_TRIPLES
from kg.terms import Iri

log = logging.getLogger("kg.loading")

_CHUNK = 1 << 18
_BAD_GATEWAY = HTTPStatus.BAD_GATEWAY
_NO_PROTOCOL = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
_GSP_HINT = (
    "name the address of its Graph Store Protocol with --graph-store (Oxigraph: /store, Fuseki: /<dataset>/data, "
    "Virtuoso: /sparql-graph-crud-auth), or that of its updates with --update"
)
_UPDATE_HINT = (
    "name the address of its updates with --update (Oxigraph: /update, Fuseki: /<dataset>/update, "
    "Virtuoso: /sparql-auth)"
)
_BATCH_STATEMENTS, _BATCH_BYTES = 1_000, 500_000


@dataclass(frozen=True)
class Patience:
    """How often, and after which first pause (seconds, doubled each time), a passing fault is tried again."""

    tries: int = 5
    pause: float = 0.5


@dataclass(frozen=True)
class Statements:
    """A file of N-Triples, one statement a line, and how many there are."""

    path: Path
    count: int

    def __iter__(self) -> Iterator[bytes]:
        """The file piece by piece, from its beginning each time: a request may have to be sent again."""
        with self.path.open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    def batches(self) -> Iterator[bytes]:
        """The statements in parts that any server takes."""
        with self.path.open("rb") as file:
            part: list[bytes] = []
            size = 0
            for line in file:
                part.append(line)
                size += len(line)
                if len(part) >= _BATCH_STATEMENTS or size >= _BATCH_BYTES:
                    yield b"".join(part)
                    part, size = [], 0
            if part:
                yield b"".join(part)


class Wire:
    """Requests to one server, sent again after passing faults."""

    def __init__(self, credentials: Credentials | None, patience: Patience, seconds: float) -> None:
        self._client = httpx2.Client(auth=credentials, timeout=httpx2.Timeout(seconds, connect=5.0), trust_env=False)
        self._patience = patience

    def send(self, method: str, url: str, allowed: frozenset[int] = frozenset(), **options: Any) -> httpx2.Response:
        """The response, which is a success or of one of the ``allowed`` statuses.

        Raises:
            StoreUnreachable, StoreFailure, KgError: as :func:`kg.engine.endpoint.refusal` tells.
        """
        pause = self._patience.pause
        for attempt in range(1, self._patience.tries + 1):
            try:
                return self._sent(method, url, allowed, **options)
            except (StoreUnreachable, TooBusy, QueryTimeout, StoreFailure) as error:
                passing = not isinstance(error, StoreFailure) or error.members.get("remote_status") == _BAD_GATEWAY
                if not passing or attempt == self._patience.tries:
                    raise
                log.warning("attempt %d failed, again in %.1f s: %s", attempt, pause, error.detail)
                time.sleep(pause)
                pause *= 2
        raise AssertionError  # the loop returns or raises

    def _sent(self, method: str, url: str, allowed: frozenset[int], **options: Any) -> httpx2.Response:
        who = f"The SPARQL server at {url}"
        try:
            response = self._client.request(method, url, **options)
        except httpx2.TransportError as error:
            raise unreachable(who, error) from error
        if response.is_success or response.status_code in allowed:
            return response
        raise refusal(who, response.status_code, response.text, response.headers.get("retry-after"))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class Server:
    """The query address of a server."""

    def __init__(self, url: str, wire: Wire) -> None:
        self._url, self._wire = url, wire

    def _asked(self, query: str) -> Any:
        headers = {"Accept": accepts([JSON.media_type, "application/json"])}
        response = self._wire.send("POST", self._url, data={"query": query}, headers=headers)
        try:
            return response.json()
        except ValueError as error:
            kind = response.headers.get("content-type", "nothing")
            raise StoreFailure(
                f"{self._url} answers a query with {kind}, not with SPARQL results; is it the address for queries?"
            ) from error

    def rows(self, query: str) -> list[Mapping[str, str]]:
        """The solutions of a SELECT, as text."""
        bindings = self._asked(query)["results"]["bindings"]
        return [{name: term["value"] for name, term in row.items()} for row in bindings]

    def true(self, query: str) -> bool:
        """The answer to an ASK; Virtuoso writes it as a table with one cell."""
        told = self._asked(query)
        if "boolean" in told:
            return bool(told["boolean"])
        cells = [term["value"] for row in told["results"]["bindings"] for term in row.values()]
        return cells[:1] in (["1"], ["true"])


class Loader(Protocol):
    """What can replace and remove graphs; ``None`` is the default graph."""

    def replace(self, graph: Iri | None, statements: Statements) -> None:
        """Have a graph hold these statements and no others."""

    def remove(self, graph: Iri) -> None:
        """Have no such graph."""


class GraphStore:
    """The Graph Store Protocol: a graph is sent whole, streamed from its file."""

    def __init__(self, url: str, wire: Wire) -> None:
        self._url, self._wire = url, wire

    def replace(self, graph: Iri | None, statements: Statements) -> None:
        """PUT the graph."""
        headers = {"Content-Type": N_TRIPLES.media_type, "Content-Length": str(statements.size)}
        with _explained(self._url, _GSP_HINT):
            self._wire.send("PUT", _graph_address(self._url, graph), content=statements, headers=headers)

    def remove(self, graph: Iri) -> None:
        """DELETE the graph, if it is there."""
        self._wire.send("DELETE", _graph_address(self._url, graph), allowed=frozenset({HTTPStatus.NOT_FOUND}))


def _graph_address(url: str, graph: Iri | None) -> str:
    return str(httpx2.URL(url).copy_merge_params({"graph": graph} if graph else {"default": ""}))


class Updates:
    """SPARQL Update: a graph is emptied and filled batch by batch. A batch may come twice and does no harm."""

    def __init__(self, url: str, wire: Wire) -> None:
        self._url, self._wire = url, wire

    def replace(self, graph: Iri | None, statements: Statements) -> None:
        """CLEAR the graph, then INSERT DATA."""
        which, head, tail = "DEFAULT", "", ""
        if graph:
            which, head, tail = f"GRAPH <{graph}>", f"GRAPH <{graph}> {{", "}"
        self._update(f"CLEAR SILENT {which}".encode())
        for batch in statements.batches():
            self._update(f"INSERT DATA {{ {head}\n".encode() + batch + f"{tail} }}".encode())

    def remove(self, graph: Iri) -> None:
        """DROP the graph, if it is there."""
        self._update(f"DROP SILENT GRAPH <{graph}>".encode())

    def _update(self, text: bytes) -> None:
        with _explained(self._url, _UPDATE_HINT):
            self._wire.send("POST", self._url, content=text, headers={"Content-Type": "application/sparql-update"})


@contextmanager
def _explained(url: str, hint: str) -> Iterator[None]:
    """What to do about an address that does not do what it is asked, or takes no more."""
    try:
        yield
    except QueryTooLarge as error:
        raise StoreFailure(
            f"{url} takes no graph of this size (413); raise its limit, or publish in batches with --update."
        ) from error
    except StoreFailure as error:
        status = error.members.get("remote_status")
        if status in _NO_PROTOCOL:
            raise StoreFailure(f"{url} does not take graphs ({status}); {hint}.", remote_status=status) from error
        raise
