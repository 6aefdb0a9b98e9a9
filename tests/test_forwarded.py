"""Behind a proxy: who is believed, and every address right under a prefix."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.app import create_app
from kg.web.forwarded import Proxies, plain

PREFIX = "/armature"
PUBLIC = f"https://example.org{PREFIX}/"
PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org", "X-Forwarded-For": "203.0.113.9"}
HTML = {"Accept": "text/html"}


def behind(settings: Settings, peer: str = "127.0.0.1", **chosen: object) -> TestClient:
    """A client of the server with these settings, connected from an address."""
    app = create_app(settings.model_copy(update=chosen))
    return TestClient(app, "http://inside:8000", client=(peer, 50_000), follow_redirects=False)


@pytest.fixture(scope="module")
def client(settings: Settings, built: Snapshot) -> Iterator[TestClient]:
    with behind(settings, root_path=PREFIX) as client:
        client.headers.update(PROXY)
        yield client


class Links(HTMLParser):
    """The addresses that a page names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if ("rel", "canonical") not in attrs:
            self.found |= {value for name, value in attrs if name in ("href", "src", "action") and value}


def inside(base: str, links: set[str]) -> set[str]:
    """Those that lead to the server, without fragments; none may lead beside the prefix."""
    whole = {urljoin(base, link).partition("#")[0] for link in links}
    ours = {link for link in whole if urlsplit(link).netloc == "example.org"}
    assert all(link.startswith(PUBLIC) for link in ours), sorted(link for link in ours if not link.startswith(PUBLIC))
    assert not [link for link in whole if urlsplit(link).netloc == "inside:8000"]
    return ours


def kind(link: str) -> str:
    """What addresses have in common that one template wrote."""
    parts = urlsplit(link)
    first, _, rest = parts.path.removeprefix(f"{PREFIX}/").partition("/")
    suffix = rest.rpartition(".")[2] if "." in rest else ""
    return f"{first}.{suffix}?{parts.query[:6]}"


def asked(client: TestClient, link: str, *, stripped: bool) -> "tuple[int, str, str, str]":
    """Status, body, content type and the addresses in headers of a public address, as the proxy hands it on."""
    path = link.removeprefix("https://example.org")
    answer = client.get(path.removeprefix(PREFIX) if stripped else path, headers=HTML)
    named = [*re.findall("<([^>]+)>", answer.headers.get("link", "")), answer.headers.get("location", "")]
    return answer.status_code, answer.text, answer.headers.get("content-type", ""), " ".join(filter(None, named))


@pytest.mark.parametrize("stripped", [True, False], ids=["stripped", "left"])
def test_every_link_leads_somewhere_under_the_prefix(client: TestClient, stripped: bool) -> None:
    """A crawl from the front page, a few addresses of each kind."""
    waiting, seen, kinds = [PUBLIC], {PUBLIC}, dict[str, int]()
    while waiting:
        link = waiting.pop()
        status, body, content, named = asked(client, link, stripped=stripped)
        assert status in (200, 303, 307), f"{link}: {status}"
        links = set(named.split()) if "w3id.org" not in named else {n for n in named.split() if "w3id.org" not in n}
        if content.startswith("text/html"):
            links |= Links(body).found
        for found in sorted(inside(link, links) - seen):
            seen.add(found)
            kinds[kind(found)] = kinds.get(kind(found), 0) + 1
            if kinds[kind(found)] <= 4:
                waiting.append(found)
    reached = {name.partition("?")[0].partition(".")[0] for name in kinds}
    assert {"id", "claim", "source", "def", "query", "search", "export", "static", "sparql", "shapes"} <= reached


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/id/arquus", "/id/arquus.html"),
        ("/id/arquus?asOf=2024-06-01", "/id/arquus.html?asOf=2024-06-01"),
        ("/def/", "/ontology"),
        ("/query/", "/query"),
    ],
)
def test_redirects_stay_under_the_prefix(client: TestClient, path: str, location: str) -> None:
    found = client.get(PREFIX + path, headers=HTML).headers["location"]
    assert urljoin(PUBLIC, found) == f"https://example.org{PREFIX}{location}"


def test_the_prefix_without_its_slash_leads_to_the_front_page(client: TestClient) -> None:
    answer = client.get(PREFIX)
    assert (answer.status_code, answer.headers["location"]) == (308, f"{PREFIX}/")


def test_descriptions_and_lists_name_public_addresses(client: TestClient) -> None:
    turtle = {"Accept": "application/n-triples"}
    for path in ("/sparql", "/.well-known/void"):
        triples = list(ox.parse(client.get(PREFIX + path, headers=turtle).content, ox.RdfFormat.N_TRIPLES))
        named = {t.value for q in triples for t in (q.subject, q.object) if isinstance(t, ox.NamedNode)}
        assert f"{PUBLIC}sparql" in named
        assert not [
            iri for iri in named if "inside" in iri or (iri.startswith("https://example.org") and PUBLIC not in iri)
        ]
    listed = client.get(f"{PREFIX}/export?format=json").json()
    paths = [*listed["all"], *(path for of_graph in listed["graphs"].values() for path in of_graph)]
    assert all(path.startswith(f"{PREFIX}/export/") for path in paths)
    assert client.get(paths[0]).status_code == 200
    assert client.get(f"{PREFIX}/openapi.json").json()["servers"] == [{"url": PREFIX}]


FAILING = (
    "/nowhere",
    "/query/nothing",
    "/id/nobody.ttl",
    "/id/",
    "/sparql?query=",
    "/graph-store",
    "/graph-store?graph=x",
)


@pytest.mark.parametrize("path", FAILING)
def test_problems_point_to_addresses_under_the_prefix(client: TestClient, path: str) -> None:
    detail = client.get(PREFIX + path, headers={"Accept": "application/json"}).json()["detail"]
    hints = re.findall(r"(?<![\w:/'.])/(?:[a-z]+(?:\?q=…)?)?", detail)
    assert not [hint for hint in hints if not hint.startswith(PREFIX)], detail


def test_options_know_the_endpoint_under_the_prefix(client: TestClient) -> None:
    assert "POST" in client.options(f"{PREFIX}/sparql").headers["allow"]


def seen_client(client: TestClient, caplog: pytest.LogCaptureFixture, **headers: str) -> tuple[str, str]:
    """The client and the endpoint's address that the server takes a request to have."""
    caplog.clear()
    with caplog.at_level("INFO", "kg.access"):
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        text = client.get("/sparql", headers={"Accept": "application/n-triples", **given}).text
    found = re.search(r"^<(\S+/)sparql> \S+#type> ", text, re.MULTILINE)
    assert found
    return caplog.records[-1].fields["client"], found[1]  # type: ignore[attr-defined]  # what the log formats


def test_only_trusted_proxies_are_believed(
    settings: Settings, built: Snapshot, caplog: pytest.LogCaptureFixture
) -> None:
    given = {name.replace("-", "_"): value for name, value in PROXY.items()}
    with behind(settings, forwarded_allow_ips="10.0.0.0/8,::1", peer="10.1.2.3") as client:
        assert seen_client(client, caplog, **given) == ("203.0.113.9", "https://example.org/")
    with behind(settings, forwarded_allow_ips="10.0.0.0/8,::1", peer="192.0.2.7") as client:
        assert seen_client(client, caplog, **given) == ("192.0.2.7", "http://inside:8000/")


CHAINS = [
    ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
    ("198.51.100.1, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
    ("203.0.113.9:4711", "203.0.113.9"),
    ("[2001:db8::1]:4711", "2001:db8::1"),
    ("::ffff:203.0.113.9", "203.0.113.9"),
    ("10.9.9.9", "10.9.9.9"),
    ("rubbish", "10.1.2.3"),
    ("203.0.113.9, rubbish", "10.1.2.3"),
    ("", "10.1.2.3"),
]


@pytest.mark.parametrize(("chain", "client_seen"), CHAINS)
def test_the_client_is_the_nearest_address_that_no_proxy_has(
    settings: Settings, built: Snapshot, caplog: pytest.LogCaptureFixture, chain: str, client_seen: str
) -> None:
    with behind(settings, forwarded_allow_ips="10.0.0.0/8", peer="10.1.2.3") as client:
        assert seen_client(client, caplog, X_Forwarded_For=chain)[0] == client_seen


@pytest.mark.parametrize("host", ["evil.example/x", "a b", '"><script>', "x" * 300, "user@host", ""])
def test_a_host_that_is_none_is_not_taken(
    settings: Settings, built: Snapshot, caplog: pytest.LogCaptureFixture, host: str
) -> None:
    with behind(settings) as client:
        assert seen_client(client, caplog, X_Forwarded_Host=host)[1] == "http://inside:8000/"


def test_addresses_are_compared_as_addresses() -> None:
    assert "::ffff:10.0.0.1" in Proxies("10.0.0.0/8")
    assert "0:0:0:0:0:0:0:1" in Proxies("::1")
    assert "10.0.0.1" not in Proxies("")
    assert "testclient" not in Proxies("127.0.0.1")
    assert "anything" in Proxies("*")
    assert plain("fe80::1%eth0") == "fe80::1"


@pytest.mark.parametrize("path", ["armature", "/armature", "/armature/", "armature/"])
def test_the_prefix_may_be_written_in_any_way(path: str) -> None:
    assert Settings(root_path=path).root_path == "/armature"


@pytest.mark.parametrize("chosen", [{"root_path": "/a b"}, {"root_path": "//evil.example"}, {"root_path": "/../x"},
                                    {"forwarded_allow_ips": "localhost"}, {"log_format": "xml"}])  # fmt: skip
def test_what_cannot_be_meant_is_told(chosen: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(chosen))):
        Settings(**chosen)  # type: ignore[arg-type]  # one text by name
