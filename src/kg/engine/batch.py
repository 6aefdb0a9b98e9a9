"""Several questions to one reader: sent in one message, answered one after the other, each under its own clock.

A page asks a dozen small queries; one by one each would cost a place in line and a message there and back. Each
question fails alone. A reader that is killed over one of them takes only that one: the rest is asked of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kg.engine.caller import Caller
from kg.engine.child import Child
from kg.engine.exchange import Exchange
from kg.engine.frames import Question
from kg.engine.limits import Limits
from kg.engine.pool import Pool
from kg.errors import KgError


async def answers(pool: Pool, caller: Caller, questions: Sequence[Question], limits: Limits) -> list[bytes | KgError]:
    """The whole answer to each question, or its failure; of all, where no reader can be had."""
    found: list[bytes | KgError] = []
    while rest := questions[len(found) :]:
        try:
            child = await pool.take(caller)
        except KgError as error:
            return [*found, *[error] * len(rest)]
        found += await _asked(_Turns(pool, len(rest)), child, rest, limits)
    return found


@dataclass
class _Turns:
    """Stands between the exchanges and the pool: a reader goes back after the last of ``left`` questions.

    ``gone``: it can answer no more.
    """

    pool: Pool
    left: int
    gone: bool = False

    @property
    def closed(self) -> bool:
        return self.pool.closed

    def give_back(self, child: Child) -> None:
        self.left -= 1
        if self.left == 0:
            self.pool.give_back(child)

    def discard(self, child: Child, cause: str, seconds: float = 0.0) -> None:
        self.gone = True
        self.pool.discard(child, cause, seconds)

    def leave(self, child: Child) -> None:
        """One that has more questions before it cannot be made to forget them."""
        if self.left == 1:
            self.pool.leave(child)
        else:
            self.discard(child, "abandoned")

    async def end(self, child: Child, cause: str, seconds: float = 0.0) -> tuple[int, str]:
        self.gone = True
        return await self.pool.end(child, cause, seconds)


async def _asked(turns: _Turns, child: Child, questions: Sequence[Question], limits: Limits) -> list[bytes | KgError]:
    """The answers of one reader, as far as it gets; at least one."""
    child.send(questions)
    found: list[bytes | KgError] = []
    for question in questions:
        exchange = Exchange(turns, child, limits)
        try:
            await exchange.begin(question, sent=True)
            found.append(exchange.whole or b"".join([chunk async for chunk in exchange.chunks()]))
        except KgError as error:
            found.append(error)
        if turns.gone:
            break
    return found
