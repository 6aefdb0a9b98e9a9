"""Trees read as a whole: the rows that the query for one node gives, asked for once."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.conftest import ROOT
from tests.rows import iri
from tests.test_records import Reading

from kg.compiler.build import Graph
from kg.serving import Current, Row
from kg.terms import ID
from kg.web import answers, chains, views
from kg.web.declared import declared


@dataclass
class Asking(Reading):
    """Puts stored queries to a graph in memory that is served as this snapshot."""

    graph: Graph
    served: Current
    asked: list[str] = field(default_factory=list)
    failing: str = ""


class Page:
    """Asks on behalf of a page, in English."""

    def __init__(self, asking: Asking) -> None:
        self.asking, self.served = asking, asking.served

    async def raw(self, name: str, **values: Sequence[str]) -> list[Row]:
        read = chains.known(self.served, name, values)
        return await self.asking.raw(name, **values) if read is None else read

    async def rows(self, name: str, **values: Sequence[str]) -> list[Row]:
        return await self.raw(name, **values)

    async def heard(self, rows: list[Row]) -> list[Row]:
        return rows


def served(name: str, triples: int = 150_000, *, remote: bool = False) -> Current:
    manifest = SimpleNamespace(triples=triples)
    return cast("Current", SimpleNamespace(hash=name, remote=remote, snapshot=SimpleNamespace(manifest=manifest)))


@pytest.mark.parametrize("name", ["owned-by", "owns"])
def test_the_whole_has_what_each_node_has(whole: Graph, name: str) -> None:
    asking = Asking(whole, served("whole"))
    read = asyncio.run(chains.levels(asking, name))
    assert read is not None
    assert len(read) > 100
    for node in random.Random(1).sample(sorted(read), 100):
        assert list(read[node]) == asking.rows(name, entity=[node])
    asyncio.run(chains.levels(asking, name))
    assert asking.asked == [name]


@pytest.mark.parametrize(("name", "by"), chains.ASKED.items())
def test_what_was_read_whole_is_what_the_query_says_of_each(whole: Graph, name: str, by: str) -> None:
    asking = Asking(whole, served(f"whole {name}"))
    read = asyncio.run(chains.levels(asking, name))
    assert read is not None
    assert len(read) > 500
    things = random.Random(2).sample(sorted(read), 30)
    for thing in things:
        assert chains.known(asking.served, name, {by: [thing]}) == asking.rows(name, **{by: [thing]})
    together = chains.known(asking.served, name, {by: [*reversed(things), things[0]]})
    assert together == [row for thing in sorted(things) for row in asking.rows(name, **{by: [thing]})]
    assert chains.known(asking.served, name, {by: [ID + "there-is-none"]}) == []


def test_what_was_not_read_or_holds_for_another_day_has_to_be_asked_for(whole: Graph) -> None:
    asking = Asking(whole, served("partly"))
    entity = [ID + "knds"]
    assert chains.known(asking.served, "life-cycle", {"entity": entity}) is None
    asyncio.run(chains.levels(asking, "life-cycle"))
    assert chains.known(asking.served, "life-cycle", {"entity": entity, "asOf": [""], "knownOn": [""]}) is not None
    assert chains.known(asking.served, "life-cycle", {"entity": entity, "asOf": ["2015-01-01"]}) is None
    assert chains.known(asking.served, "life-cycle", {"entity": entity, "knownOn": ["2015-01-01"]}) is None
    assert chains.known(asking.served, "life-cycle", {"entity": [""]}) is None
    assert chains.known(asking.served, "life-cycle", {}) is None
    assert chains.known(served("another"), "life-cycle", {"entity": entity}) is None


def test_the_deeper_levels_of_a_page_are_not_asked_for_unless_the_day_is_the_readers(whole: Graph) -> None:
    asking = Asking(whole, served("page"))
    panel = next(one for one in declared(ROOT / "queries") if one.name == "owns")
    asker: Any = Page(asking)
    first = asyncio.run(answers._deeper(asker, panel, [ID + "knds"], {}))
    again = asyncio.run(answers._deeper(asker, panel, [ID + "thales"], {}))
    assert first
    assert again
    assert asking.asked == ["owns"]
    asyncio.run(answers._deeper(asker, panel, [ID + "knds"], {"asOf": ["2015-01-01"]}))
    assert asking.asked == ["owns", "owns"]


def test_what_stands_below_a_thing_stands_once_in_a_tree(whole: Graph) -> None:
    """Germany was seen to hold Airbus on three days: the holdings of that stood below each."""
    panel = next(one for one in declared(ROOT / "queries") if one.name == "owns")
    rows = Asking(whole, served("tree")).rows("owns", entity=[ID + "germany"])
    below = {"https://a": rows, ID + "airbus": rows[:1]}
    twice = [{**rows[0], "node": iri("https://a")} for _ in range(2)]
    answer = answers.Answer(panel, twice, views.cut(2, 1, 20), below)
    first, second = answers._panel(answer, {}, {}, None).lines
    assert len(first.children) > 1
    assert not first.above
    assert (second.children, second.above) == ((), True)


def test_a_large_graph_and_another_server_are_asked_level_by_level(whole: Graph) -> None:
    for one in (served("large", 10_000_000), served("far", remote=True)):
        asking = Asking(whole, one)
        assert asyncio.run(chains.levels(asking, "owns")) is None
        assert asking.asked == []
