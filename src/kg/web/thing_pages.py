"""The page of any one thing of the graph: entity, claim, dispute, source, passage, term or named graph.

A page asks stored queries side by side, turns rows into view models and prints them with a template. Which panels an
entity has is declared by the query files.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from kg.serving import Current, Row, Serving, Values
from kg.terms import DEF, GRAPH, ID, RDF, RDFS, Iri
from kg.web import answers, claims_view, declared, panels, queries_view, replies, schema_org, sources_view, views
from kg.web.asker import Asker
from kg.web.markup import Site, page, site
from kg.web.panels_view import Panel
from kg.web.shortfall import mark
from kg.web.views import text

PASSAGES_PER_PAGE = 50
_LAST_PAGE = 1_000_000
_TITLE = "http://purl.org/dc/terms/title"
_REALISED, _HAS_NAME = DEF + "realised", DEF + "hasName"


@dataclass(frozen=True)
class Visit:
    """One request for the page of a thing, with the plain statements already read, and the mentions of an entity.

    ``mentions`` is ``None`` where these could not be read, or were not.
    """

    request: Request
    site: Site
    asker: Asker
    iri: Iri
    times: Values
    rows: Sequence[Row]
    mentions: Sequence[Row] | None = None

    @property
    def relations(self) -> set[Iri] | None:
        """The relations of all claims that speak of an entity, on whatever day; ``None`` where they are not known."""
        if self.mentions is None or self.times:
            return None
        return {text(mention, "relation") for mention in self.mentions}

    @property
    def days(self) -> Values:
        """The reader's days, empty where none is given."""
        return {name: self.times.get(name, [""]) for name in ("asOf", "knownOn")}

    @property
    def page(self) -> int:
        """The number of the page asked for, from 1."""
        return self.number("page")

    def number(self, name: str) -> int:
        """The page of one list asked for, from 1.

        Raises:
            BadRequest: it is no number.
        """
        return max(replies.integer(self.request, name, 1, _LAST_PAGE), 1)

    @property
    def after(self) -> str:
        """The key after which a long list goes on."""
        return self.request.query_params.get("after", "")

    async def printed(self, template: str, **context: object) -> Response:
        """The page, with what every page of a thing prints."""
        await self.asker.learn([self.iri])
        title = views.title(self.rows, self.iri)
        lexicon = self.asker.lexicon
        lacking = sorted(self.asker.shortfall.failed)
        printed = page(
            template,
            self.site,
            iri=self.iri,
            lacking=lacking,
            title=title,
            machine=schema_org.described(self.iri, title.text, lexicon.kinds(self.iri), self.rows, lexicon.matches),
            names=views.literals(self.rows, RDFS + "label") or views.literals(self.rows, _TITLE),
            kinds=views.kinds(self.rows),
            statements=views.statements(self.rows),
            twins=self.site.twins(self.iri),
            **context,
        )
        return mark(printed, lacking)


Printer: TypeAlias = Callable[[Visit], Awaitable[Response]]


async def thing(request: Request, serving: Serving, served: Current, iri: str, times: Values) -> Response:
    """The page of any IRI of the graph, as of and known on the days given.

    Raises:
        UnknownEntity: the graph says nothing of it.
        BadRequest: the number of the page is none.
    """
    shown, asker = site(request, serving, served), Asker(serving, served)
    rows, mentions = await asyncio.gather(asker.rows("statements", entity=[iri]), _mentions(asker, iri, times))
    visit = Visit(request, shown, asker, iri, times, rows, mentions)
    if iri in served.snapshot.manifest.graphs:
        return await _graph(visit)
    if not rows:
        raise replies.unknown(request, served.search, iri)
    return await _printer(iri, rows)(visit)


async def _mentions(asker: Asker, iri: Iri, times: Values) -> list[Row] | None:
    """The claims in which an entity stands; their page and panels are made of what they are."""
    return await asker.shortfall.bear("claims", panels.mentions_of(asker, iri, times)) if iri.startswith(ID) else None


def _printer(iri: Iri, rows: Sequence[Row]) -> Printer:
    """The kind of page for a thing, by what it is."""
    types = {text(row, "object") for row in rows if text(row, "predicate") == RDF + "type"}
    if any(text(row, "predicate") == RDF + "predicate" for row in rows):
        return _claim
    for kind, printer in {"Dispute": _dispute, "Source": _source, "Passage": _passage}.items():
        if DEF + kind in types:
            return printer
    return _entity if iri.startswith(ID) else _term


async def _entity(visit: Visit) -> Response:
    ask, iri = visit.asker, visit.iri
    bear = ask.shortfall.bear
    shown, claims, cycle, names, pointers, differences = await asyncio.gather(
        _panels(visit),
        bear("claims", _claims(visit)),
        bear("life-cycle", _life_cycle(visit)),
        bear("names-of-entity", _names(visit)),
        bear("pointers", ask.rows("pointers", entity=[iri])),
        bear("mentions", panels.differences(ask, iri, visit.times)),
    )
    own = {name.text for name in views.literals(visit.rows, RDFS + "label")}
    return await visit.printed(
        "entity.html",
        shown=shown,
        claims=claims,
        verdicts=claims_view.VERDICTS,
        cycle=views.life_cycle(cycle or [], *(one for (one,) in visit.days.values())),
        other_names=_other_names(names or [], own),
        pointers=[panels.use(row) for row in pointers or []],
        differences=differences,
    )


async def _claims(visit: Visit) -> panels.ClaimsPanel | None:
    """The claims in which an entity stands; none where its mentions are not known."""
    if visit.mentions is None:
        return None
    return await panels.claims_of(visit.asker, visit.iri, visit.mentions, visit.times, visit.page)


async def _life_cycle(visit: Visit) -> list[Row]:
    """How far an entity has come; a rule says of what has a life cycle whether it is real."""
    if not any(text(row, "predicate") == _REALISED for row in visit.rows):
        return []
    return await visit.asker.rows("life-cycle", entity=[visit.iri], **visit.days)


async def _names(visit: Visit) -> list[Row]:
    """The names that claims give an entity."""
    if visit.relations is not None and _HAS_NAME not in visit.relations:
        return []
    return await visit.asker.rows("names-of-entity", entity=[visit.iri], **visit.days)


async def _panels(visit: Visit) -> tuple[Panel, ...]:
    """The panels that the query files declare for a thing of these classes."""
    ask = visit.asker
    await ask.shortfall.bear("class-tree", ask.lexicon.learn(ask, ()))
    kinds = ask.lexicon.above(kind.iri for kind in views.kinds(visit.rows))
    found = declared.of_classes(ask.serving.settings.queries, kinds)
    pages = {one.name: visit.number(one.name) for one in found}
    return await answers.answered(ask, found, visit.iri, visit.times, pages, visit.relations)


def _other_names(rows: Sequence[Row], own: set[str]) -> dict[str, list[views.Value]]:
    """The names that claims give, each once, by what kind of name they are."""
    named = {views.value(row, "name"): text(row, "nameKindLabel") for row in rows if "name" in row}
    by_kind: dict[str, list[views.Value]] = {}
    for name, kind in named.items():
        if kind or name.text not in own:
            by_kind.setdefault(kind, []).append(name)
    return by_kind


async def _claim(visit: Visit) -> Response:
    claim = await panels.claim(visit.asker, visit.iri)
    if claim is None:
        return await _term(visit)
    rivals = await panels.rivals_of(visit.asker, [claim])
    return await visit.printed("claim.html", claim=claim, rivals=rivals.get(claim.dispute))


async def _dispute(visit: Visit) -> Response:
    mentions = await panels.mentions_of(visit.asker, visit.iri, visit.times)
    claims, contradictions = await asyncio.gather(
        panels.claims_of(visit.asker, visit.iri, mentions, visit.times, visit.page),
        visit.asker.rows("contradictions", dispute=[visit.iri]),
    )
    dispute = claims_view.rivals(contradictions).get(visit.iri)
    return await visit.printed(
        "dispute.html",
        reasons=views.literals(visit.rows, DEF + "reason"),
        rivals=dispute.claims if dispute else (),
        full={claim.iri: claim for group in claims.beside for claim in group.claims},
    )


async def _source(visit: Visit) -> Response:
    rows, about = await asyncio.gather(
        visit.asker.rows("passages", source=[visit.iri]),
        visit.asker.rows("sources", source=[visit.iri], knownOn=[""]),
    )
    part = views.cut(len(rows), visit.page, PASSAGES_PER_PAGE)
    shown = rows[max(part.first - 1, 0) : part.last]
    evidence = [visit.iri, *(text(row, "passage") for row in shown)]
    resting = await panels.claims_on(visit.asker, evidence, visit.times)
    return await visit.printed(
        "source.html",
        about=sources_view.about(about),
        passages=sources_view.passages(shown, resting),
        whole=resting.get(visit.iri, []),
        slice=part,
    )


async def _passage(visit: Visit) -> Response:
    resting = await panels.claims_on(visit.asker, [visit.iri], visit.times)
    claims = resting.get(visit.iri, [])
    cited = [one for claim in claims for one in claim.evidence if one.iri == visit.iri]
    return await visit.printed(
        "passage.html",
        claims=claims,
        sources=[cited[0].source] if cited else views.literals(visit.rows, DEF + "of"),
        gists=views.literals(visit.rows, DEF + "gist")[:1],
        beginnings=views.literals(visit.rows, DEF + "incipit"),
    )


async def _term(visit: Visit) -> Response:
    uses = await panels.uses_of(visit.asker, visit.iri, visit.after)
    return await visit.printed(
        "term.html",
        uses=uses,
        after=visit.after,
        definitions=views.literals(visit.rows, views.SKOS + "definition"),
        examples=views.literals(visit.rows, views.SKOS + "example"),
        questions=views.literals(visit.rows, DEF + "answersQuestion"),
    )


GRAPHS = {
    GRAPH + "data/": "what a file of the data says",
    GRAPH + "ontology": "the terms and code lists",
    GRAPH + "shapes": "the rules that the graph is held to",
    GRAPH + "derived": "what rules have derived",
    "": "as it came",
}
"""What kind of graph one is, by how its IRI begins."""
_CLAIM = ("claimed", "relation", "value")


def _subject(asker: Asker, row: Row) -> views.Value:
    """What a graph speaks of; a claim by what it says."""
    if "relation" not in row:
        return views.value(row, "subject", "subjectLabel")
    return views.Value(asker.sentence(*(text(row, column) for column in _CLAIM)), text(row, "subject"))


async def _graph(visit: Visit) -> Response:
    triples = visit.asker.served.snapshot.manifest.graphs[visit.iri]
    subjects = await panels.subjects_of(visit.asker, visit.iri, visit.after, triples)
    whole = len(subjects) == panels.USES_PER_PAGE
    await visit.asker.learn(text(row, column) for row in subjects for column in _CLAIM)
    return await visit.printed(
        "graph.html",
        triples=triples,
        file=queries_view.graph_file(visit.iri, GRAPH + "data/"),
        sort=next(sort for start, sort in GRAPHS.items() if visit.iri.startswith(start)),
        subjects=[(_subject(visit.asker, row), int(text(row, "count"))) for row in subjects],
        next_key=text(subjects[-1], "subject") if whole else "",
        after=visit.after,
    )
