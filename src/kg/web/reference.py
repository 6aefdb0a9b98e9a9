"""Pages about the graph itself: lists that query files declare, disputes, about; and the site map."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg.formats import HTML
from kg.serving import Current, Serving
from kg.stored import find
from kg.terms import BASE
from kg.web import changes_view, claims_view, declared, feeds, kept, panels_view, replies, sifting, views
from kg.web.asker import Asker
from kg.web.declared import Declared
from kg.web.markup import page, site
from kg.web.panels_view import Panel
from kg.web.replies import tagged, unchanged

LINES_PER_PAGE = 50
DISPUTES_PER_PAGE = 20

_LAST_PAGE = 1_000_000

Maker = Callable[[Request, Serving, Current], Awaitable[Response]]


def router(serving: Serving) -> APIRouter:
    """The reference pages; one for each query file that declares a page."""
    routes = APIRouter(tags=["reference"])
    for panel in declared.declared(serving.settings.queries):
        if panel.page:
            _add(routes, serving, f"/{panel.page}", _lister(panel), panel.summary)
    _add(routes, serving, "/disputes", disputes, "The ledger of contradictions")
    _add(routes, serving, "/about", about, "What this is, and its licence")
    routes.include_router(changes_view.router(serving))
    _add_map(routes, serving)
    return routes


def _add(routes: APIRouter, serving: Serving, path: str, make: Maker, summary: str) -> None:
    async def answer(request: Request) -> Response:
        async with serving.current() as served:
            tag = tagged(request, serving.settings, served, HTML)
            if held := unchanged(request, tag):
                return held
            return await kept.page(request, serving.settings, tag, lambda: make(request, serving, served))

    routes.add_api_route(path, answer, methods=["GET"], summary=summary, response_class=Response)


# Lists


def _lister(panel: Declared) -> Maker:
    async def listing(request: Request, serving: Serving, served: Current) -> Response:
        where, asker = site(request, serving, served), Asker(serving, served)
        known = {parameter.name for parameter in find(serving.settings.queries, panel.name).parameters}
        given = {name: [where.times.get(name, "")] for name in known}
        every, asked = await asker.rows(panel.name, **given), request.query_params.get("q", "").strip()
        rows = sifting.sifted(every, panel.heads, sifting.words(asked))
        part = views.cut(len(rows), _number(request), LINES_PER_PAGE)
        shown = rows[max(part.first - 1, 0) : part.last]
        await asker.learn()
        lines = tuple(panels_view.line(panel, row, {}, {}) for row in shown)
        return page(
            "listing.html",
            where,
            panel=Panel(panel, lines, part),
            timed=bool(known & set(where.times)),
            every=len(every),
            sifted=asked,
            long=len(every) > LINES_PER_PAGE,
        )

    return listing


def _number(request: Request) -> int:
    return max(replies.integer(request, "page", 1, _LAST_PAGE), 1)


async def disputes(request: Request, serving: Serving, served: Current) -> Response:
    """Every dispute with its rival claims and the reason for the preference."""
    where, asker = site(request, serving, served), Asker(serving, served)
    rows = await asker.rows("contradictions", dispute=[""], subject=[""], knownOn=[where.times.get("knownOn", "")])
    found = list(claims_view.rivals(rows).values())
    part = views.cut(len(found), _number(request), DISPUTES_PER_PAGE)
    await asker.learn()
    return page("disputes.html", where, disputes=found[max(part.first - 1, 0) : part.last], slice=part)


async def about(request: Request, serving: Serving, served: Current) -> Response:
    """What this is, how it is meant, and under which licence."""
    return page("about.html", site(request, serving, served), verdicts=claims_view.VERDICTS)


# The map of the site


def _add_map(routes: APIRouter, serving: Serving) -> None:
    @routes.get("/sitemap.xml", summary="Addresses of all pages of entities and sources", response_class=Response)
    async def sitemap(request: Request) -> Response:
        base = str(request.base_url)
        async with serving.current() as served:
            rows = await Asker(serving, served).raw("everything")
            things = (f"{base}{row['thing']['value'].removeprefix(BASE)}.html" for row in rows)
            own = (f"{base}{path.strip('/')}" for path, _ in site(request, serving, served).references)
            return Response(feeds.sitemap([base, *own, *things]), media_type="application/xml")
