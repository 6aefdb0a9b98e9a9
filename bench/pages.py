"""How long the pages of entities take: each asked for the first time, and again when it is in memory.

``make bench-pages`` starts a server over the graph that was built last, asks one kept-alive connection for the pages
of entities drawn at random, and writes a report into ``bench/results``.
"""

import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pyoxigraph as ox

from bench import machine, processes, server
from bench.client import Connection, Target
from bench.report import percentile
from kg import snapshot
from kg.settings import CHECKOUT, Settings
from kg.terms import BASE, ID, RDF

AIMS = {"cold": 50.0, "memory": 5.0}
"""Milliseconds within which 95 of a hundred pages shall come."""

_WARMING, _SLOWEST, _PATIENCE = 5, 8, 30.0
_UNLIMITED = {"KG_RATE_REQUESTS": "0", "KG_RATE_SECONDS": "0"}


@dataclass(frozen=True)
class Asked:
    """One page: seconds from the request to the last byte, and the bytes of its body."""

    path: str
    seconds: float
    size: int


@dataclass(frozen=True)
class Round:
    """All pages asked for one after the other, with the CPU seconds of the server and of its readers meanwhile."""

    pages: Sequence[Asked]
    server_cpu: float
    readers_cpu: float


def entities(folder: Path) -> list[str]:
    """The IRIs of all entities of a store, in order."""
    quads = ox.Store.read_only(str(folder)).quads_for_pattern(None, ox.NamedNode(RDF + "type"), None)
    subjects = (quad.subject for quad in quads)
    named = {one.value for one in subjects if isinstance(one, ox.NamedNode) and one.value.startswith(ID)}
    return sorted(named)


def drawn(iris: Sequence[str], count: int, seed: int) -> tuple[list[str], list[str]]:
    """The paths of some pages drawn at random, and of a few others to begin with."""
    found = random.Random(seed).sample(list(iris), min(count + _WARMING, len(iris)))  # noqa: S311 - no secret
    paths = [f"/{iri.removeprefix(BASE)}.html" for iri in found]
    return paths[_WARMING:], paths[:_WARMING]


def asked(connection: Connection, port: int, path: str) -> Asked:
    """One page asked for; raises AnswerError where it does not come with 200."""
    fields = f"Host: 127.0.0.1:{port}\r\nAccept: text/html\r\nAccept-Encoding: gzip"
    request = f"GET {path} HTTP/1.1\r\n{fields}\r\n\r\n".encode()
    begun = time.perf_counter()
    body = connection.send(request)
    return Asked(path, time.perf_counter() - begun, len(body))


def measured(port: int, root: int, paths: Sequence[str]) -> Round:
    """All pages, one after the other."""
    connection = Connection(Target(port, "/"), _PATIENCE)
    connection.open()
    before = processes.cpu(root)
    pages = [asked(connection, port, path) for path in paths]
    after = processes.cpu(root)
    connection.close()
    return Round(pages, *(now - then for now, then in zip(after, before, strict=True)))


def figures(one: Round) -> dict[str, Any]:
    """Percentiles of a round in milliseconds, CPU per page, and the slowest pages."""
    times = [page.seconds * 1e3 for page in one.pages]
    slowest = sorted(one.pages, key=lambda page: -page.seconds)[:_SLOWEST]
    return {
        "pages": len(times),
        **{name: round(percentile(times, share), 2) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))},
        "server_cpu": round(one.server_cpu * 1e3 / len(times), 2),
        "readers_cpu": round(one.readers_cpu * 1e3 / len(times), 2),
        "slowest": [[page.path, round(page.seconds * 1e3, 1), page.size] for page in slowest],
    }


def report(result: dict[str, Any]) -> str:
    """A run as Markdown."""
    about = result["about"]
    lines = [
        f"# Pages of entities, {about['day']}",
        "",
        f"{result['cold']['pages']} pages drawn at random (seed {result['seed']}) of {result['entities']} entities,"
        f" one after the other over one connection; snapshot {result['snapshot'][:12]},"
        f" {result['statements']} statements. Milliseconds from the request to the last byte.",
        "",
        "| | p50 | p95 | p99 | aim for p95 | CPU of the server | of its readers |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, words in (("cold", "asked for the first time"), ("memory", "asked for again")):
        one = result[name]
        numbers = (one[key] for key in ("p50", "p95", "p99"))
        cells = [*(f"{n:.1f}" for n in numbers), f"{AIMS[name]:.0f}", f"{one['server_cpu']:.1f}"]
        lines.append(f"| {words} | {' | '.join(cells)} | {one['readers_cpu']:.1f} |")
    lines += ["", "The slowest, asked for the first time:", ""]
    lines += [f"- `{path}`: {ms:.1f} ms, {size:,} bytes compressed" for path, ms, size in result["cold"]["slowest"]]
    lines += ["", f"Machine: {about['machine']}, load {about['load_average']}; commit {about['commit']};"]
    lines += [f"`{about['command']}`.", ""]
    return "\n".join(lines)


@click.command()
@click.option("--pages", type=click.IntRange(1), default=200, help="How many pages.")
@click.option("--seed", type=int, default=1, help="Which ones.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=CHECKOUT / "bench" / "results")
def main(pages: int, seed: int, out: Path) -> None:
    """Measure pages of entities, cold and from memory; ends with 1 where an aim is missed."""
    settings = Settings()
    current = snapshot.current(settings.snapshots)
    iris = entities(current.store)
    paths, others = drawn(iris, pages, seed)
    with server.served(settings, CHECKOUT / "var" / "bench" / "pages.log", _UNLIMITED) as (port, root):
        processes.settled(root)
        measured(port, root, others)
        rounds = {name: figures(measured(port, root, paths)) for name in AIMS}
    about = {**machine.about(), "command": f"python -m bench.pages {' '.join(sys.argv[1:])}".strip()}
    counts = {"entities": len(iris), "statements": current.manifest.triples, "snapshot": current.hash}
    result = {"about": about, "seed": seed, **counts, **rounds}
    out.mkdir(parents=True, exist_ok=True)
    text = report(result)
    (out / f"{about['day']}-pages.md").write_text(text, "utf-8")
    (out / f"{about['day']}-pages.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    click.echo(text)
    sys.exit(0 if all(rounds[name]["p95"] < aim for name, aim in AIMS.items()) else 1)


if __name__ == "__main__":
    main()
