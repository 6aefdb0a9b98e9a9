"""One page of every kind, by what it is."""

from urllib.parse import urlencode

from tests.reading import APRIL_LINE, CAESAR_ORDER, LETTER, MERGER, SHELL_LINE, SMALL_CALIBRE, SOURCE

KINDS = {
    "home": "/",
    "firm": "/id/arquus.html",
    "state": "/id/belgium.html",
    "state on a day": "/id/belgium.html?asOf=2024-05-20",
    "person": "/id/sebastien-lecornu.html",
    "post": "/id/belgian-minister-of-defence.html",
    "programme": "/id/camo.html",
    "equipment": "/id/caesar.html",
    "agreement": LETTER,
    "deal": MERGER,
    "order": CAESAR_ORDER,
    "order in French": f"{CAESAR_ORDER}?lang=fr",
    "line": APRIL_LINE,
    "line expected": SHELL_LINE,
    "capability": SMALL_CALIBRE,
    "source": SOURCE,
    "passage": "/source/minarm-2024-05-21-s06.html",
    "claim": "/claim/john-cockerill-arquus-merger-party-john-cockerill.html",
    "dispute": "/claim/dispute-john-cockerill-arquus-merger-belgian-party.html",
    "term": "/def/hasParticipant.html",
    "code": "/code/status/signed.html",
    "shape": "/shape/Cycle.html",
    "graph": "/graph/data/deals/john-cockerill-arquus.html",
    "search": "/search?q=cockerill",
    "library": "/query",
    "query": "/query/orders",
    "workbench": "/sparql",
    "graph view": "/graph-view?of=camo",
    "path": "/path?from=arquus&to=belgium",
    "ontology": "/ontology",
    "rules": "/shapes",
    "sources": "/sources",
    "disputes": "/disputes",
    "gaps": "/gaps",
    "changes": "/changes",
    "about": "/about",
    "export": "/export",
    "thing that is not": "/id/no-such-thing.html",
    "query that is not": "/query/no-such-query",
    "question refused": "/query/orders?buyer=%3Cx",
    "day that is none": "/sources?asOf=2024-13-99",
    "format that is not": "/id/arquus?format=png",
}
"""Kind → address, each in the communiqué's graph and in the whole one."""

REFUSED = ("thing that is not", "query that is not", "question refused", "day that is none", "format that is not")
"""The kinds that are answered with a page about what went wrong."""

_EVERYTHING_THRICE = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
STOPPED = {"question too long": f"/sparql?{urlencode({'query': _EVERYTHING_THRICE, 'format': 'csv'})}"}
"""What is answered with 503, and a page about it, when the deadline is over."""

ISLANDS = ("graph view", "path", "workbench")
"""The kinds whose pages load a script of their own, to draw or to edit."""


def asked(path: str, **parameters: str) -> str:
    """The address of the same page with further parameters."""
    given = "&".join(f"{name}={text}" for name, text in parameters.items() if f"{name}=" not in path)
    return f"{path}{'&' if '?' in path else '?'}{given}" if given else path
