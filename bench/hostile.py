"""Attacks: hostile queries, and connections that break the rules of HTTP or of patience.

The hostile texts are those of ``tests/hostile``, each with the outcomes that are right for it.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

HOSTILE = Path(__file__).parents[1] / "tests" / "hostile"
PATIENCE = 90.0
"""Seconds after which an attack that has not ended counts as hung."""

LONGEST_ADDRESS = 8_000

STATUSES = {
    "Answer": {200},
    "QuerySyntaxError": {400},
    "BadRequest": {400},
    "ServiceRefused": {400},
    "QueryTooDeep": {400},
    "QueryTooLarge": {413},
    "QueryTimeout": {503},
    "QueryTooExpensive": {503},
    "ResultTooLarge": {503},
    "TooBusy": {503},
    "TooManyRequests": {429},
}
"""Outcome named in a hostile file → HTTP statuses that say it."""


@dataclass(frozen=True)
class Attack:
    """One attack: what it does, and the outcomes that are right (statuses, ``closed``, ``cut``)."""

    name: str
    run: Callable[["Target"], Awaitable[str]]
    right: frozenset[str]


@dataclass(frozen=True)
class Target:
    """The address under attack, and the address that the attacker comes from."""

    host: str
    port: int
    source: str = "127.0.0.2"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port, local_addr=(self.source, 0), limit=1 << 16)

    async def send(self, data: bytes, *, half_close: bool = False) -> str:
        """Send bytes as they are; the status of the first answer, or how the connection ended."""
        reader, writer = await self.connect()
        try:
            writer.write(data)
            if half_close:
                writer.write_eof()
            return await outcome(reader)
        except (ConnectionError, BrokenPipeError):
            return "closed"
        finally:
            writer.close()


async def outcome(reader: asyncio.StreamReader) -> str:
    """The status of an answer that is read to its end, ``cut`` if it breaks off, ``closed`` if there is none."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return "closed"
    except asyncio.LimitOverrunError:
        return "no HTTP"
    status = head.split(b" ", 2)[1].decode()
    try:
        await body(head.lower(), reader)
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        return "cut"
    return status


async def body(head: bytes, reader: asyncio.StreamReader) -> int:
    """Read the body of an answer; its bytes are counted, not kept."""
    total = 0
    if b"\r\ntransfer-encoding: chunked" in head:
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            total += size
            await skip(reader, size + 2)
        await reader.readexactly(2)
    elif b"\r\ncontent-length:" in head:
        size = int(head.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])
        await skip(reader, size)
        total = size
    return total


async def skip(reader: asyncio.StreamReader, size: int) -> None:
    while size:
        piece = await reader.read(min(size, 1 << 16))
        if not piece:
            raise asyncio.IncompleteReadError(b"", size)
        size -= len(piece)


# Hostile queries


def texts() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Name → text of each hostile query, and the outcomes that are right for it."""
    found = {}
    for path in sorted(HOSTILE.glob("*.rq")):
        text = path.read_text("utf-8", "surrogateescape")
        expected = text.splitlines()[0].removeprefix("# expect: ").split()
        found[path.stem] = (text, tuple(expected))
    repeated = json.loads((HOSTILE / "repeated.json").read_text("utf-8"))
    for kind, right in (("nested", ("QueryTooDeep",)), ("long", ("Answer", "QueryTimeout", "QueryTooExpensive"))):
        for name, pieces in repeated[kind].items():
            text = "".join(piece if isinstance(piece, str) else repeat(*piece) for piece in pieces)
            found[f"{kind}: {name}"] = (text, (*right, "QueryTooDeep", "QuerySyntaxError", "ResultTooLarge"))
    return found


def repeat(piece: str, count: int) -> str:
    return "".join(piece.replace("~", str(n)) for n in range(count)) if "~" in piece else piece * count


def queries() -> list[Attack]:
    """Each hostile query by POST, and those that fit into an address by GET as well."""
    attacks = []
    for name, (text, expected) in texts().items():
        data = text.encode("utf-8", "surrogateescape")
        right = frozenset(str(status) for word in expected for status in STATUSES[word]) | {"429", "503"}
        if "ResultTooLarge" in expected or "QueryTimeout" in expected or "QueryTooExpensive" in expected:
            right |= {"cut"}
        attacks.append(Attack(f"POST {name}", posted(data), right))
        if len(quote(data)) < LONGEST_ADDRESS:
            attacks.append(Attack(f"GET {name}", got(data), right))
    return attacks


def posted(data: bytes) -> Callable[[Target], Awaitable[str]]:
    kind = "Content-Type: application/sparql-query\r\nConnection: close"
    head = f"POST /sparql HTTP/1.1\r\nHost: x\r\n{kind}\r\nContent-Length: {len(data)}\r\n\r\n"
    return lambda target: target.send(head.encode() + data)


def got(data: bytes) -> Callable[[Target], Awaitable[str]]:
    head = f"GET /sparql?query={quote(data)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    return lambda target: target.send(head.encode())


# Hostile connections

ASK = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\n"
FORM = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"


async def slow_header(target: Target) -> str:
    """A header that comes one byte at a time and never ends."""
    return await dribble(target, ASK + b"X-Slow: ", b"a")


async def slow_body(target: Target) -> str:
    """A body of which one byte comes at a time."""
    return await dribble(target, FORM + b"Content-Length: 100000\r\n\r\nquery=", b"a")


async def slow_chunks(target: Target) -> str:
    """A chunked body that never ends."""
    return await dribble(target, FORM + b"Transfer-Encoding: chunked\r\n\r\n6\r\nquery=\r\n", b"1\r\na\r\n")


async def dribble(target: Target, start: bytes, drop: bytes) -> str:
    reader, writer = await target.connect()
    answer = asyncio.ensure_future(outcome(reader))
    try:
        writer.write(start)
        while not answer.done():
            writer.write(drop)
            await asyncio.wait({answer}, timeout=0.2)
        return answer.result()
    except (ConnectionError, BrokenPipeError):
        return "closed"
    finally:
        answer.cancel()
        writer.close()


async def slow_reader(target: Target) -> str:
    """A large answer that is never read: the server cuts it off."""
    reader, writer = await target.connect()
    try:
        writer.write(
            b"GET /sparql?query=SELECT%20*%7B%3Fa%20%3Fb%20%3Fc.%3Fd%20a%20kg:Firm%7D HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        await reader.readexactly(1)
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            await asyncio.sleep(0.5)
            try:
                writer.write(b"\r\n")
                await writer.drain()
            except (ConnectionError, BrokenPipeError):
                return "cut"
        return "hung"
    finally:
        writer.close()


async def pipelined(target: Target) -> str:
    """Fifty requests at once: fifty answers in order."""
    reader, writer = await target.connect()
    try:
        names = [f"/def/{n}.ttl" if n % 2 else "/healthz" for n in range(50)]
        writer.write(b"".join(f"GET {name} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for name in names))
        seen = [await outcome(reader) for _ in names]
        return "in-order" if seen == ["404" if n % 2 else "200" for n in range(50)] else f"wrong: {seen}"
    finally:
        writer.close()


async def leaving(target: Target) -> str:
    """Thirty clients that send a long query and leave."""
    slow = quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    for _ in range(30):
        _, writer = await target.connect()
        writer.write(f"GET /sparql?query={slow} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.transport.abort()
    return "left"


async def idle_crowd(target: Target) -> str:
    """Five hundred connections that say nothing; none of them may cost others their place."""
    opened = await asyncio.gather(*(target.connect() for _ in range(500)), return_exceptions=True)
    await asyncio.sleep(2)
    for one in opened:
        if not isinstance(one, BaseException):
            one[1].transport.abort()
    return "left"


def raw(data: bytes, *, half_close: bool = False) -> Callable[[Target], Awaitable[str]]:
    return lambda target: target.send(data, half_close=half_close)


def connections() -> list[Attack]:
    """Attacks below the query: on the protocol, on patience, on places."""

    def one(name: str, run: Callable[[Target], Awaitable[str]], right: str) -> Attack:
        return Attack(name, run, frozenset(right.split()))

    def get(path: bytes, version: bytes = b"HTTP/1.1") -> Callable[[Target], Awaitable[str]]:
        return raw(b"GET " + path + b" " + version + b"\r\nHost: x\r\nConnection: close\r\n\r\n")

    smuggled = b"Content-Length: 5\r\nContent-Length: 50\r\n\r\nqueryGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    waiting = b"Expect: 100-continue\r\nContent-Length: 18\r\n\r\nquery=ASK%7B%7D+++"
    two_ways = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    many = b"".join(b"X-%d: 1\r\n" % n for n in range(5_000))
    return [
        one("slow header", slow_header, "408 closed"),
        one("slow body", slow_body, "408 closed"),
        one("slow chunks", slow_chunks, "408 closed"),
        one("slow reader", slow_reader, "cut"),
        one("pipelined", pipelined, "in-order"),
        one("leaving clients", leaving, "left"),
        one("idle crowd", idle_crowd, "left"),
        one("half-closed", raw(ASK + b"Connection: close\r\n\r\n", half_close=True), "200 closed"),
        one("half-closed in the header", raw(b"GET /healthz HT", half_close=True), "400 closed"),
        one("half-closed in the body", raw(FORM + b"Content-Length: 50\r\n\r\nq", half_close=True), "400 closed"),
        one("long request line", get(b"/" + b"a" * 200_000), "414"),
        one("long header", raw(ASK + b"X-Long: " + b"a" * 200_000 + b"\r\n\r\n"), "431"),
        one("many headers", raw(ASK + many + b"\r\n"), "431"),
        one("large body", raw(FORM + b"Content-Length: 900000000\r\n\r\nquery="), "413"),
        one("two lengths", raw(FORM + smuggled), "400"),
        one("length and chunks", raw(FORM + two_ways), "400"),
        one("negative length", raw(FORM + b"Content-Length: -1\r\n\r\n"), "400"),
        one("broken chunk", raw(FORM + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n"), "400 closed"),
        one("header with a line break", raw(ASK + b"X-A: b\rX-B: c\r\n\r\n"), "400"),
        one("no HTTP", raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + b"\x00" * 200), "400 closed"),
        one("HTTP/0.9", raw(b"GET /\r\n\r\n"), "400 closed"),
        one("unknown version", get(b"/", b"HTTP/9.9"), "400 505"),
        one("unknown method", raw(b"BREW /sparql HTTP/1.1\r\nHost: x\r\n\r\n"), "405 501 400"),
        one("null in the address", get(b"/id/%00"), "303 404 400"),
        one("climbing address", get(b"/static/../../../etc/passwd"), "404 400"),
        one("climbing, encoded", get(b"/static/%2e%2e%2f%2e%2e%2fapp.py"), "404 400"),
        one("bad UTF-8 query", get(b"/sparql?query=%ff%fe"), "400"),
        one("bad UTF-8 form", raw(FORM + b"Content-Length: 12\r\n\r\nquery=%ff%fe"), "400"),
        one("expects and waits", raw(FORM + waiting), "100 200 417"),
    ]
