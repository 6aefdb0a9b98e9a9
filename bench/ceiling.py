"""What the clients themselves can do: both asked to load a server that answers a constant and nothing else."""

import selectors
import socket
import subprocess
import sys
import time
from statistics import median
from typing import Any

from bench import processes
from bench.client import AnswerError, Connection, Target, load

_SECONDS, _REQUESTS = 2, 5_000
_REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def measured(*, with_wrk: bool) -> dict[str, Any]:
    """The median of one connection in milliseconds; the rate of wrk with 16 clients and its share of a core."""
    target = Target(processes.free_port(), "/")
    server = subprocess.Popen([sys.executable, "-m", "bench.ceiling", str(target.port)])
    try:
        found: dict[str, Any] = {"one_connection_ms": round(median(_times(target)), 4)}
        if with_wrk:
            seen = load(target, ["ASK {}"], 16, _SECONDS, cold=None)
            found |= {"wrk_rate": round(seen.rate), "wrk_cpu": seen.client_cpu}
        return found
    finally:
        processes.end(server)


def _times(target: Target) -> list[float]:
    connection, request, times = Connection(target, 5), target.request("ASK {}", graph=False), []
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            connection.open()
            break
        except AnswerError:
            time.sleep(0.01)
    for _ in range(_REQUESTS):
        begun = time.perf_counter()
        connection.send(request)
        times.append((time.perf_counter() - begun) * 1000)
    connection.close()
    return times


def serve(port: int) -> None:
    """Answer every request of every connection with the same two bytes, from one loop."""
    selector = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            client = key.fileobj
            if client is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
            elif isinstance(client, socket.socket):
                _answer(selector, client)


def _answer(selector: selectors.BaseSelector, client: socket.socket) -> None:
    try:
        data = client.recv(1 << 16)
    except ConnectionError:  # wrk leaves as it likes
        data = b""
    if data:
        client.sendall(_REPLY * data.count(b"\r\n\r\n"))
    else:
        selector.unregister(client)
        client.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
