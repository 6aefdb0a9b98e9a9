"""Derivation: CONSTRUCT rules add what follows from the claims, into ``graph:derived``.

The rules are the files of ``queries/rules/derive/``. Each names its stage; a stage sees what the stages
before it derived, and all rules of one stage see the same graph.
"""

from itertools import groupby
from pathlib import Path

import pyoxigraph as ox

from kg.errors import BrokenQuery
from kg.stored import StoredQuery, library
from kg.terms import GRAPH_DERIVED


def derive(store: ox.Store, rules: Path) -> int:
    """Run every rule of the folder on the store; returns how many triples are new.

    Derived triples go to ``graph:derived`` and to the default graph. What a source file states already is
    not derived once more, so that ``graph:derived`` holds only what nobody wrote.
    """
    before = len(store)
    for _, rules_of_stage in groupby(sorted(library(rules).values(), key=_place), key=_stage):
        derived = [triple for rule in rules_of_stage for triple in _run(store, rule)]
        store.extend(quad for triple in derived for quad in _quads(store, triple))
    return (len(store) - before) // 2


def _stage(rule: StoredQuery) -> int:
    stage = rule.extra.get("stage")
    if not isinstance(stage, int):
        raise BrokenQuery(f"{rule.path}: a rule needs 'stage: <number>' in its header.", file=str(rule.path))
    return stage


def _place(rule: StoredQuery) -> tuple[int, str]:
    return _stage(rule), rule.name


def _run(store: ox.Store, rule: StoredQuery) -> list[ox.Triple]:
    results = store.query(rule.text)
    if not isinstance(results, ox.QueryTriples):
        raise BrokenQuery(f"{rule.path}: a rule must be a CONSTRUCT query.", file=str(rule.path))
    return list(results)


def _quads(store: ox.Store, triple: ox.Triple) -> list[ox.Quad]:
    merged = ox.Quad(triple.subject, triple.predicate, triple.object)
    if merged in store:
        return []
    return [merged, ox.Quad(triple.subject, triple.predicate, triple.object, GRAPH_DERIVED)]
