"""The cache: the same answer without asking twice, and never a wrong or a half one."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from kg.engine.cached import CachedStore
from kg.engine.limits import Limits
from kg.engine.stats import PoolStats
from kg.engine.store import Accept, Answer, Request
from kg.errors import EngineFailure, KgError

JSON = Accept("application/sparql-results+json")


class Counting:
    """A store that counts how often it is asked, and fails where the query says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = False

    async def answer(self, request: Request, limits: Limits | None = None) -> Answer:
        assert limits is None
        self.asked.append(request.query)
        if request.query == "refuse":
            raise EngineFailure("no")
        return Answer("text/plain", "solutions", self._chunks(request.query), self._close)

    async def _chunks(self, query: str) -> AsyncIterator[bytes]:
        yield query.encode()
        if query == "break":
            raise EngineFailure("on the way")
        yield b" end"

    async def _close(self) -> None:
        self.closed = True

    async def several(self, requests: Sequence[Request]) -> list[bytes | KgError]:
        self.asked += [request.query for request in requests]
        return [EngineFailure("no") if one.query == "refuse" else one.query.encode() for one in requests]

    def stats(self) -> PoolStats:
        return PoolStats(busy=0, idle=0, waiting=0, ended={})

    async def close(self) -> None:
        self.closed = True


async def body(store: CachedStore, query: str, accept: Accept = JSON) -> bytes:
    answer = await store.answer(Request(query, accept))
    try:
        return b"".join([chunk async for chunk in answer.chunks])
    finally:
        await answer.aclose()


def run(*queries: str, size: int = 1_000) -> list[str]:
    """What reaches the store behind when these are asked one after the other."""

    async def attempt() -> list[str]:
        behind = Counting()
        store = CachedStore(behind, size)
        for query in queries:
            try:
                assert await body(store, query) == f"{query} end".encode()
            except EngineFailure:
                assert query in ("refuse", "break")
        return behind.asked

    return asyncio.run(attempt())


def test_the_same_question_is_asked_once() -> None:
    assert run("a", "b", "a", "a", "b") == ["a", "b"]


@pytest.mark.parametrize("query", ["refuse", "break"])
def test_failures_and_half_answers_are_not_kept(query: str) -> None:
    assert run(query, query) == [query, query]


@pytest.mark.parametrize(
    "query", ["SELECT (RAND() AS ?x) {}", "select (now#\n() as ?x) {}", "SELECT (STRUUID() AS ?x) {}"]
)
def test_what_varies_is_not_kept(query: str) -> None:
    assert run(query, query) == [query, query]


def test_the_bound_holds() -> None:
    assert run("a", "a", size=0) == ["a", "a"]
    long = "x" * 200
    assert run(long, long, size=1_000) == [long, long]
    many = [f"{n:020}" for n in range(100)]
    assert run(*many, many[-1], many[0], size=1_000) == [*many, many[0]]


def test_another_format_is_another_answer() -> None:
    async def attempt() -> list[str]:
        behind = Counting()
        store = CachedStore(behind, 1_000)
        await body(store, "a")
        await body(store, "a", Accept("text/csv"))
        return behind.asked

    assert asyncio.run(attempt()) == ["a", "a"]


def test_an_answer_left_half_way_is_not_kept() -> None:
    async def attempt() -> list[str]:
        behind = Counting()
        store = CachedStore(behind, 1_000)
        answer = await store.answer(Request("a", JSON))
        async for _ in answer.chunks:
            break
        await answer.aclose()
        await body(store, "a")
        return behind.asked

    assert asyncio.run(attempt()) == ["a", "a"]


def test_of_several_only_those_are_asked_that_are_not_in_memory() -> None:
    async def attempt() -> None:
        behind = Counting()
        store = CachedStore(behind, 1_000)
        first = await store.several([Request("a", JSON), Request("refuse", JSON), Request("a", JSON)])
        assert first[0] == first[2] == b"a"
        assert isinstance(first[1], EngineFailure)
        assert [type(one) for one in await store.several([Request("refuse", JSON), Request("a", JSON)])] == [
            EngineFailure,
            bytes,
        ]
        assert behind.asked == ["a", "refuse", "refuse"]
        assert await body(store, "a") == b"a"

    asyncio.run(attempt())
