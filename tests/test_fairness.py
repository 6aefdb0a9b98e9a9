"""Fairness of the pool and of the server: who is slow, greedy or gone never costs another a place."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pyoxigraph as ox
import pytest
from fastapi import FastAPI

from kg.engine.caller import HOUSE, Caller
from kg.engine.gate import Gate
from kg.engine.limits import Limits
from kg.engine.line import Shares
from kg.engine.store import Accept, Answer, EmbeddedStore, Request
from kg.errors import EngineFailure, KgError, TooBusy, TooManyRequests
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.app import create_app

T = TypeVar("T")
CSV = Accept("text/csv", "text/turtle")
SMALL = "SELECT ?s { ?s ?p ?o } LIMIT 3"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != %d) }"


def run(work: Coroutine[Any, Any, T], seconds: float = 40.0) -> T:
    """Run to the end, which must come in time: a hang is a failure."""

    async def bounded() -> T:
        async with asyncio.timeout(seconds):
            return await work

    return asyncio.run(bounded())


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("fairness") / "store"
    store = ox.Store(directory)
    for number in range(1_000):
        store.add(ox.Quad(ox.NamedNode(f"urn:x:{number}"), ox.NamedNode("urn:x:n"), ox.Literal(number)))
    store.flush()
    return directory


# The gate


def test_no_place_is_lost_whoever_leaves_when() -> None:
    """A seeded crowd that enters, stays, is cancelled and refused; then the gate is empty and lets in as before."""
    shares = Shares.of(readers=3, public=0, queue=6, queue_client=3)
    chance = random.Random(7)
    fates: dict[str, int] = {"served": 0, "cancelled": 0, "TooBusy": 0, "TooManyRequests": 0}
    charged: dict[str, float] = {}

    async def visit(gate: Gate, caller: Caller, stay: float) -> None:
        try:
            place = await gate.enter(caller)
        except (TooBusy, TooManyRequests) as error:
            fates[type(error).__name__] += 1
            return
        except asyncio.CancelledError:
            fates["cancelled"] += 1
            raise
        place.begin()
        try:
            assert gate.inside <= shares.places
            await asyncio.sleep(stay)
            fates["served"] += 1
        finally:
            gate.leave(place)
            gate.leave(place)

    async def crowd() -> None:
        gate = Gate(shares, patience=0.05, pace=1.0)
        tasks = []
        for _ in range(1_500):
            name = chance.choice("abcd")
            caller = Caller(chance.choice(("house", "public")), name, partial(charge, name))
            tasks.append(asyncio.create_task(visit(gate, caller, chance.choice((0, 0, 0.001, 0.004, 0.07)))))
            await asyncio.sleep(chance.choice((0, 0, 0, 0.001, 0.003)))
            if chance.random() < 0.3:
                chance.choice(tasks).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (gate.inside, gate.waiting) == (0, 0)
        places = [await gate.enter(HOUSE) for _ in range(shares.places)]
        with pytest.raises(TooBusy):
            await gate.enter(HOUSE)
        assert gate.inside == len(places) == shares.places

    def charge(name: str, seconds: float) -> None:
        charged[name] = charged.get(name, 0.0) + seconds

    run(crowd())
    assert min(fates.values()) > 0, fates
    assert min(charged.values()) > 0


def test_who_leaves_the_line_owes_nothing() -> None:
    charged: list[float] = []

    async def attempt() -> None:
        gate = Gate(Shares.of(1, 1, 4, 4), patience=5.0, pace=1.0)
        inside = await gate.enter(Caller("public", "a"))
        waiting = asyncio.create_task(gate.enter(Caller("public", "b", charged.append)))
        await asyncio.sleep(0)
        assert gate.waiting == 1
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert gate.waiting == 0
        gate.leave(inside)
        assert gate.inside == 0

    run(attempt())
    assert charged == []


def test_closing_tells_those_who_wait_and_those_who_come() -> None:
    async def attempt() -> None:
        gate = Gate(Shares.of(1, 1, 4, 4), patience=5.0, pace=1.0)
        await gate.enter(Caller("public", "a"))
        waiting = asyncio.create_task(gate.enter(Caller("public", "b")))
        await asyncio.sleep(0)
        gate.close(EngineFailure("closed"))
        for late in (waiting, gate.enter(Caller("public", "c"))):
            with pytest.raises(EngineFailure):
                await late

    run(attempt())


# The pool


class Battle:
    """A seeded schedule of slow, quick, killed, cancelled, half-read and late queries over real processes."""

    TEXTS = (SMALL, SMALL, SMALL, SLOW % 1, "SELECT * { ?a ?b ?c . ?d ?e ?f }")

    def __init__(self, store: EmbeddedStore, seed: int) -> None:
        self.store = store
        self.chance = random.Random(seed)
        self.ends: Counter[str] = Counter()
        self.tasks: list[asyncio.Task[None]] = []

    async def fight(self, queries: int) -> None:
        for _ in range(queries):
            caller = Caller(self.chance.choice(("house", "public")), self.chance.choice("abc"))
            way = self.chance.choice(("whole", "whole", "half", "late"))
            self.tasks.append(asyncio.create_task(self.ask(self.chance.choice(self.TEXTS), caller, way)))
            await asyncio.sleep(self.chance.random() * 0.03)
            if self.chance.random() < 0.2:
                self.chance.choice(self.tasks).cancel()
            if self.chance.random() < 0.1 and self.store.pids:
                with suppress(ProcessLookupError):
                    os.kill(self.chance.choice(sorted(self.store.pids)), signal.SIGKILL)
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def ask(self, query: str, caller: Caller, way: str) -> None:
        try:
            await self.read(await self.store.answer(Request(query, CSV, caller=caller)), way)
            self.ends["answer"] += 1
        except KgError as error:
            self.ends[type(error).__name__] += 1

    async def read(self, answer: Answer, way: str) -> None:
        if way == "half":
            await anext(aiter(answer.chunks))
        elif way == "late":
            await asyncio.sleep(0.3)
        else:
            assert len(b"".join([chunk async for chunk in answer.chunks])) > 10
        await answer.aclose()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what no event tells of; a test that waits in vain runs out of its time."""
    while not holds():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def test_no_reader_is_lost_whatever_becomes_of_it(directory: Path) -> None:
    limits = Limits(deadline=0.3, transfer=0.2, queue=8, queue_client=4, queue_wait=1.0)

    async def attempt() -> Counter[str]:
        store = EmbeddedStore(directory, limits, readers=3)
        battle = Battle(store, seed=11)
        await battle.fight(200)
        await until(lambda: store.load == (0, 0))  # what was left is drained or killed within moments
        ends, battle.ends = battle.ends, Counter()
        peaceful = [battle.ask(SMALL, Caller(lane, name), "whole") for name in "abc" for lane in ("house", "public")]
        await asyncio.gather(*peaceful)
        assert battle.ends == {"answer": 6}
        await until(lambda: len(store.pids) == 4)
        pids = store.pids
        await store.close()
        assert store.load == (0, 0)
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
        return ends

    assert {"answer", "QueryTimeout", "QueryTooExpensive"} <= set(run(attempt()))


# The server


@asynccontextmanager
async def serving(settings: Settings, **given: object) -> AsyncIterator[FastAPI]:
    app = create_app(settings.model_copy(update=given))
    async with app.router.lifespan_context(app):
        yield app


def client(app: FastAPI, address: str) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app, client=(address, 4711))
    return httpx2.AsyncClient(transport=transport, base_url="http://armature.test", timeout=30)


async def small(app: FastAPI, address: str, number: int = 0) -> int:
    async with client(app, address) as one:
        return (await one.get("/sparql", params={"query": f"{SMALL} #{number}"})).status_code


async def page(app: FastAPI, address: str, path: str = "/id/arquus.html") -> int:
    async with client(app, address) as one:
        return (await one.get(path)).status_code


class Flood:
    """Clients who send slow queries, each the next as soon as one ends; ``ended`` lists them as they end."""

    def __init__(self, app: FastAPI, ended: list[str]) -> None:
        self._app, self._ended = app, ended
        self._tasks: list[asyncio.Task[None]] = []
        self._over = False

    def __call__(self, address: str, at_once: int) -> None:
        self._tasks += [asyncio.create_task(self._send(address, number)) for number in range(at_once)]

    async def _send(self, address: str, number: int) -> None:
        async with client(self._app, address) as one:
            while not self._over:
                number += 100
                await one.get("/sparql", params={"query": SLOW % number})
                if not self._over:
                    self._ended.append("slow")

    async def stop(self) -> None:
        """Stop asking: a request that is cancelled is told so, and its client could go on."""
        self._over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def flooded(app: FastAPI, ended: list[str]) -> AsyncIterator[Flood]:
    flood = Flood(app, ended)
    try:
        yield flood
    finally:
        await flood.stop()


async def noted(ended: list[str], name: str, work: Coroutine[Any, Any, int]) -> None:
    assert await work == 200
    ended.append(name)


def test_others_are_answered_before_a_floods_first_query_ends(settings: Settings, built: Snapshot) -> None:
    """One client keeps eight slow queries coming; another's small query and page do not wait for any of them."""
    ended: list[str] = []

    async def attempt() -> None:
        async with serving(settings, readers=4, deadline=4.0) as app, flooded(app, ended) as flood:
            flood("192.0.2.1", 8)
            await asyncio.sleep(0.5)
            await noted(ended, "small", small(app, "192.0.2.2"))
            await noted(ended, "page", page(app, "192.0.2.2"))
            await noted(ended, "the flooder's own page", page(app, "192.0.2.1"))

    run(attempt())
    assert ended == ["small", "page", "the flooder's own page"]


def test_pages_are_answered_whoever_floods(settings: Settings, built: Snapshot) -> None:
    """Many clients together fill what strangers may hold, never what the house needs."""
    ended: list[str] = []

    async def attempt() -> None:
        async with serving(settings, readers=2, deadline=4.0) as app, flooded(app, ended) as flood:
            for number in range(20):
                flood(f"192.0.2.{number}", 2)
            await asyncio.sleep(0.5)
            for path in ("/id/arquus.html", "/id/belgium.ttl", "/query/orders.csv", "/search?q=arquus"):
                await noted(ended, path, page(app, "198.51.100.9", path))

    run(attempt())
    assert "slow" not in ended
    assert len(ended) == 4


@pytest.mark.parametrize("readers", [1, 2])
def test_with_one_public_reader_the_next_turn_is_the_others(
    readers: int, settings: Settings, built: Snapshot
) -> None:
    """Where strangers have a single reader, a small query waits for the one slow query, never for a second."""
    ended: list[str] = []

    async def attempt() -> None:
        async with serving(settings, readers=readers, deadline=1.5) as app, flooded(app, ended) as flood:
            flood("192.0.2.1", 6)
            await asyncio.sleep(0.3)
            await asyncio.gather(
                noted(ended, "page", page(app, "192.0.2.2")), noted(ended, "small", small(app, "192.0.2.2"))
            )

    run(attempt())
    # The slow one ends as the small one begins, and the next slow one after it.
    assert ended[: ended.index("small") + 1] in (["page", "slow", "small"], ["page", "small"])


def test_a_client_beyond_its_bound_is_refused_at_once_and_others_are_not(settings: Settings, built: Snapshot) -> None:
    async def attempt() -> None:
        async with serving(settings, readers=2, deadline=3.0, queue_client=2) as app, flooded(app, []) as flood:
            flood("192.0.2.1", 3)
            await asyncio.sleep(0.3)
            async with client(app, "192.0.2.1") as one:
                answer = await one.get("/sparql", params={"query": SMALL})
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
            assert answer.json()["type"].endswith("/too-many-requests")
            other = asyncio.create_task(small(app, "192.0.2.2"))
            await asyncio.sleep(0.2)
            assert not other.done()
            assert await other == 200

    run(attempt())
