"""Downloads: of the snapshot that serves (``/export``), of any that is kept (``/snapshot/<hash>``), and the
reading side of the Graph Store Protocol.

The same files lie behind all three; only an address with a hash in it never changes what it answers.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from kg import export, terms
from kg.downloads import Downloads
from kg.errors import BadRequest, UnknownEntity, UnknownSnapshot
from kg.formats import HTML, JSON, Format, of_family
from kg.serving import Current, Serving
from kg.snapshot import Snapshot
from kg.stored import find
from kg.web import pages
from kg.web.replies import chosen, etag, headers, local, split_suffix, unchanged, unknown

GRAPHS = of_family("graph")
WHOLE = of_family("graph", "dataset")
FOR_EVER = "public, max-age=31536000, immutable"
_GZIP = "application/gzip"
_SHORTEST = 8


def router(serving: Serving) -> APIRouter:
    """``/export``, ``/snapshot`` and ``/graph-store``."""
    routes = APIRouter(tags=["export"])
    _add_exports(routes, serving)
    _add_snapshots(routes, serving)

    @routes.get("/graph-store", summary="Graph Store Protocol, reading", response_class=Response)
    async def graph_store(request: Request) -> Response:
        name = _graph_named(request)
        form = chosen(request, GRAPHS)
        async with serving.current() as served:
            tag = etag(serving.settings, served, form)
            return unchanged(request, tag) or await downloaded(request, serving, served, name, form, tag)

    return routes


# The snapshot that serves


def _add_exports(routes: APIRouter, serving: Serving) -> None:
    @routes.get("/export", summary="What can be downloaded", response_class=Response)
    async def exports(request: Request) -> Response:
        async with serving.current() as served:
            if chosen(request, (HTML, JSON)) is JSON:
                return JSONResponse(_listed(served.snapshot, local(request, "/export")))
            kept = serving.kept()
            return await pages.exports(request, serving, served, served.snapshot.manifest, kept)

    @routes.get("/export/{path:path}", summary="Download a graph", response_class=Response)
    async def download(request: Request, path: str) -> Response:
        path, packed = _unpacked(path)
        name, form = split_suffix(path, WHOLE if path.startswith("all") else GRAPHS)
        form = form or chosen(request, WHOLE if name == "all" else GRAPHS)
        async with serving.current() as served:
            tag = etag(serving.settings, served, form)
            return unchanged(request, tag) or await downloaded(
                request, serving, served, name, form, tag, packed=packed
            )


def _unpacked(path: str) -> tuple[str, bool]:
    """A path without the suffix of a compressed file, and whether it had one."""
    return path.removesuffix(".gz"), path.endswith(".gz")


def _listed(found: Snapshot, folder: str) -> dict[str, Any]:
    graphs = found.manifest.graphs
    return {
        "snapshot": found.hash,
        "all": [f"{folder}/all.{form.name}" for form in WHOLE],
        "graphs": {g: [f"{folder}/{g.removeprefix(terms.BASE)}.{form.name}" for form in GRAPHS] for g in graphs},
    }


async def downloaded(
    request: Request, serving: Serving, served: Current, name: str, form: Format, tag: str, *, packed: bool = False
) -> Response:
    """A download of the snapshot that serves: everything, a named graph, or the statements about one thing.

    Raises:
        UnknownEntity: there is nothing of that name.
        BadRequest: one thing is small; it is not offered compressed.
    """
    if name == "all" or name.startswith("graph/"):
        fixed = local(request, f"/snapshot/{served.hash}/{name}.{form.name}{'.gz' if packed else ''}")
        extra = {**headers(tag), "Content-Location": fixed}
        return await _file(served.snapshot, served.downloads, name, form, packed, extra)
    if packed:
        raise BadRequest(f"'{name}' is one thing, which is not offered compressed; leave out '.gz'.")
    found = await serving.triples(served, find(serving.settings.queries, "describe"), {"entity": [terms.BASE + name]})
    if not found:
        raise unknown(request, served.search, terms.BASE + name)
    body = export.rewritten(found, form, serving.prefixes)
    about = {"Content-Disposition": _attachment(served.snapshot, name, form.name)}
    return Response(body, media_type=form.content_type, headers=headers(tag, about))


async def _file(
    found: Snapshot, files: Downloads, name: str, form: Format, packed: bool, extra: dict[str, str]
) -> Response:
    path = await files.file(name, form, packed=packed)
    suffix = f"{form.name}.gz" if packed else form.name
    about = {"Content-Disposition": _attachment(found, name, suffix), "X-Armature-Snapshot": found.hash}
    return _Sent(path, media_type=_GZIP if packed else form.content_type, headers={**about, **extra})


class _Sent(FileResponse):
    """A file on its way; for HEAD it is not read."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__({**scope, "method": scope.get("asked", scope["method"])}, receive, send)


def _attachment(found: Snapshot, name: str, suffix: str) -> str:
    return f'attachment; filename="armature-{name.replace("/", "-")}-{found.hash[:12]}.{suffix}"'


def _graph_named(request: Request) -> str:
    """The download meant by a Graph Store request: ``?default`` or ``?graph=<IRI>``, exactly one of them.

    Raises:
        BadRequest, UnknownEntity: neither or both are given, or the name is none of ours.
    """
    graphs, exports = request.query_params.getlist("graph"), local(request, "/export")
    if len(graphs) + ("default" in request.query_params) != 1:
        raise BadRequest(f"Name one graph: '?default', or '?graph=' with its IRI; see {exports} for the list.")
    if not graphs:
        return "all"
    if not graphs[0].startswith(terms.GRAPH):
        raise UnknownEntity(f"There is no named graph <{graphs[0]}>; see {exports} for the list.")
    return graphs[0].removeprefix(terms.BASE)


# Any snapshot that is kept


def _add_snapshots(routes: APIRouter, serving: Serving) -> None:
    @routes.get("/snapshot", summary="The snapshots that are kept, newest first", response_class=Response)
    async def snapshots(request: Request) -> Response:
        if chosen(request, (JSON, HTML)) is HTML:
            return RedirectResponse(local(request, "/export"), 303)
        async with serving.current() as served:
            return JSONResponse([_summary(one, served) for one in serving.kept()])

    @routes.get("/snapshot/{start}", summary="One snapshot", response_class=Response)
    async def one(request: Request, start: str) -> Response:
        found = _found(serving, start)
        if found.hash != start:
            return RedirectResponse(local(request, f"/snapshot/{found.hash}"), 307)
        about = {"Cache-Control": FOR_EVER, "Vary": "Accept"}
        if chosen(request, (JSON, HTML)) is JSON:
            files = _listed(found, local(request, f"/snapshot/{found.hash}"))
            return JSONResponse({**asdict(found.manifest), **files}, headers=about)
        async with serving.current() as served:
            return await pages.exports(request, serving, served, found.manifest, [])

    @routes.get("/snapshot/{start}/{path:path}", summary="A file that never changes", response_class=Response)
    async def file(request: Request, start: str, path: str) -> Response:
        found = _found(serving, start)
        if found.hash != start:
            return RedirectResponse(local(request, f"/snapshot/{found.hash}/{path}"), 307)
        bare, packed = _unpacked(path)
        name, form = split_suffix(bare, WHOLE if bare.startswith("all") else GRAPHS)
        form = form or chosen(request, WHOLE if name == "all" else GRAPHS)
        tag = f'"{found.hash[:16]}-{form.name}{"-gz" if packed else ""}"'
        if held := unchanged(request, tag):
            held.headers["Cache-Control"] = FOR_EVER
            return held
        fixed = {"ETag": tag, "Cache-Control": FOR_EVER, "Vary": "Accept"}
        async with _files(serving, found) as files:
            return await _file(found, files, name, form, packed, fixed)


@asynccontextmanager
async def _files(serving: Serving, found: Snapshot) -> AsyncIterator[Downloads]:
    """The downloads of a snapshot, those of the serving one shared."""
    async with serving.current() as served:
        if served.hash == found.hash:
            yield served.downloads
            return
    yield serving.earlier(found)


def _found(serving: Serving, start: str) -> Snapshot:
    """The kept snapshot whose hash begins so.

    Raises:
        UnknownSnapshot: none or several do.
    """
    kept = serving.kept()
    alike = [one for one in kept if one.hash.startswith(start)] if len(start) >= _SHORTEST else []
    if len(alike) != 1:
        raise UnknownSnapshot(
            f"No snapshot whose hash begins with '{start[:64]}' is kept here; see /snapshot for those that are. "
            f"Give {_SHORTEST} digits at least.",
            kept=[one.hash for one in kept],
        )
    return alike[0]


def _summary(one: Snapshot, served: Current) -> dict[str, Any]:
    manifest = one.manifest
    return {
        "hash": one.hash,
        "serving": one.hash == served.hash,
        "recordDate": manifest.record_date,
        "triples": manifest.triples,
        "software": manifest.software,
    }
