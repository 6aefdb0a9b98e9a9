"""Trees read as a whole: the rows that the query for one node gives, asked for once."""

import asyncio
import random
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest
from tests.test_records import Reading

from kg.compiler.build import Graph
from kg.serving import Current
from kg.web import chains


@dataclass
class Asking(Reading):
    """Puts stored queries to a graph in memory that is served as this snapshot."""

    graph: Graph
    served: Current
    asked: list[str] = field(default_factory=list)
    failing: str = ""


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


def test_a_large_graph_and_another_server_are_asked_level_by_level(whole: Graph) -> None:
    for one in (served("large", 10_000_000), served("far", remote=True)):
        asking = Asking(whole, one)
        assert asyncio.run(chains.levels(asking, "owns")) is None
        assert asking.asked == []
