"""What pages put together from the statements of claims: the rows that the queries for readers answer."""

import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from typing import cast

import pyoxigraph as ox
import pytest
from tests.conftest import ROOT

from kg.compiler.build import Graph
from kg.serving import Row
from kg.stored import library
from kg.terms import DEF, RDF, Iri
from kg.web import records
from kg.web.declared import Declared, declared
from kg.web.lexicon import Lexicon
from kg.web.records import Days, Record, Records

DAYS = [("", ""), ("2021-06-30", ""), ("2024-06-01", "2024-05-22"), ("", "2023-01-01")]


class Reading:
    """Puts stored queries to a graph in memory, and counts what it puts."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.lexicon, self.statements = graph, Lexicon(), 150_000
        self.asked: list[str] = []
        self.failing = ""

    async def raw(self, name: str, **values: Sequence[str]) -> list[Row]:
        self.asked.append(name)
        if name == self.failing:
            raise RuntimeError(name)
        return self.rows(name, **values)

    def rows(self, name: str, **values: Sequence[str]) -> list[Row]:
        text = library(ROOT / "queries")[name].filled(values, {})
        solutions = self.graph.store.query(text)
        assert isinstance(solutions, ox.QuerySolutions)
        body = solutions.serialize(format=ox.QueryResultsFormat.JSON) or b""
        return cast("list[Row]", json.loads(body)["results"]["bindings"])


@pytest.fixture(scope="module")
def reading(whole: Graph) -> Reading:
    return Reading(whole)


@pytest.fixture(scope="module")
def claims(reading: Reading) -> list[Iri]:
    """Every claim of the project."""
    found = reading.graph.store.query("SELECT ?c { ?c rdf:predicate ?p }", prefixes={"rdf": RDF})
    assert isinstance(found, ox.QuerySolutions)
    return sorted({row["c"].value for row in found})


@pytest.fixture(scope="module")
def known(reading: Reading, claims: list[Iri]) -> list[Record]:
    return asyncio.run(Records().read(reading, claims))


def told(rows: Sequence[Row]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def parts(claims: Sequence[Iri]) -> Iterator[list[Iri]]:
    return (list(claims[start : start + 500]) for start in range(0, len(claims), 500))


@pytest.mark.parametrize(("as_of", "known_on"), DAYS)
def test_claims_read_as_their_query_answers(
    reading: Reading, claims: list[Iri], known: list[Record], as_of: str, known_on: str
) -> None:
    days = Days(as_of, known_on, str(reading.graph.record_date))
    mine = told(records.claim_rows(known, [""], days, reading.lexicon))
    given = {"entity": [""], "asOf": [as_of], "knownOn": [known_on]}
    assert mine == told([row for part in parts(claims) for row in reading.rows("claims", claim=part, **given)])
    assert mine


@pytest.mark.parametrize("name", ["france", "knds", "caesar", "florence-parly"])
def test_a_thing_stands_in_the_places_that_the_query_names(
    reading: Reading, claims: list[Iri], known: list[Record], name: str
) -> None:
    entity = f"https://w3id.org/armature/id/{name}"
    days = Days("", "", str(reading.graph.record_date))
    mine = told(records.claim_rows(known, [entity], days, reading.lexicon))
    assert mine == told(reading.rows("claims", entity=[entity], claim=[""]))
    assert len({json.loads(row)["place"]["value"] for row in mine}) > 1


def test_evidence_stands_in_a_claim_too(reading: Reading, claims: list[Iri], known: list[Record]) -> None:
    passage = known[0].citations[0]["evidence"]["value"]
    days = Days("", "", str(reading.graph.record_date))
    mine = records.claim_rows(known, [passage], days, reading.lexicon)
    assert told(mine) == told(reading.rows("claims", entity=[passage], claim=[""]))
    assert {row["place"]["value"] for row in mine} == {"https://w3id.org/armature/def/evidence"}


def test_qualifiers_and_evidence_read_as_their_queries_answer(
    reading: Reading, claims: list[Iri], known: list[Record]
) -> None:
    qualifiers = [row for part in parts(claims) for row in reading.rows("qualifiers", entity=[""], claim=part)]
    assert told(records.qualifier_rows(known, reading.lexicon)) == told(qualifiers)
    evidence = [row for part in parts(claims) for row in reading.rows("evidence", entity=[""], claim=part)]
    cited = records.evidence_rows(known, reading.lexicon)
    assert {_words(row) for row in cited} <= {_words(row) for row in evidence}
    assert [_cited(row) for row in cited] == sorted({_cited(row) for row in evidence})


def _words(row: Row) -> str:
    return json.dumps({column: term["value"] for column, term in sorted(row.items())})


def _cited(row: Row) -> tuple[str, str]:
    """A claim and what it cites; the query has a row for each language of the place, a page one."""
    return row["claim"]["value"], row["evidence"]["value"]


def test_no_claim_is_asked_for_twice_and_what_failed_is_asked_anew(whole: Graph, claims: list[Iri]) -> None:
    async def scenario() -> None:
        reading, page = Reading(whole), Records()
        both = await asyncio.gather(page.read(reading, claims[:3]), page.read(reading, claims[1:4]))
        assert [[one.iri for one in found] for found in both] == [claims[:3], claims[1:4]]
        assert reading.asked.count("claim-statements") == 2
        await page.read(reading, claims[:4])
        assert reading.asked.count("claim-statements") == 2
        reading.failing = "citations"
        with pytest.raises(RuntimeError):
            await page.read(reading, claims[4:5])
        reading.failing = ""
        assert [one.iri for one in await page.read(reading, claims[4:6])] == claims[4:6]

    asyncio.run(scenario())


def test_what_is_no_claim_is_left_out(reading: Reading) -> None:
    nothing = ["https://w3id.org/armature/id/france", "https://w3id.org/armature/claim/there-is-none"]
    assert asyncio.run(Records().read(reading, nothing)) == []


# Panels that are not asked for

DRAWN = 25
"""Entities asked of, for each panel."""
IN_VAIN = [panel for panel in declared(ROOT / "queries") if panel.needs]
SPOKEN_OF = """SELECT DISTINCT ?entity ?relation {
  { ?claim rdf:subject|rdf:object ?entity } UNION { ?qualifier a kg:Qualifier . ?claim ?qualifier ?entity }
  ?claim rdf:predicate ?relation . FILTER(STRSTARTS(STR(?entity), "https://w3id.org/armature/id/"))
}"""


@pytest.fixture(scope="module")
def spoken_of(reading: Reading) -> dict[Iri, set[Iri]]:
    """Every entity that claims speak of, with the relations of these claims."""
    found: dict[Iri, set[Iri]] = {}
    solutions = reading.graph.store.query(SPOKEN_OF, prefixes={"rdf": RDF, "kg": DEF})
    assert isinstance(solutions, ox.QuerySolutions)
    for row in solutions:
        found.setdefault(row["entity"].value, set()).add(row["relation"].value)
    return found


@pytest.mark.parametrize("panel", IN_VAIN, ids=lambda panel: panel.name)
def test_a_panel_that_is_not_asked_for_has_no_row(
    reading: Reading, spoken_of: dict[Iri, set[Iri]], panel: Declared
) -> None:
    vain = sorted(entity for entity, relations in spoken_of.items() if panel.in_vain(relations))
    assert 0 < len(vain) < len(spoken_of)
    assert [iri for iri in _drawn(vain) if reading.rows(panel.name, entity=[iri], asOf=[""], knownOn=[""])] == []


def _drawn(iris: Sequence[Iri]) -> list[Iri]:
    return random.Random(1).sample(list(iris), min(DRAWN, len(iris)))


def test_names_and_life_cycles_are_not_asked_for_in_vain(reading: Reading, spoken_of: dict[Iri, set[Iri]]) -> None:
    nameless = sorted(entity for entity, relations in spoken_of.items() if DEF + "hasName" not in relations)
    rows = [reading.rows("names-of-entity", entity=[iri], asOf=[""], knownOn=[""]) for iri in _drawn(nameless)]
    assert not any(rows)
    steady = sorted(
        entity
        for entity in spoken_of
        if not any(reading.graph.store.quads_for_pattern(ox.NamedNode(entity), ox.NamedNode(DEF + "realised"), None))
    )
    rows = [reading.rows("life-cycle", entity=[iri], asOf=[""], knownOn=[""]) for iri in _drawn(steady)]
    assert not any(rows)
