"""Numbers for people: thousands apart, from a million on in short with all digits beside them, and money."""

import re

import pytest
from tests.rows import iri, literal, qualifier, row, said

from kg.serving import Term
from kg.terms import CODE
from kg.web import claims_view, figures, inline, language, markup, views
from kg.web.markup import Site
from kg.web.views import Value


def plain(text: str) -> str:
    """With every kind of space as a plain one."""
    return re.sub(r"\s", " ", text)


@pytest.mark.parametrize(
    ("content", "shown"),
    [("30000", "30,000"), ("28.0", "28"), ("80.65", "80.65"), ("62.50", "62.5"), ("x", "x")],
)
def test_numbers_have_thousands_apart_and_no_idle_decimals(content: str, shown: str) -> None:
    assert figures.number(content) == shown


MONEY = [
    ("1700000000", "EUR", "€1.7 bn", "1,7 Md€", "€1,700,000,000"),
    ("968000000.0", "PLN", "PLN 968 m", "968 M PLN", "PLN 968,000,000"),
    ("2316674361", "USD", "US$2.32 bn", "2,32 Md$US", "US$2,316,674,361"),
    ("1964616.3", "GBP", "£1.96 m", "1,96 M£GB", "£1,964,616.3"),
    ("650000", "EUR", "€650,000", "650 000 €", "€650,000"),
]


@pytest.mark.parametrize(("content", "currency", "english", "french", "exact"), MONEY)
def test_money_is_short_from_a_million_on_and_exact_beside_it(
    content: str, currency: str, english: str, french: str, exact: str
) -> None:
    told = views.money(content, currency)
    assert plain(told.text) == english
    assert plain(figures.money(content, currency)) == exact
    assert plain(told.exact) == ("" if english == exact else exact)
    assert told.raw == content
    language.speak("fr")
    try:
        assert plain(views.money(content, currency).text) == french
    finally:
        language.speak("en")


@pytest.mark.parametrize(
    ("content", "english", "french"),
    [("4400000", "4.4 million", "4,4 millions"), ("630000000000", "630 billion", "630 milliards"),
     ("999999", "999,999", "999 999"), ("x", "x", "x"), ("NaN", "NaN", "NaN"),
     ("-1500000", "-1.5 million", "-1,5 million")],
)  # fmt: skip
def test_other_big_numbers_are_in_words(content: str, english: str, french: str) -> None:
    assert plain(figures.short(content)) == english
    language.speak("fr")
    try:
        assert plain(figures.short(content)) == french
    finally:
        language.speak("en")


def test_a_short_number_is_printed_with_the_exact_one() -> None:
    site = Site("")
    printed = inline.value(site, markup.local, views.of_term(literal("4400000", "decimal")))
    assert plain(str(printed)) == '<data value="4400000" title="4,400,000">4.4 million</data>'
    assert str(inline.value(site, markup.local, views.of_term(literal("28.0", "decimal")))) == "28"


def test_years_and_shares_are_left_as_they_are() -> None:
    assert views.of_term(literal("2024", "gYear")) == Value("2024", moment="2024")
    assert views.of_term(literal("33.4", "decimal")) == Value("33.4")


@pytest.mark.parametrize(
    ("told", "shown", "left"),
    [
        (literal("1700000000", "decimal"), "€1.7 bn", []),
        (iri(CODE + "unknown/not-stated"), "not-stated by the source", ["currency EUR"]),
    ],
)
def test_the_value_of_a_claim_and_its_currency_are_one(told: Term, shown: str, left: list[str]) -> None:
    euro = row(claim=iri("c"), **qualifier("currency", iri(CODE + "currency/EUR")))
    given = row(claim=iri("c"), object=told, objectLabel=literal("not-stated"))
    (claim,) = claims_view.claims([given], [euro], [])
    assert plain(claim.object.text) == shown
    assert [said(phrase) for phrase in claim.qualifiers] == left
