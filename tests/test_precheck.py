"""The look at a query's text: what it lets pass, what it refuses and where, and in which time."""

import contextlib
import itertools
import random
import time

import pyoxigraph as ox
import pytest

from kg.engine.lexer import BRACKETS, nesting, tokens
from kg.engine.limits import Limits
from kg.engine.precheck import check
from kg.engine.syntax import explain
from kg.errors import KgError, QuerySyntaxError, QueryTooDeep, QueryTooLarge, ServiceRefused

LIMITS = Limits()
ADDRESS = "<http://127.0.0.1:1/>"  # the engine refuses port 1 by itself, before it opens a connection


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?service WHERE { ?service $service ?x }",
        "PREFIX ex: <urn:x:> SELECT * WHERE { ex:service ex:a.service ex:service-line }",
        "PREFIX service: <urn:x:> SELECT * WHERE { ?s a service:Post . { ?s ?p ?o } }",
        "PREFIX service: <urn:x:> SELECT * FROM service:g { GRAPH service:g { ?s ?p ?o } }",
        "SELECT * WHERE { ?s <urn:x:SERVICE> 'SERVICE', \"service\", '''SERVICE <x> {}''', 'a'@en-service }",
        'SELECT * WHERE { ?s ?p """ "" SERVICE <x> { } "" """ }',
        "SELECT * WHERE { ?s ?p ?o # SERVICE <http://127.0.0.1/> { }\n }",
        r"SELECT * WHERE { ?s ?p 'it\'s SERVICE <x> {}' }",
        "SELECT * WHERE { ?s <urn:x#y> ?o . ?o <http://x/#y> ?v FILTER(?o<?v) } # SERVICE",
        "SELECT * WHERE { _:service ?p _:a.service }",
    ],
)
def test_the_word_service_elsewhere_is_no_service(query: str) -> None:
    check(query, LIMITS)


@pytest.mark.parametrize("keyword", ["SERVICE", "service", "sErViCe", r"\u0053ERVICE", r"SERV\U00000049CE"])
def test_service_is_refused_where_it_stands(keyword: str) -> None:
    with pytest.raises(ServiceRefused) as refused:
        check(f"SELECT *\nWHERE {{ {keyword} <http://127.0.0.1/> {{ }} }}", LIMITS)
    assert (refused.value.members["line"], refused.value.members["column"]) == (2, 9)


PROLOGUE = "PREFIX : <http://127.0.0.1:1/> PREFIX x: <urn:x:>"
BEFORE = (
    *("", "{}", "?s ?p ?o ", "?s ?p ?o.", "?s ?p 1", "?s ?p 1.", "?s ?p 1.0", "?s ?p true", "?s ?p true."),
    *(
        "?s ?p x:a.",
        "?s ?p x:a.b.",
        "?s ?p x:a.b.c.",
        "?s ?p x:.",
        "?s ?p x:-",
        r"?s ?p x:a\..",
        r"?s ?p x:a\#.",
    ),
    *(
        "?s ?p 'a'.",
        "?s ?p 'a'@en.",
        "?s ?p 'a'@en",
        "?s ?p _:b.",
        "?s ?p [] .",
        "?s x:a%41.",
        "# c\n",
        "# <\n",
    ),
    *("FILTER(1<2)", "FILTER(1<2 #>'''\n)", "FILTER(1<2#>'''\n)", "FILTER(1<2#'>\n)", "FILTER(?s<?p) "),
    *("VALUES ?v {1} FILTER(?v<x:a#>'''\n||true)", "VALUES ?v {1} FILTER(?v<x:a||'a'<'>'||true)"),
    *(
        'VALUES ?x {"""a" } ',
        'VALUES ?x {"""\\uD800" 1 } ',
        "VALUES ?x {''' '\\u0027' } ",
        "?s <x:y#'''> ?o . ",
    ),
    *("OPTIONAL{}", "MINUS{}", "BIND(1 AS ?x)", "FILTER EXISTS{}"),
)
KEYWORD = ("SERVICE", "service", "SERVICE#\n", "SERVICE\r\n\t")
TARGET = (
    f" {ADDRESS} {{}}",
    f"{ADDRESS}{{}}",
    ":x {}",
    ":x{}",
    " :x {}",
    f"#c\n{ADDRESS}#c\n{{}}",
    " x:a {}",
)
AFTER = ("", " VALUES ?q {'''x''' '''y'''} #'''", " #'\n", " #\"\"\" '''\n")


def test_whatever_the_engine_takes_for_a_service_is_refused() -> None:
    """The engine itself judges some 4,000 texts in which the keyword runs into what stands around it."""
    store = ox.Store()
    reached, passed = 0, []
    for before, keyword, target, after in itertools.product(BEFORE, KEYWORD, TARGET, AFTER):
        query = f"{PROLOGUE} SELECT * {{ {before}{keyword}{target}{after}\n}}"
        if _calls_a_service(store, query):
            reached += 1
            if not _is_refused(query):
                passed.append(query)
    assert reached > 1_000
    assert passed == []


def _calls_a_service(store: ox.Store, query: str) -> bool:
    try:
        results = store.query(query)
        assert isinstance(results, ox.QuerySolutions)
        list(results)
    except OSError as error:
        return "port 1" in str(error)
    except SyntaxError:
        return False
    return False


def _is_refused(query: str) -> bool:
    try:
        check(query, LIMITS)
    except ServiceRefused:
        return True
    return False


@pytest.mark.parametrize(
    ("opening", "closing"), [("(", ")"), ("{", "}"), ("[", "]"), ("<<", ">>"), ("<<(", ")>>"), ("{|", "|}")]
)
def test_depth_is_counted_for_each_kind_of_bracket(opening: str, closing: str) -> None:
    check(opening * 100 + closing * 100, LIMITS)
    with pytest.raises(QueryTooDeep) as refused:
        check(opening * 101 + closing * 101, LIMITS)
    assert refused.value.members["column"] == 100 * len(opening) + 1


def test_brackets_in_strings_iris_and_comments_do_not_count() -> None:
    check(f"SELECT ('{'(' * 200}' AS ?x) {{ <urn:x:{'(' * 200}> ?p ?o }} # {'{' * 200}", LIMITS)


_PIECES = [
    *(
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "<<",
        ">>",
        "<<(",
        ")>>",
        "{|",
        "|}",
        "|",
        "||",
        "<",
        ">",
        "<=",
        "!=",
        "&&",
        "^^",
    ),
    *(
        '"',
        "'",
        '"""',
        "'''",
        "#",
        "\n",
        "\\",
        "\\#",
        "\\u0027",
        "a:b",
        "a:",
        "_:a",
        "?x",
        "@en",
        "<a>",
        "<http://x#y>",
        "é",
        " ",
    ),
]


def test_nesting_is_that_of_the_words() -> None:
    draw, deepest = random.Random(3), set()
    for _ in range(20_000):
        text = "".join(draw.choices(_PIECES, k=draw.randint(0, 25)))
        depth, expected = 0, 0
        for token in tokens(text):
            depth = max(0, depth + (BRACKETS.get(token.text, 0) if token.kind == "sign" else 0))
            expected = max(expected, depth)
        assert nesting(text) == expected, text
        deepest.add(expected)
    assert deepest >= set(range(6))


@pytest.mark.parametrize("operator", ["!", "/", "|", "^", "*", "+", "&&", "||", " UNION ", " MINUS ", " OPTIONAL "])
def test_chains_of_operators_have_an_end(operator: str) -> None:
    with pytest.raises(QueryTooDeep):
        check(f"SELECT * {{ {f'?a{operator}' * 1_001} }}", LIMITS)


def test_long_lists_are_no_chains() -> None:
    numbers = " ".join(f"-{number}" for number in range(10_000))
    check(
        f"SELECT * {{ VALUES ?x {{ {numbers} }} FILTER(?x IN ({numbers.replace(' ', ', ')})) }}",
        Limits(query_length=10**6),
    )


def test_length_is_counted_in_bytes() -> None:
    check("#" + "é" * 49_999, LIMITS)
    with pytest.raises(QueryTooLarge):
        check("#" + "é" * 50_000, LIMITS)


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_characters_that_no_text_has_are_refused_in_place(character: str) -> None:
    with pytest.raises(QuerySyntaxError) as refused:
        check(f"SELECT *\n{{ ?s ?p '{character}' }}", LIMITS)
    assert (refused.value.members["line"], refused.value.members["column"]) == (2, 10)


def test_the_dataset_clause_is_found_as_written() -> None:
    prologue = "PREFIX x: <urn:x:> # FROM <no>\n"
    query = f"{prologue}CONSTRUCT {{ ?s ?p 'FROM <no>' }} FROM <a> FROM NAMED x:b from x:c {{ ?s ?p ?o }}"
    clause = check(query, LIMITS)
    assert clause.default == ("<a>", "x:c")
    assert clause.named == ("x:b",)
    assert clause.prologue == prologue


def test_pieces_of_every_kind() -> None:
    text = """PREFIX x: <urn:x> ?a 'b'@en "c"^^x:d _:e 1.5 && # f"""
    assert [(token.kind, token.text) for token in tokens(text)] == [
        *(("word", "PREFIX"), ("name", "x:"), ("iri", "<urn:x>"), ("variable", "?a"), ("string", "'b'")),
        *(("language", "@en"), ("string", '"c"'), ("sign", "^^"), ("name", "x:d"), ("blank", "_:e")),
        *(("word", "1.5"), ("sign", "&&")),
    ]


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "<",
            "'",
            '"',
            "a.",
            "'''\\q",
            "'a\\q",
            '"""\\q',
            "<a",
            "?a<x:b#",
            "?a<b'>",
            "service:x ",
            "x:a.b.service ",
        ),
        *("\\u0041", "(#\n", "_:a.", ":", "-", "a:%41\\", "@a-", "\u00e9.", "?a<'>'#\n", "{?s service:x "),
    ],
)
def test_the_time_grows_with_the_length_only(piece: str) -> None:
    limits = Limits(query_length=10**6, query_depth=10**6, operators=10**6)
    short, long = (_fastest(piece * (size // len(piece)), limits) for size in (10_000, 80_000))
    assert long < 24 * short + 0.05  # eight times the text; a square would take 64 times as long


def _fastest(query: str, limits: Limits) -> float:
    times = []
    for _ in range(2):
        begun = time.process_time()
        with contextlib.suppress(KgError):
            check(query, limits)
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.parametrize(
    ("query", "line", "column", "words"),
    [
        ("SELEC * { ?s ?p ?o }", 1, 1, "expected SELECT, ASK, CONSTRUCT or DESCRIBE"),
        ("SELECT *\n{ ?s ?p ?o .\n  FOO }", 3, 3, "at 'FOO'"),
        ("SELECT * { ?s ?p ?o } ORDER ?s", 1, 29, "expected BY"),
        ("SELECT * { ?s ?p ?o", 1, 20, "after '?o': expected"),
        ("SELECT * { ?s foaf:name ?o }", 1, 24, "after 'foaf:name': Prefix not found"),
        ("SELECT * { ?s ?p ?o } LIMIT abc", 1, 29, "at 'abc'"),
    ],
)
def test_syntax_errors_are_told_in_a_line(query: str, line: int, column: int, words: str) -> None:
    with pytest.raises(SyntaxError) as raised:
        ox.Store().query(query)
    error = explain(str(raised.value), query)
    assert (error.members["line"], error.members["column"]) == (line, column)
    assert words in error.detail
    assert len(error.detail) < 250


def test_a_report_of_another_form_is_passed_on() -> None:
    assert explain("something else", "ASK {}").detail == "The query is not valid SPARQL: something else"
