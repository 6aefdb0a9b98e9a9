"""Changes as an Atom feed, and the map of the site: XML for programs that come again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
MOST_ADDRESSES = 50_000
"""What one site map may hold."""


@dataclass(frozen=True)
class Entry:
    """One entry of a feed: ``address`` leads to it, ``identity`` never changes."""

    identity: str
    title: str
    address: str
    summary: str
    written: float


def stamp(seconds: float) -> str:
    """Seconds since 1970 as RFC 3339 writes them."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def atom(identity: str, title: str, own: str, page: str, entries: Sequence[Entry]) -> bytes:
    """An Atom feed (RFC 4287), newest entry first."""
    feed = Element("feed", {"xmlns": _ATOM})
    SubElement(feed, "id").text = identity
    SubElement(feed, "title").text = title
    SubElement(feed, "updated").text = stamp(max((entry.written for entry in entries), default=0))
    SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": own})
    SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": page})
    SubElement(SubElement(feed, "author"), "name").text = "Armature"
    for one in entries:
        entry = SubElement(feed, "entry")
        SubElement(entry, "id").text = one.identity
        SubElement(entry, "title").text = one.title
        SubElement(entry, "updated").text = stamp(one.written)
        SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": one.address})
        SubElement(entry, "summary").text = one.summary
    return bytes(tostring(feed, encoding="utf-8", xml_declaration=True))


def sitemap(addresses: Iterable[str]) -> bytes:
    """A site map of some addresses, as many as one may hold."""
    top = Element("urlset", {"xmlns": _SITEMAP})
    for place, address in enumerate(addresses):
        if place == MOST_ADDRESSES:
            break
        SubElement(SubElement(top, "url"), "loc").text = address
    return bytes(tostring(top, encoding="utf-8", xml_declaration=True))
