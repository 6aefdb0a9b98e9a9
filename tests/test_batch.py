"""Queries that belong together: sent to two readers at once, each failing alone."""

import asyncio
from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.test_pool import ENDLESS, MIB, directory, opened, probe, run

from kg.engine.cached import varies
from kg.engine.caller import HOUSE
from kg.engine.limits import Limits
from kg.engine.store import Accept, EmbeddedStore, Request
from kg.errors import KgError, QuerySyntaxError, QueryTimeout, ResultTooLarge, TooBusy
from kg.stored import offered

__all__ = ["directory"]

JSON = Accept("application/sparql-results+json")
LARGE = "SELECT * WHERE { ?a ?b ?c . ?d <urn:x:next> ?f }"


def label(number: int) -> str:
    return f"SELECT ?l WHERE {{ <urn:x:{number}> <urn:x:label> ?l }}"


async def several(store: EmbeddedStore, *queries: str) -> list[bytes | KgError]:
    return await store.several([Request(query, JSON, caller=HOUSE) for query in queries])


def shown(found: list[bytes | KgError]) -> list[str]:
    """The number in each label, or the name of the error."""
    return [
        type(one).__name__ if isinstance(one, KgError) else one.decode().partition("node ")[2].partition('"')[0]
        for one in found
    ]


def test_answers_come_in_the_order_of_the_questions(directory: Path) -> None:
    async def attempt() -> None:
        async with opened(directory, Limits()) as store:
            assert shown(await several(store, *map(label, range(25)))) == [str(n) for n in range(25)]
            assert store.load == (0, 0)
            assert await several(store) == []

    run(attempt())


def test_a_long_answer_comes_whole_while_more_questions_wait(directory: Path) -> None:
    async def attempt() -> None:
        async with opened(directory, Limits(), readers=1) as store:
            everything = "SELECT * WHERE { ?a ?b ?c }"
            queries = [everything, *[f"{label(n)} # {'x' * 20_000}" for n in range(8)], everything]
            found = await several(store, *queries)
            assert shown(found[1:9]) == [str(n) for n in range(8)]
            assert found[0] == found[9]
            assert isinstance(found[0], bytes)
            assert found[0].count(b"urn:x:next") == 1_000

    run(attempt())


@pytest.mark.parametrize(
    ("query", "error"),
    [("SELECT nothing", QuerySyntaxError), (ENDLESS, QueryTimeout), (LARGE, ResultTooLarge)],
)
def test_one_that_fails_fails_alone(directory: Path, query: str, error: type[KgError]) -> None:
    async def attempt() -> None:
        limits = Limits(deadline=1.0, memory=512 * MIB, result_bytes=MIB)
        async with opened(directory, limits) as store:
            found = await several(store, label(1), query, *map(label, range(2, 12)))
            assert shown(found) == ["1", error.__name__, *[str(n) for n in range(2, 12)]]
            assert store.load == (0, 0)

    run(attempt())


def test_who_gives_up_leaves_no_reader_with_old_questions(directory: Path) -> None:
    async def attempt() -> None:
        async with opened(directory, Limits(deadline=5.0)) as store:
            task = asyncio.create_task(several(store, ENDLESS, ENDLESS, label(1), label(2)))
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            for number in range(5):
                await probe(store, number)
            assert shown(await several(store, label(7), label(8))) == ["7", "8"]
            assert store.load == (0, 0)

    run(attempt())


def test_all_fail_where_no_reader_can_be_had(directory: Path) -> None:
    async def attempt() -> None:
        limits = Limits(deadline=20.0, queue_wait=3.0)
        async with opened(directory, limits, readers=1) as store:
            waiting = asyncio.create_task(several(store, ENDLESS, ENDLESS))
            await asyncio.sleep(0.1)
            assert shown(await several(store, label(1), label(2))) == [TooBusy.__name__] * 2
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    run(attempt())


def test_no_stored_query_varies_or_calls_a_service() -> None:
    assert [name for name, query in offered(ROOT / "queries").items() if varies(query.asked({}, {}))] == []
