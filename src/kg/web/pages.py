"""Pages for people: one function per kind of address, each an HTML response for one snapshot.

A page asks stored queries side by side, turns rows into view models and prints them with a template. Every
panel links to the query behind it.
"""

import asyncio
from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from kg import formats, trace
from kg.errors import KgError
from kg.serving import Current, Row, Serving, Values
from kg.snapshot import Manifest, Snapshot
from kg.stored import StoredQuery, column_words, offered
from kg.terms import CODE, GRAPH
from kg.web import queries_view, replies, terms_view, views
from kg.web.asker import Asker
from kg.web.markup import page, site
from kg.web.security import DRAWING
from kg.web.shortfall import mark
from kg.web.views import text
from kg.web.wording import worded

ROWS_PER_PAGE = 100
SHELVES = {"api": "Questions", "entity": "Behind the pages of things", "stats": "Behind the front page"}
"""What the folders of the library hold."""

_LAST_PAGE = 1_000_000
_FIRST = "SELECT ?thing ?label WHERE { ?thing a kg:Firm ; rdfs:label ?label }"


async def home(request: Request, serving: Serving, served: Current) -> Response:
    """The front page: what this is, where to begin, what there is, how fresh it is."""
    shown, ask = site(request, serving, served), Asker(serving, served)
    names = ("stories", "counts-by-kind", "recent-events", "freshness", "claims-by-source-kind")
    answered = await asyncio.gather(*(ask.shortfall.bear(name, ask.rows(name)) for name in names))
    stories, counts, events, fresh, kinds = (rows or [] for rows in answered)
    await ask.learn()
    printed = page(
        "home.html",
        shown,
        lacking=sorted(ask.shortfall.failed),
        stories=[_dated(row, "thingLabel") for row in stories],
        counts=[(views.value(r, "kind", "kindLabel"), *_counts(r)) for r in counts],
        events=[_dated(row, "thingLabel") for row in events],
        fresh={name: views.value(row, name) for row in fresh for name in row},
        source_kinds=[
            (views.value(r, "sourceKind", "sourceKindLabel"), int(text(r, "claims")), float(text(r, "share")))
            for r in kinds
        ],
    )
    return mark(printed, ask.shortfall.failed)


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


async def queries(request: Request, serving: Serving, served: Current) -> Response:
    """The library of stored queries, with the questions that they answer."""
    shown = site(request, serving, served)
    questions = await _questions(serving, served)
    return page(
        "queries.html",
        shown,
        shelves=queries_view.shelves(offered(serving.settings.queries).values(), questions),
        heads=SHELVES,
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
    """One stored query: what it answers, its form, one page of its answer, and its text."""
    where, asker = site(request, serving, served), Asker(serving, served)
    part = views.cut(len(rows), max(replies.integer(request, "page", 1, _LAST_PAGE), 1), ROWS_PER_PAGE)
    shown = await asker.heard(rows[max(part.first - 1, 0) : part.last])
    await asker.learn()
    return page(
        "query.html",
        where,
        stored=stored,
        summary=queries_view.summary(stored),
        description=queries_view.description(stored),
        questions=queries_view.asked(stored, await _questions(serving, served)),
        fields=queries_view.fields(stored, values),
        given=values,
        data=formats.of_family("solutions" if stored.form in ("SELECT", "ASK") else "graph"),
        table=queries_view.table(stored, head, shown, column_words(serving.settings.queries)),
        slice=part,
        filled=stored.filled(values, serving.prefixes),
    )


async def workbench(
    request: Request, serving: Serving, served: Current, text: str, wrong: KgError | None = None
) -> Response:
    """The SPARQL form, with stored queries to begin from; ``wrong`` is told with the line it means."""
    where = site(request, serving, served)
    answer = page(
        "workbench.html",
        where,
        text=text or _beginning(serving),
        wrong=worded(wrong, where.language) if wrong else None,
        place=queries_view.place(text, wrong.members) if wrong else None,
        examples=[
            (one, queries_view.summary(one))
            for one in offered(serving.settings.queries).values()
            if one.path.parent.name == "api"
        ],
        solutions=formats.of_family("solutions"),
        graphs=formats.of_family("graph"),
    )
    answer.status_code = int(wrong.status) if wrong else answer.status_code
    answer.headers.update(DRAWING)
    return answer


def _beginning(serving: Serving) -> str:
    """A first query that shows something, under the prefixes that it uses."""
    declared = "".join(
        f"PREFIX {name}: <{space}>\n" for name, space in serving.prefixes.items() if f" {name}:" in _FIRST
    )
    return f"{declared}\n{_FIRST}\n"


async def exports(
    request: Request, serving: Serving, served: Current, manifest: Manifest, kept: Sequence[Snapshot]
) -> Response:
    """Everything that can be downloaded of a snapshot; ``kept`` are the others to choose from."""
    part = views.cut(len(manifest.graphs), replies.integer(request, "page", 1, _LAST_PAGE), ROWS_PER_PAGE)
    return page(
        "exports.html",
        site(request, serving, served),
        manifest=manifest,
        folder="/export" if kept else f"/snapshot/{manifest.hash}",
        kept=kept,
        whole=formats.of_family("graph", "dataset"),
        single=formats.of_family("graph"),
        graph_space=GRAPH,
        graphs=tuple(manifest.graphs.items())[max(part.first - 1, 0) : part.last],
        slice=part,
    )


async def vocabulary(request: Request, serving: Serving, served: Current) -> Response:
    """The ontology in reading order, with its code lists and a diagram of its classes."""
    shown, ask = site(request, serving, served), Asker(serving, served)
    rows, codes = await asyncio.gather(ask.rows("vocabulary"), ask.rows("code-lists", scheme=[""]))
    sorts = terms_view.defined(rows)
    return page(
        "vocabulary.html",
        shown,
        heads=terms_view.SORTS,
        sorts=sorts,
        lists=terms_view.code_lists(codes),
        diagram=terms_view.diagram(sorts.get("class", ()), served.snapshot.manifest.classes),
    )


async def shapes(request: Request, serving: Serving, served: Current) -> Response:
    """Every constraint that the graph is held to, in words."""
    shown = site(request, serving, served)
    rows = await Asker(serving, served).rows("shapes")
    return page("shapes.html", shown, sets=terms_view.rule_sets(rows))


def problem(request: Request, error: KgError) -> Response:
    """A failure as a page, with the same words as its problem body."""
    status = int(error.status)
    known = trace.current()
    where = site(request, None, None)
    wording = worded(error, where.language)
    members = dict(error.members)
    offered = members.pop("offered", ())
    assert isinstance(offered, list | tuple)  # noqa: S101 - for the type checker: media types
    response = page(
        "problem.html",
        where,
        status=status,
        wording=wording,
        pieces=queries_view.linked(wording.detail),
        members=queries_view.untold(members, wording.detail),
        offered=[formats.BY_MEDIA_TYPE[one] for one in offered if one in formats.BY_MEDIA_TYPE],
        request_id=known.id if known else "",
    )
    response.status_code = status
    return response
