"""Another server's results in the form that was asked for here: parsed as they come, written as they are ready."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any, cast

import pyoxigraph as ox

from kg.engine.frames import Family
from kg.errors import KgError, StoreFailure
from kg.formats import CSV, JSON, N_TRIPLES, RDF_XML, TSV, TURTLE, XML, MediaType

WIRE: dict[Family, tuple[MediaType, ...]] = {
    "solutions": (JSON.media_type, XML.media_type, TSV.media_type),
    "boolean": (JSON.media_type, XML.media_type, CSV.media_type),
    "graph": (N_TRIPLES.media_type, TURTLE.media_type, RDF_XML.media_type),
}
"""What other servers are asked for, best first."""

_PIECE = 1 << 16
_TRUE = {"1", "true"}
_BOOLEAN = re.compile(rb'(#boolean"\s*,\s*"value"\s*:\s*)"([01])"(\s*\})')
"""The end of a boolean in a JSON result. Quotation marks in a text have a backslash, so no text has this in it."""


@dataclass(frozen=True)
class Manner:
    """From which media type into which; ``prefixes`` shorten the IRIs of Turtle and RDF/XML."""

    family: Family
    wire: MediaType
    wanted: MediaType
    prefixes: dict[str, str]


def translate(source: IO[bytes], target: IO[bytes], manner: Manner) -> None:
    """Read a whole result and write it anew.

    Raises:
        SyntaxError, ValueError: it is not what its media type says, or breaks off.
    """
    if manner.family == "graph":
        form = _rdf(manner.wire)
        triples = (quad.triple for quad in ox.parse(source, form))
        ox.serialize(triples, target, ox.RdfFormat.from_media_type(manner.wanted), prefixes=manner.prefixes)
        return
    results = _results(source, manner)
    if isinstance(results, ox.QueryTriples):
        raise ValueError("a graph came where solutions were asked for")  # noqa: TRY004 - of the server, not of a caller
    results.serialize(target, ox.QueryResultsFormat.from_media_type(manner.wanted))


def _rdf(media_type: MediaType) -> ox.RdfFormat:
    form = ox.RdfFormat.from_media_type(media_type)
    if form is None:
        raise ValueError(f"a graph came as {media_type}")
    return form


def _results(source: IO[bytes], manner: Manner) -> Any:
    form = ox.QueryResultsFormat.from_media_type(manner.wire)
    if form is None:
        raise ValueError(f"a result came as {manner.wire}")
    read = cast("IO[bytes]", Truths(source)) if form == ox.QueryResultsFormat.JSON else source
    results = ox.parse_query_results(read, form)
    if manner.family == "boolean" and isinstance(results, ox.QuerySolutions):
        return _truth(results)
    return results


class Truths:
    """A result in JSON as it is read, with its booleans spelled out: Virtuoso writes them as ``"0"`` and ``"1"``."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._raw, self._ready, self._ended = source, b"", b"", False

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; none at the end."""
        while not self._ended and (size < 0 or len(self._ready) < size):
            self._fill()
        size = len(self._ready) if size < 0 else size
        given, self._ready = self._ready[:size], self._ready[size:]
        return given

    def _fill(self) -> None:
        """Read on, and let go of what ends with a bracket, because no term goes on behind it."""
        piece = self._source.read(_PIECE)
        self._raw += piece
        self._ended = not piece
        whole = len(self._raw) if self._ended else self._raw.rfind(b"}") + 1
        self._ready += _BOOLEAN.sub(_spelled, self._raw[:whole])
        self._raw = self._raw[whole:]


def _spelled(found: "re.Match[bytes]") -> bytes:
    return found[1] + (b'"true"' if found[2] == b"1" else b'"false"') + found[3]


def _truth(rows: ox.QuerySolutions) -> Any:
    """The answer to an ASK that comes as a table with one cell, as Virtuoso writes it."""
    row = next(iter(rows), None)
    cell = row[0] if row is not None else None
    true = cell is not None and getattr(cell, "value", "") in _TRUE
    return ox.parse_query_results(
        b'{"head":{},"boolean":%s}' % str(true).lower().encode(), ox.QueryResultsFormat.JSON
    )


def at_once(data: bytes, manner: Manner) -> bytes:
    """A small result, translated whole.

    Raises:
        StoreFailure: it cannot be read.
    """
    target = BytesIO()
    try:
        translate(BytesIO(data), target, manner)
    except (SyntaxError, ValueError) as error:
        raise unreadable(str(error)) from error
    return target.getvalue()


def unreadable(reason: str) -> StoreFailure:
    """The error for a result that is not what it says it is."""
    return StoreFailure(f"The store's answer cannot be read: {reason[:200]}.")


class Stream:
    """A large result on its way: a thread translates between two pipes, so neither side holds much of it.

    ``incoming`` are the bytes of the other server. Whoever stops early calls :meth:`aclose`.
    """

    def __init__(self, incoming: AsyncIterator[bytes], manner: Manner, threads: Executor) -> None:
        self._incoming, self._manner, self._threads = incoming, manner, threads
        self._broken: KgError | None = None
        self._closed = False

    async def start(self) -> None:
        """Open the pipes and begin."""
        loop = asyncio.get_running_loop()
        (source, feeding), (reading, target) = os.pipe(), os.pipe()
        transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(feeding, "wb")
        )
        self._writer = asyncio.StreamWriter(transport, protocol, None, loop)
        self._reader = asyncio.StreamReader(limit=_PIECE)
        self._out, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._reader), os.fdopen(reading, "rb")
        )
        self._work = loop.run_in_executor(self._threads, self._translate, source, target)
        self._feeder = asyncio.create_task(self._feed())

    def _translate(self, source: int, target: int) -> str:
        """What went wrong; an error itself would carry the engine's objects into another thread."""
        try:
            with os.fdopen(source, "rb") as incoming, os.fdopen(target, "wb", _PIECE) as outgoing:
                translate(incoming, outgoing, self._manner)
        except (SyntaxError, ValueError, OSError) as error:
            return str(error) or type(error).__name__
        return ""

    async def _feed(self) -> None:
        try:
            async for piece in self._incoming:
                self._writer.write(piece)
                await self._writer.drain()
        except KgError as error:
            self._broken = error
        except (BrokenPipeError, ConnectionResetError):
            pass  # the thread has given up, and tells why
        finally:
            self._writer.close()

    async def read(self) -> bytes:
        """The next bytes; none at the end.

        Raises:
            StoreFailure, StoreUnreachable: the result broke off or cannot be read.
        """
        if data := await self._reader.read(_PIECE):
            return data
        wrong = await self._work
        await self._feeder
        if self._broken is not None:
            raise self._broken
        if wrong:
            raise unreadable(wrong)
        return b""

    async def aclose(self) -> None:
        """Stop both sides; the thread meets the end of its pipes."""
        if self._closed:
            return
        self._closed = True
        self._feeder.cancel()
        self._writer.close()
        self._out.close()
        with suppress(asyncio.CancelledError):
            await self._feeder
        await self._work
