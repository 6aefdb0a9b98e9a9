"""``kg publish`` against a server that fails as it is told: what is tried again, and what the failure says."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.scripted import Heard, Scripted, answer, scripted

from kg.errors import NoSnapshot, PublishFailed, StoreFailure, StoreUnreachable
from kg.loading import GraphStore, Loader, Patience, Server, Updates, Wire
from kg.publication import RECORD, Publication, of_pieces
from kg.publishing import Publisher, graphs, merged
from kg.settings import Settings
from kg.snapshot import Snapshot

QUICK = Patience(tries=4, pause=0.01)
DONE = answer(b"", "204 No Content")


def table(*rows: dict[str, object]) -> bytes:
    """Solutions in JSON."""
    bindings = [{name: {"type": "literal", "value": str(value)} for name, value in row.items()} for row in rows]
    return answer(json.dumps({"head": {"vars": []}, "results": {"bindings": bindings}}).encode())


class Fake:
    """A server that takes every graph and counts what it should; ``writing`` answers all but queries."""

    def __init__(self, found: Snapshot, writing: Callable[[Heard, int], bytes] | None = None) -> None:
        self._counts = dict(found.manifest.graphs)
        self.triples = found.manifest.triples
        self._writing = writing
        self.writes = 0

    def __call__(self, heard: Heard) -> bytes:
        if heard.query:
            return self._answer(heard.query)
        self.writes += 1
        return self._writing(heard, self.writes) if self._writing else DONE

    def _answer(self, query: str) -> bytes:
        if "ASK" in query:
            return answer(b'{"head":{},"boolean":false}')
        if "VALUES ?graph" in query:
            return table(*({"graph": graph, "count": count} for graph, count in self._counts.items()))
        if "COUNT" in query:
            return table({"count": self.triples if self.writes > 3 else 0})
        return table()

    def lose(self, graph: str) -> None:
        """Count one statement less in a graph."""
        self._counts[graph] -= 1


def publish(
    settings: Settings, found: Snapshot, script: Callable[[Heard], bytes], *, update: bool = False
) -> Scripted:
    """Publish to a scripted server; returns it with what it has heard."""
    with scripted(script) as server:
        wire = Wire(None, QUICK, 10)
        try:
            loader: Loader = Updates(server.url, wire) if update else GraphStore(server.url, wire)
            Publisher(Server(server.url, wire), loader, settings.queries).publish(found)
        finally:
            wire.close()
    return server


def test_every_graph_is_put_and_the_record_comes_last(settings: Settings, built: Snapshot) -> None:
    puts = [heard for heard in publish(settings, built, Fake(built)).heard if heard.method == "PUT"]
    assert len(puts) == len(built.manifest.graphs) + 4
    assert b"no-such" not in puts[-1].body
    assert built.hash.encode() in puts[-1].body
    assert built.hash.encode() not in puts[0].body
    assert puts[0].headers["content-type"] == "application/n-triples"
    assert "default=" in puts[-2].target


def test_updates_come_in_batches(settings: Settings, built: Snapshot) -> None:
    texts = [h.body for h in publish(settings, built, Fake(built), update=True).heard if not h.query]
    assert max(text.count(b"\n") for text in texts) <= 1_001
    assert sum(text.startswith(b"CLEAR SILENT GRAPH") for text in texts) == len(built.manifest.graphs) + 3
    assert sum(text.startswith(b"CLEAR SILENT DEFAULT") for text in texts) == 1


def test_passing_faults_are_tried_again(settings: Settings, built: Snapshot) -> None:
    faults = ["503 Busy", "502 Bad Gateway", "504 Timeout", "429 Slowly"]
    seen: set[str] = set()

    def writing(heard: Heard, number: int) -> bytes:
        if heard.target not in seen:
            seen.add(heard.target)
            return answer(b"", faults[number % len(faults)])
        return DONE

    fake = Fake(built, writing)
    publish(settings, built, fake)
    assert fake.writes == len(built.manifest.graphs) + 4 + len(seen)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("401 Unauthorized", "KG_STORE_USER and KG_STORE_PASSWORD"),
        ("403 Forbidden", "does not let us in"),
        ("404 Not Found", "--graph-store .*--update"),
        ("405 Not Allowed", "--graph-store .*--update"),
        ("413 Too Large", "in batches with --update"),
        ("500 Error", "answered 500"),
    ],
)
def test_a_refusal_says_what_to_do(settings: Settings, built: Snapshot, status: str, words: str) -> None:
    with pytest.raises(StoreFailure, match=words):
        publish(settings, built, Fake(built, lambda _, __: answer(b"", status)))


def test_a_server_that_dies_in_the_middle_is_told_of(settings: Settings, built: Snapshot) -> None:
    fake = Fake(built, lambda _, number: DONE if number < 5 else b"")
    with pytest.raises(StoreUnreachable, match="cannot be reached"):
        publish(settings, built, fake)
    assert fake.writes == 4 + QUICK.tries


def test_nobody_at_the_address(settings: Settings, built: Snapshot) -> None:
    wire = Wire(None, QUICK, 10)
    server = Server("http://127.0.0.1:9/", wire)
    with pytest.raises(StoreUnreachable, match="cannot be reached"):
        Publisher(server, GraphStore("http://127.0.0.1:9/", wire), settings.queries).publish(built)
    wire.close()


def test_an_address_that_is_not_for_queries(settings: Settings, built: Snapshot) -> None:
    with pytest.raises(StoreFailure, match="is it the address for queries"):
        publish(settings, built, lambda _: answer(b"<html>", kind="text/html"))


def test_a_graph_that_is_not_whole_is_named_with_both_counts(settings: Settings, built: Snapshot) -> None:
    fake = Fake(built)
    graph, count = next(iter(built.manifest.graphs.items()))
    fake.lose(graph)
    with pytest.raises(PublishFailed, match=f"<{graph}> has {count - 1:,} .* should have {count:,}") as raised:
        publish(settings, built, fake)
    assert raised.value.members == {"graph": graph, "expected": count, "found": count - 1}


def test_a_default_graph_that_is_not_whole_is_told(settings: Settings, built: Snapshot) -> None:
    fake = Fake(built)
    fake.triples -= 1
    with pytest.raises(PublishFailed, match="The default graph has"):
        publish(settings, built, fake)


def test_the_files_hold_every_statement_once(built: Snapshot, tmp_path: Path) -> None:
    counted = {graph: len(b"".join(lines).splitlines()) for graph, lines in graphs(built, tmp_path)}
    assert counted == built.manifest.graphs
    lines = b"".join(merged(built, tmp_path)).splitlines()
    assert len(lines) == len(set(lines)) == built.manifest.triples


def rows(publication: Publication) -> Iterator[dict[str, str]]:
    """The record as the query *publication* gives it."""
    for triple in publication.triples():
        predicate, value = triple.predicate.value, getattr(triple.object, "value", "")
        if "#_" in predicate:
            yield {"place": predicate, "piece": value}


def test_the_record_survives_being_cut_into_pieces(built: Snapshot) -> None:
    record = Publication("x", RECORD, built.manifest)
    assert of_pieces(reversed(list(rows(record)))) == record
    assert of_pieces([]) is None


def test_a_record_that_cannot_be_read_is_told() -> None:
    with pytest.raises(NoSnapshot, match="publish again"):
        of_pieces([{"place": "http://x#_1", "piece": "{"}])
