"""What the rules derive from claims, and what they must not."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import terms
from kg.compiler.derive import derive

ROOT = Path(__file__).parents[1]
PREFIXES = terms.prefixes(ROOT / "ontology")
HEAD = "".join(f"@prefix {prefix}: <{space}> .\n" for prefix, space in PREFIXES.items())
SOURCE = """
src:s a kg:Source ; dcterms:issued "2024-05-21"^^xsd:date ; kg:accessed "2025-01-31"^^xsd:date .
id:a a kg:Firm . id:b a kg:Firm . id:p a kg:Person . id:post a kg:Post . id:deal a kg:Deal .
id:site a kg:Site . id:state a kg:State . id:prog a kg:Programme .
"""


@pytest.fixture(scope="module")
def ontology() -> list[ox.Quad]:
    files = sorted((ROOT / "ontology").glob("*.ttl"))
    return [quad for path in files for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE)]


def derived(ontology: list[ox.Quad], data: str) -> set[str]:
    """The derived triples, as prefixed names."""
    store = ox.Store()
    store.extend(ontology)
    store.extend(ox.parse(HEAD + SOURCE + data, ox.RdfFormat.TURTLE))
    derive(store, ROOT / "queries" / "rules" / "derive")
    found = store.quads_for_pattern(None, None, None, terms.GRAPH_DERIVED)
    return {" ".join(map(_short, (q.subject, q.predicate, q.object))) for q in found}


def _short(term: object) -> str:
    return terms.shorten(term.value, PREFIXES) if isinstance(term, ox.NamedNode | ox.Literal) else str(term)


def claim(name: str, kind: str, said: str, *more: str, rank: str = "normal") -> str:
    subject, relation, value = said.split(" ", 2)
    return (
        f"claim:{name} a kg:{kind} ; rdf:subject {subject} ; rdf:predicate kg:{relation} ; rdf:object {value} ;"
        f" kg:rank rank:{rank} ; kg:evidence src:s {''.join('; ' + m for m in more)} .\n"
    )


def milestone(thing: str, status: str, day: str = "2024-05-21", name: str = "m", rank: str = "normal") -> str:
    return claim(name, "Milestone", f"{thing} hasStatus status:{status}", f'kg:on "{day}"^^xsd:date', rank=rank)


@pytest.mark.parametrize(
    ("stated", "first", "last"),
    [
        ('"2018"^^xsd:gYear', "2018-01-01", "2018-12-31"),
        ('"2024-04"^^xsd:gYearMonth', "2024-04-01", "2024-04-30"),
        ('"2024-02"^^xsd:gYearMonth', "2024-02-01", "2024-02-29"),
        ('"2023-02"^^xsd:gYearMonth', "2023-02-01", "2023-02-28"),
        ('"1900-02"^^xsd:gYearMonth', "1900-02-01", "1900-02-28"),
        ('"2000-02"^^xsd:gYearMonth', "2000-02-01", "2000-02-29"),
        ('"2024-12"^^xsd:gYearMonth', "2024-12-01", "2024-12-31"),
        ('"2024-05-21"^^xsd:date', "2024-05-21", "2024-05-21"),
    ],
)
def test_partial_dates_get_their_bounds(ontology: list[ox.Quad], stated: str, first: str, last: str) -> None:
    for name in ("from", "until", "on"):
        found = derived(ontology, f"claim:c kg:{name} {stated} .")
        assert {f"claim:c kg:{name}Earliest {first}", f"claim:c kg:{name}Latest {last}"} <= found


def test_bounds_are_dates_that_compare(ontology: list[ox.Quad]) -> None:
    store = ox.Store()
    store.extend(ontology)
    store.extend(ox.parse(HEAD + SOURCE + 'claim:c kg:on "2018"^^xsd:gYear .', ox.RdfFormat.TURTLE))
    derive(store, ROOT / "queries" / "rules" / "derive")
    ask = 'ASK { ?c <https://w3id.org/armature/def/onLatest> ?d FILTER(?d < "2019-01-01"^^<%sdate>) }'
    assert bool(store.query(ask % terms.XSD))


STAKE = "id:a holdsStakeIn id:b"


@pytest.mark.parametrize(
    ("data", "stands"),
    [
        (claim("c", "Stake", STAKE), True),
        (claim("c", "Stake", STAKE, rank="preferred"), True),
        (claim("c", "Stake", STAKE, rank="uncertain"), False),
        (claim("c", "Stake", STAKE, rank="refuted"), False),
        (claim("c", "Stake", STAKE, 'kg:from "2024-06-26"^^xsd:date'), True),
        (claim("c", "Stake", STAKE, 'kg:from "2026-01-01"^^xsd:date'), False),
        (claim("c", "Stake", STAKE, 'kg:from "2025"^^xsd:gYear'), False),
        (claim("c", "Stake", STAKE, 'kg:until "2024"^^xsd:gYear'), False),
        (claim("c", "Stake", STAKE, 'kg:until "2027"^^xsd:gYear'), True),
        (claim("c", "Stake", STAKE, 'kg:on "2024-05-21"^^xsd:date'), True),
        (
            claim("c", "Stake", STAKE, "kg:inDispute claim:d")
            + claim("r", "Stake", "id:p holdsStakeIn id:b", "kg:inDispute claim:d", rank="preferred"),
            False,
        ),
        (
            claim("c", "Stake", STAKE, "kg:inDispute claim:d")
            + claim("r", "Stake", "id:p holdsStakeIn id:b", "kg:inDispute claim:d"),
            True,
        ),
    ],
)
def test_a_plain_edge_stands_only_while_it_is_true(ontology: list[ox.Quad], data: str, stands: bool) -> None:
    assert ("id:a kg:holdsStakeIn id:b" in derived(ontology, data)) is stands


def test_an_office_seen_on_a_day_makes_no_edge(ontology: list[ox.Quad]) -> None:
    seen = claim("c", "OfficeHolding", "id:p holdsPost id:post", 'kg:on "2024-05-21"^^xsd:date')
    held = claim("c", "OfficeHolding", "id:p holdsPost id:post", 'kg:from "2022"^^xsd:gYear')
    assert "id:p kg:holdsPost id:post" not in derived(ontology, seen)
    assert "id:p kg:holdsPost id:post" in derived(ontology, held)


def test_an_unnamed_value_makes_no_edge(ontology: list[ox.Quad]) -> None:
    data = claim("c", "Operation", "id:site operatedBy unknown:not-named")
    assert not {t for t in derived(ontology, data) if "kg:operatedBy" in t}


PARTY = claim("c", "Participation", "id:deal hasParticipant id:a", "kg:role role:target")


@pytest.mark.parametrize(
    ("milestones", "realised"),
    [
        ("", False),
        (milestone("id:deal", "intent"), False),
        (milestone("id:deal", "announced"), False),
        (milestone("id:deal", "signed"), False),
        (milestone("id:deal", "closed"), True),
        (milestone("id:deal", "closed", rank="uncertain"), False),
        (milestone("id:deal", "closed", "2026-06-01"), False),
        (milestone("id:deal", "signed") + milestone("id:deal", "failed", "2024-09-01", "n"), False),
        (milestone("id:deal", "closed", "2024-09-01") + milestone("id:deal", "announced", name="n"), True),
    ],
)
def test_no_edge_runs_through_a_deal_that_has_not_happened(
    ontology: list[ox.Quad], milestones: str, realised: bool
) -> None:
    found = derived(ontology, PARTY + milestones)
    assert ("id:deal kg:hasParticipant id:a" in found) is realised
    assert f"id:deal kg:realised {'true' if realised else 'false'}" in found


@pytest.mark.parametrize(
    ("kind", "status", "realised"),
    [
        ("Order", "intent", False),
        ("Order", "approved", False),
        ("Order", "ordered", True),
        ("Order", "notified", True),
        ("Agreement", "signed", True),
        ("Agreement", "negotiating", False),
        ("Initiative", "intent", False),
        ("Initiative", "started", True),
        ("Meeting", "held", True),
        ("ProductionLine", "announced", False),
        ("ProductionLine", "inaugurated", True),
    ],
)
def test_which_status_makes_a_thing_real_is_told_by_the_ontology(
    ontology: list[ox.Quad], kind: str, status: str, realised: bool
) -> None:
    found = derived(ontology, f"id:x a kg:{kind} .\n" + milestone("id:x", status))
    assert f"id:x kg:realised {'true' if realised else 'false'}" in found


def test_an_old_site_needs_no_inauguration(ontology: list[ox.Quad]) -> None:
    data = claim("c", "Location", "id:site locatedIn id:state")
    assert "id:site kg:locatedIn id:state" in derived(ontology, data)
    announced = data + milestone("id:site", "announced")
    assert "id:site kg:locatedIn id:state" not in derived(ontology, announced)


def test_the_status_is_the_latest_and_then_the_furthest(ontology: list[ox.Quad]) -> None:
    data = (
        milestone("id:deal", "announced", "2024-01-15", "a")
        + milestone("id:deal", "negotiating", "2024-05-21", "b")
        + milestone("id:deal", "signed", "2024-05-21", "c")
        + milestone("id:deal", "closed", "2026-07-01", "d")
    )
    statuses = {t for t in derived(ontology, data) if " kg:hasStatus " in t}
    assert statuses == {"id:deal kg:hasStatus status:signed"}


def test_cycles_are_found_for_the_shapes_to_refuse(ontology: list[ox.Quad]) -> None:
    data = "".join(
        claim(f"c{n}", "Structure", f"id:{x} subsidiaryOf id:{y}")
        for n, (x, y) in enumerate([("a", "b"), ("b", "a"), ("a", "a")])
    )
    found = derived(ontology, data)
    assert {f"id:{x} kg:cyclicThrough kg:subsidiaryOf" for x in "ab"} <= found
    assert not {t for t in found if t.startswith("id:p kg:cyclic")}


def test_what_a_file_states_is_not_derived_again(ontology: list[ox.Quad]) -> None:
    data = 'claim:c kg:on "2024-05-21"^^xsd:date ; kg:onEarliest "2024-05-21"^^xsd:date .'
    assert not {t for t in derived(ontology, data) if t.startswith("claim:c kg:onEarliest")}
