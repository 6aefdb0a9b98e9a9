"""The HTTP server from the command line: a port that is known to be free, and one process or several on it."""

import asyncio
import errno
import socket
from collections.abc import Callable

import click

from kg import snapshot
from kg.errors import CannotWrite, NoSnapshot, PortTaken
from kg.mirror import published
from kg.settings import Settings
from kg.snapshot import Hash, Snapshot
from kg.web import process, workers

_BACKLOG = 2048
_UNSENT_BYTES = 1 << 16


def serve(settings: Settings, build: Callable[[Settings], Snapshot] | None) -> int:
    """Serve until told to stop; ``build`` makes the snapshot where there is none. Returns the exit code.

    Raises:
        NoSnapshot: there is none, and nothing to build it with.
        PortTaken, CannotWrite: the address cannot be listened on.
    """
    listener = listen(settings)
    with listener:
        served = _served(settings, build)
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{port}{settings.root_path}"
        click.echo(f"Armature serves snapshot {served[:12]} at {address}  (Ctrl-C stops it)")
        if settings.workers > 1:
            return workers.supervise(settings, listener)
        return process.run(settings, listener, alone=True)


def _served(settings: Settings, build: Callable[[Settings], Snapshot] | None) -> Hash:
    """The snapshot that is about to be served."""
    if settings.store:
        return asyncio.run(_hash_at_store(settings))
    try:
        return snapshot.current(settings.snapshots).hash
    except NoSnapshot:
        if build is None:
            raise
    click.echo(f"No snapshot in {settings.snapshots} yet: building one.", err=True)
    return build(settings).hash


async def _hash_at_store(settings: Settings) -> Hash:
    manifest = (await published(settings)).manifest
    return manifest.hash if manifest else ""


def listen(settings: Settings) -> socket.socket:
    """A listening socket on host and port of the settings.

    Raises:
        PortTaken, CannotWrite: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on and each small answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    _set_options(listener, settings)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Port {settings.port} of {settings.host} is in use; stop the other program or choose another "
                f"port: kg serve --port {settings.port + 1} (make serve PORT={settings.port + 1})."
            ) from error
        raise CannotWrite(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.") from error
    return listener


def _set_options(listener: socket.socket, settings: Settings) -> None:
    """What every accepted connection inherits.

    Without TCP_NODELAY the body of an answer waits for the client to acknowledge its head: 40 ms. asyncio sets it
    too, but only on sockets that were made for TCP by name.

    The kernel keeps little that a client has not read, so that the server sees who reads slowly, and gives up
    the rest when the client takes none of it for the transfer time.
    """
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(settings.transfer * 1000))
