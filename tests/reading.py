"""Reading a page in a test: the page as a tree, its words, its elements by class."""

from xml.etree.ElementTree import Element

import html5rdf  # type: ignore[import-untyped]  # the package has no types
from starlette.testclient import TestClient

HTML = {"accept": "text/html"}
MERGER = "/id/john-cockerill-arquus-merger.html"
LETTER = "/id/franco-belgian-letter-of-intent-2024-05-21.html"
CAESAR_ORDER = "/id/belgium-caesar-order-2024.html"
SHELL_LINE = "/id/knds-155mm-shell-line-belgium.html"
APRIL_LINE = "/id/belgian-vehicle-assembly-line-2024.html"
SMALL_CALIBRE = "/id/french-small-calibre-ammunition-capability.html"
SOURCE = "/source/minarm-2024-05-21.html"


def parsed(text: str) -> Element:
    """The page as a tree; a parse error of HTML5 is a failure."""
    tree = html5rdf.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert isinstance(tree, Element)
    return tree


def words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def by_class(tree: Element, name: str) -> list[Element]:
    return [e for e in tree.iter() if name in (e.get("class") or "").split()]


def page(client: TestClient, path: str) -> Element:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    return parsed(answer.text)
