"""Pages for people: one function per kind of address, each an HTML response for one snapshot.

A page asks stored queries side by side, turns rows into view models and prints them with a template. Every
panel links to the query behind it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from kg import formats, trace
from kg.errors import KgError
from kg.serving import Current, Row, Serving, Values
from kg.snapshot import Manifest, Snapshot
from kg.stored import StoredQuery, offered
from kg.terms import BASE, CODE, DEF, GRAPH, ID, RDF, RDFS, Iri
from kg.web import claims_view, panels, queries_view, replies, sources_view, terms_view, views
from kg.web.markup import Site, page, site
from kg.web.panels import Asker
from kg.web.security import DRAWING
from kg.web.views import text

PASSAGES_PER_PAGE = 50
_LAST_PAGE = 1_000_000
_COMMON = ("dcterms", "rdf", "rdfs", "skos", "xsd")
_TITLE = "http://purl.org/dc/terms/title"


@dataclass(frozen=True)
class Visit:
    """One request for the page of a thing, with the plain statements already read."""

    request: Request
    site: Site
    asker: Asker
    iri: Iri
    times: Values
    rows: Sequence[Row]

    @property
    def page(self) -> int:
        """The number of the page asked for, from 1."""
        return max(replies.integer(self.request, "page", 1, _LAST_PAGE), 1)

    @property
    def after(self) -> str:
        """The key after which a long list goes on."""
        return self.request.query_params.get("after", "")

    def printed(self, template: str, **context: object) -> Response:
        """The page, with what every page of a thing prints."""
        return page(
            template,
            self.site,
            iri=self.iri,
            title=views.title(self.rows, self.iri),
            names=views.literals(self.rows, RDFS + "label") or views.literals(self.rows, _TITLE),
            kinds=views.kinds(self.rows),
            statements=views.statements(self.rows),
            twins=self.site.twins(self.iri),
            **context,
        )


Printer: TypeAlias = Callable[[Visit], Awaitable[Response]]


async def home(request: Request, serving: Serving, served: Current) -> Response:
    """The front page: what this is, where to begin, what there is, how fresh it is."""
    ask = Asker(serving, served)
    stories, counts, events, fresh = await asyncio.gather(
        ask.rows("stories"), ask.rows("counts-by-kind"), ask.rows("recent-events"), ask.rows("freshness")
    )
    return page(
        "home.html",
        site(request, serving, served),
        stories=[_dated(row, "thingLabel") for row in stories],
        counts=[(views.value(r, "kind", "kindLabel"), *_counts(r)) for r in counts],
        events=[_dated(row, "thingLabel") for row in events],
        fresh={name: views.value(row, name) for row in fresh for name in row},
    )


def _dated(row: Row, label: str) -> dict[str, object]:
    """A thing with its status, when it was reached, and what there is to find out."""
    return {
        "thing": views.value(row, "thing", label),
        "status": text(row, "statusLabel") or text(row, "status"),
        "realised": views.true(row, "realised"),
        "ended": views.true(row, "ended"),
        "on": views.value(row, "on" if "on" in row else "reached"),
        "claim": text(row, "claim"),
        "story": text(row, "story"),
    }


def _counts(row: Row) -> tuple[int, int]:
    return int(text(row, "count")), int(text(row, "notRealised") or 0)


async def thing(request: Request, serving: Serving, served: Current, iri: str, times: Values) -> Response:
    """The page of any IRI of the graph, as of and known on the days given.

    Raises:
        UnknownEntity: the graph says nothing of it.
        BadRequest: the number of the page is none.
    """
    asker = Asker(serving, served)
    rows = await asker.rows("statements", entity=[iri])
    visit = Visit(request, site(request, serving, served), asker, iri, times, rows)
    if iri in served.snapshot.manifest.graphs:
        return await _graph(visit)
    if not rows:
        raise replies.unknown(request, served.search, iri)
    return await _printer(iri, rows)(visit)


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
    ask, iri, times = visit.asker, visit.iri, visit.times
    days = {name: times.get(name, [""]) for name in ("asOf", "knownOn")}
    claims, cycle, names, pointers = await asyncio.gather(
        panels.claims_of(ask, iri, times, visit.page),
        ask.rows("life-cycle", entity=[iri], **days),
        ask.rows("names-of-entity", entity=[iri], **days),
        ask.rows("pointers", entity=[iri]),
    )
    own = {name.text for name in views.literals(visit.rows, RDFS + "label")}
    return visit.printed(
        "entity.html",
        claims=claims,
        verdicts=claims_view.VERDICTS,
        cycle=views.life_cycle(cycle),
        other_names=_other_names(names, own),
        pointers=[panels.use(row) for row in pointers],
    )


def _other_names(rows: Sequence[Row], own: set[str]) -> dict[views.Value, str]:
    """The names that claims give, each once, with what kind of name it is."""
    named = {views.value(row, "name"): text(row, "nameKindLabel") for row in rows if "name" in row}
    return {name: kind for name, kind in named.items() if kind or name.text not in own}


async def _claim(visit: Visit) -> Response:
    claim = await panels.claim(visit.asker, visit.iri)
    if claim is None:
        return await _term(visit)
    rivals = await panels.rivals_of(visit.asker, [claim])
    return visit.printed("claim.html", claim=claim, rivals=rivals.get(claim.dispute))


async def _dispute(visit: Visit) -> Response:
    claims, contradictions = await asyncio.gather(
        panels.claims_of(visit.asker, visit.iri, visit.times, visit.page),
        visit.asker.rows("contradictions", dispute=[visit.iri]),
    )
    return visit.printed(
        "dispute.html",
        claims=claims,
        reasons=views.literals(visit.rows, DEF + "reason"),
        rivals=claims_view.rivals(contradictions).get(visit.iri),
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
    return visit.printed(
        "source.html",
        about=sources_view.about(about),
        passages=sources_view.passages(shown, resting),
        whole=resting.get(visit.iri, []),
        slice=part,
    )


async def _passage(visit: Visit) -> Response:
    resting = await panels.claims_on(visit.asker, [visit.iri], visit.times)
    return visit.printed("passage.html", claims=resting.get(visit.iri, []))


async def _term(visit: Visit) -> Response:
    uses = await panels.uses_of(visit.asker, visit.iri, visit.after)
    return visit.printed(
        "term.html",
        uses=uses,
        after=visit.after,
        definitions=views.literals(visit.rows, views.SKOS + "definition"),
        examples=views.literals(visit.rows, views.SKOS + "example"),
        questions=views.literals(visit.rows, DEF + "answersQuestion"),
    )


async def _graph(visit: Visit) -> Response:
    triples = visit.asker.served.snapshot.manifest.graphs[visit.iri]
    subjects = await panels.subjects_of(visit.asker, visit.iri, visit.after, triples)
    whole = len(subjects) == panels.USES_PER_PAGE
    return visit.printed(
        "graph.html",
        triples=triples,
        file=queries_view.graph_file(visit.iri, GRAPH + "data/"),
        subjects=[(views.value(r, "subject", "subjectLabel"), int(text(r, "count"))) for r in subjects],
        next_key=text(subjects[-1], "subject") if whole else "",
        after=visit.after,
    )


async def queries(request: Request, serving: Serving, served: Current) -> Response:
    """The library of stored queries, with the questions that they answer."""
    questions = await _questions(serving, served)
    return page(
        "queries.html",
        site(request, serving, served),
        shelves=queries_view.shelves(offered(serving.settings.queries).values(), questions),
    )


async def _questions(serving: Serving, served: Current) -> Mapping[str, views.Value]:
    codes = await Asker(serving, served).rows("code-lists", scheme=[CODE + "question"])
    return queries_view.question_labels(codes)


async def query(
    request: Request,
    serving: Serving,
    served: Current,
    stored: StoredQuery,
    values: Values,
    head: list[str],
    rows: list[Row],
) -> Response:
    """One stored query: what it answers, its form, its answer, and its text."""
    return page(
        "query.html",
        site(request, serving, served),
        stored=stored,
        questions=queries_view.asked(stored, await _questions(serving, served)),
        fields=queries_view.fields(stored, values),
        given=values,
        data=formats.of_family("solutions" if stored.form in ("SELECT", "ASK") else "graph"),
        table=queries_view.table(stored, head, rows),
        filled=stored.filled(values, serving.prefixes),
    )


async def workbench(request: Request, serving: Serving, served: Current, text: str) -> Response:
    """The SPARQL form, with stored queries to begin from."""
    answer = page(
        "workbench.html",
        site(request, serving, served),
        text=text or _beginning(serving),
        examples=[q for q in offered(serving.settings.queries).values() if q.path.parent.name == "api"],
        solutions=formats.of_family("solutions"),
        graphs=formats.of_family("graph"),
    )
    answer.headers.update(DRAWING)
    return answer


def _beginning(serving: Serving) -> str:
    """A first query that shows something, under our own prefixes and the most common ones."""
    declared = "".join(
        f"PREFIX {name}: <{space}>\n"
        for name, space in serving.prefixes.items()
        if space.startswith(BASE) or name in _COMMON
    )
    return f"{declared}\nSELECT ?thing ?label WHERE {{ ?thing a kg:Firm ; rdfs:label ?label }}\n"


async def exports(
    request: Request, serving: Serving, served: Current, manifest: Manifest, kept: Sequence[Snapshot]
) -> Response:
    """Everything that can be downloaded of a snapshot; ``kept`` are the others to choose from."""
    return page(
        "exports.html",
        site(request, serving, served),
        manifest=manifest,
        folder="/export" if kept else f"/snapshot/{manifest.hash}",
        kept=kept,
        whole=formats.of_family("graph", "dataset"),
        single=formats.of_family("graph"),
        graph_space=GRAPH,
    )


async def vocabulary(request: Request, serving: Serving, served: Current) -> Response:
    """The ontology in reading order, with its code lists."""
    ask = Asker(serving, served)
    rows, codes = await asyncio.gather(ask.rows("vocabulary"), ask.rows("code-lists", scheme=[""]))
    return page(
        "vocabulary.html",
        site(request, serving, served),
        sorts=terms_view.defined(rows),
        lists=terms_view.code_lists(codes),
    )


async def shapes(request: Request, serving: Serving, served: Current) -> Response:
    """Every constraint that the graph is held to, in words."""
    rows = await Asker(serving, served).rows("shapes")
    return page("shapes.html", site(request, serving, served), sets=terms_view.rule_sets(rows))


def problem(request: Request, error: KgError) -> Response:
    """A failure as a page, with the same words as its problem body."""
    status = int(error.status)
    known = trace.current()
    response = page(
        "problem.html",
        site(request, None, None),
        status=status,
        error=error,
        request_id=known.id if known else "",
    )
    response.status_code = status
    return response
