"""An HTTP server that answers as it is told, to see what becomes of its answers."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

_JSON = "application/sparql-results+json"


@dataclass(frozen=True)
class Heard:
    """One request: its method, target, header fields (lower-case) and body."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> str:
        """The query of a form."""
        return dict(parse_qsl(self.body.decode())).get("query", "")


Script = Callable[[Heard], bytes | Iterator[bytes]]
"""What to send for a request, status line and all, at once or piece by piece; the connection is closed after."""


@dataclass
class Scripted:
    """The server: its address, and what it has heard so far."""

    url: str
    heard: list[Heard] = field(default_factory=list)


def answer(body: bytes, status: str = "200 OK", kind: str = _JSON, *more: str) -> bytes:
    """A whole answer of a known length."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def chunk(data: bytes) -> bytes:
    """A piece of a chunked answer."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


CHUNKED = f"HTTP/1.1 200 OK\r\nContent-Type: {_JSON}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
"""The head of a chunked answer."""


@contextmanager
def scripted(script: Script) -> Iterator[Scripted]:
    """A server on a free port of loopback, as long as it is needed."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Scripted(f"http://127.0.0.1:{listener.getsockname()[1]}/sparql")
    thread = threading.Thread(target=_serve, args=(listener, script, server))
    thread.start()
    try:
        yield server
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _serve(listener: socket.socket, script: Script, server: Scripted) -> None:
    threads: list[threading.Thread] = []
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threads.append(threading.Thread(target=_converse, args=(connection, script, server)))
            threads[-1].start()
    for thread in threads:
        thread.join(10)


def _converse(connection: socket.socket, script: Script, server: Scripted) -> None:
    with connection, suppress(OSError):
        connection.settimeout(10)
        if (heard := _heard(connection)) is None:
            return
        server.heard.append(heard)
        told = script(heard)
        for piece in [told] if isinstance(told, bytes) else told:
            connection.sendall(piece)


def _heard(connection: socket.socket) -> Heard | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(65_536)):
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", 0)):
        if not (piece := connection.recv(65_536)):
            return None
        body += piece
    method, target, _ = lines[0].split(" ", 2)
    return Heard(method, target, headers, body)
