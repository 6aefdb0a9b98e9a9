"""The engines: how each loads the generated graph, serves it on 127.0.0.1 and is asked.

All of them have the same dataset: the named graphs, and their merge as the default graph.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from bench import processes, snapshots
from bench.client import AnswerError, Connection, Target
from kg import __version__
from kg.settings import Settings

HERE = Path(__file__).parent
PEERS = HERE / ".venv" / "bin"
_FIRST_QUERY = (
    "SELECT ?label { <https://w3id.org/armature/def/Claim> <http://www.w3.org/2000/01/rdf-schema#label> ?label }"
)


class Engine(ABC):
    """One engine in its own folder; ``seconds`` bounds its loading and its opening."""

    name: str
    path: str
    more = ""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.seconds = folder, seconds
        self.log = folder / "log.txt"
        self.load_seconds = self.open_seconds = 0.0
        self.lost = False
        self.target = Target(0, self.path)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def version(self) -> str:
        """What is measured."""

    @abstractmethod
    def load(self, data: Path) -> None:
        """Bring the data of a folder (``graph.nq``, ``merged.nt``) into the engine's own form."""

    @abstractmethod
    def command(self, port: int) -> Sequence[str]:
        """The server's command line."""

    def prepare(self, data: Path) -> None:
        """Load, with the time that it takes.

        Raises:
            StartError: it failed or took too long.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        begun = time.monotonic()
        self.load(data)
        self.load_seconds = time.monotonic() - begun

    def start(self) -> None:
        """Start the server and wait for its first answer, with the time that it takes.

        Raises:
            StartError: it does not come up.
        """
        self.target = Target(processes.free_port(), self.path, self.more)
        self.process = processes.start(self.command(self.target.port), self.log)
        try:
            self.open_seconds = processes.wait_until(self._answers, self.process, self.log, self.seconds)
            processes.settled(self.process.pid)
        except BaseException:
            self.stop()
            raise

    def _answers(self) -> bool:
        connection = Connection(self.target, 10.0)
        try:
            return b"claim" in connection.ask(_FIRST_QUERY, graph=False)
        except AnswerError:
            return False
        finally:
            connection.close()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def renew(self) -> None:
        """Have the server free of whatever it is still busy with; one that does not come up again is lost."""
        try:
            if self.process is not None and self.alive and self._drop_work(self.process):
                processes.wait_until(self._answers, self.process, self.log, self.seconds)
            elif not self.lost:
                self.stop()
                self.start()
        except processes.StartError:
            self.stop()
            self.lost = True

    def _drop_work(self, _: subprocess.Popen[bytes]) -> bool:
        """Whether the work was dropped without a new start."""
        return False

    def stop(self) -> None:
        """End the server."""
        if self.process is not None:
            processes.end(self.process)
            self.process = None


class Armature(Engine):
    """This project: ``kg serve`` over a snapshot, with the default settings."""

    name, path = "armature", "/sparql"
    workers = 1

    @property
    def version(self) -> str:
        return f"{__version__} (pyoxigraph {version('pyoxigraph')}, uvicorn {version('uvicorn')})"

    def load(self, data: Path) -> None:
        snapshots.build(data / "graph.nq", Settings(snapshots=self.folder / "snapshots"))

    def command(self, port: int) -> Sequence[str]:
        kg = [sys.executable, "-m", "kg", "--snapshots", str(self.folder / "snapshots")]
        return [
            *kg,
            "serve",
            "--no-build",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            str(self.workers),
        ]


class ArmatureTwo(Armature):
    """The same with a server process per core."""

    name, workers = "armature-2", 2


class Oxigraph(Engine):
    """The Oxigraph server, as published on PyPI."""

    name, path = "oxigraph", "/query"

    @property
    def version(self) -> str:
        told = subprocess.run([PEERS / "oxigraph", "--version"], capture_output=True, text=True, check=True)
        return told.stdout.split()[-1]

    def load(self, data: Path) -> None:
        store = ["--location", str(self.folder / "store")]
        for file in ("graph.nq", "merged.nt"):
            command = [str(PEERS / "oxigraph"), "load", *store, "--file", str(data / file)]
            processes.run(command, self.log, self.seconds)
        processes.run([str(PEERS / "oxigraph"), "optimize", *store], self.log, self.seconds)

    def command(self, port: int) -> Sequence[str]:
        store = ["--location", str(self.folder / "store")]
        return [str(PEERS / "oxigraph"), "serve-read-only", *store, "--bind", f"127.0.0.1:{port}"]


class RdflibEndpoint(Engine):
    """rdflib-endpoint over rdflib in memory; it loads when it starts, so its time to open is that of loading."""

    name, path, store = "rdflib-endpoint", "/", "memory"

    @property
    def version(self) -> str:
        code = "from importlib.metadata import version as v; print(v('rdflib-endpoint'), 'rdflib', v('rdflib'))"
        told = subprocess.run([PEERS / "python", "-c", code], capture_output=True, text=True, check=True)
        return told.stdout.strip()

    def load(self, data: Path) -> None:
        (self.folder / "graph.nq").symlink_to(data.resolve() / "graph.nq")

    def command(self, port: int) -> Sequence[str]:
        return [
            str(PEERS / "python"),
            str(HERE / "rdflib_server.py"),
            str(self.folder / "graph.nq"),
            str(port),
            self.store,
        ]

    def _drop_work(self, process: subprocess.Popen[bytes]) -> bool:
        for child in processes.tree(process.pid)[1:]:
            os.kill(child, signal.SIGKILL)
        return True


class OxrdflibEndpoint(RdflibEndpoint):
    """rdflib-endpoint over oxrdflib: rdflib's interface with Oxigraph in memory behind it."""

    name, store = "oxrdflib-endpoint", "Oxigraph"


class Virtuoso(Engine):
    """Virtuoso open source, from the distribution, with bounded buffers and a database in a folder of its own."""

    name, path, more = "virtuoso", "/sparql", "default-graph-uri=urn%3Amerge&"

    def __init__(self, folder: Path, seconds: float) -> None:
        super().__init__(folder, seconds)
        self._port = processes.free_port()

    @property
    def version(self) -> str:
        told = subprocess.run(["virtuoso-t", "-?"], capture_output=True, text=True, check=False)
        return next(
            (word for word in (told.stdout + told.stderr).split() if word.startswith("0") or "7." in word), "7"
        )

    def load(self, data: Path) -> None:
        self._configure(processes.free_port(), data)
        server = processes.start(self._command(), self.log)
        try:
            processes.wait_until(self._ready, server, self.log, 120)
            steps = [
                f"ld_dir('{data.resolve()}', 'merged.nt', 'urn:merge');",
                f"ld_dir('{data.resolve()}', 'graph.nq', 'urn:named');",
                "rdf_loader_run();",
                "select ll_file, ll_error from DB.DBA.load_list where ll_error is not null;",
                "checkpoint;",
            ]
            for step in steps:
                processes.run(self._isql(step), self.log, self.seconds)
        finally:
            processes.end(server)

    def command(self, port: int) -> Sequence[str]:
        self._configure(port, self.folder)
        return self._command()

    def _ready(self) -> bool:
        done = subprocess.run(self._isql("select 1;"), capture_output=True, timeout=30, check=False)
        return done.returncode == 0

    def _command(self) -> list[str]:
        return ["virtuoso-t", "+foreground", "+wait", "+configfile", str(self.folder / "virtuoso.ini")]

    def _isql(self, statement: str) -> list[str]:
        return ["isql-vt", str(self._port), "dba", "dba", "VERBOSE=OFF", "PROMPT=OFF", f"exec={statement}"]

    def _configure(self, port: int, data: Path) -> None:
        text = (HERE / "virtuoso.ini").read_text("utf-8")
        values = {"folder": self.folder.resolve(), "data": data.resolve(), "sql": self._port, "http": port}
        (self.folder / "virtuoso.ini").write_text(text.format_map(values), "utf-8")


ENGINES: dict[str, type[Engine]] = {
    engine.name: engine for engine in (Armature, ArmatureTwo, Oxigraph, RdflibEndpoint, OxrdflibEndpoint, Virtuoso)
}
"""Engines by name; the ratios are to ``oxigraph``."""
