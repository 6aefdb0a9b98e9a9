"""The HTTP server: uvicorn around the application, with a port that is known to be free."""

import errno
import os
import socket
from collections.abc import Callable

import click
import uvicorn
from uvicorn.supervisors.multiprocess import Multiprocess

from kg import snapshot
from kg.errors import CannotWrite, NoSnapshot, PortTaken
from kg.settings import Settings
from kg.snapshot import Snapshot


def serve(settings: Settings, build: Callable[[Settings], Snapshot] | None) -> None:
    """Serve until interrupted; ``build`` makes the snapshot where there is none.

    Raises:
        NoSnapshot: there is none, and nothing to build it with.
        PortTaken, CannotWrite: the address cannot be listened on.
    """
    listener = _listen(settings)
    with listener:
        served = _snapshot(settings, build)
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"Armature serves snapshot {served.hash[:12]} at http://{shown}:{port}  (Ctrl-C stops it)")
        _run(settings, listener)


def _snapshot(settings: Settings, build: Callable[[Settings], Snapshot] | None) -> Snapshot:
    try:
        return snapshot.current(settings.snapshots)
    except NoSnapshot:
        if build is None:
            raise
    click.echo(f"No snapshot in {settings.snapshots} yet: building one.", err=True)
    return build(settings)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is spelled out; else each answer waits 40 ms
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Port {settings.port} of {settings.host} is in use; stop the other program or choose another "
                f"port: kg serve --port {settings.port + 1} (make serve PORT={settings.port + 1})."
            ) from error
        raise CannotWrite(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.") from error
    listener.set_inheritable(True)
    return listener


def _run(settings: Settings, listener: socket.socket) -> None:
    """One process, or a supervisor with several, on the listening socket."""
    for name, value in settings.model_dump(mode="json").items():
        os.environ[f"KG_{name.upper()}"] = str(value)
    config = uvicorn.Config(
        "kg.web.app:from_environment",
        factory=True,
        workers=settings.workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    if settings.workers > 1:
        Multiprocess(config, sockets=[listener]).run()
    else:
        uvicorn.Server(config).run(sockets=[listener])
