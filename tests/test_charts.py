"""Charts: where shapes stand, and that what is not known never looks like what is."""

import csv
import io
import re
from itertools import pairwise

import pytest
from starlette.testclient import TestClient
from tests.reading import by_class, page, words
from tests.rows import iri, literal, row

from kg.web import captions, charts, drawings, lives, tallies, views
from kg.web.charts import LEFT, RIGHT, WIDTH, Box, Drawing, Span
from kg.web.declared import Declared
from kg.web.engraving import engraved
from kg.web.lives import Step
from kg.web.narrow import narrow
from kg.web.tallies import Amount

TODAY = "2025-01-01"


def span(lane: str = "A", start: str = "", end: str = "", seen: str = "", words: str = "", **more: object) -> Span:
    return Span(lane, words or lane, start, end, seen, "bar", **more)  # type: ignore[arg-type]  # fields by name


def drawn(*found: Span, form: str = "spans") -> Drawing:
    drawing = charts.spans(found, TODAY, form)  # type: ignore[arg-type]  # one of the two
    assert drawing is not None
    return drawing


def only(drawing: Drawing) -> Box:
    (box,) = drawing.boxes
    return box


def test_nothing_with_a_day_is_no_chart() -> None:
    assert charts.spans([span()], TODAY) is None
    assert tallies.amounts([Amount(2024, "A", 3, real=True)]) is None, "one bar is no chart"
    assert lives.steps([Step("A", "signed", "2024-01-01", "2024-01-01", "real")], TODAY) is None


def test_a_bar_reaches_from_its_start_to_its_end_on_the_line_of_years() -> None:
    drawing = drawn(span(start="2020-01-01", start_by="2020-01-01", end="2024-12-31", end_by="2024-12-31"))
    box, wide = only(drawing), WIDTH - LEFT - RIGHT
    assert box.x == pytest.approx(LEFT)
    assert box.width == pytest.approx(wide * 5 / 6, abs=1), "the line goes on to the end of the year of today"
    assert box.signs == frozenset()
    assert [tick.text for tick in drawing.ticks] == ["2020", "2021", "2022", "2023", "2024", "2025", "2026"]
    assert drawing.ticks[0].at == LEFT
    assert drawing.today == pytest.approx(LEFT + wide * 5 / 6, abs=0.1)


def test_a_day_before_everything_is_not_marked() -> None:
    before = charts.spans([span(start="2020-01-01")], "2015-06-01")
    assert before is not None
    assert before.today is None


def test_what_is_not_told_looks_different() -> None:
    known = only(drawn(span(start="2020-01-01", end="2022-01-01")))
    going = only(drawn(span(start="2020-01-01")))
    begun = only(drawn(span(end="2022-01-01")))
    seen = only(drawn(span(seen="2022-01-01")))
    doubted = only(drawn(span(start="2020-01-01", end="2022-01-01", doubtful=True)))
    told = [known.signs, going.signs, begun.signs, seen.signs, doubted.signs]
    assert told == [frozenset(), {"fades-out"}, {"fades-in"}, {"seen"}, {"doubtful"}]
    assert going.x + going.width == pytest.approx(charts.axis(["2020-01-01"], TODAY).day(TODAY)), "until today"
    assert begun.x >= LEFT, "there is room for what began before"
    assert seen.seen
    assert seen.width == 0


def test_a_day_told_as_a_year_is_as_broad_as_the_year_and_one_told_as_a_month_an_edge() -> None:
    vague = only(drawn(span(start="2020-01-01", start_by="2020-12-31", end="2024-06-01", end_by="2024-06-30")))
    line = charts.axis(["2020-01-01", "2024-06-30"], TODAY)
    assert vague.before == pytest.approx(line.day("2020-12-31") - line.day("2020-01-01"), abs=0.1)
    assert vague.after == 0
    assert vague.signs == {"vague"}
    sighting = only(drawn(span(seen="2020-12-31", seen_from="2020-01-01")))
    middle = charts.axis(["2020-01-01", "2020-12-31"], TODAY).day("2020-07-01")
    assert sighting.x == pytest.approx(middle, abs=1), "in the middle of the year"
    assert sighting.signs == {"seen", "vague"}


def test_shares_are_as_high_as_they_are_large() -> None:
    drawing = drawn(
        span("A", start="2020-01-01", share=(50, 50)),
        span("B", start="2020-01-01", share=(25, 75)),
        span("C", seen="2021-01-01", share=(100, 100)),
        span("D", start="2020-01-01"),
        form="shares",
    )
    half, between, untold, whole = drawing.boxes
    assert half.height * 2 == whole.height
    assert between.height * 2 == pytest.approx(half.height)
    assert between.may == pytest.approx(half.height), "what it may be besides"
    assert (half.text, between.text, whole.text, untold.text) == ("50 %", "25–75 %", "100 %", "")
    assert "untold" in untold.signs
    assert not {"untold"} & (half.signs | between.signs | whole.signs)
    assert [(r["share"], r["shareMin"], r["shareMax"]) for r in drawing.records] == [
        ("50", "", ""), ("", "25", "75"), ("100", "", ""), ("", "", ""),
    ]  # fmt: skip


def test_shares_of_neighbouring_days_are_written_one_above_the_other() -> None:
    drawing = drawn(
        span("A", start="2018-01-01", share=(1, 1)),
        span("A", end="2025-10-31", share=(28.75, 28.75)),
        span("A", seen="2026-02-27", share=(19.3, 19.3)),
        form="shares",
    )
    areas = [captions.Caption(box.text, *box.label).area for box in drawing.boxes]
    assert [box.text for box in drawing.boxes] == ["1 %", "28.75 %", "19.3 %"]
    marks = [captions.Area(box.x, box.y, box.x + box.width, box.y + box.height) for box in drawing.boxes]
    assert not any(one.meets(other) for place, one in enumerate(areas) for other in areas[place + 1 :])
    assert not any(area.meets(mark) for area in areas for mark in marks)
    assert all(area.right <= charts.WIDTH for area in areas)


def test_a_share_for_which_no_place_is_left_is_told_by_the_mark_alone() -> None:
    days = ("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-06")
    drawing = drawn(*(span("A", seen=day, share=(60, 60)) for day in days), form="shares")
    written = [box.text for box in drawing.boxes if box.text]
    assert 0 < len(written) < len(days)
    assert all("60 %" in box.words for box in drawing.boxes)


def test_sightings_are_drawn_over_bars() -> None:
    drawing = drawn(span(seen="2021-01-01"), span(start="2020-01-01"))
    assert [box.seen for box in drawing.boxes] == [False, True]


def test_records_say_what_is_drawn_and_no_more() -> None:
    drawing = drawn(span(start="2020-01-01", start_by="2020-12-31", seen="2022-01-01", doubtful=True, claim="c"))
    (record,) = drawing.records
    assert {name: text for name, text in record.items() if text} == {
        "lane": "A", "startEarliest": "2020-01-01", "startLatest": "2020-12-31", "doubtful": "true", "claim": "c",
    }  # fmt: skip
    assert drawing.columns == ("lane", "startEarliest", "startLatest", "doubtful", "claim")


def test_amounts_are_stacked_and_what_is_not_real_stands_on_top_with_a_broken_outline() -> None:
    drawing = tallies.amounts([
        Amount(2020, "B", 10, real=True), Amount(2020, "A", 20, real=False), Amount(2020, "A", 30, real=True),
        Amount(2022, "A", 5, real=True), Amount(2022, "C", 0, real=True),
    ])  # fmt: skip
    assert drawing is not None
    first, second, third, fourth = drawing.boxes
    assert (first.kind, second.kind, third.kind, fourth.kind) == ("s1", "s2", "bar-open", "s1")
    assert third.signs == {"open"}
    assert first.height == pytest.approx(3 * second.height, abs=0.2)
    assert second.y + second.height == pytest.approx(first.y, abs=0.2)
    assert third.y + third.height == pytest.approx(second.y, abs=0.2)
    assert [tick.text for tick in drawing.ticks] == ["2020", "2021", "2022"], "also a year without any"
    assert [rung.text for rung in drawing.rungs] == ["0", "20", "40", "60"]
    assert drawing.rungs[0].at == first.y + first.height
    assert drawing.key == (("A", "s1"), ("B", "s2"))
    assert drawing.records[0] == {"year": "2020", "series": "A", "amount": "30", "real": "true"}


def test_many_series_are_counted_in_the_key_but_named_in_the_records() -> None:
    drawing = tallies.amounts(Amount(2020 + n % 2, f"S{n}", 100 - n, real=True) for n in range(9))
    assert drawing is not None
    assert [name for name, _ in drawing.key] == ["S0", "S1", "S2", "S3", "S4", "4 others"]
    assert {record["series"] for record in drawing.records} == {f"S{n}" for n in range(9)}


@pytest.mark.parametrize(("first", "last", "every"), [(2020, 2025, 1), (2000, 2025, 5), (1990, 2010, 2)])
def test_years_are_written_as_often_as_there_is_room(first: int, last: int, every: int) -> None:
    found = charts.years(first, last)
    assert {later - earlier for earlier, later in pairwise(found)} == {every}


def test_steps_have_a_shape_each_and_a_thread_from_the_first_to_the_last() -> None:
    drawing = lives.steps(
        [
            Step("Deal", "announced", "2023-01-01", "2023-12-31", "open"),
            Step("Deal", "closed", "2024-07-02", "2024-07-02", "real"),
            Step("Deal", "cancelled", "", "2024-10-01", "over", doubtful=True),
        ],
        TODAY,
    )
    assert drawing is not None
    opened, closed, over = drawing.boxes
    line = charts.axis(["2023-01-01", "2024-10-01"], TODAY)
    assert opened.signs == {"open", "vague"}
    assert opened.x + opened.width / 2 == pytest.approx(line.day("2023-07-02"), abs=1)
    assert opened.before == pytest.approx(line.day("2023-12-31") - line.day("2023-01-01"), abs=0.1)
    assert closed.signs == {"real"}
    assert over.signs == {"over", "doubtful"}
    assert "≤ 2024-10-01" in over.words, "only a bound is told"
    (lane,) = drawing.lanes
    assert lane.thread == (line.day("2023-12-31"), line.day("2024-10-01"))


def test_what_is_expected_has_a_shape_of_its_own_and_is_no_step_yet() -> None:
    drawing = lives.steps(
        [
            Step("Line", "announced", "2024-05-21", "2024-05-21", "open"),
            Step("Line", "operational", "2025-01-01", "2025-06-30", "expected"),
        ],
        TODAY,
    )
    assert drawing is not None
    assert [sorted(box.signs) for box in drawing.boxes] == [["open"], ["expected", "vague"]]
    assert drawing.lanes[0].thread is None, "nothing leads there yet"
    assert [record["step"] for record in drawing.records] == ["open", "expected"]


def test_steps_of_one_month_need_no_line_of_years() -> None:
    days = [Step("A", "signed", day, day, "real") for day in ("2024-05-01", "2024-05-21")]
    assert lives.steps(days, TODAY) is None


def read(client: TestClient, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_chart_of_a_page_has_its_numbers_as_table_and_as_csv(client: TestClient) -> None:
    tree = page(client, "/id/belgian-minister-of-defence.html")
    (figure,) = by_class(tree, "chart-spans")
    (link,) = [a for a in figure.iter("a") if str(a.get("href")).startswith("/chart/")]
    rows = read(client, str(link.get("href")))
    assert [(row["lane"], row["seenEarliest"], row["seenLatest"]) for row in rows] == [
        ("Ludivine Dedonder", "2024-05-21", "2024-05-21")
    ]
    assert rows[0]["claim"].startswith("https://w3id.org/armature/claim/")
    (table,) = list(by_class(figure, "numbers")[0].iter("table"))
    assert "Ludivine Dedonder" in words(table)
    assert "21 May 2024" in words(table)
    assert "a sighting on one day" in words(figure)
    assert len(by_class(figure, "seen")) == 3, "the sighting, for a wide and a narrow screen, and its sign in the key"


def test_the_numbers_of_a_chart_follow_the_readers_days_and_language(client: TestClient) -> None:
    path = "/chart/holders-of.csv?entity=belgian-minister-of-defence"
    assert read(client, f"{path}&knownOn=2020-01-01") == []
    answer = client.get(f"{path}&lang=fr")
    assert client.get(f"{path}&lang=fr", headers={"if-none-match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/chart/makes.csv?entity=arquus", 404, "No panel 'makes' has a chart; these have: "),
        ("/chart/owned-by.csv", 400, "Name the entity"),
        ("/chart/owned-by.csv?entity=x:y", 400, "names no entity"),
        ("/chart/owned-by.csv?entity=nobody-at-all", 404, "The graph says nothing of"),
        ("/chart/owned-by.csv?entity=arquus&asOf=soon", 400, "must be a day"),
    ],
)
def test_what_has_no_chart_says_why(client: TestClient, path: str, status: int, told: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert re.search(told, answer.json()["detail"])


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("Theo Francken", ("Theo Francken",)),
        ("Director-general of material resources (Belgium)", ("Director-general of material", "resources (Belgium)")),
        ("French Minister of the Armed Forces", ("French Minister of the Armed", "Forces")),
        (
            "A very long name of an office that nobody can read beside a bar",
            ("A very long name of an", "office that nobody can read…"),
        ),
        ("", ("",)),
    ],
)
def test_names_beside_lanes_have_two_lines(words: str, lines: tuple[str, ...]) -> None:
    assert charts.beside(words) == lines


def test_sightings_are_named_by_the_whole_surname_where_there_is_room() -> None:
    def seen(words: str, day: str) -> Span:
        return Span(lane="Prime Minister", words=words, start="", end="", seen=day, seen_from=day, kind="bar")

    drawing = charts.spans(
        [
            seen("Alexander De Croo", "2023-05-05"),
            seen("Alexander De Croo", "2023-09-05"),
            seen("Bart Rousseau", "2010-01-01"),
        ],
        TODAY,
    )
    assert drawing is not None
    assert [box.text for box in drawing.boxes] == ["Rousseau", "De Croo", ""]
    assert [box.named_after for box in drawing.boxes] == [True, False, False], "before it stands the name of the lane"
    assert "De Croo" in drawing.boxes[-1].words, "it is told all the same"


def test_a_narrow_screen_gets_every_shape_between_its_edges_under_the_name_of_its_lane() -> None:
    wide = drawn(
        span("Minister of Defence", start="2014-10-11", end="2018-11-12", words="Steven Vandeput"),
        span("Minister of Defence", start="2020-10-01", words="Ludivine Dedonder"),
        span("Prime Minister", seen="2023-05-05", words="Alexander De Croo"),
    )
    slim = narrow(wide)
    assert slim.records == wide.records
    assert slim.width == 360
    assert [lane.lines for lane in slim.lanes] == [("Minister of Defence",), ("Prime Minister",)]
    assert len(slim.ticks) < len(wide.ticks)
    for box, before in zip(slim.boxes, wide.boxes, strict=True):
        assert 0 <= box.x <= box.x + box.width <= 360
        assert box.signs == before.signs
        lane = slim.lanes[0 if "De Croo" not in box.words else 1]
        assert lane.y < box.y + 8 < lane.y + charts.LANE + 8
    assert slim.today is not None
    assert wide.boxes[0].width > slim.boxes[0].width > 0


@pytest.mark.parametrize("form", ["spans", "shares"])
def test_shares_and_steps_keep_their_height_on_a_narrow_screen(form: str) -> None:
    found = span("A", start="2020-01-01", share=(40, 60)), span("B", seen="2021-01-01", share=(10, 10))
    wide = drawn(*found, form=form)
    slim = narrow(wide)
    assert [box.height for box in slim.boxes] == [box.height for box in wide.boxes]
    opened = Step("A", "signed", "2023-01-01", "2023-12-31", "open")
    steps = lives.steps([opened, Step("A", "closed", "2024-05-01", "2024-05-01", "real")], TODAY)
    assert steps is not None
    marks = narrow(steps)
    assert [box.width for box in marks.boxes] == [12, 12]
    assert marks.boxes[0].before < steps.boxes[0].before
    assert marks.lanes[0].thread is not None


def test_bars_of_years_are_narrower_and_as_high_on_a_narrow_screen() -> None:
    wide = tallies.amounts([Amount(2020, "A", 3, real=True), Amount(2024, "B", 5, real=False)])
    assert wide is not None
    slim = narrow(wide)
    assert [box.height for box in slim.boxes] == [box.height for box in wide.boxes]
    assert max(box.x + box.width for box in slim.boxes) <= 360
    assert slim.rungs == wide.rungs


def test_words_in_a_chart_are_escaped() -> None:
    drawing = drawn(span("A <b>", start="2020-01-01", words="R&D"))
    for told in (engraved(drawing, "p", "T & S"), engraved(narrow(drawing), "p", "T & S", slim=True)):
        assert "<b>" not in told
        assert "A &lt;b&gt;" in told
        assert "T &amp; S" in told


def test_of_rival_numbers_of_an_order_only_the_accepted_one_is_drawn() -> None:
    panel = Declared("orders-of", "", {}, frozenset(), 1, "table", {}, {}, "thing", "years", "", "")
    rows = [row(thing=iri("o"), item=iri("caracal"), claim=iri(claim)) for claim in ("a", "b")]
    measures = {
        claim: row(quantity=literal(number, "decimal"), unit=iri("piece"), accepted=literal(accepted, "boolean"))
        for claim, number, accepted in (("a", "1508", "true"), ("b", "1505", "false"))
    }
    since = views.Value("10 July 2023", moment="2023-07-10")
    stages = {"o": views.LifeCycle(None, True, False, since, "", "")}
    found = drawings._amounts(drawings.Charted(panel, rows), measures, stages)
    assert [one.amount for one in found] == [1508]
