"""The ties of a snapshot in memory, for finding ways: read once, and made into one network for each day asked for."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cachetools import LRUCache

from kg.paths import Network
from kg.serving import Row
from kg.terms import Iri
from kg.web.asker import Asker
from kg.web.ties import NEVER, Day, Node, Span, Standing, Tie, spans
from kg.web.views import text

PLAIN: frozenset[Standing] = frozenset({"holds", "past"})
"""How a tie stands that is, or was, a fact."""
FEES: Mapping[Standing, float] = {"holds": 0.0, "past": 0.0, "announced": 0.5, "over": 0.5}
"""How much dearer a hop is for the way its tie stands."""
_SNAPSHOTS, _NETWORKS = 2, 8


@dataclass(frozen=True)
class Moment:
    """As of and known on which day to look (empty: no matter), and whether only what holds counts."""

    as_of: Day = ""
    known_on: Day = ""
    plain: bool = False


@dataclass(frozen=True)
class Bare:
    """A tie without words, and the day by which it was published."""

    tie: Tie
    issued: Day


class Networks:
    """The networks of one server process, by the snapshot's hash and the moment."""

    def __init__(self) -> None:
        self._ties: LRUCache[str, list[Bare]] = LRUCache(_SNAPSHOTS)
        self._made: LRUCache[tuple[str, Moment], Network] = LRUCache(_NETWORKS)
        self._lock = asyncio.Lock()

    async def at(self, asker: Asker, moment: Moment) -> Network:
        """The network of the asker's snapshot at a moment."""
        key = asker.served.hash, moment
        async with self._lock:
            if key not in self._made:
                self._made[key] = await self._network(asker, moment)
            return self._made[key]

    async def _network(self, asker: Asker, moment: Moment) -> Network:
        every = await self._read(asker)
        lives = spans(await asker.rows("spans", thing=[""], knownOn=[moment.known_on]))
        today = moment.as_of or asker.served.record_date or NEVER
        return await asyncio.to_thread(network, every, lives, moment, today)

    async def _read(self, asker: Asker) -> list[Bare]:
        if asker.served.hash not in self._ties:
            self._ties[asker.served.hash] = bare(await asker.rows("network"))
        return self._ties[asker.served.hash]


def network(every: Iterable[Bare], lives: Mapping[Iri, Span], moment: Moment, today: Day) -> Network:
    """The network of some ties as they stand at a moment; ``today`` is the day that counts where it names none."""
    standing = ((one.tie, one.tie.standing(lives, today)) for one in every if _possible(one, moment))
    return Network(
        (tie.subject.iri, tie.object.iri, FEES[stands])
        for tie, stands in standing
        if stands in PLAIN or not moment.plain
    )


def bare(rows: Iterable[Row]) -> list[Bare]:
    """The rows of the query *network*."""
    return [_bare(row) for row in rows]


def _bare(row: Row) -> Bare:
    subject, object_ = (Node(text(row, name), "", "") for name in ("subject", "object"))
    days = text(row, "earliest"), text(row, "latest")
    tie = Tie(text(row, "claim"), subject, "", "", object_, (), "", "", *days, conditional="conditional" in row)
    return Bare(tie, text(row, "issued"))


def _possible(one: Bare, moment: Moment) -> bool:
    """Whether a tie can hold on the day, and was published by the other."""
    if moment.known_on and one.issued > moment.known_on:
        return False
    tie, day = one.tie, moment.as_of
    return not day or ((not tie.earliest or tie.earliest <= day) and (not tie.latest or day <= tie.latest))
