"""Claims kept for the pages that show them again: the same as those read anew, and read before anyone asks."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.testclient import TestClient
from tests.conftest import ROOT
from tests.test_records import Reading

from kg.compiler.build import Graph, build
from kg.errors import EngineFailure
from kg.serving import Current, Row, Serving, Values
from kg.settings import Settings
from kg.stored import StoredQuery
from kg.terms import CLAIM, DEF, ID
from kg.web import archive, chains, kept, settling
from kg.web.app import create_app
from kg.web.archive import full
from kg.web.asker import Asker
from kg.web.language import Language, speak

DRAWN = 40


class Graphs:
    """Serves a graph in memory, and counts the questions."""

    def __init__(self, graph: Graph, triples: int = 150_000) -> None:
        self.reading, self.asked = Reading(graph), list[str]()
        self.settings = SimpleNamespace(queries=ROOT / "queries")
        manifest = SimpleNamespace(triples=triples)
        self.served = cast(
            "Current",
            SimpleNamespace(
                hash=f"archive-{id(self)}",
                remote=False,
                record_date=str(graph.record_date),
                snapshot=SimpleNamespace(manifest=manifest),
            ),
        )

    async def several(self, _: Current, questions: Sequence[tuple[StoredQuery, Values]]) -> list[list[Row]]:
        self.asked += [query.name for query, _ in questions]
        return [self.reading.rows(query.name, **values) for query, values in questions]

    def asker(self) -> Asker:
        return Asker(cast("Serving", self), self.served)


@pytest.fixture(scope="module")
def graphs(whole: Graph) -> Graphs:
    return Graphs(whole)


@pytest.mark.parametrize("tongue", ["en", "fr"])
def test_a_kept_claim_reads_as_one_that_is_read_anew(graphs: Graphs, tongue: Language) -> None:
    """For things in every place of a claim, and in the order in which the rows of the query come."""

    async def scenario() -> int:
        speak(tongue)
        names = [*random.Random(3).sample(_named(graphs), DRAWN), ID + "france", DEF + "Preferred"]
        compared = 0
        for iri in names:
            for entities in ([iri], [""]):
                asker = graphs.asker()
                await asker.learn()
                wanted = _claims_of(graphs, iri)
                anew = await archive._shown(asker, await asker.records.read(asker, wanted), entities, {})
                assert await full(graphs.asker(), wanted, entities, {}) == anew
                before = len(graphs.asked)
                again = graphs.asker()
                assert await full(again, wanted, entities, {}) == anew
                assert len(graphs.asked) == before
                assert {one for one in asker.seen if one.startswith(ID)} <= again.seen
                compared += len(anew)
        return compared

    assert asyncio.run(scenario()) > 10 * DRAWN


def _named(graphs: Graphs) -> list[str]:
    rows = graphs.reading.graph.store.query(
        f'SELECT DISTINCT ?x {{ ?c rdf:predicate ?p ; ?q ?x FILTER(STRSTARTS(STR(?x), "{ID}")) }}',
        prefixes={"rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"},
    )
    return sorted(row["x"].value for row in cast("Any", rows))


def _claims_of(graphs: Graphs, iri: str) -> list[str]:
    return sorted({row["claim"]["value"] for row in graphs.reading.rows("mentions", entity=[iri])})


def test_a_claim_of_another_day_is_read_anew_and_not_kept(graphs: Graphs) -> None:
    async def scenario() -> None:
        claims = _claims_of(graphs, ID + "knds")
        now = await full(graphs.asker(), claims, [ID + "knds"], {})
        then = await full(graphs.asker(), claims, [ID + "knds"], {"asOf": ["2015-06-30"]})
        assert {claim.iri for claim in then} < {claim.iri for claim in now}
        assert await full(graphs.asker(), claims, [ID + "knds"], {"asOf": [""], "knownOn": [""]}) == now

    asyncio.run(scenario())


def test_what_is_no_claim_is_left_out(graphs: Graphs) -> None:
    assert asyncio.run(full(graphs.asker(), [ID + "france", CLAIM + "there-is-none"], [""], {})) == []
    assert asyncio.run(full(graphs.asker(), [], [""], {})) == []


def test_of_a_small_graph_all_claims_are_read_and_of_a_large_one_none(assembled: Graph) -> None:
    async def scenario(graphs: Graphs) -> tuple[int, list[str]]:
        await graphs.asker().learn()
        parts = [part async for part in archive.filled(cast("Serving", graphs), graphs.served)]
        return sum(parts), graphs.asked

    small, large = Graphs(assembled), Graphs(assembled, triples=10_000_000)
    count = cast("Any", assembled.store.query("SELECT (COUNT(*) AS ?n) { ?c a ?k ; <" + DEF + "rank> ?r }"))
    claims = int(next(iter(count))["n"].value)
    assert asyncio.run(scenario(small)) == (claims, small.asked)
    assert small.asked.count("claim-statements") > 1
    assert claims > 40
    far = Graphs(assembled)
    far.served.remote = True
    for none in (large, far):
        assert asyncio.run(scenario(none)) == (0, none.asked)
        assert "claim-statements" not in none.asked


# A server that settles in


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(settling, "_LOOKED_EACH", 0.05)
    monkeypatch.setattr(settling, "_PAUSE", 0.0)
    for remembered in (kept._PAGES, archive._ARCHIVES, chains._READ):
        remembered.clear()
    yield
    kept._PAGES.clear()


def _until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_server_reads_claims_before_anyone_asks_and_again_of_a_new_snapshot(
    quick: None, project: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    build(project)
    with caplog.at_level("INFO", logger="kg.web.settling"), TestClient(create_app(project)) as client:
        _until(lambda: "settled" in caplog.text)
        (first,) = archive._ARCHIVES
        assert {name for hash_, name in chains._READ if hash_ == first} >= {*chains.ASKED}
        page = client.get("/id/arquus.html").text
        arquus = project.home / "data" / "firms" / "arquus.ttl"
        arquus.write_text(arquus.read_text("utf-8").replace('"Arquus"@en', '"Arquus anew"@en'), "utf-8")
        caplog.clear()
        build(project)
        _until(lambda: "settled" in caplog.text)
        assert len(archive._ARCHIVES) == 2
        assert "Arquus anew" not in page
        assert "Arquus anew" in client.get("/id/arquus.html").text


@pytest.mark.parametrize("failure", [EngineFailure("It broke."), ValueError("A mistake of ours.")])
def test_what_cannot_be_read_now_is_read_when_a_page_asks(
    quick: None,
    settings: Settings,
    built: object,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failure: Exception,
) -> None:
    tried = list[str]()

    async def unprepared(_: object) -> None:
        """Nothing is read before the server is ready."""

    async def broken(_: object, name: str) -> None:
        tried.append(name)
        raise failure

    levels = chains.levels
    monkeypatch.setattr(settling, "prepare", unprepared)
    monkeypatch.setattr(chains, "levels", broken)
    with TestClient(create_app(settings)) as client:
        _until(lambda: "not all read beforehand" in caplog.text)
        assert tried
        monkeypatch.setattr(chains, "levels", levels)
        assert archive._ARCHIVES == {}
        assert "Every claim about this" in client.get("/id/arquus.html").text
        assert len(archive._ARCHIVES) == 1
