"""The line before the readers: who may have one, who waits, who comes next. Pure bookkeeping, no waiting.

Three rules. *Lanes*: strangers hold at most ``public`` of the places, so one at least is the house's.
*Clients*: nobody holds the last place, or the last public one, beside places that are their own already.
*Turns*: of those who may have a place, the lane with fewer goes first, then the client with fewer; then whose
turn began first, where a client's turn begins when its last one ended, and begins as much later as it has used
readers lately. So clients take turns however many queries each has waiting, a heavy one waits a little longer,
and nobody waits for ever, because a turn that has begun never moves back.
"""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cachetools import LRUCache

from kg.engine.caller import Caller, Client, Lane

T = TypeVar("T")

_HALF_LIFE = 30.0
_LONGEST_DELAY = 5.0
_REMEMBERED = 10_000


@dataclass(frozen=True)
class Shares:
    """How many may hold a place at once, of all and of strangers, and how many may wait.

    ``queue`` counts the waiting of one lane, ``queue_client`` those of one client in it.
    """

    places: int
    public: int
    queue: int
    queue_client: int

    @classmethod
    def of(cls, readers: int, public: int, queue: int, queue_client: int) -> "Shares":
        """The shares of ``readers`` processes; ``public`` 0 is all but one, and one place more is made if need be."""
        public = min(public, max(readers - 1, 1)) if public else max(readers - 1, 1)
        return cls(max(readers, public + 1), public, queue, queue_client)

    def of_lane(self, lane: Lane) -> int:
        """The places that a lane may hold at once."""
        return self.public if lane == "public" else self.places

    def of_client(self, lane: Lane) -> int:
        """The places that one client may hold in a lane: all but one, where there is more than one."""
        return max(1, self.of_lane(lane) - 1)

    @property
    def of_client_in_all(self) -> int:
        """The places that one client may hold in both lanes: all but one, but one in each at least."""
        return max(2, self.places - 1)


class Full(Exception):
    """Nobody more may wait: in the lane, or (``client``) of this client."""

    def __init__(self, *, client: bool) -> None:
        super().__init__()
        self.client = client


class Usage:
    """The seconds for which each client used readers lately; they count half after half a minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._used: LRUCache[Client, tuple[float, float]] = LRUCache(_REMEMBERED)

    def add(self, client: Client, seconds: float) -> None:
        """A client has used so many seconds more."""
        self._used[client] = (self.recent(client) + seconds, self._clock())

    def recent(self, client: Client) -> float:
        """What a client has used, in seconds, the older the less."""
        seconds, since = self._used.get(client, (0.0, 0.0))
        return float(seconds * 0.5 ** ((self._clock() - since) / _HALF_LIFE)) if seconds else 0.0


@dataclass
class _Queue(Generic[T]):
    """The waiting of one caller, and since when (in the clock's seconds) it has been its turn."""

    turn: float
    waiting: deque[T] = field(default_factory=deque)


class Line(Generic[T]):
    """Callers who hold a place and, as values of ``T``, those who wait for one."""

    def __init__(self, shares: Shares, clock: Callable[[], float] = time.monotonic) -> None:
        self.shares = shares
        self._clock = clock
        self._queues: dict[Caller, _Queue[T]] = {}
        self._held: Counter[Caller] = Counter()
        self._usage = Usage(clock)

    def held(self, lane: Lane | None = None) -> int:
        """The places that are held, of one lane or of both."""
        return sum(count for caller, count in self._held.items() if lane in (None, caller.lane))

    def waiting(self, lane: Lane | None = None) -> int:
        """The callers who wait, in one lane or in both."""
        return sum(len(queue.waiting) for caller, queue in self._queues.items() if lane in (None, caller.lane))

    def join(self, caller: Caller, waiter: T) -> T | None:
        """Stand in line. Where it is full, the last of the client with the most there is returned, and out of it.

        Raises:
            Full: this caller has as many there as it may, or as anybody.
        """
        queue = self._queues.get(caller)
        own = len(queue.waiting) if queue else 0
        free = max(0, self.shares.of_client(caller.lane) - self._held[caller])
        if caller.client and own >= self.shares.queue_client + free:
            raise Full(client=True)
        pushed = self._push_out(caller.lane, own) if self._is_full(caller.lane) else None
        if queue is None:
            queue = self._queues[caller] = _Queue(self._turn(caller))
        queue.waiting.append(waiter)
        return pushed

    def pass_by(self, caller: Caller) -> bool:
        """Hold a place at once, if nobody stands in line and there is one."""
        if self._queues or not self._may_hold(caller):
            return False
        self._held[caller] += 1
        return True

    def leave(self, caller: Caller, waiter: T) -> None:
        """Go out of the line without having had a place; who is not in it stays out."""
        queue = self._queues.get(caller)
        if queue is not None and waiter in queue.waiting:
            queue.waiting.remove(waiter)
            self._forget(caller, queue)

    def clear(self) -> list[T]:
        """Send away all who wait; these are they."""
        waiting = [waiter for queue in self._queues.values() for waiter in queue.waiting]
        self._queues.clear()
        return waiting

    def next(self) -> tuple[Caller, T] | None:
        """The one whose turn it is, who now holds a place; ``None`` where nobody may have one."""
        able = [caller for caller in self._queues if self._may_hold(caller)]
        if not able:
            return None
        caller = min(able, key=self._rank)
        queue = self._queues[caller]
        waiter = queue.waiting.popleft()
        self._held[caller] += 1
        self._forget(caller, queue)
        return caller, waiter

    def release(self, caller: Caller, seconds: float) -> None:
        """Give a place back after so many seconds."""
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        if caller.client:
            self._usage.add(caller.client, seconds)
        if caller in self._queues:
            self._queues[caller].turn = self._turn(caller)

    def _turn(self, caller: Caller) -> float:
        return self._clock() + min(self._usage.recent(caller.client), _LONGEST_DELAY)

    def _rank(self, caller: Caller) -> tuple[int, bool, int, float]:
        return (self.held(caller.lane), caller.lane == "public", self._held[caller], self._queues[caller].turn)

    def _may_hold(self, caller: Caller) -> bool:
        shares = self.shares
        if self.held() >= shares.places or self.held(caller.lane) >= shares.of_lane(caller.lane):
            return False
        if not caller.client:
            return True
        both = sum(count for other, count in self._held.items() if other.client == caller.client)
        return self._held[caller] < shares.of_client(caller.lane) and both < shares.of_client_in_all

    def _is_full(self, lane: Lane) -> bool:
        """Whether a lane's line is full; who will be served at once, or as soon as readers run, is not in it."""
        free = min(self.shares.of_lane(lane) - self.held(lane), self.shares.places - self.held())
        return self.waiting(lane) >= self.shares.queue + max(0, free)

    def _push_out(self, lane: Lane, own: int) -> T:
        """The last of the client with the most in line, if that is more than one more than the newcomer's."""
        lanes = {c: q for c, q in self._queues.items() if c.lane == lane}
        longest = max(lanes, key=lambda caller: len(lanes[caller].waiting), default=None)
        if longest is None or len(lanes[longest].waiting) <= own + 1:
            raise Full(client=False)
        waiter = lanes[longest].waiting.pop()
        self._forget(longest, lanes[longest])
        return waiter

    def _forget(self, caller: Caller, queue: _Queue[T]) -> None:
        if not queue.waiting:
            del self._queues[caller]
