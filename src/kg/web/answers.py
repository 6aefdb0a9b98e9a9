"""Declared panels answered: their queries asked side by side, then the claims and stages of what is shown.

Three rounds whatever the page: the panels; for all panels together how far the undertakings in them have come; the
claims of the lines shown, with their evidence. Of a small graph the latter two, and trees, are read beforehand.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from kg.serving import Row, Values
from kg.terms import Iri
from kg.web import chains, panels_view, views
from kg.web.archive import full
from kg.web.asker import Asker
from kg.web.charts import Drawing
from kg.web.claims_view import Claim
from kg.web.declared import Declared
from kg.web.drawings import Charted, drawings, material
from kg.web.panels_view import Line, Panel, Stages
from kg.web.views import text, true

LINES_PER_PAGE = 20
DEPTH, NODES = 6, 150
"""How far a tree is followed, and how many things it may hold; where it goes on, it says so."""

_UNKNOWN = "/code/unknown/"
_CLAIMS_AT_ONCE = 40


@dataclass(frozen=True)
class Answer:
    """The rows of one panel's query; ``part`` are those of the page shown, ``below`` those of a tree by node.

    ``failed``: the query was not answered.
    """

    panel: Declared
    rows: Sequence[Row]
    part: views.Slice
    below: Mapping[Iri, Sequence[Row]]
    failed: bool = False

    @property
    def shown(self) -> Sequence[Row]:
        """The rows on this page; of a tree and of a life cycle all."""
        whole = self.panel.form != "table"
        return self.rows if whole else self.rows[max(self.part.first - 1, 0) : self.part.last]


async def answered(
    asker: Asker,
    found: Sequence[Declared],
    iri: Iri,
    times: Values,
    pages: Mapping[str, int],
    relations: Collection[Iri] | None = None,
) -> tuple[Panel, ...]:
    """The panels of a thing that have something to show, or say that there is nothing; ``pages`` by panel.

    ``relations`` are those of all claims that speak of the thing: panels that need others are not asked for. A panel
    that cannot be shown, because its query fails or one about what stands in it, says so.
    """
    answers = await asyncio.gather(
        *(
            _nothing(panel)
            if relations is not None and panel.in_vain(relations)
            else _tried(asker, panel, iri, times, pages.get(panel.name, 1))
            for panel in found
        )
    )
    told = [answer for answer in answers if answer.failed or answer.rows or answer.panel.empty]
    stages = await _stages(asker, told, times)
    told = [_newest_first(answer, stages or {}) for answer in told]
    (claims, lost), drawn = await asyncio.gather(
        _claims(asker, told, times), _charted(asker, told, iri, times, stages or {})
    )
    return tuple(
        _failed(answer.panel)
        if _lacks(answer, lost, stages)
        else _panel(answer, claims, stages or {}, drawn.get(answer.panel.name))
        for answer in told
    )


async def drawing(asker: Asker, panel: Declared, iri: Iri, times: Values) -> Drawing | None:
    """The chart of one panel of a thing; ``None`` where there is nothing to draw."""
    answer = await _ask(asker, panel, iri, times, 1)
    stages = await _stages(asker, [answer], times)
    return (await _charted(asker, [answer], iri, times, stages or {})).get(panel.name)


async def _charted(
    asker: Asker, told: Sequence[Answer], iri: Iri, times: Values, stages: Stages
) -> dict[str, Drawing]:
    """The charts; one may be lacking."""
    found = [Charted(answer.panel, answer.rows) for answer in told if answer.panel.chart and answer.rows]
    read = await asker.shortfall.bear("steps", material(asker, found, iri, times))
    today = (times.get("asOf") or [asker.served.record_date or ""])[0]
    return drawings(found, read, stages, today) if read else {}


def _newest_first(answer: Answer, stages: Stages) -> Answer:
    """An answer about undertakings with those first that took a step last; what is of no day stands at the end."""
    stage = answer.panel.stage
    if not stage or answer.panel.form != "table":
        return answer

    def reached(row: Row) -> str:
        cycle = stages.get(text(row, stage))
        return cycle.since.moment if cycle and cycle.since else ""

    return replace(answer, rows=sorted(answer.rows, key=reached, reverse=True))


async def _nothing(panel: Declared, *, failed: bool = False) -> Answer:
    return Answer(panel, (), views.cut(0, 1, LINES_PER_PAGE), {}, failed)


async def _tried(asker: Asker, panel: Declared, iri: Iri, times: Values, page: int) -> Answer:
    """The answer to a panel's query, or none."""
    answer = await asker.shortfall.bear(panel.name, _ask(asker, panel, iri, times, page))
    return answer or await _nothing(panel, failed=True)


def _lacks(answer: Answer, lost: Set[Iri], stages: Stages | None) -> bool:
    """Whether a panel was not answered, or what its lines need was not."""
    if answer.failed or (stages is None and answer.panel.stage and answer.rows):
        return True
    return any(text(row, "claim") in lost for row in _all_rows(answer))


def _failed(panel: Declared) -> Panel:
    return Panel(panel, (), views.cut(0, 1, LINES_PER_PAGE), failed=True)


async def _ask(asker: Asker, panel: Declared, iri: Iri, times: Values, page: int) -> Answer:
    rows = await asker.rows(panel.name, entity=[iri], **times)
    below = await _tree(asker, panel, iri, rows, times) if panel.form == "tree" and rows else {}
    return Answer(panel, rows, views.cut(len(rows), page, LINES_PER_PAGE), below)


async def _tree(
    asker: Asker, panel: Declared, iri: Iri, rows: Sequence[Row], times: Values
) -> dict[Iri, Sequence[Row]]:
    """The rows below each node, as long as they hold and are not too many."""
    below: dict[Iri, list[Row]] = {}
    seen, frontier = {iri}, _going_on(rows)
    for _ in range(DEPTH):
        wanted = [node for node in frontier if node not in seen][: max(NODES - len(seen), 0)]
        if not wanted:
            break
        seen.update(wanted)
        deeper = await _deeper(asker, panel, wanted, times)
        for row in deeper:
            below.setdefault(text(row, "entity"), []).append(row)
        frontier = _going_on(deeper)
    return {node: below.get(node, []) for node in seen}


async def _deeper(asker: Asker, panel: Declared, wanted: Sequence[Iri], times: Values) -> list[Row]:
    """The rows of some nodes: of all that was read once, or asked for anew where the days are the reader's."""
    if not times:
        await chains.levels(asker, panel.name)
    return await asker.rows(panel.name, entity=wanted, **times)


def _going_on(rows: Iterable[Row]) -> list[Iri]:
    """The nodes of which it is worth asking further: those that hold and are known."""
    return sorted({text(row, "node") for row in rows if true(row, "holds") and _UNKNOWN not in text(row, "node")})


def _all_rows(answer: Answer) -> Iterator[Row]:
    """The rows on this page, those of a tree with what stands below them."""
    return (row for rows in (answer.shown, *answer.below.values()) for row in rows)


async def _claims(asker: Asker, answers: Sequence[Answer], times: Values) -> tuple[dict[Iri, Claim], frozenset[Iri]]:
    """The claims behind all lines shown, asked for in parts side by side, and those that were not answered."""
    wanted = sorted({text(row, "claim") for answer in answers for row in _all_rows(answer) if "claim" in row})
    parts = [wanted[start : start + _CLAIMS_AT_ONCE] for start in range(0, len(wanted), _CLAIMS_AT_ONCE)]
    works = (asker.shortfall.bear("claims", full(asker, part, [""], times)) for part in parts)
    found = await asyncio.gather(*works)
    lost = frozenset(iri for part, claims in zip(parts, found, strict=True) if claims is None for iri in part)
    return {claim.iri: claim for claims in found for claim in claims or ()}, lost


async def _stages(asker: Asker, answers: Sequence[Answer], times: Values) -> Stages | None:
    """How far the undertakings in the panels have come; ``None`` if that was not answered."""
    wanted = sorted({text(row, a.panel.stage) for a in answers if a.panel.stage for row in a.rows} - {""})
    if not wanted:
        return {}
    days = {name: times.get(name, [""]) for name in ("asOf", "knownOn")}
    rows = await asker.shortfall.bear("life-cycle", asker.rows("life-cycle", entity=wanted, **days))
    if rows is None:
        return None
    found = {text(row, "entity"): views.life_cycle([row]) for row in reversed(rows)}
    return {iri: stage for iri, stage in found.items() if stage is not None}


def _panel(answer: Answer, claims: Mapping[Iri, Claim], stages: Stages, drawn: Drawing | None) -> Panel:
    panel = answer.panel
    lines = tuple(panels_view.line(panel, row, claims, stages) for row in answer.shown)
    if panel.form == "tree":
        grown: set[Iri] = set()
        lines = panels_view.folded([_grown(one, answer, claims, grown) for one in lines])
    return Panel(
        declared=panel,
        lines=lines,
        slice=answer.part if panel.form == "table" else views.cut(len(lines), 1, max(len(lines), 1)),
        drawing=drawn,
        glances=panels_view.glances(lines) if panel.form == "glance" else (),
    )


def _grown(one: Line, answer: Answer, claims: Mapping[Iri, Claim], grown: set[Iri]) -> Line:
    """A line of a tree with what stands below it, unless that stands below another line above."""
    if not true(one.row, "holds"):
        return one
    if one.node not in answer.below:
        return replace(one, more=_UNKNOWN not in one.node)
    rows = [row for row in answer.below[one.node] if true(row, "holds")]
    if one.node in grown:
        return replace(one, above=bool(rows))
    grown.add(one.node)
    lines = [panels_view.line(answer.panel, row, claims, {}) for row in rows]
    return replace(one, children=panels_view.folded([_grown(line, answer, claims, grown) for line in lines]))
