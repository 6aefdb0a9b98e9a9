"""The search index: what it knows of a thing, and that a former name finds it and is told as such."""

from pathlib import Path

import pyoxigraph as ox

from kg import indexing
from kg.search import SearchIndex

ROOT = Path(__file__).parents[1]
GRAPH = """
@prefix kg: <https://w3id.org/armature/def/> .
@prefix id: <https://w3id.org/armature/id/> .
@prefix claim: <https://w3id.org/armature/claim/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
kg:Firm rdfs:subClassOf kg:Entity ; rdfs:label "firm"@en, "entreprise"@fr .
kg:Order rdfs:subClassOf kg:Entity ; rdfs:label "order"@en .
id:arquus a kg:Firm ; rdfs:label "Arquus"@en .
id:other a kg:Firm ; rdfs:label "Renault"@en .
id:order a kg:Order ; rdfs:label "Arquus vehicles for Utopia"@en .
claim:name a kg:Naming ; rdf:subject id:arquus ; rdf:object "Renault Trucks Défense"@fr ;
    kg:nameKind <https://w3id.org/armature/code/name/former> .
claim:a rdf:subject id:order ; rdf:object id:arquus .
claim:b rdf:subject id:order ; rdf:object id:other .
claim:c rdf:subject id:order ; rdf:object id:other .
"""


def test_a_former_name_finds_the_thing_and_is_told_as_such(tmp_path: Path) -> None:
    store = ox.Store()
    store.load(GRAPH, format=ox.RdfFormat.TURTLE)
    assert indexing.build(tmp_path / "search", store, ROOT / "queries" / "rules" / "search") == 3
    index = SearchIndex(tmp_path / "search")
    hit = index.find("renault trucks defense")[1][0]
    assert (hit.label, hit.matched, hit.former) == ("Arquus", "Renault Trucks Défense", True)
    assert [found.label for found in index.find("renault")[1]] == ["Renault", "Arquus"]
    assert [found.label for found in index.find("arq")[1]] == ["Arquus", "Arquus vehicles for Utopia"]
    assert index.find("trucks")[1][0].claims == 2
