"""What is written down: all figures as JSON, a table in Markdown, a plot in SVG."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench import plot
from bench.measure import REFERENCE, Loads, Outcomes
from bench.workloads import Workload

Result = dict[str, Any]


def percentile(times: Sequence[float], share: float) -> float:
    """The time within which this share of the requests was answered (nearest rank)."""
    ordered = sorted(times)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def latencies(workloads: Sequence[Workload], outcomes: Outcomes) -> Result:
    """Per workload and engine: rows, and percentiles in milliseconds, cold and warm; or the fault."""
    return {
        workload.name: {
            "group": workload.group,
            "summary": workload.query.summary,
            "engines": {
                name: {"fault": outcome.fault}
                if outcome.fault
                else {
                    "rows": outcome.times.rows,
                    "cold": _percentiles(outcome.times.cold),
                    "warm": _percentiles(outcome.times.warm),
                }
                for name, outcome in outcomes[workload.name].items()
            },
        }
        for workload in workloads
    }


def _percentiles(times: Sequence[float]) -> dict[str, float]:
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {"n": len(times), **{name: round(percentile(times, share), 3) for name, share in shares.items()}}


def rates(loads: Loads) -> Result:
    """Per mixture, clients and engine: the median of the rounds."""
    return {
        mixture: {
            str(clients): {
                name: {
                    "rate": round(median(load.rate for load in seen)),
                    "p50": round(median(load.p50 for load in seen), 2),
                    "p99": round(median(load.p99 for load in seen), 2),
                    "failures": sum(load.failures for load in seen),
                    "client_cpu": max(load.client_cpu for load in seen),
                }
                for name, seen in by_engine.items()
                if seen
            }
            for clients, by_engine in by_clients.items()
        }
        for mixture, by_clients in loads.items()
    }


def write(folder: Path, result: Result) -> list[Path]:
    """The three files of one run; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{result['about']['day']}-{result['about']['size']}"
    paths = [folder / f"{stem}.{suffix}" for suffix in ("json", "md", "svg")]
    texts = (json.dumps(result, indent=1, ensure_ascii=False) + "\n", table(result), plot.drawn(result))
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, "utf-8")
    return paths


def table(result: Result) -> str:
    """The report in Markdown."""
    parts = [_head(result), _engines(result), _latency(result), _throughput(result), _faults(result)]
    return "\n".join(part for part in parts if part)


def _head(result: Result) -> str:
    about = result["about"]
    graph, client = about["graph"], about["client"]
    lines = [
        f"# {about['size']} triples, {about['day']}",
        "",
        f"- Machine: {about['machine']}; load average at the end {about['load_average']}.",
        f"- Commit {about['commit']}, Python {about['python']}. Again: `{about['command']}`.",
        f"- Graph: {graph['stated']:,} stated, {graph['derived']:,} derived, {graph['ontology']:,} ontology triples"
        f", {graph['claims']:,} claims, seed {graph['seed']}, SHA-256 `{graph['sha256'][:16]}`.",
        f"- The latency client alone needs {client['one_connection_ms']} ms a request."
        + (f" wrk alone makes {client['wrk_rate']:,} requests/s." if "wrk_rate" in client else ""),
        "- How it is measured and what it means: [docs/performance.md](../../docs/performance.md).",
        "",
    ]
    return "\n".join(lines)


def _engines(result: Result) -> str:
    rows = [["engine", "version", "load s", "open s", "RSS MB", "PSS MB"]]
    for name, about in result["engines"].items():
        if "failed" in about:
            rows.append([name, "did not start", "", "", "", ""])
        else:
            memory = [f"{about[kind] / 1e6:.0f}" for kind in ("rss", "pss")]
            rows.append([name, about["version"], f"{about['load_seconds']:g}", f"{about['open_seconds']:g}", *memory])
    return "## Engines\n\n" + _markdown(rows)


def _latency(result: Result) -> str:
    names = [name for name, about in result["engines"].items() if "failed" not in about]
    ratios = [name for name in names if name != REFERENCE] if REFERENCE in names else []
    head = ["workload", "rows", *(f"{name} cold" for name in names), *(f"{name} warm" for name in names)]
    head += [f"{name}/{REFERENCE} {kind}" for name in ratios for kind in ("cold", "warm")]
    rows = [head]
    for workload, about in result["latency"].items():
        engines = about["engines"]
        times = [_times(engines[name], kind) for kind in ("cold", "warm") for name in names]
        shares = [_ratio(engines[name], engines[REFERENCE], kind) for name in ratios for kind in ("cold", "warm")]
        counted = next((str(e["rows"]) for e in engines.values() if "rows" in e), "")
        rows.append([f"{workload} ({about['group']})", counted, *times, *shares])
    told = "Milliseconds on one connection, p50 / p95 / p99. ! means: not timed, see the faults.\n\n"
    return "## Latency\n\n" + told + _markdown(rows)


def _times(about: Mapping[str, Any], kind: str) -> str:
    if "fault" in about:
        return "!"
    return " / ".join(f"{about[kind][share]:.3g}" for share in ("p50", "p95", "p99"))


def _ratio(about: Mapping[str, Any], reference: Mapping[str, Any], kind: str) -> str:
    if "fault" in about or "fault" in reference:
        return ""
    return f"{about[kind]['p50'] / reference[kind]['p50']:.2f}"


def _throughput(result: Result) -> str:
    if not result["throughput"]:
        return ""
    names = [name for name, about in result["engines"].items() if "failed" not in about]
    rows = [["mixture", "clients", *names, *(f"{name} p99 ms" for name in names)]]
    for mixture, by_clients in result["throughput"].items():
        for clients, engines in by_clients.items():
            shown = [_rate(engines.get(name)) for name in names]
            rows.append(
                [mixture, clients, *shown, *(f"{engines[n]['p99']:g}" if n in engines else "" for n in names)]
            )
    told = "Requests per second with kept-alive connections; in brackets how many failed.\n\n"
    return "## Throughput\n\n" + told + _markdown(rows)


def _rate(about: Mapping[str, Any] | None) -> str:
    if about is None:
        return ""
    return f"{about['rate']:,}" + (f" ({about['failures']})" if about["failures"] else "")


def _faults(result: Result) -> str:
    lines = [f"- {name}: {about['failed']}" for name, about in result["engines"].items() if "failed" in about]
    for workload, about in result["latency"].items():
        faults = {name: engine["fault"] for name, engine in about["engines"].items() if "fault" in engine}
        lines += [f"- {workload}, {name}: {' '.join(fault.split())[:300]}" for name, fault in faults.items()]
    return "## Faults\n\n" + "\n".join(lines) + "\n" if lines else ""


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    ruled = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in ruled)
