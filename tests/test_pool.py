"""The pool under attack: hostile queries, killed readers, callers who leave, crowds; others never suffer."""

import asyncio
import json
import logging
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pyoxigraph as ox
import pytest

from kg.engine.caller import HOUSE, Caller
from kg.engine.limits import Limits
from kg.engine.store import Accept, EmbeddedStore, Request
from kg.errors import EngineFailure, KgError, QueryTimeout, QueryTooExpensive, TooBusy

T = TypeVar("T")
STRANGER = Caller("public", "192.0.2.1")
MIB = 1 << 20
NODES = 1_000
JSON_AND_TURTLE = Accept("application/sparql-results+json", "text/turtle")
CROSS = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
ENDLESS = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
HOSTILE = Path(__file__).parent / "hostile"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("pool") / "store"
    store = ox.Store(directory)
    for number in range(NODES):
        node, following = (ox.NamedNode(f"urn:x:{n % NODES}") for n in (number, number + 1))
        store.add(ox.Quad(node, ox.NamedNode("urn:x:next"), following))
        store.add(ox.Quad(node, ox.NamedNode("urn:x:label"), ox.Literal(f"node {number}")))
    store.flush()
    return directory


def run(work: Coroutine[Any, Any, T], seconds: float = 40.0) -> T:
    """Run to the end, which must come in time: a hang is a failure."""

    async def bounded() -> T:
        async with asyncio.timeout(seconds):
            return await work

    return asyncio.run(bounded())


@asynccontextmanager
async def opened(directory: Path, limits: Limits, readers: int = 2) -> AsyncIterator[EmbeddedStore]:
    """A store with its first reader running; afterwards none of its processes may be left."""
    store = EmbeddedStore(directory, limits=limits, readers=readers)
    try:
        await probe(store, 0)
        yield store
    finally:
        pids = store.pids
        await store.close()
        assert not [pid for pid in pids if is_running(pid)]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def settled(store: EmbeddedStore, before: set[int]) -> None:
    """Wait until there are two readers besides those from before."""
    while len(store.pids - before) < 2:  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0.01)


async def ask(store: EmbeddedStore, query: str, limits: Limits | None = None, caller: Caller = STRANGER) -> bytes:
    answer = await store.answer(Request(query, JSON_AND_TURTLE, caller=caller), limits)
    return b"".join([chunk async for chunk in answer.chunks])


async def probe(store: EmbeddedStore, number: int, caller: Caller = STRANGER) -> None:
    """A small query, whose answer must be right."""
    query = f"SELECT ?l WHERE {{ <urn:x:{number}> <urn:x:label> ?l }}"
    found = await ask(store, query, Limits(), caller)
    row = b'{"l":{"type":"literal","value":"node %d"}}' % number
    assert found == b'{"head":{"vars":["l"]},"results":{"bindings":[' + row + b"]}}"


async def outcome(store: EmbeddedStore, query: str, limits: Limits | None = None) -> str:
    """``Answer``, or the name of the error; and that soon after the deadline."""
    begun = time.monotonic()
    try:
        await ask(store, query, limits)
    except KgError as error:
        return type(error).__name__ if len(error.detail) < 400 else error.detail
    else:
        return "Answer"
    finally:
        assert time.monotonic() - begun < (limits or DEADLINE).deadline + 3


DEADLINE = Limits(deadline=0.6, memory=512 * MIB, result_bytes=20 * MIB)


@asynccontextmanager
async def probed(store: EmbeddedStore) -> AsyncIterator[None]:
    """The house asks all the while, and is always answered right."""
    asked = 0

    async def keep_asking() -> None:
        nonlocal asked
        while True:
            await probe(store, asked % NODES, HOUSE)
            asked += 1
            await asyncio.sleep(0.005)

    task = asyncio.create_task(keep_asking())
    try:
        yield
        assert asked > 0
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_hostile_queries_end_as_they_should_while_others_are_served(directory: Path) -> None:
    async def attack() -> dict[str, tuple[str, str]]:
        wrong = {}
        async with opened(directory, DEADLINE) as store, probed(store):
            for name, text in texts.items():
                expected = text.splitlines()[0].removeprefix("# expect: ")
                found = await outcome(store, text)
                if found not in expected.split():
                    wrong[name] = (found, expected)
        return wrong

    texts = {path.stem: path.read_text("utf-8") for path in sorted(HOSTILE.glob("*.rq"))}
    assert len(texts) >= 40
    assert run(attack()) == {}


def repeated(kind: str) -> dict[str, str]:
    """The queries of ``hostile/repeated.json``: pieces, some with a count; ``~`` is the turn."""
    recipes = json.loads((HOSTILE / "repeated.json").read_text("utf-8"))[kind]
    return {name: "".join(map(_piece, pieces)) for name, pieces in recipes.items()}


def _piece(piece: str | list[Any]) -> str:
    if isinstance(piece, str):
        return piece
    return "".join(piece[0].replace("~", str(turn)) for turn in range(piece[1]))


NESTED, LONG = repeated("nested"), repeated("long")


@pytest.mark.parametrize(
    ("query", "error"),
    [
        *((query, "QueryTooDeep") for query in NESTED.values()),
        ("SELECT * WHERE { ?s ?p '" + "x" * 100_000 + "' }", "QueryTooLarge"),
        ("SELECT * WHERE { ?s ?p '\0' }", "QuerySyntaxError"),
        ("SELECT * WHERE { ?s ?p '\udcff' }", "QuerySyntaxError"),
    ],
    ids=[*NESTED, "too long", "NUL", "no Unicode"],
)
def test_the_precheck_turns_away(query: str, error: str, directory: Path) -> None:
    async def attempt() -> tuple[str, set[int]]:
        store = EmbeddedStore(directory, limits=Limits(), readers=1)
        return await outcome(store, query), store.pids

    assert run(attempt()) == (error, set())


def test_what_nests_or_runs_long_kills_at_most_its_own_reader(directory: Path) -> None:
    """Without the first barrier, too."""
    limits = Limits(deadline=0.2, memory=512 * MIB, query_depth=10**6, operators=10**6)
    enough = {"Answer", "QueryTimeout", "QueryTooExpensive", "QuerySyntaxError"}

    async def attack() -> dict[str, str]:
        async with opened(directory, limits) as store, probed(store):
            found = {name: await outcome(store, text, limits) for name, text in {**NESTED, **LONG}.items()}
            patient = replace(limits, deadline=10)
            return found | {name: await outcome(store, LONG[name], patient) for name in ("rows", "a literal")}

    found = run(attack())
    assert {name: result for name, result in found.items() if result not in enough} == {}
    assert (found["rows"], found["a literal"]) == ("Answer", "Answer")


def test_the_memory_cap_ends_the_query_and_says_so(directory: Path) -> None:
    query = 'SELECT ?v WHERE { BIND("0123456789abcdef" AS ?a0) %s }'
    doubled = query % " ".join(f"BIND(CONCAT(?a{n}, ?a{n}) AS ?a{n + 1})" for n in range(26))

    async def attempt() -> str:
        async with opened(directory, Limits(deadline=8, memory=200 * MIB)) as store, probed(store):
            with pytest.raises(QueryTooExpensive) as refused:
                await ask(store, doubled.replace("?v", "(STRLEN(?a26) AS ?v)", 1))
        return refused.value.detail

    assert "200 MiB of memory" in run(attempt())


def test_readers_killed_at_random_give_no_wrong_answer_and_no_hang(directory: Path) -> None:
    """A hundred kills under load: every answer is right, or a KgError."""
    limits = Limits(deadline=5, queue_wait=5)
    right, failed, killed = 0, 0, 0
    chance = random.Random(99)

    async def keep_asking(store: EmbeddedStore) -> None:
        nonlocal right, failed
        while killed < 100:
            try:
                await probe(store, chance.randrange(NODES))
                right += 1
            except (QueryTooExpensive, TooBusy):
                failed += 1

    async def keep_killing(store: EmbeddedStore) -> None:
        nonlocal killed
        while killed < 100:
            if pids := sorted(store.pids):
                with suppress(ProcessLookupError):
                    os.kill(chance.choice(pids), signal.SIGKILL)
                    killed += 1
            await asyncio.sleep(chance.random() * 0.06)

    async def attack() -> None:
        async with opened(directory, limits) as store:
            callers = [keep_asking(store) for _ in range(6)]
            await asyncio.gather(keep_killing(store), *callers)
            await probe(store, 7)

    run(attack())
    assert killed == 100
    assert right > 100
    assert failed < right


def test_cancelling_ends_the_evaluation(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def attempt() -> None:
        async with opened(directory, Limits(deadline=30), readers=1) as store:
            before = store.pids
            task = asyncio.create_task(ask(store, ENDLESS))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await probe(store, 7)
            assert len(before - store.pids) == 1

    with caplog.at_level(logging.WARNING, "kg.engine.pool"):
        run(attempt())
    assert len([record for record in caplog.records if "cause=abandoned" in record.getMessage()]) == 1


def test_cancelling_a_quick_query_harms_nobody(directory: Path) -> None:
    """Cancelled at every stage: the next caller never meets the rest of a foreign answer."""

    async def attempt() -> None:
        async with opened(directory, Limits(deadline=10), readers=1) as store:
            for delay in range(60):
                task = asyncio.create_task(ask(store, "SELECT * WHERE { ?s ?p ?o } LIMIT 700"))
                await asyncio.sleep(delay / 10_000)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await probe(store, delay)

    run(attempt())


def test_a_crowd_waits_in_line_and_the_rest_is_told_to_come_again(directory: Path) -> None:
    limits = Limits(deadline=0.5, queue=3, queue_wait=5)

    async def attempt() -> list[str]:
        async with opened(directory, limits, readers=1) as store:
            endless = asyncio.create_task(outcome(store, ENDLESS))
            await asyncio.sleep(0.1)
            crowd = await asyncio.gather(*(_try(probe(store, n)) for n in range(5)))
            return [await endless, *crowd]

    assert run(attempt()) == ["QueryTimeout", "fine", "fine", "fine", "busy, again in 1", "busy, again in 1"]


def test_nobody_waits_for_ever(directory: Path) -> None:
    async def attempt() -> str:
        async with opened(directory, Limits(deadline=8, queue_wait=2), readers=1) as store:
            await probe(store, 1)
            endless = asyncio.create_task(outcome(store, ENDLESS))
            await asyncio.sleep(0.1)
            told = await _try(probe(store, 1))
            endless.cancel()
            await asyncio.gather(endless, return_exceptions=True)
            return told

    assert run(attempt()) == "busy, again in 4"


async def _try(work: Coroutine[Any, Any, None]) -> str:
    try:
        await work
    except TooBusy as error:
        return f"busy, again in {error.headers()['Retry-After']}"
    return "fine"


def test_a_slow_caller_does_not_keep_a_reader(directory: Path) -> None:
    """Who fetches too slowly gets an error instead of the rest; the time is not the engine's."""

    async def attempt() -> None:
        async with opened(directory, Limits(deadline=5, transfer=0.3), readers=1) as store:
            answer = await store.answer(Request(CROSS, Accept("text/csv"), caller=STRANGER))
            await anext(aiter(answer.chunks))
            await asyncio.sleep(0.6)
            await probe(store, 7)
            with pytest.raises(QueryTimeout, match="not fetched"):
                async for _ in answer.chunks:
                    pass

    run(attempt())


def test_results_wait_in_the_reader_not_in_the_server(directory: Path) -> None:
    async def attempt() -> int:
        async with opened(directory, Limits(deadline=5), readers=1) as store:
            answer = await store.answer(Request(CROSS, Accept("text/csv"), caller=STRANGER))
            held = []
            async for chunk in answer.chunks:
                held.append(len(chunk))
                if len(held) == 20:
                    break
            await answer.aclose()
            await probe(store, 7)
            return max(held)

    assert run(attempt()) < 128 * 1024


def test_a_kill_costs_the_next_caller_nothing(directory: Path) -> None:
    async def attempt() -> float:
        async with opened(directory, Limits(deadline=0.3), readers=1) as store:
            await settled(store, set())
            assert await outcome(store, ENDLESS) == "QueryTimeout"
            begun = time.monotonic()
            await probe(store, 7)
            return time.monotonic() - begun

    assert run(attempt()) < 0.05


def test_a_reader_that_dies_while_idle_is_replaced(directory: Path) -> None:
    async def attempt() -> None:
        async with opened(directory, Limits(), readers=1) as store:
            await settled(store, set())
            before = store.pids
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            await settled(store, before)
            await probe(store, 7)

    run(attempt())


def test_closing_ends_what_is_under_way(directory: Path) -> None:
    async def attempt() -> tuple[str, str]:
        async with opened(directory, Limits(deadline=20), readers=1) as store:
            running = asyncio.create_task(outcome(store, ENDLESS))
            await asyncio.sleep(0.1)
            waiting = asyncio.create_task(outcome(store, ENDLESS))
            await asyncio.sleep(0.1)
            await store.close()
            assert not store.pids
            with pytest.raises(EngineFailure):
                await probe(store, 7)
            return await running, await waiting

    assert run(attempt()) == ("EngineFailure", "EngineFailure")


def test_a_kill_leaves_one_line_in_the_log(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def attempt() -> None:
        async with opened(directory, Limits(deadline=0.2), readers=1) as store:
            await outcome(store, ENDLESS)
            await probe(store, 1)

    with caplog.at_level(logging.WARNING, "kg.engine.pool"):
        run(attempt())
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1
    assert "cause=deadline" in lines[0]
    assert "code=-9" in lines[0]
