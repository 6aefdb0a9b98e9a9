"""How two things are connected: the best few ways over ties, in which hubs are dear.

A way over a state says little, since everything is tied to states. So a tie costs one plus what it costs to pass the
thing at its end: half the binary logarithm of that thing's ties beyond the first eight. Both ends of a way are free.
A tie may bring a fee of its own, such as one that is only announced.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from math import log2
from typing import Any, TypeAlias

import networkx as nx

Name: TypeAlias = str

_FREE = 8
_TRIED = 400
"""Ways that are looked at before the search ends, whatever it has found."""


@dataclass(frozen=True)
class Way:
    """One way from one thing to another: the things passed, ends included, and what it costs."""

    things: tuple[Name, ...]
    cost: float

    @property
    def hops(self) -> int:
        """How many ties it takes."""
        return len(self.things) - 1


class Network:
    """Things and which of them are tied, for finding ways; made once and asked often."""

    def __init__(self, ties: Iterable[tuple[Name, Name, float]]) -> None:
        self._graph: nx.Graph[Name] = nx.Graph()
        degrees: dict[Name, int] = {}
        for one, other, extra in ties:
            if one != other:
                known = self._graph.get_edge_data(one, other, {"fee": extra})
                self._graph.add_edge(one, other, fee=min(extra, known["fee"]))
                degrees[one] = degrees.get(one, 0) + 1
                degrees[other] = degrees.get(other, 0) + 1
        self._fees = {thing: fee(number) for thing, number in degrees.items()}

    def __contains__(self, thing: Name) -> bool:
        return thing in self._graph

    def ways(self, start: Name, end: Name, hops: int, most: int) -> list[Way]:
        """The cheapest ways of at most so many hops, cheapest first; empty where there is none."""
        near = self._between(start, end, hops)
        if near is None:
            return []
        cost = self._cost(start, end)
        found: list[Way] = []
        every: Iterator[Sequence[Name]] = nx.shortest_simple_paths(near, start, end, weight=cost)
        for things in islice(every, _TRIED):
            if len(things) - 1 <= hops:
                found.append(Way(tuple(things), self._total(things)))
            if len(found) == most:
                break
        return found or [self._straight(near, start, end)]

    def _between(self, start: Name, end: Name, hops: int) -> "nx.Graph[Name] | None":
        """What lies on some way of at most so many hops; ``None`` where there is no such way."""
        if start == end or start not in self._graph or end not in self._graph:
            return None
        ahead = self._reached(start, hops)
        if end not in ahead:
            return None
        back = self._reached(end, hops)
        near = [thing for thing in ahead if ahead[thing] + back.get(thing, hops) <= hops or thing in (start, end)]
        return self._graph.subgraph(near)

    def _reached(self, start: Name, hops: int) -> Mapping[Name, int]:
        found: Mapping[Name, int] = dict(nx.single_source_shortest_path_length(self._graph, start, cutoff=hops))
        return found

    def _cost(self, start: Name, end: Name) -> Callable[[Name, Name, Any], float]:
        """A tie costs one and half the fee of each of its things, so that whoever is passed is paid once in full."""

        def cost(one: Name, other: Name, tie: Any) -> float:
            return (
                1
                + float(tie["fee"])
                + sum(self._fees[thing] / 2 for thing in (one, other) if thing not in (start, end))
            )

        return cost

    def _total(self, things: Sequence[Name]) -> float:
        own = sum(float(self._graph.edges[one, other]["fee"]) for one, other in pairwise(things))
        return len(things) - 1 + own + sum(self._fees[thing] for thing in things[1:-1])

    def _straight(self, near: "nx.Graph[Name]", start: Name, end: Name) -> Way:
        """The way of the fewest hops, where the cheap ones were all too long."""
        things = tuple(nx.shortest_path(near, start, end))
        return Way(things, self._total(things))


def fee(ties: int) -> float:
    """What passing a thing with so many ties costs, in hops: 0 up to 8 ties, 0.5 at 16, 1 at 32, 2 at 128."""
    return max(log2(ties / _FREE), 0) / 2
