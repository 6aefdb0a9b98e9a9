"""The languages of the pages: nothing left unsaid in either, each chosen as the reader asks, never mixed up."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient
from tests.reading import CAESAR_ORDER, HTML, LETTER, MERGER, SHELL_LINE, SOURCE, by_class, page, parsed, words

from kg import stored
from kg.web import claims_view, dates, declared, language, markup, pages, sources_view, terms_view, thing_pages
from kg.web.ties import STANDINGS

ROOT = Path(__file__).parents[1]
WEB = ROOT / "src" / "kg" / "web"
_TOLD = re.compile(r'\b_\(\s*"((?:[^"\\]|\\.)*)"')
_COUNTED = re.compile(r'\bcount\(\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)"')
_VALUE = re.compile(r"\{(\w+)\}")


def in_templates() -> Iterator[str]:
    for path in (WEB / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        yield from _TOLD.findall(text)
        for pair in _COUNTED.findall(text):
            yield from pair


def in_code() -> Iterator[str]:
    """Whatever stands in the first argument of ``say``."""
    for path in WEB.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                parts = (part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))
                yield from (part for part in parts if isinstance(part, str))


def looked_up() -> Iterator[str]:
    """What is said by way of a table."""
    yield from claims_view.VERDICTS
    yield from claims_view.VERDICTS.values()
    yield from STANDINGS.values()
    yield from sources_view.CATALOGUE
    yield from terms_view.SORTS.values()
    yield from terms_view.SEVERITIES
    yield from pages.SHELVES.values()
    yield from thing_pages.GRAPHS.values()
    yield from (f"{word} (a {size})" for word in dates.PREPOSITIONS for size in ("day", "year"))
    yield from (label for _, label in (*markup.SECTIONS, *markup.REFERENCES))
    yield from (
        "Added",
        "Taken out",
        "Rewritten",
        "leads",
        "an option, not firm",
        "firm",
        "ad interim",
        "on behalf of",
        "as",
    )
    for text in (ROOT / "queries" / "entity" / "shapes.rq").read_text("utf-8").splitlines():
        yield from re.findall(r'\(sh:target\w+ "([^"]+)"\)', text)


def said() -> set[str]:
    return {*in_templates(), *in_code(), *looked_up()}


def messages(name: str) -> dict[str, str]:
    loaded = yaml.safe_load((WEB / "messages" / f"{name}.yaml").read_text("utf-8"))
    assert all(isinstance(key, str) and isinstance(text, str) for key, text in loaded.items()), "quote yes, no, on"
    return dict(loaded)


def test_french_says_all_that_english_says_and_nothing_else() -> None:
    assert sorted(said() - messages("fr").keys()) == []
    assert sorted(messages("fr").keys() - said()) == []


def test_keys_that_say_more_than_the_word_have_an_english_word() -> None:
    noted = {key for key in said() if re.search(r" \(an? \w+\)$", key)}
    assert noted == messages("en").keys()


def test_every_message_has_the_values_of_its_key() -> None:
    for key, text in messages("fr").items():
        assert sorted(_VALUE.findall(key)) == sorted(_VALUE.findall(text)), key


def test_every_panel_speaks_both_languages() -> None:
    for panel in declared.declared(ROOT / "queries"):
        for told in (panel.titles, *panel.heads.values(), *filter(None, (panel.empties, panel.leads))):
            assert set(told) == set(language.LANGUAGES), panel.name


def test_every_stored_query_is_told_in_french() -> None:
    library = stored.library(ROOT / "queries" / "api")
    assert len(library) >= 40
    for query in library.values():
        told = (query.french, *(parameter.french for parameter in query.parameters))
        assert all(told), query.name
        assert not {query.summary, *(parameter.description for parameter in query.parameters)} & {*told}, query.name


def test_every_offered_query_is_described_in_french_with_its_columns() -> None:
    """Those behind the pages, too: each panel links to its query."""
    offered = stored.offered(ROOT / "queries").values()
    assert {query.name for query in offered if bool(query.description) != bool(query.described_in_french)} == set()
    assert {
        query.name for query in offered if query.description and query.description == query.described_in_french
    } == set()
    columns = stored.column_words(ROOT / "queries")
    meant = {told for query in offered for told in query.columns.values()}
    assert sorted(meant - columns.keys()) == []
    assert sorted(columns.keys() - meant) == []
    assert [english for english, french in columns.items() if not french or english == french] == []


def test_a_query_is_told_in_the_readers_language_and_what_is_not_says_so(client: TestClient) -> None:
    path = "/query/stakes?lang=fr"
    tree = page(client, path)
    (lead,) = by_class(tree, "lead")
    assert words(lead) == "Qui détient combien de quelle entreprise, depuis quand et jusqu’à quand."
    assert [e.get("lang") for e in lead.iter() if e.get("lang")] == []
    hints = {str(e.get("id")): words(e) for e in by_class(tree, "hint")}
    assert hints["firm-means"] == "L’entreprise ; vide pour toutes."
    told = words(next(tree.iter("main"))).partition("#+ summary")[0]
    assert "Toutes les affirmations sur une participation, retenues ou non" in told
    assert "Every claim on a stake" not in told
    meanings = words(next(e for e in tree.iter("section") if e.get("aria-labelledby") == "columns"))
    assert "La part du capital, en pour cent." in meanings
    assert "The share" not in meanings
    assert [e.get("lang") for e in tree.iter("main") for e in e.iter() if e.get("lang") == "en"] == []
    (meta,) = [e for e in tree.iter("meta") if e.get("name") == "description"]
    assert str(meta.get("content")).startswith("Qui détient")
    assert words(by_class(page(client, "/query/stakes"), "lead")[0]).startswith("Who holds how much")
    listed = words(page(client, "/query?lang=fr"))
    assert "Qui détient combien" in listed
    assert "Who holds how much" not in listed
    workbench = words(page(client, "/sparql?lang=fr"))
    assert "Requêtes pour commencer" in workbench
    assert "Qui a rencontré qui" in workbench


@pytest.mark.parametrize(
    ("query", "accept", "spoken"),
    [
        ("", "", "en"),
        ("", "fr", "fr"),
        ("", "fr-BE, en;q=0.5", "fr"),
        ("", "de, en;q=0.8, fr;q=0.9", "fr"),
        ("", "de", "en"),
        ("", "fr;q=0, en", "en"),
        ("?lang=fr", "en", "fr"),
        ("?lang=en", "fr", "en"),
    ],
)
def test_the_language_is_that_of_the_address_else_of_the_reader(
    client: TestClient, query: str, accept: str, spoken: str
) -> None:
    answer = client.get(f"{MERGER}{query}", headers={**HTML, "accept-language": accept})
    assert answer.headers["content-language"] == spoken
    assert "Accept-Language" in answer.headers["vary"]
    assert f'<html lang="{spoken}">' in answer.text
    assert answer.headers["etag"].rstrip('"').endswith(spoken)


def test_a_language_that_there_is_not_is_refused(client: TestClient) -> None:
    answer = client.get(f"{MERGER}?lang=xx", headers=HTML)
    assert answer.status_code == 400
    assert "one of en, fr" in answer.text


def test_a_french_page_is_french_throughout(client: TestClient) -> None:
    tree = page(client, f"{CAESAR_ORDER}?lang=fr")
    text = words(tree)
    for told in (
        "Acquisition belge de CAESAR souhaitée en 2024",
        "Cycle de vie",
        "Objet de la commande",
        "28 pièces",
        "non réalisé",
        "le 21 mai 2024",
        "Ministère des Armées",
        "La Belgique a manifesté sa volonté",
    ):
        assert told in text, told
    main = words(next(tree.iter("main")))
    for left in ("According to", "Standing", "Every claim", "not realised", "pieces", "French Ministry", "May 2024"):
        assert left not in main, left


def test_dates_and_numbers_are_written_as_the_language_does(client: TestClient) -> None:
    assert "entre le 27 mai et le 2 juin 2024" in words(page(client, f"{SHELL_LINE}?lang=fr"))
    french, english = (client.get(f"/export?lang={name}", headers=HTML).text for name in ("fr", "en"))
    assert re.search("\\d\u202f\\d{3} énoncés", french)
    assert re.search("\\d,\\d{3} statements", english)


def test_the_language_is_kept_from_page_to_page(client: TestClient) -> None:
    tree = page(client, f"{LETTER}?lang=fr")
    own = [str(a.get("href")) for a in tree.iter("a") if str(a.get("href")).startswith(("/id/", "/claim/"))]
    pages_of_things = [href for href in own if ".html" in href and not href.endswith("lang=en")]
    assert pages_of_things
    assert all("lang=fr" in href for href in pages_of_things)
    (other,) = list(by_class(tree, "languages")[0].iter("a"))
    assert (other.get("lang"), other.get("href")) == ("en", f"{LETTER}?lang=en")


def test_the_list_of_queries_is_data_in_english_unless_the_address_says_french(client: TestClient) -> None:
    french = {"accept": "application/json", "accept-language": "fr"}
    plain, asked = (client.get(path, headers=french) for path in ("/query", "/query?lang=fr"))
    assert (plain.headers["content-language"], asked.headers["content-language"]) == ("en", "fr")
    english, told = ({one["name"]: one for one in answer.json()}["stakes"] for answer in (plain, asked))
    assert english["summary"].startswith("Who holds how much")
    assert told["summary"].startswith("Qui détient combien")
    assert told["columns"]["firm"] == "L’entreprise."
    assert told["parameters"].keys() == english["parameters"].keys()


def test_french_signs_stay_with_their_words(client: TestClient) -> None:
    assert language.typeset("« oui » ; non !") == "«\u00a0oui\u00a0»\u00a0; non\u00a0!"
    assert "vide pour toutes" in client.get("/query/stakes?lang=fr", headers=HTML).text
    assert "L’entreprise\u00a0; vide" in client.get("/query/stakes?lang=fr", headers=HTML).text


@pytest.mark.parametrize(
    ("path", "title", "detail"),
    [
        ("/id/no-such-thing.html", "Entité inconnue", "Le graphe ne dit rien de"),
        ("/nowhere", "Introuvable", "Il n’y a rien à /nowhere. Commencez à / ou cherchez dans /search?q=…"),
        ("/query/no-such-query", "Requête enregistrée inconnue", "voir /query pour la liste."),
        ("/query/orders?buyer=%3Cx", "Requête incorrecte", "« <x » n’est pas une valeur pour « buyer »"),
        ("/sources?asOf=2024-13-99", "Requête incorrecte", "« asOf » doit être un jour, tel que 2024-05-21"),
    ],
)
def test_a_page_of_a_mistake_speaks_the_language_too(client: TestClient, path: str, title: str, detail: str) -> None:
    address = f"{path}{'&' if '?' in path else '?'}lang=fr"
    answer = client.get(address, headers=HTML)
    tree = parsed(answer.text)
    told = words(next(tree.iter("main")))
    assert answer.headers["content-language"] == "fr"
    assert words(next(tree.iter("h1"))) == title
    assert detail in told
    assert "Rechercher plutôt" in told
    assert [e for e in next(tree.iter("main")).iter() if e.get("lang")] == []
    (other,) = list(by_class(tree, "languages")[0].iter("a"))
    assert (other.get("lang"), other.get("href")) == ("en", f"{path}{'&' if '?' in path else '?'}lang=en")


def test_a_refused_query_is_explained_in_french(client: TestClient) -> None:
    query = "/sparql?query=SELECT+*+WHERE+%7B+%3Fa+%3Fb+%7D"
    answer = client.get(f"{query}&lang=fr", headers=HTML)
    assert answer.status_code == 400
    main = words(next(parsed(answer.text).iter("main")))
    assert "La requête n’est pas du SPARQL valide" in main
    assert "La requête cesse d’être du SPARQL valide à la ligne 1, colonne" in main
    assert "The query" not in main


def test_a_problem_is_in_english_for_programs_and_in_french_for_those_who_ask_for_it(client: TestClient) -> None:
    for accept, language_, title in (
        ("", "en", "Unknown stored query"),
        ("fr", "fr", "Requête enregistrée inconnue"),
    ):
        answer = client.get("/query/no-such-query", headers={"accept-language": accept, "accept": "application/json"})
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-language"] == language_
        assert answer.json()["title"] == title
        assert answer.json()["type"].endswith("/unknown-query")


@pytest.mark.parametrize(("language_", "told"), [("en", "French"), ("fr", "français")])
def test_the_language_of_a_source_is_a_word(client: TestClient, language_: str, told: str) -> None:
    catalogue = words(by_class(page(client, f"{SOURCE}?lang={language_}"), "facts")[0])
    assert told in catalogue
    listed = words(next(page(client, f"/sources?lang={language_}").iter("table")))
    assert f" {told} " in listed
    assert not re.search(r" fr ", listed)


@pytest.mark.parametrize(
    ("path", "english", "french"),
    [
        (
            "/graph/data/deals/john-cockerill-arquus.html",
            "what a file of the data says",
            "ce que dit un fichier de données",
        ),
        ("/graph/derived.html", "what rules have derived", "ce que des règles ont dérivé"),
        ("/graph/ontology.html", "the terms and code lists", "les termes et les listes de codes"),
        ("/graph/shapes.html", "the rules that the graph is held to", "les règles auxquelles le graphe est tenu"),
    ],
)
def test_a_graph_says_of_what_kind_it_is(client: TestClient, path: str, english: str, french: str) -> None:
    assert words(by_class(page(client, path), "kind")[0]) == f"Named graph: {english}"
    assert words(by_class(page(client, f"{path}?lang=fr"), "kind")[0]) == f"Graphe nommé : {french}"


def test_claims_of_a_graph_are_told_as_what_they_say(client: TestClient) -> None:
    path = "/graph/data/deals/john-cockerill-arquus.html"
    assert "Merger of John Cockerill Defense and Arquus has as participant Arquus" in words(page(client, path))
    listed = words(next(page(client, f"{path}?lang=fr").iter("table")))
    assert "Fusion de John Cockerill Defense et Arquus a pour participant Arquus" in listed
    assert "john-cockerill-arquus-merger" not in listed
