"""Comunica, the query engine of the JavaScript world: over the endpoint, and over it and a file together."""

import json
import subprocess
from pathlib import Path

import pytest

from kg.snapshot import Snapshot

BASE = "https://w3id.org/armature/"
FIRM = f"<{BASE}def/Firm>"


def comunica(modules: Path, sources: list[str], query: str, form: str) -> str:
    command = [str(modules / ".bin" / "comunica-sparql"), *sources, "--query", query, "-t", form]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def source(address: str) -> list[str]:
    return [f"sparql@{address}/sparql"]


def firms(text: str) -> set[str]:
    return {row["firm"]["value"] for row in json.loads(text)["results"]["bindings"]}


def test_select(modules: Path, source: list[str], built: Snapshot) -> None:
    found = firms(comunica(modules, source, f"SELECT ?firm {{ ?firm a {FIRM} }}", "application/sparql-results+json"))
    assert len(found) == built.manifest.classes[f"{BASE}def/Firm"]
    assert f"{BASE}id/arquus" in found


def test_ask(modules: Path, source: list[str]) -> None:
    assert comunica(modules, source, f"ASK {{ <{BASE}id/arquus> a {FIRM} }}", "simple").strip() == "true"
    assert comunica(modules, source, f"ASK {{ <{BASE}id/france> a {FIRM} }}", "simple").strip() == "false"


def test_construct(modules: Path, source: list[str], built: Snapshot) -> None:
    text = comunica(modules, source, f"CONSTRUCT WHERE {{ ?firm a {FIRM} }}", "application/n-triples")
    assert f"<{BASE}id/arquus> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> {FIRM} ." in text
    assert len(text.splitlines()) == built.manifest.classes[f"{BASE}def/Firm"]


def test_the_endpoint_is_recognised_without_being_told(modules: Path, address: str) -> None:
    """Comunica asks for a description first and reads from it that this is a SPARQL service."""
    query = f"SELECT ?firm {{ ?firm a {FIRM} }}"
    assert f"{BASE}id/arquus" in firms(
        comunica(modules, [f"{address}/sparql"], query, "application/sparql-results+json")
    )


def test_it_joins_with_another_source(modules: Path, source: list[str], elsewhere: tuple[Path, str]) -> None:
    folder, origin = elsewhere
    noted = f"<{BASE}id/arquus> <urn:x-own:note> 'watch' . <{BASE}id/france> <urn:x-own:note> 'no firm' ."
    (folder / "watch-list.ttl").write_text(noted)
    query = f"SELECT ?firm ?note {{ ?firm <urn:x-own:note> ?note . ?firm a {FIRM} }}"
    text = comunica(modules, [*source, f"{origin}/watch-list.ttl"], query, "application/sparql-results+json")
    assert firms(text) == {f"{BASE}id/arquus"}
