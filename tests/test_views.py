"""View models: dates, numbers, qualifiers and verdicts in words, links, tables and forms."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.rows import iri, literal, qualifier, row, said

from kg import formats
from kg.serving import Row, Term
from kg.stored import Parameter, StoredQuery
from kg.terms import CODE, DEF, ID
from kg.web import claims_view, dates, markup, panels_view, queries_view, terms_view, views
from kg.web.declared import Declared
from kg.web.markup import Site
from kg.web.qualifiers_view import in_words, notes_of
from kg.web.views import Value


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("2024-05-21", "21 May 2024"),
        ("2024-04", "April 2024"),
        ("2018", "2018"),
        ("soon", "soon"),
        ("2024-02-30", "2024-02-30"),
    ],
)
def test_dates_are_as_precise_as_stated(stated: str, shown: str) -> None:
    assert dates.written(stated) == shown


def test_a_stretch_names_a_shared_year_once() -> None:
    assert dates.stretch("2024-05-27", "2024-06-02") == ("27 May", "2 June 2024")
    assert dates.stretch("2024-12-27", "2025-01-02") == ("27 December 2024", "2 January 2025")


def test_terms_in_words() -> None:
    assert views.of_term(iri(ID + "arquus"), "Arquus") == Value("Arquus", ID + "arquus")
    assert views.of_term(iri(ID + "arquus")) == Value("arquus", ID + "arquus")
    assert views.of_term(literal("2018", "gYear")) == Value("2018", moment="2018")
    assert views.of_term(literal("true", "boolean")) == Value("yes")
    assert views.of_term(literal("Capacité", language="fr")) == Value("Capacité", language="fr")


def test_an_unknown_value_is_marked_and_worded() -> None:
    shown = views.of_term(iri(CODE + "unknown/not-named"), "not named")
    assert (shown.text, shown.unknown) == ("not named by the source", True)


def test_only_outside_web_addresses_become_links() -> None:
    assert views.of_term(literal("https://example.org/a", "anyURI")).iri == "https://example.org/a"
    assert views.of_term(literal("javascript:alert(1)", "anyURI")).iri == ""
    assert views.of_term(literal("https://w3id.org/armature/id/", "anyURI")).iri == ""


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        ([("quantity", literal("28", "decimal")), ("unit", iri(CODE + "unit/piece"))], ["28 pieces"]),
        ([("quantity", literal("1", "decimal")), ("unit", iri(CODE + "unit/piece"))], ["1 piece"]),
        ([("quantityMin", literal("9")), ("quantityMax", literal("12"))], ["between 9 and 12"]),
        ([("quantityMax", literal("48", "decimal"))], ["at most 48"]),
        ([("share", literal("10.0", "decimal"))], ["10 % of the capital"]),
        ([("shareMin", literal("50", "decimal"))], ["at least 50 % of the capital"]),
        ([("votes", literal("33.4", "decimal"))], ["33.4 % of the votes"]),
        ([("role", iri(CODE + "role/buyer"))], ["role buyer"]),
        ([("onBehalfOf", iri(ID + "belgium"))], ["on behalf of belgium"]),
        ([("optional", literal("true", "boolean"))], ["an option, not firm"]),
        ([("acting", literal("true", "boolean"))], ["ad interim"]),
        ([("lead", literal("true", "boolean"))], ["leads"]),
        ([("lead", literal("false", "boolean"))], []),
        ([("unit", iri(CODE + "unit/per-year"))], ["in per-year"]),
        ([("currency", iri(CODE + "currency/EUR"))], ["currency EUR"]),
        ([("amount", literal("2000", "decimal"))], ["amount 2,000"]),
        (
            [("amount", literal("2000000", "decimal")), ("currency", iri(CODE + "currency/EUR"))],
            ["amount €2\N{NO-BREAK SPACE}m"],
        ),
    ],
)
def test_qualifiers_are_in_words(rows: list[tuple[str, Term]], shown: list[str]) -> None:
    labels = {CODE + "unit/piece": "piece"}
    given = [qualifier(name, value, labels.get(value["value"], "")) for name, value in rows]
    assert [said(phrase) for phrase in in_words(given)] == shown


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        ("2024-05-27", "2024-06-02", "expected inaugurated between 27 May and 2 June 2024"),
        ("2024-05-27", "2024-05-27", "expected inaugurated on 27 May 2024"),
        ("2024-05-27", None, "expected inaugurated not before 27 May 2024"),
        (None, "2024-06-02", "expected inaugurated by 2 June 2024"),
        (None, None, "expected inaugurated"),
    ],
)
def test_what_is_expected(first: str | None, last: str | None, shown: str) -> None:
    bounds = [("expectedEarliest", first), ("expectedLatest", last)]
    rows = [qualifier("expectedStatus", iri(CODE + "status/inaugurated"), "inaugurated")]
    rows += [qualifier(name, literal(day, "date")) for name, day in bounds if day]
    assert [said(phrase) for phrase in in_words(rows)] == [shown]


def test_notes_are_apart_and_english_first() -> None:
    notes = (literal("À part", language="fr"), literal("Apart", language="en"))
    rows = [qualifier("note", note) for note in notes]
    assert [note.text for note in notes_of(rows)] == ["Apart", "À part"]
    assert in_words(rows) == ()


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ({"from": "2018", "until": "2020"}, "from 2018 until 2020"),
        ({"from": "2018"}, "since 2018"),
        ({"until": "2020-01-02"}, "until 2 January 2020"),
        ({"on": "2024-05-21"}, "on 21 May 2024"),
        ({"on": "2024-04"}, "in April 2024"),
        ({"latest": "2024-05-21"}, "by 21 May 2024 at the latest"),
        ({"earliest": "2024-05-01", "latest": "2024-05-21"}, "between 1 May 2024 and 21 May 2024"),
        ({"earliest": "2024-05-01"}, "not before 1 May 2024"),
    ],
)
def test_the_time_of_a_claim_in_words(columns: dict[str, str], shown: str) -> None:
    types = {4: "gYear", 7: "gYearMonth", 10: "date"}
    phrase = claims_view.when({name: literal(day, types[len(day)]) for name, day in columns.items()})
    assert phrase is not None
    assert said(phrase) == shown


def test_a_claim_without_time_says_none() -> None:
    assert claims_view.when({}) is None


def mention(claim: str, place: str, relation: str) -> Row:
    return row(claim=iri(claim), place=literal(place), relation=iri(DEF + relation))


def test_claims_are_read_about_the_thing_first_status_first_names_last() -> None:
    given = [
        mention("e", DEF + "regarding", "aimsAt"),
        mention("d", "object", "partOf"),
        mention("c", "subject", "hasName"),
        mention("b", "subject", "aimsAt"),
        mention("a", "subject", "hasStatus"),
    ]
    assert [m["claim"]["value"] for m in claims_view.ordered(given)] == ["a", "b", "c", "d", "e"]


def claim_row(verdict: str, relation: str = "partOf", status: str = "") -> Row:
    columns = {
        "claim": iri("c"),
        "place": literal("subject"),
        "kind": iri(DEF + "Structure"),
        "relation": iri(DEF + relation),
        "subject": iri(ID + "a"),
        "object": iri(ID + "b"),
        "rank": iri(CODE + "rank/normal"),
        "verdict": literal(verdict),
    }
    return {**columns, **({"statusLabel": literal(status)} if status else {})}


def test_a_claim_about_something_announced_never_looks_like_a_fact() -> None:
    plain, described, milestone = claims_view.claims(
        [
            claim_row("stands"),
            claim_row("stands", status="announced"),
            claim_row("stands", "hasStatus", status="ceased"),
        ],
        [],
        [],
    )
    assert (plain.of_open, described.of_open, milestone.of_open) == (False, True, False)


STAGED = Declared("orders-of", "", {}, frozenset(), 1, "table", {}, {}, "thing", "", "", "")


@pytest.mark.parametrize(
    ("verdict", "status", "realised", "shown"),
    [
        ("stands", "", True, ("stands", "")),
        ("stands", "", False, ("not realised", "")),
        ("stands", "intended", False, ("stands", "intended")),
        ("not realised", "announced", False, ("not realised", "")),
        ("seen", "", False, ("seen", "")),
    ],
)
def test_a_claim_beside_its_undertaking_stands_as_that_does_on_the_day(
    verdict: str, status: str, realised: bool, shown: tuple[str, str]
) -> None:
    (claim,) = claims_view.claims([claim_row(verdict, status=status)], [], [])
    cycle = views.LifeCycle(None, realised, False, None, "", "")
    made = panels_view.line(STAGED, row(thing=iri("t"), claim=iri("c")), {"c": claim}, {"t": cycle})
    assert made.claim is not None
    assert (made.claim.verdict, made.claim.status) == shown


def test_rivals_say_their_amounts_with_currency_and_their_shares() -> None:
    def rival(claim: str, **more: Term) -> Row:
        return row(dispute=iri("d"), claim=iri(claim), rank=iri(CODE + "rank/normal"), **more)

    given = [
        rival("a", object=literal("500000000", "decimal"), currency=iri(CODE + "currency/EUR")),
        rival("b", object=iri(ID + "renk"), share=literal("25.1", "decimal")),
        rival("c", object=iri(ID + "griffon"), quantity=literal("417", "decimal")),
    ]
    money, part, number = claims_view.rivals(given)["d"].claims
    assert money.object.text == "€500\N{NO-BREAK SPACE}m"
    assert [one.quantity and one.quantity.text for one in (money, part, number)] == [
        None,
        "25.1 % of the capital",
        "417",
    ]


def test_groups_count_what_is_on_other_pages_too() -> None:
    shown = claims_view.claims([claim_row("stands")], [], [])
    mentions = [mention(name, "subject", "partOf") for name in ("c", "d", "e")]
    group = claims_view.groups(shown, mentions)[0]
    assert (group.total, len(group.claims)) == (3, 1)


@pytest.mark.parametrize(
    ("status", "realised", "ended", "sentence"),
    [
        ("announced", "false", "false", "This is announced, not done."),
        ("ceased", "false", "true", "This is over: ceased."),
        ("signed", "true", "false", ""),
        ("", "false", "false", "No accepted claim tells of a step taken."),
    ],
)
def test_the_standing_of_an_undertaking(status: str, realised: str, ended: str, sentence: str) -> None:
    given = row(realised=literal(realised, "boolean"), ended=literal(ended, "boolean"))
    if status:
        given |= row(status=iri(CODE + "status/" + status), statusLabel=literal(status))
    cycle = views.life_cycle([given])
    assert cycle is not None
    assert cycle.sentence == sentence


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (("2015-06-01", ""), "No accepted claim tells of a step taken by 1 June 2015."),
        (("", "2015-07-02"), "No source published by 2 July 2015 tells of a step taken."),
        (("2015-06-01", "2015-07-02"), "No source published by 2 July 2015 tells of a step taken by 1 June 2015."),
    ],
)
def test_what_had_taken_no_step_by_a_day_is_not_called_undone(days: tuple[str, str], sentence: str) -> None:
    cycle = views.life_cycle([row(realised=literal("false", "boolean"), ended=literal("false", "boolean"))], *days)
    assert cycle is not None
    assert cycle.sentence == sentence


def test_a_thing_without_life_cycle_has_no_standing() -> None:
    assert views.life_cycle([]) is None


@pytest.mark.parametrize(
    ("total", "page", "first", "last", "pages"),
    [(0, 1, 0, 0, 1), (5, 1, 1, 5, 1), (250, 2, 101, 200, 3), (250, 99, 201, 250, 3), (250, 0, 1, 100, 3)],
)
def test_long_lists_are_cut_and_counted(total: int, page: int, first: int, last: int, pages: int) -> None:
    part = views.cut(total, page, 100)
    assert (part.first, part.last, part.total, part.pages) == (first, last, total, pages)


PREFIXES = {"id": ID, "code": CODE, "status": CODE + "status/"}
SITE = Site(root="/kg", times={"asOf": "2024-06-01"}, prefixes=PREFIXES)


def test_our_own_iris_are_local_links_under_the_root() -> None:
    assert SITE.link(ID + "arquus") == "/kg/id/arquus.html?asOf=2024-06-01"
    assert SITE.link(CODE + "calibre/12.7x99mm") == "/kg/code/calibre/12.7x99mm.html?asOf=2024-06-01"
    assert SITE.link(ID + "a", anchor="s01") == "/kg/id/a.html?asOf=2024-06-01#s01"
    assert SITE.link(DEF) == "/kg/ontology?asOf=2024-06-01"


def test_foreign_iris_are_left_as_they_are() -> None:
    for foreign in ("http://www.w3.org/ns/prov#Entity", "https://w3id.org/armature/problem/not-found"):
        assert SITE.link(foreign) == foreign
        assert not markup.local(foreign)


def test_graph_twins_know_no_days() -> None:
    hrefs = {twin.format: twin.href for twin in SITE.twins(ID + "arquus")}
    assert hrefs[formats.TURTLE] == "/kg/id/arquus.ttl"
    assert hrefs[formats.JSON] == "/kg/id/arquus.json?asOf=2024-06-01"


def test_links_to_queries_shorten_iris_and_keep_empty_values() -> None:
    assert SITE.query("claims", entity=ID + "arquus") == "/kg/query/claims?entity=id%3Aarquus"
    assert SITE.query("evidence", entity="") == "/kg/query/evidence?entity="


def test_templates_leave_every_local_address_to_the_site() -> None:
    """A literal path would miss the root under which the server may stand."""
    templates = Path(markup.__file__).parent / "templates"
    for template in templates.glob("*.html"):
        assert not re.search(r'(href|src|action)="/', template.read_text("utf-8")), template.name


def test_a_name_that_a_template_does_not_get_is_an_error() -> None:
    with pytest.raises(Exception, match="is undefined"):
        markup.environment().from_string("{{ nothing }}").render()


QUERY = StoredQuery(
    name="orders",
    path=Path("queries/api/orders.rq"),
    text="",
    form="SELECT",
    summary="",
    questions=("q35", "q99"),
    parameters=(
        Parameter("buyer", "iri", "", "id:belgium unknown:not-stated"),
        Parameter("asOf", "date", "", '"2024-05-21"^^xsd:date'),
        Parameter("item", "iri", "", "UNDEF"),
        Parameter("after", "text", "", '""'),
    ),
    columns={"order": "The order."},
)


def test_forms_of_panels_begin_with_the_examples() -> None:
    panel = replace(QUERY, path=Path("queries/entity/orders.rq"))
    shown = {field.name: field.values for field in queries_view.fields(panel, {})}
    assert shown == {
        "buyer": ("id:belgium", "unknown:not-stated"),
        "asOf": ("2024-05-21",),
        "item": ("",),
        "after": ("",),
    }


def test_forms_of_questions_begin_without_a_restriction_and_hint_at_the_example() -> None:
    shown = {field.name: (field.values, field.example) for field in queries_view.fields(QUERY, {})}
    assert shown["buyer"] == (("",), "id:belgium unknown:not-stated")


def test_forms_keep_what_was_given() -> None:
    field = queries_view.fields(QUERY, {"buyer": ["id:france"]})[0]
    assert (field.values, field.given) == (("id:france",), True)


def test_label_columns_are_merged_into_what_they_label() -> None:
    rows = [row(order=iri(ID + "o"), orderLabel=literal("An order"), count=literal("3", "integer")), row()]
    table = queries_view.table(QUERY, ["order", "orderLabel", "count"], rows, {})
    assert [column.name for column in table.columns] == ["order", "count"]
    assert table.rows == (((Value("An order", ID + "o"),), (Value("3"),)), ((), ()))


def test_a_cell_with_several_things_links_each() -> None:
    rows = [row(order=literal(f"{ID}a {ID}b"), orderLabel=literal("A; B")), row(order=literal(f"{ID}a {ID}b"))]
    named, bare = (cells[0] for cells in queries_view.table(QUERY, ["order", "orderLabel"], rows, {}).rows)
    assert named == (Value("A", ID + "a"), Value("B", ID + "b"))
    assert bare == (Value("a", ID + "a"), Value("b", ID + "b"))


def test_questions_are_in_words_where_they_are_known() -> None:
    codes = [row(code=iri(CODE + "question/q35"), label=literal("Who ordered?"))]
    asked = queries_view.asked(QUERY, queries_view.question_labels(codes))
    assert [question.text for question in asked] == ["Who ordered?", "q99"]


def test_classes_are_a_tree() -> None:
    def term(name: str, parent: str = "") -> Row:
        above = {"parent": iri(DEF + parent)} if parent else {}
        return row(term=iri(DEF + name), sort=literal("class"), label=literal(name), **above)

    classes = terms_view.defined([term("Actor", "Entity"), term("Entity"), term("Firm", "Actor")])["class"]
    assert [(one.label, one.depth) for one in classes] == [("Entity", 0), ("Actor", 1), ("Firm", 2)]


def test_messages_of_rules_show_what_a_finding_fills_in() -> None:
    pieces = terms_view.message("Let {$this} have one {?path}.")
    assert pieces == (("Let ", False), ("this", True), (" have one ", False), ("path", True), (".", False))


def test_an_error_on_a_page_says_nothing_twice() -> None:
    told = queries_view.untold(
        {"limit": 10.0, "retry_after": 3, "kept": ["a", "b"]}, "It ran for 10 s and was stopped."
    )
    assert told == {"retry_after": "3", "kept": "a, b"}
