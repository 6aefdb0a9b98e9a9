"""``/path``: how two entities are connected, as a list with the evidence of each hop, and as JSON and CSV."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.errors import BadRequest
from kg.formats import CSV, HTML, JSON, Format
from kg.paths import Way
from kg.serving import Serving, Values
from kg.stored import expand
from kg.terms import Iri
from kg.web import drawn, naming, panels
from kg.web.asker import Asker
from kg.web.claims_view import Claim
from kg.web.language import spoken
from kg.web.markup import Site, site
from kg.web.networks import PLAIN, Moment, Networks
from kg.web.replies import days, headers, integer, tagged, unchanged, unknown
from kg.web.ties import NEVER, STANDINGS, Node, Standing, Tie, nodes, spans, ties
from kg.web.views import text

_NAME = "path"
OFFERED = (HTML, JSON, CSV)
HOPS, MOST_HOPS, WAYS = 5, 8, 5
COLUMNS = (
    *("way", "cost", "hop", "from", "fromLabel", "to", "toLabel", "claim", "relation", "relationLabel", "details"),
    *("when", "standing", "evidence"),
)
_PARAMETERS = [
    {
        "name": "from",
        "in": "query",
        "schema": {"type": "string"},
        "description": "An entity, such as `arquus`, or its name.",
    },
    {"name": "to", "in": "query", "schema": {"type": "string"}, "description": "Another entity, in the same way."},
    {"name": "hops", "in": "query", "schema": {"type": "integer", "maximum": MOST_HOPS, "default": HOPS}},
    {
        "name": "plain",
        "in": "query",
        "schema": {"type": "string"},
        "description": "`1`: what holds or held.",
    },
    *drawn.DAYS,
]


@dataclass(frozen=True)
class Wanted:
    """What is asked: from where to where, in how many hops, on which day. Names are empty where none is given."""

    start: Iri
    end: Iri
    hops: int
    moment: Moment


@dataclass(frozen=True)
class Hop:
    """One step of a way: two entities, and the ties between them with their claims."""

    start: Node
    end: Node
    ties: tuple[Tie, ...]


@dataclass(frozen=True)
class Route:
    """A way in words."""

    way: Way
    hops: tuple[Hop, ...]


@dataclass(frozen=True)
class Found:
    """The routes, best first, with the claims of their ties in full and how each tie stands."""

    routes: tuple[Route, ...]
    claims: Mapping[Iri, Claim]
    standings: Mapping[Iri, Standing]
    labels: Mapping[Iri, str]


def router(serving: Serving) -> APIRouter:
    """``/path`` and its data twins."""
    networks = Networks()

    async def answer(request: Request, form: Format) -> Response:
        return await _answer(request, serving, networks, form)

    return drawn.routes(
        _NAME,
        OFFERED,
        answer,
        summary="How two entities are connected",
        description="The best ways over accepted claims, in which hubs such as states are dear and what is only "
        "announced is dearer; each hop with its claims and their evidence. No way within so many hops is told.",
        openapi_extra={"parameters": _PARAMETERS},
    )


def _wanted(request: Request, serving: Serving) -> Wanted:
    given, times = request.query_params, days(request)
    try:
        ends = [
            expand(name, serving.prefixes) if (name := given.get(one, "").strip()) else "" for one in ("from", "to")
        ]
    except ValueError as error:
        raise BadRequest(f"Name an entity by the end of its address, such as 'arquus': {error}.") from error
    if ends[0] and ends[0] == ends[1]:
        raise BadRequest("Both ends are the same entity; name another one in 'to'.")
    as_of, known_on = (times.get(name, [""])[0] for name in ("asOf", "knownOn"))
    moment = Moment(as_of, known_on, plain=given.get("plain") == "1")
    return Wanted(ends[0], ends[1], max(integer(request, "hops", HOPS, MOST_HOPS), 1), moment)


async def _answer(request: Request, serving: Serving, networks: Networks, form: Format) -> Response:
    async with serving.current() as served:
        if elsewhere := naming.settled(request, served.search, ("from", "to")):
            return elsewhere
        wanted = _wanted(request, serving)
        tag = tagged(request, serving.settings, served, form)
        if held := unchanged(request, tag):
            return held
        here, asker = site(request, serving, served), Asker(serving, served)
        given = [iri for iri in (wanted.start, wanted.end) if iri]
        heads = await asker.rows("heads", entity=given, language=[spoken()]) if given else []
        ends = {
            text(row, "entity"): Node(text(row, "entity"), text(row, "label"), text(row, "kind")) for row in heads
        }
        for iri in given:
            if iri not in ends:
                raise unknown(request, served.search, iri)
        found = await _found(asker, networks, wanted) if len(given) > 1 else Found((), {}, {}, {})
        response = _written(request, here, wanted, ends, found, form)
        response.headers.update(headers(tag))
        return response


async def _found(asker: Asker, networks: Networks, wanted: Wanted) -> Found:
    network = await networks.at(asker, wanted.moment)
    ways = await asyncio.to_thread(network.ways, wanted.start, wanted.end, wanted.hops, WAYS)
    passed = sorted({thing for way in ways for thing in way.things})
    if not passed:
        return Found((), {}, {}, {})
    times = {"asOf": [wanted.moment.as_of], "knownOn": [wanted.moment.known_on]}
    between = await _between(asker, passed, times, wanted)
    known = {**nodes([tie for same in between.values() for tie, _ in same])}
    routes = tuple(Route(way, _hops(way, between, known)) for way in ways)
    claims = [tie.claim for route in routes for hop in route.hops for tie in hop.ties]
    full = await panels.claims_named(asker, claims, passed)
    standings = {tie.claim: standing for same in between.values() for tie, standing in same}
    return Found(routes, {one.iri: one for one in full}, standings, {iri: node.label for iri, node in known.items()})


async def _between(
    asker: Asker, passed: Sequence[Iri], times: Values, wanted: Wanted
) -> dict[frozenset[Iri], list[tuple[Tie, Standing]]]:
    """The ties among some entities that count, by their two ends, each with how it stands."""
    rows, lives = await asyncio.gather(
        asker.rows("ties", entity=passed, language=[spoken()], **times),
        asker.rows("spans", thing=passed, knownOn=times["knownOn"]),
    )
    today, inside = wanted.moment.as_of or asker.served.record_date or NEVER, {*passed}
    real = spans(lives)
    found: dict[frozenset[Iri], list[tuple[Tie, Standing]]] = {}
    for tie in ties(rows):
        standing = tie.standing(real, today)
        counts = standing in PLAIN or not wanted.moment.plain
        if counts and {tie.subject.iri, tie.object.iri} <= inside:
            found.setdefault(frozenset((tie.subject.iri, tie.object.iri)), []).append((tie, standing))
    return found


def _hops(
    way: Way, between: Mapping[frozenset[Iri], Sequence[tuple[Tie, Standing]]], known: Mapping[Iri, Node]
) -> tuple[Hop, ...]:
    steps = zip(way.things, way.things[1:], strict=False)
    return tuple(
        Hop(known[one], known[other], tuple(tie for tie, _ in between[frozenset((one, other))]))
        for one, other in steps
    )


def _written(
    request: Request, here: Site, wanted: Wanted, ends: Mapping[Iri, Node], found: Found, form: Format
) -> Response:
    if form is JSON:
        return JSONResponse(_json(here, wanted, found))
    if form is CSV:
        return drawn.table(COLUMNS, _rows(found))
    return drawn.printed(
        request,
        _NAME,
        here,
        OFFERED,
        (wanted.start, wanted.end),
        wanted=wanted,
        start=ends.get(wanted.start),
        end=ends.get(wanted.end),
        found=found,
        most=MOST_HOPS,
    )


def _json(here: Site, wanted: Wanted, found: Found) -> Mapping[str, object]:
    return {
        "from": wanted.start,
        "to": wanted.end,
        "hops": wanted.hops,
        **drawn.head(here),
        "ways": [
            {
                "cost": round(route.way.cost, 2),
                "hops": [
                    {
                        "from": hop.start.__dict__,
                        "to": hop.end.__dict__,
                        "ties": [_tie(found, tie) for tie in hop.ties],
                    }
                    for hop in route.hops
                ],
            }
            for route in found.routes
        ],
    }


def _tie(found: Found, tie: Tie) -> Mapping[str, object]:
    return {**drawn.told(tie), "standing": found.standings[tie.claim], "evidence": _evidence(found, tie)}


def _evidence(found: Found, tie: Tie) -> list[Iri]:
    return [cited.iri for cited in found.claims[tie.claim].evidence] if tie.claim in found.claims else []


def _rows(found: Found) -> Iterator[Sequence[object]]:
    for place, route in enumerate(found.routes, 1):
        for step, hop in enumerate(route.hops, 1):
            for tie in hop.ties:
                yield (
                    *(place, round(route.way.cost, 2), step, hop.start.iri, hop.start.label, hop.end.iri),
                    *(hop.end.label, tie.claim, tie.relation, tie.relation_label, "; ".join(tie.details)),
                    *(tie.when, STANDINGS[found.standings[tie.claim]], " ".join(_evidence(found, tie))),
                )
