"""The plot of a run: for each workload the median latency of every engine, on a logarithmic axis."""

from collections.abc import Iterator
from html import escape
from math import ceil, floor, log10
from typing import Any

_LEFT, _WIDTH, _ROW, _TOP = 210, 640, 22, 60
_COLOURS = ("#1b5e9e", "#c4501b", "#4f8a3c", "#7a4c9e", "#8a6d1f", "#555555")


def drawn(result: dict[str, Any]) -> str:
    """The SVG: filled marks are cold, hollow ones warm; an engine without a mark gave no right answer in time."""
    names = [name for name, about in result["engines"].items() if "failed" not in about]
    colours = dict(zip(names, _COLOURS, strict=False))
    points = list(_points(result, names))
    low = floor(log10(min((time for *_, time in points), default=0.1)))
    high = max(ceil(log10(max((time for *_, time in points), default=10.0))), low + 1)
    rows = list(result["latency"])
    height = _TOP + _ROW * len(rows) + 40

    def across(time: float) -> float:
        return _LEFT + _WIDTH * (log10(time) - low) / (high - low)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 30} {height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="10" y="20" font-size="14">Median latency in ms, {escape(result["about"]["size"])} triples, '
        f"{escape(result['about']['day'])}: filled cold, hollow warm</text>",
        *_legend(colours),
        *_axis(low, high, height, across),
    ]
    for number, row in enumerate(rows):
        lines.append(f'<text x="{_LEFT - 10}" y="{_down(number) + 4}" text-anchor="end">{escape(row)}</text>')
    for row, name, kind, time in points:
        fill = colours[name] if kind == "cold" else "white"
        lines.append(
            f'<circle cx="{across(time):.1f}" cy="{_down(rows.index(row))}" r="5" fill="{fill}" '
            f'stroke="{colours[name]}" stroke-width="1.5"><title>{escape(name)} {kind}: {time:g} ms</title></circle>'
        )
    return "\n".join([*lines, "</svg>", ""])


def _points(result: dict[str, Any], names: list[str]) -> Iterator[tuple[str, str, str, float]]:
    for row, about in result["latency"].items():
        for name in names:
            engine = about["engines"].get(name, {"fault": "absent"})
            if "fault" not in engine:
                for kind in ("cold", "warm"):
                    yield row, name, kind, max(engine[kind]["p50"], 0.001)


def _down(row: int) -> int:
    return _TOP + _ROW * row + _ROW // 2


def _legend(colours: dict[str, str]) -> Iterator[str]:
    for number, (name, colour) in enumerate(colours.items()):
        x = _LEFT + 130 * number
        yield f'<circle cx="{x}" cy="38" r="5" fill="{colour}"/><text x="{x + 10}" y="42">{escape(name)}</text>'


def _axis(low: int, high: int, height: int, across: Any) -> Iterator[str]:
    for power in range(low, high + 1):
        x = across(10.0**power)
        yield f'<line x1="{x}" x2="{x}" y1="{_TOP}" y2="{height - 35}" stroke="#dddddd"/>'
        yield f'<text x="{x}" y="{height - 15}" text-anchor="middle">{10.0**power:g}</text>'
