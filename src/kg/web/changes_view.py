"""``/changes``: what differs between two snapshots, as a page, as JSON and as an Atom feed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

import pyoxigraph as ox
from cachetools import LRUCache
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg import changes, snapshot
from kg.changes import Change
from kg.errors import BadRequest
from kg.formats import HTML, JSON
from kg.serving import Current, Serving, Term
from kg.snapshot import Hash, Snapshot
from kg.stored import expand
from kg.terms import BASE, CLAIM, RDF, Iri, shorten
from kg.web import feeds, kept, views
from kg.web.asker import Asker
from kg.web.language import say
from kg.web.markup import page, site
from kg.web.replies import chosen, headers, tagged, unchanged

SHOWN_CHANGES = 200
"""Changes of one kind on a page; the rest is in the data, and the page says so."""

_ENTRIES = 10
_KINDS = ("Added", "Taken out", "Rewritten")
_DIFFERENCES: LRUCache[tuple[Hash, Hash], list[Change]] = LRUCache(8)


@dataclass(frozen=True)
class Compared:
    """Two snapshots and what differs between them; without an older one there is nothing to compare."""

    kept: list[Snapshot]
    older: Snapshot | None
    newer: Snapshot
    changes: list[Change]


def router(serving: Serving) -> APIRouter:
    """``/changes`` and its feed."""
    routes = APIRouter(tags=["reference"])

    @routes.get("/changes", summary="What differs between two snapshots", response_class=Response)
    async def differing(request: Request) -> Response:
        form = chosen(request, (HTML, JSON))
        async with serving.current() as served:
            every = snapshot.kept(serving.settings.snapshots)
            tag = _tag(tagged(request, serving.settings, served, form), every)
            if held := unchanged(request, tag):
                return held
            if form is HTML:
                return await kept.page(request, serving.settings, tag, lambda: _page(request, serving, served, every))
            found = _as_data(await _compared(request, serving, served, every))
            return JSONResponse(found, headers=headers(tag))

    @routes.get("/changes.atom", summary="Changes as an Atom feed", response_class=Response)
    async def feed(request: Request) -> Response:
        async with serving.current():
            body = await _feed(request, serving)
            return Response(body, media_type="application/atom+xml")

    return routes


def _tag(tag: str, every: Sequence[Snapshot]) -> str:
    """A validator that changes with the snapshots that are kept, too."""
    told = " ".join(f"{one.hash} {_written(one)}" for one in every)
    return f'{tag[:-1]}-{sha256(told.encode()).hexdigest()[:8]}"'


async def _compared(request: Request, serving: Serving, served: Current, every: list[Snapshot]) -> Compared:
    """The snapshots asked for: by default the one before, and the one that serves.

    Raises:
        BadRequest: no such snapshot is kept.
    """
    newer = _named(every, request.query_params.get("to", "")) or served.snapshot
    earlier = [one for one in every if one.hash != newer.hash]
    older = _named(every, request.query_params.get("from", "")) or next(iter(earlier), None)
    found = await _between(older, newer) if older is not None else []
    entity = _entity(request, serving)
    return Compared(every, older, newer, [one for one in found if not entity or one.mentions(entity)])


def _named(every: list[Snapshot], prefix: str) -> Snapshot | None:
    if not prefix:
        return None
    for one in every:
        if one.hash.startswith(prefix):
            return one
    raise BadRequest(f"No snapshot '{prefix[:64]}' is kept here; /export lists those that are.")


def _entity(request: Request, serving: Serving) -> Iri:
    name = request.query_params.get("entity", "")
    try:
        return expand(name, serving.prefixes) if name else ""
    except ValueError as error:
        raise BadRequest(f"'{name}' names no entity: {error}.") from error


async def _between(older: Snapshot, newer: Snapshot) -> list[Change]:
    key = (older.hash, newer.hash)
    if key not in _DIFFERENCES:
        _DIFFERENCES[key] = await asyncio.to_thread(changes.between, older, newer)
    return _DIFFERENCES[key]


async def _page(request: Request, serving: Serving, served: Current, every: list[Snapshot]) -> Response:
    compared = await _compared(request, serving, served, every)
    where, asker = site(request, serving, served), Asker(serving, served)
    groups = [(kind, [one for one in compared.changes if one.kind == kind]) for kind in _KINDS]
    told = [(kind, found[:SHOWN_CHANGES], len(found)) for kind, found in groups if found]
    entity = _entity(request, serving)
    await asker.learn([entity, *(iri for _, found, _ in told for one in found for iri in _named_in(one))])
    return page(
        "changes.html",
        where,
        kept=[(one.hash, feeds.stamp(_written(one))[:16].replace("T", " ")) for one in compared.kept],
        older=compared.older.hash if compared.older else "",
        newer=compared.newer.hash,
        groups=[
            (kind, [(_shown(one, asker), _rewritten(one, asker)) for one in found], n) for kind, found, n in told
        ],
        entity=entity,
        about=views.Value(asker.called(entity), entity),
    )


def _written(one: Snapshot) -> float:
    return (one.path / "manifest.json").stat().st_mtime


def _named_in(change: Change) -> set[Iri]:
    values = {one for said in (change.before, change.after) for found in said.values() for one in found}
    return {change.iri, *(one for one in values if one.startswith(BASE)), *change.before, *change.after}


def _shown(change: Change, asker: Asker) -> views.Value:
    """What changed, in words: a claim as the sentence that it makes, another thing by its label."""
    said = change.after or change.before
    parts = [said.get(RDF + name, [""])[0] for name in ("subject", "predicate", "object")]
    whole = change.iri.startswith(CLAIM) and all(parts)
    words = asker.sentence(*parts) if whole else asker.called(change.iri)
    return views.Value(words, change.iri if change.kind != "Taken out" else "")


def _rewritten(change: Change, asker: Asker) -> list[tuple[views.Value, list[views.Value], list[views.Value]]]:
    """Property by property what stood there and what does now, in words."""
    if change.kind != "Rewritten":
        return []
    return [
        (
            views.Value(say(_FAMILIAR[name]) if name in _FAMILIAR else asker.called(name), name),
            [_value(one, asker) for one in before],
            [_value(one, asker) for one in after],
        )
        for name, before, after in change.rewritten
    ]


_FAMILIAR = {
    RDF + "subject": "Subject",
    RDF + "predicate": "Relation",
    RDF + "object": "Object",
    RDF + "type": "Kind",
}


def _value(text: str, asker: Asker) -> views.Value:
    """A value as a snapshot writes it: a thing by its name, anything else by what it means."""
    if not text.startswith('"'):
        return views.Value(asker.called(text), text)
    (triple,) = ox.parse(f"<x:s> <x:p> {text} .", format=ox.RdfFormat.N_TRIPLES)
    literal = triple.object
    assert isinstance(literal, ox.Literal)  # noqa: S101 - it is quoted
    if literal.language:
        return views.Value(literal.value, language=literal.language)
    return views.of_term(Term(type="literal", value=literal.value, datatype=literal.datatype.value))


def _as_data(compared: Compared) -> dict[str, object]:
    return {
        "from": compared.older.hash if compared.older else None,
        "to": compared.newer.hash,
        "changes": [{"iri": c.iri, "kind": c.kind, "before": c.before, "after": c.after} for c in compared.changes],
    }


async def _feed(request: Request, serving: Serving) -> bytes:
    every, entity = snapshot.kept(serving.settings.snapshots)[:_ENTRIES], _entity(request, serving)
    base = str(request.base_url)
    name = shorten(entity, serving.prefixes) if entity else ""
    entries = []
    for newer, older in pairwise(every):
        found = [one for one in await _between(older, newer) if not entity or one.mentions(entity)]
        if found:
            entries.append(_entry(base, older, newer, found, name))
    own = f"{base}changes.atom" + (f"?entity={name}" if name else "")
    title = say("Changes") + (f" · {name}" if name else "")
    identity = f"{BASE}changes" + (f"/{name}" if name else "")
    return feeds.atom(identity, f"Armature: {title}", own, f"{base}changes", entries)


def _entry(base: str, older: Snapshot, newer: Snapshot, found: list[Change], name: str) -> feeds.Entry:
    counts = {kind: sum(one.kind == kind for one in found) for kind in _KINDS}
    words = ", ".join(f"{say(kind)}: {number}" for kind, number in counts.items() if number)
    narrowed = f"&entity={name}" if name else ""
    return feeds.Entry(
        identity=f"urn:sha256:{newer.hash}" + (f":{name}" if name else ""),
        title=words,
        address=f"{base}changes?from={older.hash[:12]}&to={newer.hash[:12]}{narrowed}",
        summary=", ".join(views.local_name(one.iri) for one in found[:20]),
        written=_written(newer),
    )
