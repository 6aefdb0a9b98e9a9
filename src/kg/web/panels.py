"""Panels: the queries behind the parts of a page, asked side by side and made into view models.

Each panel is one function over stored queries; the queries have the names that the pages link to.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kg.serving import Row, Values
from kg.terms import DEF, Iri
from kg.web import claims_view, views
from kg.web.archive import full
from kg.web.asker import Asker
from kg.web.claims_view import Claim, Group, Rivals
from kg.web.views import Slice, text

CLAIMS_PER_PAGE = 30
USES_PER_PAGE = 100
"""The limit that stands in the queries *incoming* and *graph-subjects*."""
LISTED_AT_MOST = 100_000
"""Longer lists are counted and not shown: putting them in order would outlast a query's deadline."""

_EVIDENCE = DEF + "evidence"


@dataclass(frozen=True)
class ClaimsPanel:
    """The claims of one thing: those about it, and those that name it otherwise."""

    about: tuple[Group, ...]
    beside: tuple[Group, ...]
    about_total: int
    beside_total: int
    slice: Slice
    rivals: dict[Iri, Rivals]


@dataclass(frozen=True)
class UsesPanel:
    """Where a thing is used: counts by property, and one part of the list."""

    counts: tuple[tuple[views.Value, int], ...]
    uses: tuple["Use", ...]
    slice: Slice
    next_key: str


@dataclass(frozen=True)
class Use:
    """One statement that points to a thing."""

    subject: views.Value
    predicate: views.Value
    derived: bool


async def mentions_of(asker: Asker, iri: Iri, times: Values) -> list[Row]:
    """The short list of the claims in which a thing stands."""
    return await asker.rows("mentions", entity=[iri], **times)


async def claims_of(asker: Asker, iri: Iri, mentions: Sequence[Row], times: Values, page: int) -> ClaimsPanel:
    """The claims in which a thing stands, by its mentions, one page of them in full."""
    every = claims_view.ordered(m for m in mentions if text(m, "place") != _EVIDENCE)
    part = views.cut(len(every), page, CLAIMS_PER_PAGE)
    wanted = every[max(part.first - 1, 0) : part.last]
    shown = _in_order(await full(asker, _claims(wanted), [iri], times), wanted)
    about = [m for m in every if text(m, "place") == "subject"]
    return ClaimsPanel(
        about=claims_view.groups((c for c in shown if c.place == "subject"), every),
        beside=claims_view.groups((c for c in shown if c.place != "subject"), every),
        about_total=len(about),
        beside_total=len(every) - len(about),
        slice=part,
        rivals=await rivals_of(asker, shown),
    )


def _claims(mentions: Iterable[Row]) -> list[Iri]:
    return sorted({text(mention, "claim") for mention in mentions})


def _in_order(claims: Sequence[Claim], mentions: Sequence[Row]) -> list[Claim]:
    by_place = {(claim.iri, claim.place): claim for claim in claims}
    keys = ((text(m, "claim"), text(m, "place")) for m in mentions)
    return [by_place[key] for key in dict.fromkeys(keys) if key in by_place]


@dataclass(frozen=True)
class Differences:
    """What the record says of a thing on its own date and not on the reader's days, and the other way round."""

    since: tuple[Claim, ...]
    gone: tuple[Claim, ...]


async def differences(asker: Asker, iri: Iri, times: Values) -> Differences | None:
    """The claims that differ between the reader's days and the record's date; ``None`` without days."""
    if not times:
        return None
    today = {"asOf": [asker.served.record_date or ""], "knownOn": [""]}
    then_rows, now_rows = await asyncio.gather(
        asker.rows("mentions", entity=[iri], **{"asOf": [""], "knownOn": [""], **times}),
        asker.rows("mentions", entity=[iri], **today),
    )
    then, now = set(_claims(then_rows)), set(_claims(now_rows))
    since, gone = (sorted(found)[:CLAIMS_PER_PAGE] for found in (now - then, then - now))
    known = {claim.iri: claim for claim in await full(asker, [*since, *gone], [""], {})}
    return Differences(tuple(known[i] for i in since if i in known), tuple(known[i] for i in gone if i in known))


async def rivals_of(asker: Asker, claims: Sequence[Claim]) -> dict[Iri, Rivals]:
    """The disputes that some claims are part of, each with all its rivals."""
    disputes = sorted({claim.dispute for claim in claims if claim.dispute})
    if not disputes:
        return {}
    return claims_view.rivals(await asker.rows("contradictions", dispute=disputes))


async def claim(asker: Asker, iri: Iri) -> Claim | None:
    """One claim in full; ``None`` where the IRI is not a claim's."""
    return next(iter(await full(asker, [iri], [""], {})), None)


async def claims_named(asker: Asker, claims: Sequence[Iri], entities: Sequence[Iri]) -> list[Claim]:
    """Some claims in full, each once; every one of them has one of the entities as an end."""
    return list({claim.iri: claim for claim in await full(asker, claims, entities, {})}.values())


async def claims_on(asker: Asker, evidence: Sequence[Iri], times: Values) -> dict[Iri, list[Claim]]:
    """The claims that rest on some passages or sources, by what they rest on."""
    mentions = [m for m in await asker.rows("mentions", entity=evidence, **times) if text(m, "place") == _EVIDENCE]
    known = {claim.iri: claim for claim in await full(asker, _claims(mentions), evidence, times)}
    resting: dict[Iri, list[Claim]] = {}
    for mention in mentions:
        resting.setdefault(text(mention, "entity"), []).append(known[text(mention, "claim")])
    return resting


async def uses_of(asker: Asker, iri: Iri, after: str) -> UsesPanel:
    """Where a thing is used: how often, and from a key of the list on a hundred of the places."""
    counts = await asker.rows("incoming-counts", entity=[iri], after=[""])
    total = _sum(counts)
    rows, left = await _listed(asker, iri, after, total) if total <= LISTED_AT_MOST else ([], 0)
    part = views.following(total, left, len(rows))
    return UsesPanel(
        counts=tuple((views.value(c, "predicate", "predicateLabel"), int(text(c, "count"))) for c in counts),
        uses=tuple(use(row) for row in rows),
        slice=part,
        next_key=text(rows[-1], "key") if rows and part.last < part.total else "",
    )


async def _listed(asker: Asker, iri: Iri, after: str, total: int) -> tuple[list[Row], int]:
    """One part of the uses after a key, and how many there are from there on."""
    rows = await asker.rows("incoming", entity=[iri], after=[after])
    rest = await asker.rows("incoming-counts", entity=[iri], after=[after]) if after else []
    return rows, _sum(rest) if after else total


async def subjects_of(asker: Asker, graph: Iri, after: str, triples: int) -> list[Row]:
    """What a named graph speaks of, from an IRI on; nothing of one too large to put in order."""
    if triples > LISTED_AT_MOST * 10:
        return []
    return await asker.rows("graph-subjects", graph=[graph], after=[after])


def use(row: Row) -> Use:
    """A row of the queries *incoming* and *pointers*."""
    predicate = views.value(row, "predicate", "predicateLabel")
    return Use(views.value(row, "subject", "subjectLabel"), predicate, views.true(row, "derived"))


def _sum(rows: Sequence[Row]) -> int:
    return sum(int(text(row, "count")) for row in rows)
