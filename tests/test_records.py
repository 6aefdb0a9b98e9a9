"""What pages put together from the statements of claims: the rows that the queries for readers answer."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import cast

import pyoxigraph as ox
import pytest
from tests.conftest import ROOT

from kg.compiler.build import Graph
from kg.serving import Row
from kg.stored import library
from kg.terms import RDF, Iri
from kg.web import records
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
