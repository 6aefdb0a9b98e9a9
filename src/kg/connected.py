"""How two entities of a graph in memory are connected: the search of ``/path``, without a server.

The generated documentation and the competency questions ask it; the queries, fees and bounds are those of the page.
"""

import json
from pathlib import Path
from typing import cast

import pyoxigraph as ox

from kg.compiler.build import Graph
from kg.paths import Way
from kg.serving import Row
from kg.stored import find
from kg.terms import Iri
from kg.web.networks import Moment, bare, network
from kg.web.path_view import HOPS, WAYS
from kg.web.ties import NEVER, spans


def ways(whole: Graph, queries: Path, start: Iri, end: Iri) -> list[Way]:
    """The best ways between two entities over the whole record, best first; none if nothing ties them.

    ``queries`` is the folder of the stored queries.
    """
    lives = spans(_rows(whole, queries, "spans"))
    ties = bare(_rows(whole, queries, "network"))
    return network(ties, lives, Moment(), whole.record_date or NEVER).ways(start, end, HOPS, WAYS)


def _rows(whole: Graph, queries: Path, name: str) -> list[Row]:
    """All rows of a stored query, its parameters left empty."""
    solutions = whole.store.query(find(queries, name).filled({}, {}))
    assert isinstance(solutions, ox.QuerySolutions)  # noqa: S101 - both are a SELECT
    text = solutions.serialize(format=ox.QueryResultsFormat.JSON) or b""
    return cast("list[Row]", json.loads(text)["results"]["bindings"])
