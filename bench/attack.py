"""A siege of a running server: every attack at once and again, and a probe that measures what a bystander feels.

``make bench-attack`` starts a server over the graph that was built last, attacks it, and writes a report into
``bench/results``; ``python -m bench.attack --address http://127.0.0.1:8000`` attacks one that runs already.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, cast

import click

from bench import machine, processes
from bench.hostile import PATIENCE, Attack, Target, connections, queries
from bench.server import served
from kg.settings import CHECKOUT, Settings

QUIET_SECONDS, LOUD_SECONDS = 20.0, 60.0
PROBE = "127.0.0.3"
_SAMPLED = 0.5
_NICENESS = 19
"""The attacker gives way: it stands for many on machines of their own."""


@dataclass(frozen=True)
class Ended:
    """How an attack ended and after how many seconds; ``right`` are the outcomes that are."""

    name: str
    right: frozenset[str]
    outcome: str
    seconds: float

    @property
    def well(self) -> bool:
        return self.outcome in self.right


async def perform(attack: Attack, target: Target) -> Ended:
    """Carry out one attack, bounded in time."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            how = await attack.run(target)
    except TimeoutError:
        how = "hung"
    except OSError as error:
        how = f"{type(error).__name__}"
    return Ended(attack.name, attack.right, how, time.monotonic() - began)


async def storm(attacks: list[Attack], target: Target, at_once: int) -> list[Ended]:
    """Carry out all attacks, several at once."""
    places = asyncio.Semaphore(at_once)

    async def placed(attack: Attack) -> Ended:
        async with places:
            return await perform(attack, target)

    return await asyncio.gather(*(placed(attack) for attack in attacks))


async def _until(target: Target, at_once: int, end: float) -> list[Ended]:
    """All attacks, then the queries again and again until an instant of the clock; the first ending of each."""
    ended = await storm([*queries(), *connections()], target, at_once)
    while time.monotonic() < end:
        await storm(queries(), target, at_once)
    return ended


def attacked(target: Target, at_once: int, end: float) -> list[Ended]:
    """The same, in a process of its own."""
    return asyncio.run(_until(target, at_once, end))


# What a bystander feels


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies, by the nearest rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, round(share * len(ranked)) - 1))]


async def probe(address: str, seconds: float) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("probe.py")),
        address,
        str(seconds),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    return cast("dict[str, Any]", json.loads(told))


@dataclass(frozen=True)
class Siege:
    """How the attacks ended, what the bystander felt before and meanwhile, and the most memory that was held."""

    ended: list[Ended]
    quiet: dict[str, Any]
    loud: dict[str, Any]
    memory: int | None

    @property
    def stood(self) -> bool:
        """Whether every attack ended as it should and the bystander got every answer."""
        return all(one.well for one in self.ended) and not self.loud["wrong"]


async def besieged(address: str, at_once: int, pid: int | None) -> Siege:
    """All attacks, over and over while the probe runs; the first ending of each is reported."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    target = Target(host, int(port))
    if pid:
        await asyncio.to_thread(processes.settled, pid)
    quiet = await probe(address, QUIET_SECONDS)
    attacker = ProcessPoolExecutor(1, get_context("spawn"), initializer=os.nice, initargs=(_NICENESS,))
    async with _watched(pid) as most:
        with attacker:
            end = time.monotonic() + LOUD_SECONDS
            storming = asyncio.get_running_loop().run_in_executor(attacker, attacked, target, at_once, end)
            loud = await probe(address, LOUD_SECONDS)
            return Siege(await storming, quiet, loud, max(most, default=None))


@asynccontextmanager
async def _watched(pid: int | None) -> AsyncIterator[list[int]]:
    """The memory (PSS in bytes) of a server and its readers, taken down now and then."""
    taken: list[int] = []

    async def watch(root: int) -> None:
        while True:
            taken.append((await asyncio.to_thread(processes.resident, root))[1])
            await asyncio.sleep(_SAMPLED)

    watching = asyncio.ensure_future(watch(pid)) if pid else None
    try:
        yield taken
    finally:
        if watching:
            watching.cancel()


def report(siege: Siege, about: dict[str, str], at_once: int) -> str:
    """The outcome as Markdown."""
    bad = [one for one in siege.ended if not one.well]
    lines = [
        f"# A siege, {about['day']}",
        "",
        f"{len(siege.ended)} attacks, {at_once} at once, each ended once and the queries again and again for"
        f" {LOUD_SECONDS:.0f} s: {len(siege.ended) - len(bad)} ended as they should.",
        "",
        *(f"- {one.name}: {one.outcome} after {one.seconds:.1f} s (right: {sorted(one.right)})" for one in bad),
        f"The slowest took {max(one.seconds for one in siege.ended):.1f} s.",
        *([f"The server and its readers held at most {siege.memory / (1 << 20):.0f} MiB."] if siege.memory else []),
        "",
        "| a bystander asks for | quiet p50 | p99 | under attack p50 | p99 | ratio of p99 |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for kind, before in siege.quiet["latencies"].items():
        during = siege.loud["latencies"][kind]
        numbers = [percentile(values, share) for values in (before, during) for share in (0.5, 0.99)]
        lines.append(f"| {kind} | {' | '.join(f'{n:.1f} ms' for n in numbers)} | {numbers[3] / numbers[1]:.2f} |")
    wrong = siege.loud["wrong"]
    lines += ["", f"Answers that the bystander did not get: {len(wrong)}{' ' + str(wrong[:5]) if wrong else ''}."]
    lines += ["", f"Machine: {about['machine']}; commit {about['commit']}; `{about['command']}`.", ""]
    return "\n".join(lines)


@click.command()
@click.option("--address", help="A server that runs already, as http://127.0.0.1:8000; else one is started.")
@click.option("--at-once", type=click.IntRange(1), default=8, help="How many attacks at the same time.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=CHECKOUT / "bench" / "results")
def main(address: str | None, at_once: int, out: Path) -> None:
    """Attack a server with everything at once, and write down what became of it and of a bystander."""
    log = CHECKOUT / "var" / "bench" / "siege.log"
    with nullcontext((0, None)) if address else served(Settings(), log) as (port, pid):
        siege = asyncio.run(besieged(address or f"http://127.0.0.1:{port}", at_once, pid))
    about = {**machine.about(), "command": f"python -m bench.attack {' '.join(sys.argv[1:])}".strip()}
    text = report(siege, about, at_once)
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{about['day']}-siege.md").write_text(text, "utf-8")
    click.echo(text)
    sys.exit(0 if siege.stood else 1)


if __name__ == "__main__":
    main()
