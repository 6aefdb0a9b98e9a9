"""The measurements: answers compared first, then latency and throughput, engine after engine in many rounds."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, islice, product, zip_longest

from bench import compare
from bench.client import EITHER, AnswerError, Connection, Load, load
from bench.compare import UnreadableError
from bench.engines import Engine
from bench.workloads import CHECKED, Workload

REFERENCE = "oxigraph"
OURS = ("armature", REFERENCE)
ROUNDS = 4
_MOST = 64
"""Requests of one workload to one engine in one round, at most."""
_MIXED = 100

Say = Callable[[str], None]


@dataclass
class Times:
    """Latencies of one workload on one engine in milliseconds, in the order of asking; ``checked`` in seconds."""

    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    rows: int = 0
    checked: float = 0.0


@dataclass
class Outcome:
    """What became of one workload on one engine: why it is not timed, or its times."""

    fault: str = ""
    times: Times = field(default_factory=Times)


Outcomes = dict[str, dict[str, Outcome]]
"""Workload → engine → outcome."""


def check(engines: Mapping[str, Engine], workload: Workload, timeout: float) -> dict[str, Outcome]:
    """Ask every engine the same and compare; the reference is the first one that answers."""
    texts = workload.texts("checked", CHECKED)
    answers, seconds = {}, {}
    for name, engine in engines.items():
        begun = time.monotonic()
        answers[name] = _answers(engine, workload, texts, timeout)
        seconds[name] = (time.monotonic() - begun) / len(texts)
    right = next((found for found in answers.values() if not isinstance(found, str)), [])
    outcomes = {}
    for name, found in answers.items():
        fault = found if isinstance(found, str) else _difference(right, found)
        rows = 0 if isinstance(found, str) else max(sum(answer.values()) for answer in found)
        outcomes[name] = Outcome(fault, Times(rows=rows, checked=seconds[name]))
    return outcomes


def _answers(engine: Engine, workload: Workload, texts: Sequence[str], timeout: float) -> list[compare.Answer] | str:
    """The answers, or why there are none."""
    connection = Connection(engine.target, timeout)
    try:
        return [compare.read(connection.ask(text, graph=workload.graph), graph=workload.graph) for text in texts]
    except AnswerError as error:
        engine.renew()
        return str(error)
    except UnreadableError as error:
        return str(error)
    finally:
        connection.close()


def _difference(right: Sequence[compare.Answer], found: Sequence[compare.Answer]) -> str:
    differing = (compare.difference(expected, answer) for expected, answer in zip(right, found, strict=True))
    first = next((text for text in differing if text), "")
    return f"wrong answer: {first}" if first else ""


def latency(
    engines: Mapping[str, Engine], workload: Workload, outcomes: dict[str, Outcome], seconds: float, timeout: float
) -> None:
    """Time one workload on every engine that answers it rightly: all engines in turn, in several rounds.

    ``seconds`` is about what one engine gets for its cold requests, and again for its warm ones. One for which
    an answer alone takes as long has one round, with a hot set of one.
    """
    hot, cold = workload.hot(), workload.cold("cold")
    asked = [_Asked(engine, workload.graph, outcomes[name], timeout) for name, engine in engines.items()]
    for one in asked:
        one.ask(hot[:1] if one.is_slow(seconds) else hot, [], float("inf"))
    for turn in range(ROUNDS):
        texts = list(islice(cold, _MOST))
        for one in asked:
            again = hot[:1] if one.is_slow(seconds) else hot
            if turn == 0 or not one.is_slow(seconds):
                one.ask(texts, one.outcome.times.cold, seconds / ROUNDS)
                one.ask(again * (_MOST // len(again)), one.outcome.times.warm, seconds / ROUNDS)


@dataclass
class _Asked:
    """One engine while one workload is timed on it."""

    engine: Engine
    graph: bool
    outcome: Outcome
    timeout: float

    def is_slow(self, seconds: float) -> bool:
        """Whether one answer takes all the time that there is."""
        return self.outcome.times.checked >= seconds

    def ask(self, texts: Sequence[str], times: list[float], seconds: float) -> None:
        """Ask until the texts or the seconds are spent, one at least; a fault ends it for good."""
        if self.outcome.fault:
            return
        connection = Connection(self.engine.target, self.timeout)
        requests = [self.engine.target.request(text, graph=self.graph) for text in texts]
        until = time.monotonic() + seconds
        try:
            connection.open()
            for request in requests:
                begun = time.perf_counter()
                connection.send(request)
                times.append((time.perf_counter() - begun) * 1000)
                if time.monotonic() > until:
                    break
        except AnswerError as error:
            self.outcome.fault = str(error)
            self.engine.renew()
        finally:
            connection.close()


@dataclass(frozen=True)
class Mixture:
    """Texts that are asked in turn by many clients at once."""

    name: str
    workloads: list[str]
    texts: list[str]
    cold: bool


def mixtures(workloads: Sequence[Workload], outcomes: Outcomes) -> list[Mixture]:
    """Pages and small queries, and what every engine answers rightly; each warm and cold."""
    light = [w for w in workloads if w.group in {"page", "small"}]
    own = [w for w in light if not any(outcomes[w.name][name].fault for name in OURS if name in outcomes[w.name])]
    common = [w for w in light if not any(outcome.fault for outcome in outcomes[w.name].values())]
    kinds = {group: [w for w in own if w.group == group] for group in ("page", "small")}
    if common != own:
        kinds["common"] = common
    return [
        Mixture(f"{name}, {'cold' if cold else 'warm'}", [w.name for w in chosen], _mixed(chosen, cold=cold), cold)
        for name, chosen in kinds.items()
        if chosen
        for cold in (False, True)
    ]


def _mixed(workloads: Sequence[Workload], *, cold: bool) -> list[str]:
    """A text of each workload in turn, and over again."""
    columns = [w.texts("load", _MIXED) if cold else w.hot() for w in workloads]
    return [text for row in zip_longest(*columns) for text in row if text is not None]


Loads = dict[str, dict[int, dict[str, list[Load]]]]
"""Mixture → clients → engine → what wrk saw in each round."""


def _prime(engine: Engine, mix: Mixture, timeout: float) -> None:
    """Ask the texts of a warm mixture once, as they will be asked."""
    connection = Connection(engine.target, timeout)
    for text in () if mix.cold else mix.texts:
        with suppress(AnswerError):
            connection.send(engine.target.accepting(text, EITHER))
    connection.close()


def throughput(
    engines: Mapping[str, Engine],
    mixes: Sequence[Mixture],
    outcomes: Outcomes,
    clients: Sequence[int],
    seconds: int,
    rounds: int,
    timeout: float,
    say: Say,
) -> Loads:
    """Load every engine with every mixture that it answers rightly, engine after engine, in several rounds."""
    numbers = count(1)
    loads: Loads = {mix.name: {many: {name: [] for name in engines} for many in clients} for mix in mixes}
    for _, mix, many, (name, engine) in product(range(rounds), mixes, clients, engines.items()):
        if engine.alive and not any(outcomes[workload][name].fault for workload in mix.workloads):
            _prime(engine, mix, timeout)
            seen = load(engine.target, mix.texts, many, seconds, cold=next(numbers) if mix.cold else None)
            loads[mix.name][many][name].append(seen)
            say(f"{mix.name:14} {many:3} clients  {name:18} {seen.rate:9.0f}/s  p99 {seen.p99:.1f} ms")
    return loads
