"""A query from afar goes past the framework, and nobody can tell: the short way and the long one answer alike."""

from collections.abc import Mapping

import pytest
from starlette.testclient import TestClient

ASKED = {
    "answer": {"query": "SELECT ?s { ?s a kg:Order } ORDER BY ?s LIMIT 3", "format": "csv"},
    "once more": {"query": "SELECT ?s { ?s a kg:Order } ORDER BY ?s LIMIT 3", "format": "csv"},
    "graph": {"query": "DESCRIBE id:arquus", "format": "nt"},
    "each time anew": {"query": "SELECT (RAND() AS ?r) { ?s ?p ?o }", "format": "xml"},
}
WRONG = {
    "syntax": {"query": "SELECT"},
    "nothing": {"query": " "},
    "format": {"query": "ASK {}", "format": "pdf"},
    "update": {"update": "DROP ALL"},
}


@pytest.mark.parametrize("kind", ASKED)
def test_the_short_way_and_the_long_one_answer_alike(client: TestClient, kind: str) -> None:
    """One that could want a page goes through the framework; this one prefers anything else."""
    accept = "application/json, text/turtle;q=0.9, */*;q=0.5"
    short, long = (
        client.get("/sparql", params=ASKED[kind], headers={"Accept": value})
        for value in (accept, f"{accept}, text/html;q=0.1")
    )
    drop = ("x-request-id", "ratelimit")
    assert short.status_code == long.status_code == 200
    assert kind == "each time anew" or short.content == long.content
    assert fields_of(short.headers, drop) == fields_of(long.headers, drop)


def fields_of(headers: Mapping[str, str], drop: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in drop}


@pytest.mark.parametrize("kind", WRONG)
def test_errors_on_the_short_way_are_those_of_the_long_one(client: TestClient, kind: str) -> None:
    short = client.get("/sparql", params=WRONG[kind])
    long = client.get("/sparql", params=WRONG[kind], headers={"Origin": "https://elsewhere.example"})
    assert short.status_code == long.status_code >= 400
    drop = ("x-request-id", "ratelimit", "access-control-allow-origin", "access-control-expose-headers")
    assert fields_of(short.headers, drop) == fields_of(long.headers, drop)
    told, wanted = short.json(), long.json()
    assert told.pop("request_id") != wanted.pop("request_id")
    assert told == wanted
