"""A query process: ``python -m kg.engine.reader <store> <options>`` answers frames on its standard streams.

It holds one immutable store, answers one query at a time and gives up its rights before the first. It imports
little, so that a killed one is soon replaced. Queries run in one thread with a large stack, since the engine
recurses once per nested bracket, union or projected expression.
"""

import _thread
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable
from typing import IO, TypeAlias, cast

import pyoxigraph as ox

from kg.engine import frames, sandbox
from kg.engine.frames import Failure, Family, Manner, Question, Texts

_STACK_BYTES = 512 << 20
_CHUNK_BYTES = 1 << 16
_MOMENT, _BEGINS = 0.0005, 5.0
"""Seconds between looks at a thread that begins or ends, and those within which it has to begin."""
_OUT = 1
_NICENESS = 10
"""A query gives way to the server, which answers from memory and takes requests meanwhile; a long one to others.

Only the thread that evaluates does so, and not before it can: on a machine with much other work a process that starts
with this priority may take too long to be waited for, as would the next one.
"""

_INHERITED = 1 << 16
"""The number below which files may be open that the server did not mean to pass on."""


_Results: TypeAlias = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples
_Graph: TypeAlias = ox.NamedNode | ox.BlankNode
_MERGE = ox.DefaultGraph()


class _RefusalError(Exception):
    """A request that is answered by a FAILED frame."""

    def __init__(self, kind: Failure, message: str = "") -> None:
        super().__init__(message)
        self.kind = kind


class _Output:
    """The file that the engine writes to: gathers its small pieces into frames and counts them."""

    def __init__(self, head: bytes, most: int) -> None:
        self._ready = frames.pack(frames.HEAD, head)
        self._piece = bytearray()
        self._left = most

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise _RefusalError("too large")
        self._piece += data
        if len(self._piece) >= _CHUNK_BYTES:
            _send(self._ready + frames.pack(frames.DATA, bytes(self._piece)))
            self._ready, self._piece = b"", bytearray()
        return len(data)

    def flush(self) -> None:
        """Nothing: the last piece goes out with the END."""

    def end(self, payload: bytes) -> None:
        data = frames.pack(frames.DATA, bytes(self._piece)) if self._piece else b""
        _send(self._ready + data + frames.pack(frames.END, payload))


class _Reader:
    """The store, and how much more memory the process may come to hold before it counts as worn."""

    def __init__(self, store: ox.Store, prefixes: dict[str, str], growth: int) -> None:
        self._store = store
        self._prefixes = prefixes
        self._resident_bytes = _resident() + growth

    def serve(self) -> bool:
        """Answer until the other side closes the pipe, or has slowed this thread: then it is ``True``.

        The system lets no thread take back its priority, so that another has to go on.
        """
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        while (question := _next_question()) is not None:
            try:
                self._answer(question)
            except _RefusalError as refusal:
                _fail(refusal.kind, str(refusal))
            except SyntaxError as error:
                _fail("syntax", str(error))
            except MemoryError:
                _fail("memory", "")
                return False
            except RuntimeError as error:
                _fail("unsupported", str(error))
            except (OSError, ValueError) as error:
                _fail("engine", str(error))
            if os.getpriority(os.PRIO_PROCESS, 0) > usual:
                return True
        return False

    def _answer(self, question: Question) -> None:
        results = self._evaluate(question)
        manner = question.manner
        if manner.form_only:
            _send(frames.pack(frames.HEAD, f"{_family(results)} ".encode()) + frames.pack(frames.END))
            return
        media_type = manner.graph if isinstance(results, ox.QueryTriples) else manner.solutions
        if media_type is None:
            raise _RefusalError("not acceptable", _family(results))
        output = _Output(f"{_family(results)} {media_type}".encode(), manner.result_bytes)
        self._serialise(results, media_type, cast("IO[bytes]", output))
        output.end(b"worn" if self._is_worn() else b"")

    def _serialise(self, results: _Results, media_type: str, output: IO[bytes]) -> None:
        if isinstance(results, ox.QueryTriples):
            ox.serialize(results, output, ox.RdfFormat.from_media_type(media_type), prefixes=self._prefixes)
        else:
            results.serialize(output, ox.QueryResultsFormat.from_media_type(media_type))

    def _evaluate(self, question: Question) -> _Results:
        text, dataset = question.query, self._dataset(question.manner)
        prefixes = self._named_in(text)
        if dataset is None or question.manner.form_only:
            return self._store.query(text, prefixes=prefixes)
        default, named = dataset
        if len(default) <= 1:
            return self._store.query(text, prefixes=prefixes, default_graph=[*default], named_graphs=named)
        merged = self._merge(default, named)
        return merged.query(text, prefixes=prefixes, default_graph=_MERGE, named_graphs=named)

    def _named_in(self, text: str) -> dict[str, str]:
        """The prefixes that a query can mean: the engine takes longer to read all of them than a small query."""
        if "\\" in text:
            return self._prefixes  # an escape may hide one
        return {name: iri for name, iri in self._prefixes.items() if f"{name}:" in text}

    def _dataset(self, manner: Manner) -> tuple[list[_Graph], list[_Graph]] | None:
        """The default and the named graphs to query; ``None`` where the engine can see to it itself."""
        default, named = manner.default_graphs, manner.named_graphs
        if default or named:
            return _unique(map(_iri, default)), _unique(map(_iri, named))
        default, named = manner.from_default, manner.from_named
        if len(default) > 1:
            return self._resolve(manner, default), self._resolve(manner, named)
        return None

    def _resolve(self, manner: Manner, names: Texts) -> list[_Graph]:
        """What the names of graphs in a query stand for, told by the engine."""
        text = f"{manner.prologue} SELECT ?g {{ VALUES ?g {{ {' '.join(names)} }} }}"
        rows = self._store.query(text, prefixes=self._prefixes)
        return _unique(row["g"] for row in cast("ox.QuerySolutions", rows))

    def _merge(self, default: list[_Graph], named: list[_Graph]) -> ox.Store:
        """The dataset in memory: the engine itself counts a triple once per default graph that has it."""
        merged = ox.Store()
        for graph in default:
            quads = self._store.quads_for_pattern(None, None, None, graph)
            merged.bulk_extend(ox.Quad(q.subject, q.predicate, q.object) for q in quads)
        for graph in named:
            merged.bulk_extend(self._store.quads_for_pattern(None, None, None, graph))
        return merged

    def _is_worn(self) -> bool:
        """Whether a query has made the process so large that the next one would suffer for it."""
        return _resident() > self._resident_bytes


def _family(results: _Results) -> Family:
    if isinstance(results, ox.QueryTriples):
        return "graph"
    return "boolean" if isinstance(results, ox.QueryBoolean) else "solutions"


def _iri(text: str) -> _Graph:
    try:
        return ox.NamedNode(text)
    except ValueError as error:
        raise _RefusalError("graph name", text) from error


def _unique(graphs: Iterable[_Graph]) -> list[_Graph]:
    return list(dict.fromkeys(graphs))


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _next_question() -> Question | None:
    header = sys.stdin.buffer.read(frames.HEADER.size)
    if len(header) < frames.HEADER.size:
        return None
    _, length = frames.HEADER.unpack(header)
    return Question.unpacked(sys.stdin.buffer.read(length))


def _fail(kind: Failure, message: str) -> None:
    _send(frames.pack(frames.FAILED, json.dumps([kind, message[:4000]]).encode()))


def _send(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(_OUT, rest) :]


def _run(reader: _Reader, memory: int, barriers: sandbox.Barriers) -> bool:
    """Give up rights and answer; the same as :meth:`_Reader.serve`."""
    barriers |= sandbox.cap_resources(memory)
    barriers["system calls"] = sandbox.filter_calls()
    if not (barriers["system calls"] or barriers["network"]):
        sys.stderr.write("neither seccomp nor namespaces: queries could reach the network\n")
        return False
    _send(frames.pack(frames.READY, json.dumps(barriers).encode()))
    return reader.serve()


def _in_thread(work: Callable[[], bool]) -> bool:
    """What some work returns that is done in a thread with a large stack, which gives way to the server.

    It returns when the thread is gone, so that the next one takes over its stack: there is no room for two. One that
    does not come to life for want of memory has done nothing, and the process is to end.
    """
    done, begun, told = _thread.allocate_lock(), list[int](), [False]

    def nicely() -> None:
        begun.append(_thread.get_native_id())
        try:
            os.nice(_NICENESS)
            told[0] = work()
        finally:
            done.release()

    done.acquire()
    _thread.stack_size(_STACK_BYTES)
    _thread.start_new_thread(nicely, ())
    until = time.monotonic() + _BEGINS
    while not begun and time.monotonic() < until:
        time.sleep(_MOMENT)
    if begun:
        done.acquire()
        while os.path.exists(f"/proc/self/task/{begun[0]}"):  # noqa: PTH110 - pathlib is slow to import
            time.sleep(_MOMENT)
    return told[0]


def main(directory: str, options: str) -> None:
    """Open the store, give up rights, and answer until the pipe closes.

    No file of the server's is kept but the three standard streams. A signal to stop, sent to the whole group of
    processes, is the server's to obey: it lets queries finish.
    """
    os.closerange(3, _INHERITED)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    barriers = {"network": sandbox.leave_network(), "parent": sandbox.end_with_parent()}
    store = ox.Store.read_only(directory)
    chosen = json.loads(options)
    memory = chosen["memory"]
    reader = _Reader(store, chosen["prefixes"], memory // 4)
    slowed = _in_thread(lambda: _run(reader, memory, barriers))
    while slowed:
        slowed = _in_thread(reader.serve)
    os._exit(0)  # the engine has nothing to save, and closing it takes longer than it lives


if __name__ == "__main__":
    main(*sys.argv[1:])
