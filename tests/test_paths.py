"""Ways between things: short ones first, hubs dear, the work bounded, and an honest nothing."""

import time

import pytest

from kg.paths import Network, fee

HUB = [("state", f"thing{n}") for n in range(200)]
CHAIN = [("thing1", "meeting"), ("meeting", "letter"), ("letter", "thing2")]


def plain(*pairs: tuple[str, str]) -> Network:
    return Network((one, other, 0.0) for one, other in pairs)


def test_the_way_around_a_hub_is_preferred_to_the_shorter_one_over_it() -> None:
    ways = plain(*HUB, *CHAIN).ways("thing1", "thing2", hops=5, most=3)
    assert [way.things for way in ways] == [
        ("thing1", "meeting", "letter", "thing2"),
        ("thing1", "state", "thing2"),
    ]
    assert [way.hops for way in ways] == [3, 2]
    assert ways[0].cost < ways[1].cost


def test_an_end_that_is_a_hub_costs_nothing() -> None:
    (way,) = plain(*HUB).ways("state", "thing7", hops=4, most=3)
    assert way.cost == 1


def test_what_is_only_announced_is_dearer_unless_another_tie_says_the_same() -> None:
    network = Network([("a", "deal", 0.5), ("deal", "b", 0.5), ("a", "firm", 0.0), ("firm", "b", 0.0)])
    assert [(way.things[1], way.cost) for way in network.ways("a", "b", hops=3, most=2)] == [("firm", 2), ("deal", 3)]
    both = Network([("a", "b", 0.5), ("b", "a", 0.0), ("a", "b", 0.5)])
    assert both.ways("a", "b", hops=1, most=1)[0].cost == 1


@pytest.mark.parametrize(("ties", "cost"), [(1, 0), (8, 0), (16, 0.5), (32, 1), (128, 2)])
def test_what_a_hub_costs(ties: int, cost: float) -> None:
    assert fee(ties) == pytest.approx(cost)


def test_no_way_is_longer_than_asked_and_nothing_is_nothing() -> None:
    network = plain(*HUB, *CHAIN)
    assert [way.hops for way in network.ways("thing1", "thing2", hops=2, most=5)] == [2]
    assert network.ways("thing1", "thing2", hops=1, most=5) == []
    assert network.ways("thing1", "nobody", hops=6, most=5) == []
    assert network.ways("thing1", "thing1", hops=6, most=5) == []


def test_a_short_way_over_hubs_is_found_where_the_cheap_ones_are_too_long() -> None:
    long = [("a", "l1"), ("l1", "l2"), ("l2", "l3"), ("l3", "b")]
    hubs = [("hub", f"x{n}") for n in range(5_000)]
    assert plain(*long, *hubs, ("a", "hub"), ("hub", "b")).ways("a", "b", hops=2, most=1)[0].things == (
        "a",
        "hub",
        "b",
    )


def test_the_work_is_bounded() -> None:
    pairs = [(f"a{n}", f"b{m}") for n in range(60) for m in range(60)]
    begun = time.monotonic()
    assert len(plain(*pairs).ways("a0", "a1", hops=6, most=10)) == 10
    assert time.monotonic() - begun < 10
