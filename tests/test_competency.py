"""What analysts ask: queries and panels with golden answers, and the competency questions with what they must say."""

import asyncio
from pathlib import Path

import pyoxigraph as ox
import pytest
from tests import golden_files

from kg.competency import Connection, Question, connections, questions
from kg.compiler.build import Graph
from kg.connected import ways
from kg.engine.limits import Limits
from kg.engine.store import Accept, EmbeddedStore, Request, read
from kg.errors import KgError
from kg.paths import Way
from kg.stored import library, offered
from kg.terms import ID, prefixes

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden"
QUERIES = library(ROOT / "queries" / "api")
PANELS = golden_files.panels(ROOT / "queries")


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_the_answer_is_the_golden_one(whole: Graph, name: str) -> None:
    solutions = whole.store.query(QUERIES[name].text)
    assert isinstance(solutions, ox.QuerySolutions)
    assert [v.value for v in solutions.variables] == list(QUERIES[name].columns)
    found = (solutions.serialize(format=ox.QueryResultsFormat.CSV) or b"").decode()
    golden = (GOLDEN / f"{name}.csv").read_bytes().decode()
    assert found.splitlines() == golden.splitlines()
    assert len(golden.splitlines()) > 1


def test_every_golden_answer_has_its_query() -> None:
    assert {path.stem for path in GOLDEN.glob("*.csv")} == set(QUERIES)


@pytest.mark.parametrize("name", sorted(library(ROOT / "queries")))
def test_every_query_says_which_columns_it_has(assembled: Graph, name: str) -> None:
    query = library(ROOT / "queries")[name]
    found = assembled.store.query(query.text)
    if isinstance(found, ox.QuerySolutions) and query.columns:
        assert [v.value for v in found.variables] == list(query.columns)


def test_every_query_is_answered_when_it_is_asked_about_everything(whole: Graph, tmp_path: Path) -> None:
    store = ox.Store(tmp_path)
    store.bulk_extend(whole.store)
    store.flush()
    del store
    assert asyncio.run(_failed(tmp_path)) == {}


async def _failed(directory: Path) -> dict[str, str]:
    engine = EmbeddedStore(directory, Limits(deadline=30.0), readers=3, prefixes=prefixes(ROOT / "ontology"))
    accept = Accept(solutions="text/csv", graph="application/n-triples")
    failed = {}
    try:
        for name, query in sorted(offered(ROOT / "queries").items()):
            try:
                await read(await engine.answer(Request(query.asked({}, {}), accept)))
            except KgError as error:
                failed[name] = error.detail
    finally:
        await engine.close()
    return failed


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> ox.Store:
    """The graph that the panels are asked of."""
    return golden_files.part(tmp_path_factory.mktemp("part"))


@pytest.mark.parametrize("name", sorted(PANELS))
def test_a_panel_says_of_every_entity_what_is_golden(part: ox.Store, name: str) -> None:
    found = golden_files.answer(PANELS[name], part, prefixes(ROOT / "ontology"))
    golden = (golden_files.PANELS / f"{name}.csv").read_text("utf-8")
    assert found.splitlines() == golden.splitlines()
    assert len(golden.splitlines()) > 1


def test_every_golden_panel_has_its_query() -> None:
    assert {path.stem for path in golden_files.PANELS.glob("*.csv")} == set(PANELS)


def test_nothing_that_was_only_announced_or_wished_for_is_a_plain_fact(assembled: Graph) -> None:
    ask = """
    PREFIX kg: <https://w3id.org/armature/def/>
    PREFIX id: <https://w3id.org/armature/id/>
    SELECT ?subject ?relation ?object WHERE {
      VALUES ?intended {
        id:john-cockerill-arquus-merger id:belgium-caesar-order-2024 id:belgium-griffon-mepac-order-2024
        id:small-calibre-ammunition-purchase-from-belgium id:french-small-calibre-ammunition-line
        id:knds-155mm-shell-line-belgium
      }
      VALUES ?relation { kg:hasParticipant kg:hasItem kg:operatedBy kg:produces kg:locatedIn kg:supplies }
      ?relation a kg:Relation .
      { ?intended ?relation ?object . BIND(?intended AS ?subject) }
      UNION
      { ?subject ?relation ?intended . BIND(?intended AS ?object) }
    }
    """
    solutions = assembled.store.query(ask)
    assert isinstance(solutions, ox.QuerySolutions)
    assert list(solutions) == []


def test_no_path_leads_from_the_buyer_to_what_it_only_wishes_for(assembled: Graph) -> None:
    """Belgium and the guns are tied by claims and by the letter's parts, not by an order in force."""
    ask = """
    PREFIX kg: <https://w3id.org/armature/def/>
    PREFIX id: <https://w3id.org/armature/id/>
    ASK {
      id:belgium (^kg:hasParticipant|kg:hasParticipant|kg:hasItem|^kg:hasItem|kg:operatedBy|^kg:operatedBy)+ ?thing
      VALUES ?thing { id:caesar id:griffon-mepac id:arquus id:knds }
    }
    """
    assert not bool(assembled.store.query(ask))


@pytest.mark.parametrize("question", questions(ROOT / "queries"), ids=lambda question: question.number)
def test_the_question_is_answered(whole: Graph, question: Question) -> None:
    query, text = question.filled(ROOT / "queries", prefixes(ROOT / "ontology"))
    solutions = whole.store.query(text)
    assert isinstance(solutions, ox.QuerySolutions)
    rows = [[row[column].value for column in question.columns if row[column] is not None] for row in solutions]
    told = "\n".join(" | ".join(row) for row in rows)
    assert [text for text in question.says if text not in told] == [], told
    assert query.name in QUERIES


def between(whole: Graph, start: str, end: str) -> list[Way]:
    return ways(whole, ROOT / "queries", ID + start, ID + end)


@pytest.mark.parametrize("asked", connections(ROOT / "queries"), ids=lambda asked: asked.number)
def test_the_connection_is_found(whole: Graph, asked: Connection) -> None:
    found = [[thing.removeprefix(ID) for thing in way.things] for way in between(whole, asked.start, asked.end)]
    assert found[0] == [asked.start, *asked.says, asked.end]
    passed = {thing for way in found for thing in way}
    assert [thing for thing in asked.also if thing not in passed] == [], found


def test_what_is_connected_by_nothing_has_no_way(whole: Graph) -> None:
    assert between(whole, "sebastien-lecornu", "no-such-thing") == []


def test_every_question_has_a_number_of_its_own() -> None:
    numbers = [asked.number for asked in questions(ROOT / "queries")]
    numbers += [asked.number for asked in connections(ROOT / "queries")]
    assert sorted(set(numbers)) == sorted(numbers)
