"""Form encoding: whatever the standard library reads from a text is read from it here."""

import random
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qsl, quote, quote_plus

import pytest

from kg.web.encoded import pairs

_PIECES = [
    *("a", "=", "&", "+", "%", "%4", "%41", "%zz", "%e9", "%C3%A9", "%26", "%3D", "%2B", "%25", "%5C", "%00"),
    *("\\", "\\x", "\\u0041", "\\N{DASH}", "é", "€", ";", "query", "%f0%9f%92%a9", "%ED%A0%80"),
]


def _texts() -> list[str]:
    draw = random.Random(7)
    return ["".join(draw.choices(_PIECES, k=draw.randint(0, 12))) for _ in range(20_000)]


def test_it_reads_what_the_standard_library_reads() -> None:
    for text in _texts():
        assert pairs(text) == parse_qsl(text, keep_blank_values=True), text


def test_what_is_no_utf8_is_told_where_that_is_asked_for() -> None:
    refused = 0
    for text in _texts():
        expected = None
        with suppress(UnicodeDecodeError):
            expected = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict")
        if expected is None:
            refused += 1
            with pytest.raises(UnicodeDecodeError):
                pairs(text, errors="strict")
        else:
            assert pairs(text, errors="strict") == expected, text
    assert refused > 100


@pytest.mark.parametrize("quoted", [quote, quote_plus])
def test_a_query_comes_back_as_it_was(quoted: Callable[[str], str]) -> None:
    query = "SELECT * { ?s ?p 'é % + & = \\u0041 \\ €' }\r\n# 100 %"
    assert pairs(f"format=json&query={quoted(query)}") == [("format", "json"), ("query", query)]
