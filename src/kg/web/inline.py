"""The smallest part of a page as HTML: a value. In Python, for a page has a thousand."""

import re
from collections.abc import Callable
from typing import Protocol

from markupsafe import Markup, escape

from kg.terms import Iri
from kg.web.views import Value

_MARKS = re.compile("[&<>\"']").search


def quoted(text: str) -> str:
    """A text as it stands between tags or in an attribute; most have no mark that HTML reads."""
    return text if _MARKS(text) is None else str(escape(text))


class Site(Protocol):
    """What a site must know to print values."""

    @property
    def language(self) -> str:
        """The language of the page."""

    def icon(self, iri: Iri) -> str:
        """The name of the icon for a thing; empty without any."""

    def link(self, iri: Iri) -> str:
        """The address of a thing's page."""

    def static(self, name: str) -> str:
        """The address of a file of our own."""


def value(site: Site, local: Callable[[str], bool], one: Value) -> Markup:
    """A thing as a link with the icon of its kind, a date as a time, a text with its language, or plain words."""
    words = quoted(one.text)
    if one.unknown:
        return Markup(f'<em class="unknown">{words}</em>')  # noqa: S704 - every part of it is escaped
    tag = f' lang="{quoted(one.language)}"' if one.language and one.language != site.language else ""
    if one.iri:
        return Markup(_link(site, one.iri, words, tag, outside=not local(one.iri)))  # noqa: S704 - as above
    if one.moment:
        return Markup(f'<time datetime="{quoted(one.moment)}">{words}</time>')  # noqa: S704 - as above
    if one.exact:
        return Markup(f'<data value="{quoted(one.raw)}" title="{quoted(one.exact)}">{words}</data>')  # noqa: S704 - as above
    return Markup(f"<span{tag}>{words}</span>" if tag else words)  # noqa: S704 - as above


def _link(site: Site, iri: Iri, words: str, tag: str, *, outside: bool) -> str:
    href = quoted(site.link(iri))
    if icon := site.icon(iri):
        mark = f'<svg class="icon" aria-hidden="true"><use href="{quoted(site.static("icons.svg"))}#{icon}"/></svg>'
        return f'<a class="entity" href="{href}"{tag}>{mark}<span class="name">{words}</span></a>'
    where = ' rel="external" class="outside"' if outside else ""
    return f'<a href="{href}"{where}{tag}>{words}</a>'
