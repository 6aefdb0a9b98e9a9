"""Lists narrowed to some words or put in order, and trees with one line for what was seen on several days."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.reading import by_class, page, words
from tests.rows import iri, literal, row
from tests.test_views import STAGED, claim_row

from kg.errors import BadRequest
from kg.terms import DEF, ID
from kg.web import answers, claims_view, panels_view, reference, sifting, views
from kg.web.panels_view import Line
from kg.web.views import LifeCycle, Value

ROWS = [
    row(source=iri("a"), title=literal("Véhicules pour l'Armée"), publisher=iri("p"), publisherLabel=literal("FOB")),
    row(source=iri("b"), title=literal("Boxer"), publisher=iri("armee"), publisherLabel=literal("Handelsblatt")),
    row(source=iri("c"), title=literal("Straße"), publisher=iri("q"), language=literal("de fr")),
]
COLUMNS = ["source", "publisher", "language"]


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("", "abc"),
        ("armee", "a"),
        ("ARMÉE fob", "a"),
        ("armee handelsblatt", ""),
        ("strasse german", "c"),
        ("french", "c"),
        ("  box ", "b"),
        ("armee\nfob", "a"),
    ],
)
def test_a_line_has_all_words_in_what_a_reader_sees_of_it(asked: str, kept: str) -> None:
    found = sifting.sifted(ROWS, COLUMNS, sifting.words(asked))
    assert "".join(one["source"]["value"] for one in found) == kept


def test_too_many_words_are_refused() -> None:
    with pytest.raises(BadRequest, match="'q' may have 200 characters; it has 201"):
        sifting.words("x" * 201)


def test_a_long_list_can_be_narrowed_without_a_script(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = page(client, "/gaps")
    total = words(by_class(whole, "count")[0])
    assert not by_class(whole, "sift")
    monkeypatch.setattr(reference, "LINES_PER_PAGE", 2)
    whole = page(client, "/gaps?asOf=2025-01-01&lang=fr&q=")
    (form,) = by_class(whole, "sift")
    assert form.get("action") == "/gaps"
    kept = {e.get("name"): e.get("value") for e in form.iter("input") if e.get("type") == "hidden"}
    assert kept == {"asOf": "2025-01-01", "lang": "fr"}
    first = words(next(e for e in next(whole.iter("tbody")).iter("th")))
    narrowed = page(client, f"/gaps?q={first.split()[0].upper()}")
    assert words(by_class(narrowed, "count")[0]) == total
    lines = list(next(narrowed.iter("tbody")).iter("tr"))
    assert 0 < len(lines) <= 2
    (form,) = by_class(narrowed, "sift")
    assert next(e.get("value") for e in form.iter("input") if e.get("name") == "q") == first.split()[0].upper()
    assert [e.get("href") for e in form.iter("a")] == ["/gaps"]
    none = page(client, "/gaps?q=zzz%3Cb%3E")
    assert "No line has all of these words." in words(next(none.iter("main")))
    assert client.get("/gaps?q=" + "x" * 201).status_code == 400


# Sightings


def line(node: str, verdict: str, day: str, relation: str = "holdsStakeIn", *, children: bool = False) -> Line:
    (claim,) = claims_view.claims([claim_row(verdict)], [], [])
    told = row(node=iri(ID + node), relation=iri(DEF + relation), latest=literal(day))
    made = panels_view.line(STAGED, told, {}, {})
    below = (replace(made, claim=claim),) if children else ()
    return replace(made, claim=claim, children=below)


def days(lines: tuple[Line, ...]) -> list[str]:
    return [one.row["latest"]["value"] for one in lines]


def test_what_was_seen_before_stands_under_the_newest() -> None:
    italy = [line("italy", "seen", day) for day in ("2024", "2023", "2021")]
    found = panels_view.folded([italy[0], line("fund", "seen", "2024"), *italy[1:]])
    assert days(found) == ["2024", "2024"]
    assert days(found[0].earlier) == ["2023", "2021"]
    assert found[1].earlier == ()


def test_only_sightings_of_the_same_holder_and_relation_are_put_together() -> None:
    apart = [
        line("a", "seen", "2024"),
        line("a", "seen", "2023", "subsidiaryOf"),
        line("a", "past", "2022"),
        line("a", "set aside", "2021"),
        line("a", "seen", "2020", children=True),
        line("b", "past", "2019"),
        line("b", "seen", "2018"),
        line("c", "stands", "2024"),
        line("c", "stands", "2017"),
    ]
    assert panels_view.folded(apart) == tuple(apart)
    found = panels_view.folded([*apart, line("c", "seen", "2016")])
    assert days(found[7].earlier) == ["2016"]
    assert replace(found[7], earlier=()) == apart[7]


# Undertakings


def test_undertakings_that_took_a_step_last_come_first_and_those_of_no_day_last() -> None:
    days = {"a": "2018", "b": "", "c": "2024-09-15", "d": "2024-09", "e": "2024-09-15"}
    stages = {
        ID + name: LifeCycle(None, True, False, Value(day, moment=day) if day else None, "")
        for name, day in days.items()
    }
    rows = [row(thing=iri(ID + name), item=literal(str(n))) for n, name in enumerate("abceecdx")]
    answer = answers.Answer(STAGED, rows, views.cut(8, 1, 20), {})
    found = answers._newest_first(answer, stages)
    assert [one["item"]["value"] for one in found.rows] == list("23456017")
    assert answers._newest_first(answer, {}).rows == rows
    tree = answers.Answer(replace(STAGED, stage=""), rows, views.cut(8, 1, 20), {})
    assert answers._newest_first(tree, stages) is tree
