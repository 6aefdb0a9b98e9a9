"""Labels that are nearly the same, in files of two things and of things that only look it."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.compiler import alike
from kg.compiler.build import check
from kg.settings import Settings
from kg.stored import find

ROOT = Path(__file__).parents[1]
CASES = Path(__file__).parent / "alike"
RULE = find(ROOT / "queries" / "rules" / "alike", "same-label")
ID = "https://w3id.org/armature/id/"

_LABELS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=30)


def objections(path: Path) -> list[tuple[str, str]]:
    store = ox.Store()
    store.load(path=str(ROOT / "ontology" / "classes.ttl"), format=ox.RdfFormat.TURTLE)
    store.load(path=str(path), format=ox.RdfFormat.TURTLE)
    rows = store.query(RULE.text)
    assert isinstance(rows, ox.QuerySolutions)
    return list(alike.objections(store, map(alike.named, rows)))


@pytest.mark.parametrize("path", sorted(CASES.glob("invalid.*.ttl")), ids=lambda path: path.stem)
def test_one_thing_spelt_in_two_ways_is_found(path: Path) -> None:
    ((focus, message),) = objections(path)
    assert focus == f"{ID}b"
    assert f"has nearly the label of {ID}a" in message
    assert "owl:differentFrom" in message


@pytest.mark.parametrize("path", sorted(CASES.glob("valid.*.ttl")), ids=lambda path: path.stem)
def test_what_is_different_is_left_alone(path: Path) -> None:
    assert objections(path) == []


def test_the_check_names_file_and_line(project: Settings) -> None:
    twin = project.data / "firms" / "twin.ttl"
    twin.write_text(
        "@prefix id: <https://w3id.org/armature/id/> .\n@prefix kg: <https://w3id.org/armature/def/> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n\n"
        'id:john-cockerill-sa\n    a kg:Firm ;\n    rdfs:label "John-Cockerill S.A."@en, "John Cockerill SA"@fr .\n'
    )
    (found,) = (f for f in check(project).warnings if f.rule == "same-label")
    assert found.place == "data/firms/twin.ttl:5"
    assert "id:john-cockerill-sa: has nearly the label of id:john-cockerill (" in found.message


@given(_LABELS, _LABELS)
def test_near_goes_both_ways_and_every_label_is_near_itself(one: str, other: str) -> None:
    assert alike.near(one, one)
    assert alike.near(one, other) == alike.near(other, one)


@given(st.lists(_LABELS, min_size=2, max_size=8, unique=True))
def test_the_short_way_finds_what_comparing_all_with_all_finds(labels: list[str]) -> None:
    things = [alike.Named(f"{ID}{place}", "g", label) for place, label in enumerate(labels)]
    every = {(a, b) for a in things for b in things if a < b and alike.near(a.label, b.label)}
    assert set(alike.pairs(things)) == every
