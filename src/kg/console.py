"""What the command line adds to the library: progress, tables, files and standard streams."""

import asyncio
import difflib
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import click
from prettytable import PrettyTable, TableStyle

from kg import export as exports
from kg import formats, snapshot, stored, terms
from kg.engine.endpoint import Credentials
from kg.engine.store import Accept, EmbeddedStore, Request
from kg.errors import BadRequest, CannotWrite, NotAcceptable, UnknownEntity, UnknownQuery
from kg.formats import JSON, N_TRIPLES, TURTLE, Format, of_family
from kg.loading import GraphStore, Patience, Server, Updates, Wire
from kg.publishing import Publisher
from kg.serving import Row, Values, federated, limits
from kg.settings import Settings, endpoints
from kg.snapshot import Snapshot

SOLUTIONS = of_family("solutions")
GRAPHS = of_family("graph")
_WIDEST = 60
_REQUEST_SECONDS = 600.0


def progress(stage: str) -> None:
    """One line per stage on a terminal; nothing when the output is piped."""
    if sys.stderr.isatty():
        click.echo(f"  … {stage}", err=True)


def save(path: Path, content: Iterable[bytes]) -> None:
    """Write a file whole or not at all.

    Raises:
        CannotWrite: the folder is missing, or the disk refuses.
    """
    try:
        exports.save(path, content)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror or error}.") from error


def query(settings: Settings, given: str, name: str, params: Values) -> None:
    """Run a query text, file or stored query and print the answer."""
    found = snapshot.current(settings.snapshots)
    prefixes = terms.prefixes(settings.ontology)
    text = _query_text(settings, given, params)
    accept = _accept(name)
    media_type, body = asyncio.run(_answered(settings, found, Request(text, accept), prefixes))
    form = formats.BY_MEDIA_TYPE[media_type]
    if name == "table" and form is JSON:
        click.echo(_table(json.loads(body), prefixes))
    elif form is N_TRIPLES and name in ("table", "ttl"):
        _print(exports.rewritten(body, TURTLE, prefixes))
    else:
        _print(body)


def _query_text(settings: Settings, given: str, params: Values) -> str:
    """The text of a query that is named, kept in a file, piped in, or given as it is."""
    library = stored.library(settings.queries)
    if given in library:
        return library[given].filled(params, terms.prefixes(settings.ontology))
    if given == "-":
        return sys.stdin.read()
    path = Path(given)
    if path.suffix == ".rq" or (len(given) < 256 and path.is_file()):  # noqa: PLR2004 - no file has a longer name
        if not path.is_file():
            raise UnknownEntity(f"There is no query file {path} and no stored query of that name.")
        return path.read_text("utf-8")
    if re.fullmatch(r"[\w.-]+", given):
        alike = difflib.get_close_matches(given, library, n=3) or ["kg query -h"]
        raise UnknownQuery(f"There is no stored query '{given}'; try {' or '.join(alike)}.")
    return given


def _accept(name: str) -> Accept:
    """What to ask the engine for; Turtle is made here from N-Triples, so that it is canonical."""
    if name == "table":
        return Accept(solutions=JSON.media_type, graph=N_TRIPLES.media_type)
    form = formats.named(name, [*SOLUTIONS, *GRAPHS])
    graph = N_TRIPLES if form is TURTLE else form
    return Accept(solutions=form.media_type) if form in SOLUTIONS else Accept(graph=graph.media_type)


async def _answered(
    settings: Settings, found: Snapshot, request: Request, prefixes: dict[str, str]
) -> tuple[str, bytes]:
    engine = EmbeddedStore(found.store, limits=replace(limits(settings)), readers=1, prefixes=prefixes)
    store = federated(settings, engine, prefixes)
    try:
        answer = await store.answer(request)
        return answer.media_type, b"".join([chunk async for chunk in answer.chunks])
    finally:
        await store.close()


def _table(results: dict[str, Any], prefixes: dict[str, str]) -> str:
    """SPARQL results as a table for people: IRIs shortened, long cells wrapped, the rows counted."""
    if "boolean" in results:
        return "yes" if results["boolean"] else "no"
    columns, rows = results["head"]["vars"], results["results"]["bindings"]
    table = PrettyTable(columns, align="l", max_width=_WIDEST)
    table.set_style(TableStyle.SINGLE_BORDER)
    table.add_rows([[_cell(row, column, prefixes) for column in columns] for row in rows])
    return f"{table}\n{len(rows)} row{'' if len(rows) == 1 else 's'}"


def _cell(row: Row, column: str, prefixes: dict[str, str]) -> str:
    term = row.get(column)
    if term is None:
        return ""
    return terms.shorten(term["value"], prefixes) if term["type"] == "uri" else term["value"]


def export(settings: Settings, what: str, name: str | None, output: Path | None) -> None:
    """Write everything, a named graph or one thing to a file or to standard output."""
    found = snapshot.current(settings.snapshots)
    prefixes = terms.prefixes(settings.ontology)
    form = _export_format(what, name, output)
    if what == "all" or what.startswith("graph/"):
        buffer = exports.scratch()
        _write_graph(found, what, buffer, form, prefixes)
        content: Iterable[bytes] = exports.chunks(buffer)
    else:
        content = [_thing(settings, found, _iri_of(what, prefixes), form, prefixes)]
    if output:
        save(output, content)
    else:
        for piece in content:
            _print(piece)


def _iri_of(what: str, prefixes: dict[str, str]) -> str:
    try:
        return stored.expand(what, prefixes)
    except ValueError as error:
        raise BadRequest(f"'{what}' names nothing: {error}.") from error


def _export_format(what: str, name: str | None, output: Path | None) -> Format:
    """The format asked for, else the one of the output file's suffix, else Turtle."""
    offered = of_family("graph", "dataset") if what == "all" else GRAPHS
    suffix = output.suffix.lstrip(".") if output else ""
    if name or suffix:
        return formats.named(name or suffix, offered)
    return TURTLE


def _write_graph(found: Snapshot, what: str, buffer: IO[bytes], form: Format, prefixes: dict[str, str]) -> None:
    if what == "all":
        exports.write_graph(found, buffer, form, prefixes)
    else:
        exports.write_named_graph(found, terms.BASE + what, buffer, form, prefixes)


def _thing(settings: Settings, found: Snapshot, iri: str, form: Format, prefixes: dict[str, str]) -> bytes:
    describe = stored.find(settings.queries, "describe")
    try:
        text = describe.filled({"entity": [iri]}, prefixes)
    except ValueError as error:
        raise NotAcceptable(f"'{iri}' is not an IRI.") from error
    request = Request(text, Accept(graph=N_TRIPLES.media_type))
    _, body = asyncio.run(_answered(settings, found, request, prefixes))
    if not body:
        raise UnknownEntity(f"The graph says nothing of <{iri}>. Try 'kg query names-of-entity' or /search.")
    return exports.rewritten(body, form, prefixes)


def publish(settings: Settings, url: str, graph_store: str | None, update: str | None, *, beside: bool) -> None:
    """Load the current snapshot into another server, and say what stands there."""
    if graph_store and update:
        raise BadRequest("Give --graph-store or --update, not both.")
    for address in filter(None, (url, graph_store, update)):
        _require_address(address)
    found = snapshot.current(settings.snapshots)
    wire = Wire(Credentials.of(settings), Patience(), _REQUEST_SECONDS)
    try:
        loader = Updates(update, wire) if update else GraphStore(graph_store or url, wire)
        Publisher(Server(url, wire), loader, settings.queries, beside, progress).publish(found)
    finally:
        wire.close()
    manifest = found.manifest
    click.echo(f"{found.hash[:12]} stands at {url}: {len(manifest.graphs)} graphs, {manifest.triples:,} triples")


def _require_address(url: str) -> None:
    try:
        endpoints(url)
    except ValueError as error:
        raise BadRequest(f"{error}.") from error


def _print(body: bytes) -> None:
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()
