"""The benchmark: ``make bench`` or ``python -m bench.run --size 100k --engines armature,oxigraph``."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bench import ceiling, generate, machine, measure, processes, report
from bench.engines import ENGINES, Engine
from bench.measure import Outcomes
from bench.workloads import Workload, load
from kg.settings import CHECKOUT, Settings

DEFAULTS = {"10k": "armature,oxigraph,rdflib-endpoint", "100k": "armature,oxigraph,rdflib-endpoint,virtuoso"}
LARGER = "armature,oxigraph,virtuoso"
CLIENTS = (1, 16, 64)
_LOADING = {"10k": 120.0, "100k": 300.0, "1m": 900.0, "10m": 3600.0}
_ANSWERING = {"10k": 5.0, "100k": 5.0, "1m": 20.0, "10m": 60.0}
"""Seconds that an engine may take for the data, and for one answer."""


@click.command()
@click.option("--size", type=click.Choice([*generate.SIZES]), default="100k", help="About how many triples.")
@click.option("--engines", help="Names, comma-separated; by default those that can bear the size.")
@click.option("--only", default="", help="Only the workloads with these names, comma-separated.")
@click.option("--seconds", type=float, default=1.0, help="Time for one workload on one engine, cold and warm each.")
@click.option(
    "--load-seconds", type=click.IntRange(0), default=2, help="Time for one measurement of throughput; 0 for none."
)
@click.option("--rounds", type=int, default=1, help="Rounds of throughput.")
@click.option("--timeout", type=float, help="Seconds after which an answer counts as not given.  [5 to 60, by size]")
@click.option("--seed", type=int, default=1, help="What chance begins with.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=CHECKOUT / "bench" / "results")
@click.option("--work", type=click.Path(path_type=Path, file_okay=False), default=CHECKOUT / "var" / "bench")
def main(**given: Any) -> None:
    """Measure the engines side by side over HTTP and write a table, the figures and a plot."""
    signal.signal(signal.SIGTERM, _ended)
    size, seed = given["size"], given["seed"]
    given["timeout"] = given["timeout"] or _ANSWERING[size]
    names = [name for name in (given["engines"] or DEFAULTS.get(size, LARGER)).split(",") if name]
    if unknown := sorted(set(names) - set(ENGINES)):
        raise click.BadParameter(f"{', '.join(unknown)}; there are: {', '.join(ENGINES)}", param_hint="--engines")
    if given["load_seconds"] and not _has_wrk():
        raise click.UsageError(
            "Throughput is measured with wrk: install it (apt install wrk) or give --load-seconds 0."
        )
    data = given["work"].resolve() / f"{size}-{seed}"
    made = _data(data, size, seed)
    workloads = [
        w
        for w in load(data / "parameters.json", Settings(), seed)
        if not given["only"] or w.name in given["only"].split(",")
    ]
    with ExitStack() as stack:
        engines, failed = _started(names, data, _LOADING[size], stack)
        outcomes = _compared(engines, workloads, given)
        loads = _loaded(engines, workloads, outcomes, given)
        memory = {name: _engine(engine) for name, engine in engines.items()}
    client = ceiling.measured(with_wrk=bool(given["load_seconds"]))
    result = {
        "about": {"size": size, **machine.about(), "graph": made, "client": client},
        "engines": {**memory, **{name: {"failed": reason} for name, reason in failed.items()}},
        "latency": report.latencies(workloads, outcomes),
        "throughput": report.rates(loads),
    }
    paths = report.write(given["out"], result)
    click.echo("\n".join(str(path) for path in paths))


def _ended(*_: object) -> None:
    """End the engines, too, and let nothing come in between: ``timeout`` and ``make`` each send a signal."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def _has_wrk() -> bool:
    return subprocess.run(["which", "wrk"], capture_output=True, check=False).returncode == 0


def _say(line: str) -> None:
    click.echo(f"{datetime.now(UTC):%H:%M:%S}  {line}", err=True)


def _data(folder: Path, size: str, seed: int) -> dict[str, Any]:
    """The generated graph, made anew where the generator or the ontology has changed."""
    _say(f"generating {size} triples, unless they are there")
    made = generate.write(folder, generate.SIZES[size], seed)
    with (folder / "graph.nq").open("rb") as quads, (folder / "merged.nt").open("wb") as merged:
        merged.writelines(line.rsplit(b" ", 2)[0] + b" .\n" for line in quads)
    return asdict(made)


def _started(
    names: Sequence[str], data: Path, seconds: float, stack: ExitStack
) -> tuple[dict[str, Engine], dict[str, str]]:
    """The engines, loaded and serving; one that cannot be is told of and left out."""
    engines, failed = {}, {}
    for name in names:
        engine = ENGINES[name](data / name, seconds)
        stack.callback(engine.stop)
        try:
            engine.prepare(data)
            engine.start()
        except (processes.StartError, OSError, subprocess.SubprocessError) as error:
            failed[name] = str(error)
            _say(f"{name}: {error}")
        else:
            engines[name] = engine
            _say(f"{name}: loaded in {engine.load_seconds:.1f} s, open after {engine.open_seconds:.2f} s")
    return dict(sorted(engines.items(), key=lambda pair: pair[0] != measure.REFERENCE)), failed


def _compared(engines: dict[str, Engine], workloads: Sequence[Workload], given: dict[str, Any]) -> Outcomes:
    outcomes: Outcomes = {}
    for workload in workloads:
        found = outcomes[workload.name] = measure.check(engines, workload, given["timeout"])
        measure.latency(engines, workload, found, given["seconds"], given["timeout"])
        shown = [
            f"{name} {_median(o.times.cold)}/{_median(o.times.warm)}" if not o.fault else f"{name} !"
            for name, o in found.items()
        ]
        _say(f"{workload.name:24} " + "  ".join(shown))
        for name, outcome in found.items():
            if outcome.fault:
                _say(f"    {name}: {outcome.fault[:300]}")
    return outcomes


def _median(times: Sequence[float]) -> str:
    return f"{sorted(times)[len(times) // 2]:.2f}" if times else "-"


def _loaded(
    engines: dict[str, Engine], workloads: Sequence[Workload], outcomes: Outcomes, given: dict[str, Any]
) -> measure.Loads:
    if not given["load_seconds"]:
        return {}
    mixes = measure.mixtures(workloads, outcomes)
    seconds, rounds = given["load_seconds"], given["rounds"]
    return measure.throughput(engines, mixes, outcomes, CLIENTS, seconds, rounds, given["timeout"], _say)


def _engine(engine: Engine) -> dict[str, Any]:
    if engine.process is None:
        return {"failed": "it did not come up again after a fault"}
    rss, pss = processes.resident(engine.process.pid)
    return {
        "version": engine.version, "load_seconds": round(engine.load_seconds, 2),
        "open_seconds": round(engine.open_seconds, 3), "rss": rss, "pss": pss,
    }  # fmt: skip


if __name__ == "__main__":
    main()
