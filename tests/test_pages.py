"""What pages say, through the application: verdicts, words, evidence, days, languages."""

from xml.etree.ElementTree import Element

import pytest
from starlette.testclient import TestClient
from tests.reading import (
    APRIL_LINE,
    CAESAR_ORDER,
    HTML,
    LETTER,
    MERGER,
    SHELL_LINE,
    SMALL_CALIBRE,
    SOURCE,
    by_class,
    page,
    parsed,
    words,
)


def claim(tree: Element, slug: str) -> Element:
    """The row of one claim on a page."""
    return next(e for e in tree.iter("li") if e.get("id") == slug)


def test_what_is_only_announced_says_so_at_the_top(client: TestClient) -> None:
    tree = page(client, MERGER)
    standing = by_class(tree, "standing")[0]
    assert "This is announced, not done." in words(standing)
    assert by_class(standing, "status-open")
    assert not by_class(standing, "status-real")


def test_what_came_about_looks_like_a_fact(client: TestClient) -> None:
    standing = by_class(page(client, LETTER), "standing")[0]
    assert [words(e) for e in by_class(standing, "status-real")] == ["signed"]
    assert "not done" not in words(standing)


def test_nothing_about_an_unrealised_undertaking_is_marked_like_a_fact(client: TestClient) -> None:
    for path in (MERGER, CAESAR_ORDER, SHELL_LINE):
        about = page(client, path).find(".//section[@aria-labelledby='claims']")
        assert about is not None
        solid = [e for e in by_class(about, "verdict-stands") if "of-open" not in (e.get("class") or "")]
        assert solid == [], path


@pytest.mark.parametrize(
    ("path", "slug", "verdict"),
    [
        (MERGER, "john-cockerill-arquus-merger-party-arquus", "not realised"),
        (MERGER, "john-cockerill-arquus-merger-announced-2024-05-21", "said"),
        (CAESAR_ORDER, "caesar-order-item-caesar", "not realised"),
        (CAESAR_ORDER, "caesar-order-supplier-not-named", "said"),
        (LETTER, "letter-2024-05-21-signed", "stands"),
        (LETTER, "letter-2024-05-21-party-france", "stands"),
        (APRIL_LINE, "belgian-vehicle-line-inaugurated-2024-04", "stands"),
        (APRIL_LINE, "belgian-vehicle-line-part-of-camo", "uncertain"),
        (SMALL_CALIBRE, "french-small-calibre-capability-of-france", "over"),
        (SMALL_CALIBRE, "french-small-calibre-capability-ceased", "stands"),
        ("/id/sebastien-lecornu.html", "lecornu-french-armed-forces-minister-2024-05-21", "seen"),
    ],
)
def test_every_claim_bears_its_verdict(client: TestClient, path: str, slug: str, verdict: str) -> None:
    assert words(by_class(claim(page(client, path), slug), "verdict")[0]) == verdict


def test_quantity_and_role_are_in_words(client: TestClient) -> None:
    tree = page(client, CAESAR_ORDER)
    assert "28 pieces" in words(claim(tree, "caesar-order-item-caesar"))
    assert "role buyer" in words(claim(tree, "caesar-order-buyer-belgium"))


def test_a_value_that_is_not_named_is_no_link(client: TestClient) -> None:
    row = claim(page(client, APRIL_LINE), "belgian-vehicle-line-operator-not-named")
    assert [words(e) for e in by_class(row, "unknown")] == ["not named by the source"]
    assert not any("unknown" in (a.get("href") or "") for a in row.iter("a"))


def test_what_is_expected_is_told_with_its_days(client: TestClient) -> None:
    row = claim(page(client, SHELL_LINE), "knds-155mm-line-announced-2024-05-21")
    assert "expected inaugurated between 27 May and 2 June 2024" in words(row)


def test_what_is_expected_is_a_step_of_its_own_in_the_life_cycle(client: TestClient) -> None:
    tree = page(client, SHELL_LINE)
    (expected,) = by_class(tree, "is-expected")
    assert words(expected) == "expected inaugurated between 27 May and 2 June 2024"
    assert len(by_class(expected, "status-expected")) == 1
    assert len(by_class(tree, "step-expected")) <= 2
    french = by_class(page(client, f"{SHELL_LINE}?lang=fr"), "is-expected")
    assert words(french[0]) == "attendu inauguré entre le 27 mai et le 2 juin 2024"


def test_partial_dates_stay_partial(client: TestClient) -> None:
    row = claim(page(client, APRIL_LINE), "belgian-vehicle-line-inaugurated-2024-04")
    assert "in April 2024" in words(row)
    assert [e.get("datetime") for e in by_class(row, "when")[0].iter("time")] == ["2024-04"]


def test_rivals_stand_side_by_side_with_the_reason(client: TestClient) -> None:
    tree = page(client, MERGER)
    row = claim(tree, "john-cockerill-arquus-merger-party-john-cockerill")
    assert words(by_class(row, "verdict")[0]) == "set aside"
    dispute = words(by_class(row, "dispute")[0])
    assert "John Cockerill Defense on 21 May 2024 preferred" in dispute
    assert "more exact" in dispute


def test_evidence_leads_to_the_passage(client: TestClient) -> None:
    row = claim(page(client, CAESAR_ORDER), "caesar-order-item-caesar")
    evidence = by_class(row, "evidence")[0]
    assert "French Ministry of the Armed Forces, 21 May 2024" in words(evidence)
    assert [a.get("href") for a in by_class(evidence, "passage")] == [f"{SOURCE}#minarm-2024-05-21-s06"]


def test_source_shows_passages_in_order_with_what_rests_on_them(client: TestClient) -> None:
    tree = page(client, SOURCE)
    passages = [e for e in tree.iter("section") if "passage" in (e.get("class") or "").split()]
    assert [e.get("id", "").removeprefix("minarm-2024-05-21-") for e in passages] == [
        "masthead", "dateline", "title", *(f"s{n:02}" for n in range(1, 16)), "footer",
    ]  # fmt: skip
    sixth = next(e for e in passages if str(e.get("id")).endswith("s06"))
    assert "In our words" in words(sixth)
    assert "Belgian CAESAR acquisition" in words(by_class(sixth, "resting")[0])


def test_incoming_claims_have_a_section_of_their_own(client: TestClient) -> None:
    beside = page(client, "/id/belgium.html").find(".//section[@aria-labelledby='beside']")
    assert beside is not None
    assert "takes part in" in words(beside)
    assert "on behalf of" in words(beside)


def test_derived_statements_name_their_claims(client: TestClient) -> None:
    table = by_class(page(client, "/id/camo.html"), "statements")[0]
    derived = [row for row in table.iter("tr") if by_class(row, "derived")]
    linked = {a.get("href") for row in derived for a in row.iter("a")}
    assert "/claim/camo-participant-belgium.html" in linked


def test_both_languages_and_other_names(client: TestClient) -> None:
    tree = page(client, "/id/camo.html")
    names = words(by_class(tree, "names")[0])
    assert "acronymCaMo" in names
    assert "Capacité Motorisée" in names
    french = by_class(page(client, MERGER), "other-name")[0]
    assert (french.get("lang"), words(french)) == ("fr", "Fusion de John Cockerill Defense et Arquus")


def test_days_travel_along_the_links(client: TestClient) -> None:
    tree = page(client, f"{MERGER}?asOf=2024-06-01&knownOn=2024-05-30")
    content = tree.find(".//main")
    assert content is not None
    hrefs = {str(a.get("href")) for a in content.iter("a")}
    assert "/id/arquus.html?asOf=2024-06-01&knownOn=2024-05-30" in hrefs
    assert "/id/john-cockerill-arquus-merger.json?asOf=2024-06-01&knownOn=2024-05-30" in hrefs
    assert "/id/john-cockerill-arquus-merger.ttl" in hrefs
    assert "As of 1 June 2024, as known on 30 May 2024" in words(by_class(tree, "times")[0])


def test_nothing_was_known_before_the_first_source(client: TestClient) -> None:
    tree = page(client, f"{MERGER}?knownOn=2024-05-20")
    assert "No claim of these days is about this." in words(tree)


def test_unknown_things_are_404_pages_with_a_way_on(client: TestClient) -> None:
    answer = client.get("/id/no-such-thing.html", headers=HTML)
    assert answer.status_code == 404
    tree = parsed(answer.text)
    assert words(next(tree.iter("h1"))) == "Unknown entity"
    assert by_class(tree, "find")


@pytest.mark.parametrize("path", [f"{MERGER}?page=none", "/query/orders.html?nobody=1"])
def test_bad_requests_are_pages_too(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 400
    assert "Bad request" in words(parsed(answer.text))


def test_text_from_a_reader_is_escaped(client: TestClient) -> None:
    answer = client.get("/search", params={"q": '"><script>alert(1)</script>'}, headers=HTML)
    assert "<script>" not in answer.text
    assert next(parsed(answer.text).iter("h2")) is not None


def test_long_lists_are_counted_and_go_on(client: TestClient) -> None:
    first = page(client, "/code/rank/normal.html")
    total = words(by_class(first, "count")[0])
    assert int(total.replace(",", "")) > 100
    following = next(a.get("href") for a in first.iter("a") if a.get("rel") == "next")
    second = page(client, str(following))
    assert listed(first)
    assert listed(second)
    assert not listed(first) & listed(second)


def listed(tree: Element) -> set[tuple[str | None, str | None]]:
    """The statements in the list of uses, by what their two links lead to."""
    uses = tree.find(".//section[@aria-labelledby='uses']")
    assert uses is not None
    rows = [[a.get("href") for a in row.iter("a")] for row in uses.iter("tr")]
    return {(links[0], links[1]) for links in rows if len(links) > 1}


def test_stored_query_page_shows_form_table_and_text(client: TestClient) -> None:
    tree = page(client, "/query/orders.html")
    (buyer,) = [i for i in tree.iter("input") if i.get("name") == "buyer"]
    assert (buyer.get("value"), buyer.get("placeholder")) == ("", "id:belgium unknown:not-stated")
    assert "not named by the source" in words(by_class(tree, "answer")[0])
    assert "SELECT DISTINCT" in words(by_class(tree, "code")[0])


def test_a_page_of_another_day_shows_that_day(client: TestClient) -> None:
    before = words(page(client, "/id/john-cockerill-arquus-merger.html?asOf=2024-05-20"))
    assert "This is announced" not in before
    assert "No accepted claim tells of a step taken by 20 May 2024." in before
    assert "left out here" in before
    after = words(page(client, "/id/john-cockerill-arquus-merger.html?asOf=2024-05-22"))
    assert "This is announced, not done." in after


def test_content_security_policy_forbids_everything_else(client: TestClient) -> None:
    policy = client.get(MERGER, headers=HTML).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';")
    assert "img-src 'self'; form-action 'self'" in policy


def test_a_dispute_has_each_rival_once_with_who_says_so(client: TestClient) -> None:
    tree = page(client, "/claim/dispute-john-cockerill-arquus-merger-belgian-party.html")
    (rivals,) = by_class(tree, "rivals")
    sides = list(rivals.iterfind("li"))
    assert [side.get("class", "") for side in sides] == ["is-preferred", ""]
    for side, name, verdict in zip(
        sides, ("John Cockerill Defense", "John Cockerill"), ("not realised", "set aside"), strict=True
    ):
        told = words(side)
        assert f"has as participant {name} on 21 May 2024" in told
        assert "merging party" in told
        assert [words(one) for one in by_class(side, "verdict")] == [verdict]
        assert "French Ministry of the Armed Forces, 21 May 2024" in words(by_class(side, "evidence")[0])
    assert words(tree).count("has as participant") == len(sides)


def test_a_format_that_is_not_offered_leads_to_those_that_are(client: TestClient) -> None:
    answer = client.get("/id/arquus?format=png&asOf=2024-06-01", headers=HTML)
    assert answer.status_code == 406
    (offered,) = by_class(parsed(answer.text), "twins")
    links = {words(link): link.get("href") for link in offered.iter("a")}
    assert list(links) == ["Page", "Turtle", "JSON-LD", "N-Triples", "RDF/XML", "JSON", "CSV"]
    followed = client.get(str(links["CSV"]), headers=HTML)
    assert followed.headers["location"] == "/id/arquus.csv?asOf=2024-06-01"
