"""The line before the readers: its rules on their own, and kept through any schedule of comings and goings."""

import itertools
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.engine.caller import HOUSE, Caller, client_of
from kg.engine.line import Full, Line, Shares

SHARES = Shares.of(readers=4, public=0, queue=8, queue_client=4)
LONGEST_DELAY = 5.0


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def stranger(name: str) -> Caller:
    return Caller("public", name)


def page(name: str) -> Caller:
    return Caller("house", name)


def line(shares: Shares = SHARES) -> tuple[Line[str], Clock]:
    clock = Clock()
    return Line(shares, clock), clock


def served(line: Line[str]) -> list[str]:
    """All who may have a place now get one."""
    found = []
    while (following := line.next()) is not None:
        found.append(following[1])
    return found


@pytest.mark.parametrize(
    ("readers", "public", "places", "strangers"),
    [(1, 0, 2, 1), (2, 0, 2, 1), (4, 0, 4, 3), (4, 1, 4, 1), (4, 9, 4, 3), (1, 9, 2, 1)],
)
def test_one_place_at_least_is_the_houses(readers: int, public: int, places: int, strangers: int) -> None:
    shares = Shares.of(readers, public, 8, 4)
    assert (shares.places, shares.public) == (places, strangers)


def test_strangers_leave_a_place_to_the_house() -> None:
    queue, _ = line()
    for number in range(5):
        queue.join(stranger(f"client {number}"), f"sparql {number}")
    assert served(queue) == ["sparql 0", "sparql 1", "sparql 2"]
    queue.join(page("somebody"), "page")
    assert served(queue) == ["page"]


def test_nobody_takes_the_last_public_place() -> None:
    queue, _ = line()
    for number in range(4):
        queue.join(stranger("greedy"), f"greedy {number}")
    assert served(queue) == ["greedy 0", "greedy 1"]
    queue.join(stranger("other"), "other")
    assert served(queue) == ["other"]


def test_nobody_takes_all_places_by_asking_in_both_lanes() -> None:
    queue, _ = line()
    for number in range(4):
        queue.join(stranger("greedy"), f"sparql {number}")
        queue.join(page("greedy"), f"page {number}")
    assert len(served(queue)) == 3
    queue.join(page("other"), "other")
    assert served(queue) == ["other"]


def test_clients_take_turns_however_many_queries_each_has() -> None:
    queue, clock = line(Shares.of(readers=2, public=1, queue=20, queue_client=10))
    for number in range(3):
        queue.join(stranger("many"), f"many {number}")
    clock.now += 1
    queue.join(stranger("one"), "one")
    queue.join(stranger("two"), "two")
    order = served(queue)
    for caller in ("many", "one", "two", "many"):
        clock.now += 0.01
        queue.release(stranger(caller), 0.01)
        order += served(queue)
    assert order == ["many 0", "one", "two", "many 1", "many 2"]


def test_who_has_used_much_lately_waits_a_little_longer() -> None:
    queue, clock = line(Shares.of(readers=2, public=1, queue=20, queue_client=10))
    for heavy in ("heavy", "blocker"):
        queue.join(stranger(heavy), heavy)
    assert served(queue) == ["heavy"]
    queue.release(stranger("heavy"), 10.0)
    assert served(queue) == ["blocker"]
    queue.join(stranger("heavy"), "heavy again")
    clock.now += LONGEST_DELAY - 1
    queue.join(stranger("light"), "light")
    clock.now += 2
    queue.join(stranger("late"), "late")
    order = []
    for caller in ("blocker", "light", "heavy"):
        queue.release(stranger(caller), 0.0)
        order += served(queue)
    assert order == ["light", "heavy again", "late"]


def test_a_client_may_have_so_many_in_line_and_no_more() -> None:
    queue, _ = line()
    for number in range(6):
        queue.join(stranger("greedy"), str(number))
        served(queue)
    with pytest.raises(Full) as full:
        queue.join(stranger("greedy"), "too many")
    assert full.value.client
    assert queue.waiting() == 4


def test_in_a_full_line_the_greediest_makes_room_for_the_modest() -> None:
    queue, _ = line(Shares.of(readers=2, public=1, queue=4, queue_client=4))
    for number in range(5):
        queue.join(stranger("greedy"), f"greedy {number}")
        served(queue)
    assert queue.join(stranger("modest"), "modest") == "greedy 4"
    assert queue.join(stranger("modest"), "modest again") == "greedy 3"
    with pytest.raises(Full) as full:
        queue.join(stranger("modest"), "a third")
    assert not full.value.client


def test_a_full_public_line_does_not_keep_pages_out() -> None:
    queue, _ = line(Shares.of(readers=2, public=1, queue=2, queue_client=2))
    for name in "abc":
        queue.join(stranger(name), name)
        served(queue)
    with pytest.raises(Full):
        queue.join(stranger("d"), "d")
    queue.join(page("d"), "page")
    assert served(queue) == ["page"]


def test_the_house_itself_has_no_clients_bounds() -> None:
    queue, _ = line()
    for number in range(8):
        queue.join(HOUSE, str(number))
    assert len(served(queue)) == 4


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
        ("", "unknown"),
    ],
)
def test_clients_are_addresses_and_v6_networks(address: str, client: str) -> None:
    assert client_of(address) == client


class Schedule:
    """A line, and an account of it kept in another way: who waits under which name, who holds, whose turn when."""

    def __init__(self, shares: Shares) -> None:
        self.shares = shares
        self.line, self.clock = line(shares)
        self.names = itertools.count()
        self.waiting: dict[str, Caller] = {}
        self.holding: deque[Caller] = deque()
        self.begun: dict[Caller, float] = {}

    def join(self, caller: Caller) -> None:
        name = str(next(self.names))
        try:
            pushed = self.line.join(caller, name)
        except Full:
            return
        if pushed is not None:
            assert self.waiting.pop(pushed) != caller
        if caller not in self.waiting.values():
            self.begun[caller] = self.clock.now
        self.waiting[name] = caller

    def leave(self, number: int) -> None:
        if self.waiting:
            name = list(self.waiting)[number % len(self.waiting)]
            self.line.leave(self.waiting.pop(name), name)

    def release(self, number: int) -> None:
        if self.holding:
            self.holding.rotate(number)
            caller = self.holding.popleft()
            self.line.release(caller, number / 10)
            self.begun[caller] = self.clock.now

    def admit(self) -> None:
        while (following := self.line.next()) is not None:
            caller, name = following
            assert self.waiting.pop(name) == caller
            self.check_turn(caller)
            self.holding.append(caller)
            self.check_shares()
        assert not [caller for caller in self.waiting.values() if self.may_hold(caller)]

    def check_turn(self, caller: Caller) -> None:
        """Nobody passes one who holds nothing and whose turn began so long before."""
        for other in self.waiting.values():
            if other.lane == caller.lane and other not in self.holding and self.may_hold(other):
                assert caller not in self.holding
                assert self.begun[caller] <= self.begun[other] + LONGEST_DELAY

    def may_hold(self, caller: Caller) -> bool:
        lane = [held for held in self.holding if held.lane == caller.lane]
        most = self.shares.public if caller.lane == "public" else self.shares.places
        if len(self.holding) >= self.shares.places or len(lane) >= most:
            return False
        own = sum(held.client == caller.client for held in self.holding)
        return not caller.client or (lane.count(caller) < max(1, most - 1) and own < max(2, self.shares.places - 1))

    def check_shares(self) -> None:
        strangers = [caller for caller in self.holding if caller.lane == "public"]
        assert len(strangers) <= self.shares.public < self.shares.places
        assert len(self.holding) <= self.shares.places
        for client in {caller.client for caller in self.holding} - {""}:
            assert sum(caller.client == client for caller in self.holding) <= max(2, self.shares.places - 1)
            assert self.shares.public == 1 or strangers.count(Caller("public", client)) < self.shares.public


CALLERS = [HOUSE, *(Caller(lane, name) for lane in ("house", "public") for name in "abc")]
STEPS = st.one_of(
    st.tuples(st.just("join"), st.sampled_from(CALLERS)),
    st.tuples(st.sampled_from(("leave", "release", "wait")), st.integers(0, 50)),
)


@given(
    readers=st.integers(1, 5),
    public=st.integers(0, 4),
    queue=st.integers(1, 6),
    steps=st.lists(STEPS, max_size=120),
)
@settings(max_examples=150, deadline=None)
def test_no_place_is_lost_and_nobody_starves(
    readers: int, public: int, queue: int, steps: list[tuple[str, Caller | int]]
) -> None:
    schedule = Schedule(Shares.of(readers, public, queue, max(1, queue // 2)))
    for step, value in steps:
        if isinstance(value, Caller):
            schedule.join(value)
        elif step == "wait":
            schedule.clock.now += value / 5
        else:
            getattr(schedule, step)(value)
        schedule.admit()
        assert schedule.line.waiting() == len(schedule.waiting)
        assert schedule.line.held() == len(schedule.holding)
    for _ in range(len(schedule.waiting) + len(schedule.holding)):
        schedule.release(0)
        schedule.admit()
    assert (schedule.line.waiting(), schedule.line.held()) == (0, 0)
    assert schedule.waiting == {}
