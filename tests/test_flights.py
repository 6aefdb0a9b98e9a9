"""One evaluation for all who ask the same: never behind another's place in line, never lost, never left running."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pyoxigraph as ox
import pytest

from kg.engine.cached import CachedStore
from kg.engine.caller import Caller
from kg.engine.limits import Limits
from kg.engine.store import Accept, Answer, EmbeddedStore, Request
from kg.errors import EngineFailure, KgError, QueryTimeout, TooBusy

T = TypeVar("T")
JSON = Accept("application/sparql-results+json")
SIZE = 16 * 100  # answers of up to 100 bytes are shared
A, B, C = (Caller("public", name) for name in "abc")


def run(work: Coroutine[Any, Any, T], seconds: float = 20.0) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(seconds):
            return await work

    return asyncio.run(bounded())


class Scripted:
    """A store whose every step waits for the test: a caller's turn, then each chunk of the answer."""

    def __init__(self, *chunks: bytes, failure: KgError | None = None) -> None:
        self.chunks, self.failure = chunks, failure
        self.turns: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.steps = asyncio.Semaphore(0)
        self.refused: set[str] = set()
        self.in_line: Counter[str] = Counter()
        self.evaluated: list[str] = []
        self.running = 0

    async def answer(self, request: Request, limits: Limits | None = None) -> Answer:
        assert limits is None
        client = request.caller.client
        self.in_line[client] += 1
        try:
            await self.turns[client].wait()
        finally:
            self.in_line[client] -= 1
        if client in self.refused:
            raise TooBusy("no room")
        request.caller.turn()
        self.evaluated.append(client)
        self.running += 1
        open_ = True

        async def close() -> None:
            nonlocal open_
            self.running -= open_
            open_ = False

        return Answer("text/plain", "solutions", self._chunks(close), close)

    async def _chunks(self, close: Callable[[], Awaitable[None]]) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            await self.steps.acquire()
            yield chunk
        if self.failure is not None:
            raise self.failure
        await close()

    def go(self, *callers: Caller, steps: int = 99) -> None:
        for caller in callers:
            self.turns[caller.client].set()
        for _ in range(steps):
            self.steps.release()

    async def close(self) -> None:
        """Nothing to close."""


async def body(store: CachedStore, caller: Caller) -> bytes:
    answer = await store.answer(Request("q", JSON, caller=caller))
    try:
        return b"".join([chunk async for chunk in answer.chunks])
    finally:
        await answer.aclose()


async def breath() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def asking(store: CachedStore, *callers: Caller) -> list[asyncio.Task[bytes]]:
    return [asyncio.create_task(body(store, caller)) for caller in callers]


def test_the_same_question_is_evaluated_once_in_the_first_turn_that_comes() -> None:
    """A is stuck in line; B, who came later, evaluates for both; A's place is given up."""

    async def attempt() -> None:
        behind = Scripted(b"one ", b"two")
        store = CachedStore(behind, SIZE)
        tasks = asking(store, A, A, B, C, B)
        await breath()
        assert behind.in_line == {"a": 1, "b": 1, "c": 1}
        behind.go(B)
        assert await asyncio.gather(*tasks) == [b"one two"] * 5
        assert behind.evaluated == ["b"]
        assert not +behind.in_line
        assert behind.running == 0
        assert await body(store, A) == b"one two"
        assert behind.evaluated == ["b"]

    run(attempt())


def test_who_comes_while_it_is_evaluated_joins() -> None:
    async def attempt() -> None:
        behind = Scripted(b"one ", b"two")
        store = CachedStore(behind, SIZE)
        first = asking(store, A)
        behind.go(A, steps=1)
        await breath()
        late = asking(store, B, C)
        await breath()
        assert not +behind.in_line
        behind.go()
        assert await asyncio.gather(*first, *late) == [b"one two"] * 3
        assert behind.evaluated == ["a"]

    run(attempt())


@pytest.mark.parametrize("begun", [False, True])
def test_the_first_who_asked_may_leave(begun: bool) -> None:
    async def attempt() -> None:
        behind = Scripted(b"one ", b"two")
        store = CachedStore(behind, SIZE)
        first, second, third = asking(store, A, B, C)
        await breath()
        if begun:
            behind.go(A, steps=1)
            await breath()
        first.cancel()
        await breath()
        assert behind.in_line["a"] == 0
        behind.go(B)
        assert [await second, await third] == [b"one two"] * 2
        assert behind.evaluated == (["a"] if begun else ["b"])

    run(attempt())


@pytest.mark.parametrize("begun", [False, True])
def test_when_all_have_left_it_ends(begun: bool) -> None:
    async def attempt() -> None:
        behind = Scripted(b"one ", b"two")
        store = CachedStore(behind, SIZE)
        tasks = asking(store, A, B, B)
        await breath()
        if begun:
            behind.go(A, steps=1)
            await breath()
            assert behind.running == 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await breath()
        assert (behind.running, +behind.in_line) == (0, {})
        behind.go(A, B, C)
        assert await body(store, C) == b"one two"
        assert behind.evaluated[-1] == "c"

    run(attempt())


def test_a_refusal_is_only_for_whom_it_meets() -> None:
    async def attempt() -> None:
        behind = Scripted(b"one")
        behind.refused = {"a"}
        store = CachedStore(behind, SIZE)
        refused, again, served = asking(store, A, A, B)
        await breath()
        behind.go(A)
        for task in (refused, again):
            with pytest.raises(TooBusy):
                await task
        behind.go(B)
        assert await served == b"one"

    run(attempt())


def test_a_failure_is_everybodys_and_not_kept() -> None:
    async def attempt() -> None:
        behind = Scripted(b"one", failure=QueryTimeout("too slow"))
        store = CachedStore(behind, SIZE)
        tasks = asking(store, A, B, C)
        await breath()
        behind.go(A)
        for task in tasks:
            with pytest.raises(QueryTimeout):
                await task
        behind.failure = None
        assert await body(store, A) == b"one"
        assert behind.evaluated == ["a", "a"]

    run(attempt())


def test_a_large_answer_is_streamed_to_one_and_asked_for_by_the_others() -> None:
    """No more of it is held than what may be shared, however slowly the one reads."""

    async def attempt() -> None:
        chunks = [b"x" * 40] * 50
        behind = Scripted(*chunks)
        store = CachedStore(behind, SIZE)
        answer = asyncio.create_task(store.answer(Request("q", JSON, caller=A)))
        await breath()
        other = asking(store, B)
        behind.go(A, B, steps=1_000)
        streamed = await answer
        first = await anext(aiter(streamed.chunks))
        assert await other[0] == b"".join(chunks)
        assert sorted(behind.evaluated) == ["a", "b"]
        assert 1_000 - behind.steps._value <= 50 + 3 + 1
        rest = b"".join([chunk async for chunk in streamed.chunks])
        assert first + rest == b"".join(chunks)
        await streamed.aclose()
        assert behind.running == 0

    run(attempt())


def test_a_slow_reader_does_not_keep_the_others() -> None:
    async def attempt() -> None:
        behind = Scripted(b"one ", b"two")
        store = CachedStore(behind, SIZE)
        behind.go(A)
        slow = await store.answer(Request("q", JSON, caller=A))
        others = asking(store, B, C)
        assert await asyncio.gather(*others) == [b"one two"] * 2
        assert behind.running == 0
        assert [chunk async for chunk in slow.chunks] == [b"one ", b"two"]

    run(attempt())


def test_closing_tells_all() -> None:
    async def attempt() -> None:
        behind = Scripted(b"one")
        store = CachedStore(behind, SIZE)
        tasks = asking(store, A, B)
        await breath()
        await store.close()
        for task in tasks:
            with pytest.raises(EngineFailure):
                await task
        assert not +behind.in_line

    run(attempt())


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_left_behind_by_any_schedule(seed: int) -> None:
    """Askers come, leave and are refused at random moments: each ends, and nothing runs or stays in the end."""

    async def attempt() -> None:
        chance = random.Random(seed)
        behind = Scripted(b"one ", b"two", *([b"x" * 60] * 2 if seed % 2 else []))
        whole = b"".join(behind.chunks)
        store = CachedStore(behind, SIZE)
        tasks: list[asyncio.Task[bytes]] = []
        for _ in range(400):
            behind.refused = {"c"} if chance.random() < 0.3 else set()
            tasks += asking(store, *chance.choices((A, B, C), k=chance.randrange(3)))
            if tasks and chance.random() < 0.5:
                chance.choice(tasks).cancel()
            behind.go(chance.choice((A, B, C)), steps=chance.randrange(4))
            if chance.random() < 0.3:
                behind.turns.clear()
                store._kept.clear()
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
        behind.refused = set()
        while not all(task.done() for task in tasks):
            behind.go(A, B, C)
            await asyncio.sleep(0)
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert {end for end in ends if isinstance(end, bytes)} == {whole}
        assert {type(end) for end in ends} <= {bytes, asyncio.CancelledError, TooBusy}
        await breath()
        assert (behind.running, +behind.in_line, store._flights.under_way) == (0, {}, 0)

    run(attempt())


def test_twenty_at_once_hold_one_reader_once(tmp_path: Path) -> None:
    """Over real processes: only one of twenty clients is charged."""
    written = ox.Store(tmp_path / "store")
    written.add(ox.Quad(ox.NamedNode("urn:x:a"), ox.NamedNode("urn:x:b"), ox.Literal("c")))
    written.flush()
    charged: list[float] = []

    async def attempt() -> set[bytes]:
        store = CachedStore(EmbeddedStore(tmp_path / "store", Limits(), readers=4), 1 << 20)
        query = Request("SELECT * { ?s ?p ?o }", JSON)
        callers = [Caller("public", f"192.0.2.{n}", charged.append) for n in range(20)]
        answers = await asyncio.gather(*(store.answer(Request(query.query, JSON, caller=c)) for c in callers))
        bodies = {b"".join([chunk async for chunk in answer.chunks]) for answer in answers}
        await store.close()
        return bodies

    bodies = run(attempt())
    assert len(bodies) == 1
    assert b'"c"' in bodies.pop()
    assert len(charged) == 1
