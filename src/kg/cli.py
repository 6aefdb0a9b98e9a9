"""The ``kg`` command: build, check, serve, query and export, as the server does them."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from kg import __version__
from kg.errors import BadRequest, KgError
from kg.settings import Settings
from kg.snapshot import Snapshot


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kg")
@click.option("--home", type=click.Path(path_type=Path), help="Folder with ontology/, data/ and queries/.")
@click.option("--snapshots", type=click.Path(path_type=Path), help="Folder of the built snapshots.")
@click.pass_context
def kg(context: click.Context, /, **given: Path | None) -> None:
    """Build, check, serve, query and export the graph of defence-industrial relationships."""
    context.obj = _settings({name: path.resolve() for name, path in given.items() if path})


def _settings(given: dict[str, Any]) -> Settings:
    """The settings of this run.

    Raises:
        BadRequest: a ``KG_…`` variable cannot be used, or the home folder is not the project's.
    """
    try:
        settings = Settings(**given)
    except ValidationError as error:
        reasons = "; ".join(f"KG_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise BadRequest(f"A setting cannot be used: {reasons}.") from error
    if not (settings.ontology / "prefixes.ttl").is_file():
        raise BadRequest(f"{settings.home} does not hold ontology/, data/ and queries/; set --home or KG_HOME.")
    return settings


@kg.command()
@click.pass_obj
def build(settings: Settings) -> None:
    """Compile the Turtle files into a new snapshot, if they are sound."""
    from kg import console
    from kg.compiler import build as builder

    made, findings = builder.build(settings, console.progress)
    if findings.warnings:
        click.echo(findings.text(), err=True)
    click.echo(f"{made.hash}  {made.manifest.triples:,} triples, {len(findings.warnings)} warnings")


@kg.command()
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="File for the SHACL report.")
@click.pass_obj
def check(settings: Settings, report: Path | None) -> None:
    """Check the Turtle files against shapes and rules; build nothing."""
    from kg import console
    from kg.compiler import build as builder

    findings = builder.check(settings, console.progress)
    if report:
        console.save(report, [findings.shacl.encode()])
    click.echo(findings.text())
    if findings.violations:
        raise SystemExit(3)


@kg.command()
@click.argument("kind", required=False)
@click.argument("answers", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--show", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--explain", is_flag=True, help="Tell what a kind of claim takes.")
@click.option(
    "--from", "sheet", type=click.File("r", "utf-8"), help="A sheet with many facts, a line each; - reads them."
)
@click.pass_obj
def new(settings: Settings, kind: str | None, answers: Sequence[str], show: bool, explain: bool, sheet: Any) -> None:
    """Enter a fact: a claim (stake, milestone, order-line …) with its source, or an entity (firm, order …).

    What is missing is asked for on a terminal. Nothing is written that the shapes object to. For example:

    \b
    kg new stake subject=belgium object=john-cockerill-defense share=10 from=2024-07-02 \\
        source=src:… locator="paragraph 3" gist="…" gist-fr="…"
    """
    from kg.drafting import command
    from kg.drafting import sheet as sheets

    if bool(kind) == bool(sheet):
        raise click.UsageError("Give either a kind of claim or entity, or --from with a sheet.")
    if sheet:
        click.echo(sheets.enter(settings, sheet.read(), keep=not show))
        return
    assert kind  # noqa: S101 - for the type checker
    if explain:
        click.echo(command.explained(settings, kind))
        return
    ask = _asked if sys.stdin.isatty() else None
    click.echo(command.new(settings, kind, _pairs(answers), ask, keep=not show))


def _asked(question: Any) -> str:
    return str(click.prompt(f"{question.text}\n  e.g. {question.example}\n{question.name}", err=True))


@kg.command()
@click.option("--host", help="Address to listen on.  [127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.  [8000]")
@click.option("--workers", type=click.IntRange(1), help="Server processes.  [1]")
@click.option("--root-path", metavar="PATH", help="Path at which a proxy shows the server, e.g. /armature.")
@click.option("--store", metavar="URL", help="Answer from the SPARQL 1.1 server at this query address.")
@click.option("--no-build", is_flag=True, help="Fail where there is no snapshot instead of building one.")
@click.pass_obj
def serve(settings: Settings, /, no_build: bool, **given: Any) -> None:
    """Serve the current snapshot over HTTP; build it first where there is none."""
    from kg.web import server

    chosen = _settings({**settings.model_dump(), **{n: value for n, value in given.items() if value is not None}})
    if code := server.serve(chosen, None if no_build else _built):
        raise SystemExit(code)


def _built(settings: Settings) -> Snapshot:
    from kg import console
    from kg.compiler import build as builder

    return builder.build(settings, console.progress)[0]


@kg.command()
@click.argument("url")
@click.option("--graph-store", metavar="URL", help="Address of its Graph Store Protocol.  [URL]")
@click.option("--update", metavar="URL", help="Publish by SPARQL Update at this address instead.")
@click.option("--beside", is_flag=True, help="Leave the server's default graph alone; the merge is a named graph.")
@click.pass_obj
def publish(settings: Settings, url: str, graph_store: str | None, update: str | None, beside: bool) -> None:
    """Load the current snapshot into the SPARQL 1.1 server whose query address is URL.

    Each named graph replaces the one of its name; graphs of ours that the snapshot lacks are removed, and nothing
    else is touched. Credentials come from KG_STORE_USER and KG_STORE_PASSWORD, or KG_STORE_TOKEN.
    """
    from kg import console

    console.publish(settings, url, graph_store, update, beside=beside)


@kg.command()
@click.argument("query")
@click.option("--format", "name", default="table", help="table, json, csv, tsv, xml; ttl, nt, rdf, jsonld.")
@click.option("--param", "-p", "params", multiple=True, metavar="NAME=VALUE", help="For a stored query.")
@click.pass_obj
def query(settings: Settings, query: str, name: str, params: Sequence[str]) -> None:
    """Run a query: its text, a file, the name of a stored query, or '-' for standard input."""
    from kg import console

    console.query(settings, query, name, _pairs(params))


def _pairs(params: Sequence[str]) -> dict[str, list[str]]:
    pairs: dict[str, list[str]] = {}
    for param in params:
        name, equals, value = param.partition("=")
        if not equals:
            raise BadRequest(f"'{param}' is not NAME=VALUE.")
        pairs.setdefault(name, []).append(value)
    return pairs


@kg.command()
@click.argument("what", default="all")
@click.option("--format", "name", help="ttl, nt, rdf, jsonld; for 'all' also trig and nq.  [ttl]")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@click.pass_obj
def export(settings: Settings, what: str, name: str | None, output: Path | None) -> None:
    """Export everything ('all'), a named graph (graph/data/…) or one thing (arquus, claim:…)."""
    from kg import console

    console.export(settings, what, name, output)


@kg.command()
@click.option("--check", "only_check", is_flag=True, help="Change nothing; tell which would be.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def fmt(settings: Settings, files: Sequence[Path], only_check: bool) -> None:
    """Lay Turtle files out canonically; all data files where none is named."""
    from kg.compiler import layout

    paths = list(files) or sorted(settings.data.rglob("*.ttl"))
    changed = [path for path in paths if layout.reformat(path, settings.ontology, rewrite=not only_check)]
    for path in changed:
        click.echo(f"{'not canonical' if only_check else 'rewritten'}: {path}")
    if only_check and changed:
        raise SystemExit(3)


@kg.command()
@click.option("--check", "only_check", is_flag=True, help="Change nothing; tell which pages are stale.")
@click.pass_obj
def docs(settings: Settings, only_check: bool) -> None:
    """Write the generated pages of docs/ from the ontology, the queries and the data."""
    from kg import docs as pages

    stale = pages.write(settings, kg, rewrite=not only_check)
    for path in stale:
        click.echo(f"{'stale' if only_check else 'written'}: {path}")
    if only_check and stale:
        raise SystemExit(3)


@kg.command()
@click.pass_obj
def info(settings: Settings) -> None:
    """Tell what the current snapshot is, as JSON."""
    from dataclasses import asdict

    from kg import snapshot

    click.echo(json.dumps(asdict(snapshot.current(settings.snapshots).manifest), indent=2))


def main() -> None:
    """Run the command line; every failure is one clear line and an exit code of its own."""
    try:
        kg.main(standalone_mode=False)
    except KgError as error:
        click.echo(f"kg: {error.title}: {error.detail}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
