"""What a claim amounts to, and how terms in office follow each other: derived when the graph is built."""

import pyoxigraph as ox
import pytest
from tests.test_derive import HEAD, PREFIXES, ROOT, SOURCE, claim, derived, milestone, ontology

from kg.compiler.derive import derive
from kg.stored import library

__all__ = ["ontology"]
_TERM = 'kg:from "2020-10-01"^^xsd:date'


def office(name: str, person: str, *more: str, rank: str = "normal") -> str:
    return claim(name, "OfficeHolding", f"{person} holdsPost id:post", *more, rank=rank)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (claim("c", "Stake", "id:a holdsStakeIn id:b", _TERM), 'claim:c kg:verdictInTime "stands"'),
        (claim("c", "Stake", "id:a holdsStakeIn id:b", rank="refuted"), 'claim:c kg:verdict "refuted"'),
        (claim("c", "Stake", "id:a holdsStakeIn id:b", rank="uncertain"), 'claim:c kg:verdict "uncertain"'),
        (claim("c", "Stake", "id:a holdsStakeIn id:b", 'kg:on "2020"^^xsd:gYear'), 'claim:c kg:verdictInTime "seen"'),
        (office("c", "id:p", 'kg:on "2020"^^xsd:gYear'), 'claim:c kg:verdictInTime "seen"'),
        (office("c", "id:p", _TERM), 'claim:c kg:verdictInTime "stands"'),
        (milestone("id:deal", "closed"), 'claim:m kg:verdict "stands"'),
        (milestone("id:deal", "announced"), 'claim:m kg:verdict "said"'),
        (milestone("id:deal", "failed"), 'claim:m kg:verdict "stands"'),
    ],
)
def test_a_claim_amounts_to_this(ontology: list[ox.Quad], data: str, expected: str) -> None:
    found = derived(ontology, data)
    subject, predicate, value = expected.split(" ", 2)
    told = {one for one in found if one.startswith(f"{subject} kg:verdict")}
    assert told == {f"{subject} {predicate} {value.strip(chr(34))}"}


def test_a_rival_of_a_preferred_claim_is_set_aside(ontology: list[ox.Quad]) -> None:
    in_dispute = "kg:inDispute claim:d"
    data = (
        "claim:d a kg:Dispute .\n"
        + claim("c", "Stake", "id:a holdsStakeIn id:b", in_dispute)
        + claim("e", "Stake", "id:p holdsStakeIn id:b", in_dispute, rank="preferred")
    )
    found = derived(ontology, data)
    assert "claim:c kg:verdict set aside" in found
    assert "claim:e kg:verdictInTime stands" in found


@pytest.mark.parametrize(("status", "verdict"), [("announced", "not realised"), ("cancelled", "over")])
def test_what_depends_on_a_deal_that_is_not_real_waits_for_it(
    ontology: list[ox.Quad], status: str, verdict: str
) -> None:
    data = milestone("id:deal", status) + claim("c", "Participation", "id:deal hasParticipant id:a")
    found = derived(ontology, data)
    assert f"claim:c kg:verdictInTime {verdict}" in found
    assert f"claim:c kg:pendingStatus status:{status}" in found


def test_a_term_without_an_end_ends_when_another_begins(ontology: list[ox.Quad]) -> None:
    data = office("c", "id:p", _TERM) + office("e", "id:a", 'kg:from "2023-02"^^xsd:gYearMonth')
    found = derived(ontology, data)
    assert "claim:c kg:succeededOn 2023-02-28" in found
    assert "id:a kg:holdsPost id:post" in found
    assert "id:p kg:holdsPost id:post" not in found


@pytest.mark.parametrize(
    "other",
    [
        office("e", "id:p", 'kg:from "2023"^^xsd:gYear'),
        office("e", "id:a", 'kg:from "2019"^^xsd:gYear'),
        office("e", "id:a", 'kg:from "2023"^^xsd:gYear', rank="uncertain"),
        office("e", "id:a", 'kg:on "2023"^^xsd:gYear'),
    ],
)
def test_it_goes_on_where_nobody_else_is_known_to_have_begun_later(ontology: list[ox.Quad], other: str) -> None:
    assert "id:p kg:holdsPost id:post" in derived(ontology, office("c", "id:p", _TERM) + other)


def test_a_sighting_within_a_known_term_belongs_to_it(ontology: list[ox.Quad]) -> None:
    seen = office("s", "id:p", 'kg:on "2023-09-15"^^xsd:date')
    assert "claim:s kg:withinTerm claim:c" in derived(ontology, office("c", "id:p", _TERM) + seen)
    ended = office("c", "id:p", _TERM, 'kg:until "2022"^^xsd:gYear')
    assert "claim:s kg:withinTerm claim:c" not in derived(ontology, ended + seen)
    between = office("c", "id:p", _TERM) + office("e", "id:a", 'kg:from "2021"^^xsd:gYear')
    assert "claim:s kg:withinTerm claim:c" not in derived(ontology, between + seen)


def test_a_term_knows_what_it_comes_after(ontology: list[ox.Quad]) -> None:
    data = (
        office("c", "id:p", 'kg:from "2018"^^xsd:gYear', 'kg:until "2019-06"^^xsd:gYearMonth')
        + office("e", "id:a", 'kg:from "2019-07-01"^^xsd:date')
        + office("f", "id:p", 'kg:on "2024-03-01"^^xsd:date')
        + office("g", "id:q", 'kg:from "2023"^^xsd:gYear', rank="uncertain")
    )
    found = derived(ontology, data)
    assert "claim:f kg:precededOn 2019-07-01" in found
    assert "claim:f kg:resumedAfter 2019-06-30" in found
    assert "claim:e kg:precededOn 2018-01-01" in found
    assert not [line for line in found if line.startswith(("claim:c kg:preceded", "claim:c kg:resumed"))]
    assert "claim:e kg:resumedAfter" not in " ".join(found)


def test_tables_and_charts_show_a_term_once_and_end_it_with_the_next(ontology: list[ox.Quad]) -> None:
    data = (
        office("c", "id:p", _TERM)
        + office("s", "id:p", 'kg:on "2021-05-01"^^xsd:date')
        + office("e", "id:a", 'kg:from "2023-02-03"^^xsd:date')
    )
    store = ox.Store()
    store.extend(ontology)
    store.extend(ox.parse(HEAD + SOURCE + data, ox.RdfFormat.TURTLE))
    derive(store, ROOT / "queries" / "rules" / "derive")
    queries = library(ROOT / "queries" / "entity")

    def rows(name: str, column: str, **values: list[str]) -> dict[str, str]:
        found = store.query(queries[name].filled(values, PREFIXES))
        assert isinstance(found, ox.QuerySolutions)
        told = ((row["claim"], row[column]) for row in found)
        return {claim.value.rpartition("/")[2]: end.value if end else "" for claim, end in told}

    assert rows("holders-of", "end", entity=["id:post"]) == {"c": "2023-02-03", "e": ""}
    assert rows("measures", "endLatest", claim=["claim:c", "claim:s"]) == {"c": "2023-02-03", "s": ""}
