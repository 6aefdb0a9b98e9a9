"""HTML from templates: the environment, and what every page knows of where and when it stands.

Links are made here and nowhere else: an IRI of the project becomes the local path of the same name, whatever
host and prefix the server has, and the reader's dates travel along.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from kg import formats, terms
from kg.formats import Format
from kg.serving import Current, Serving, Values
from kg.stored import StoredQuery
from kg.terms import BASE, DEF, SPACES, Iri
from kg.web import assets, dates, figures, islands, language, views
from kg.web.engraving import engraved, patterns
from kg.web.language import LANGUAGES, Language
from kg.web.lexicon import PICTURED, Lexicon, icons, lexicon
from kg.web.narrow import narrow
from kg.web.proofs import Printer
from kg.web.replies import DAYS, days, root

_SAFE = "/:,;@!$&'()*+=~"
_SHORT = 12
_PLACES = ("page", "after", "offset")

TWINS = (formats.TURTLE, formats.JSON_LD, formats.N_TRIPLES, formats.RDF_XML, formats.JSON, formats.CSV)
"""The data formats at the address of every thing."""

_TIMELESS = {f.name for f in formats.of_family("graph")}
"""Formats that describe a thing on the record's date only."""


@dataclass(frozen=True)
class Twin:
    """The same content in a data format."""

    href: str
    format: Format


SECTIONS = (
    ("/query", "Queries"),
    ("/sparql", "SPARQL"),
    ("/graph-view", "Graph view"),
    ("/path", "Path"),
    ("/sources", "Sources"),
    ("/disputes", "Disputes"),
    ("/about", "About"),
)
"""What the head of every page leads to."""

REFERENCES = (
    ("/about", "About and licence"),
    ("/ontology", "Ontology"),
    ("/shapes", "Rules"),
    ("/sources", "Sources"),
    ("/disputes", "Disputes"),
    ("/gaps", "Gaps"),
    ("/changes", "Changes"),
    ("/query", "Queries"),
    ("/export", "Export"),
)
"""What the foot of every page leads to."""

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values of a query string."""


@dataclass(frozen=True)
class Site:
    """What every page shows besides its content, and how it links.

    ``address`` is the path of the page itself and ``asked`` its query string; ``times`` are the reader's dates and
    ``chosen`` tells that the address names the language: links carry both.
    """

    root: str
    address: str = "/"
    asked: Pairs = ()
    language: Language = "en"
    chosen: bool = False
    snapshot: str = ""
    record_date: str = ""
    times: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, Iri] = field(default_factory=dict)
    lexicon: Lexicon | None = None
    languages: Mapping[Language, str] = field(default_factory=lambda: LANGUAGES)
    sections: Pairs = SECTIONS
    references: Pairs = REFERENCES
    _links: dict[Iri, str] = field(default_factory=dict, repr=False, compare=False)
    _shortened: dict[Iri, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def kept(self) -> dict[str, str]:
        """The parameters that a link to another page carries on."""
        return {**self.times, **self._spoken}

    @property
    def _spoken(self) -> dict[str, str]:
        return {language.PARAMETER: self.language} if self.chosen else {}

    @property
    def short(self) -> str:
        """The snapshot's hash, short enough to cite."""
        return self.snapshot[:_SHORT]

    def path(self, path: str, **parameters: str) -> str:
        """A local address; parameters without a value are left out."""
        given = {name: text for name, text in parameters.items() if text}
        return f"{self.root}{path}{'?' + urlencode(given) if given else ''}"

    def nav(self, path: str, **parameters: str) -> str:
        """The address of another page, with the reader's dates and language."""
        return self.path(path, **{**self.kept, **parameters})

    def static(self, name: str) -> str:
        """The address of a file of our own, with its version."""
        return f"{self.root}/static/{assets.versioned(name)}"

    def within(self, path: str) -> bool:
        """Whether the page is that of a path, or one below it."""
        return self.address == path or self.address.startswith(f"{path}/")

    def here(self, **changed: str) -> str:
        """The address of this very page with some parameters changed; an empty value removes one."""
        left = [(name, given) for name, given in self.asked if name not in changed]
        given = urlencode([*left, *((name, text) for name, text in changed.items() if text)])
        return f"{self.root}{quote(self.address, safe=_SAFE)}{'?' + given if given else ''}"

    def permanent(self, **changed: str) -> str:
        """The same under the address that is to stay, wherever this server stands: that of the IRIs."""
        page = self.here(**changed).removeprefix(self.root)
        path, mark, asked = page.partition("?")
        return f"{BASE}{path.removeprefix('/').removesuffix('.html')}{mark}{asked}"

    def others(self) -> Iterator[tuple[str, str]]:
        """What the address says besides the reader's dates, to be sent along with a form; not the place in a list."""
        return ((name, given) for name, given in self.asked if name not in (*DAYS, *_PLACES) and given)

    def link(self, iri: Iri, anchor: str = "", **parameters: str) -> str:
        """The address of an IRI's page: local for our own, the IRI itself for another's."""
        if parameters:
            page = self._page(iri, **parameters)
        elif (known := self._links.get(iri)) is not None:
            page = known
        else:
            page = self._links[iri] = self._page(iri)
        return f"{page}#{quote(anchor, safe=_SAFE)}" if anchor and local(iri) else page

    def _page(self, iri: Iri, **parameters: str) -> str:
        if iri == DEF:
            return self.nav("/ontology", **parameters)
        if not local(iri):
            return iri
        return self.nav(f"/{quote(iri.removeprefix(BASE), safe=_SAFE)}.html", **parameters)

    def twins(self, iri: Iri) -> tuple[Twin, ...]:
        """The data at the address of an IRI; the reader's dates go where the format knows them."""
        path = f"/{quote(iri.removeprefix(BASE), safe=_SAFE)}"
        return tuple(
            Twin(self.path(f"{path}.{one.name}", **({} if one.name in _TIMELESS else self.times)), one)
            for one in TWINS
        )

    def query(self, name: str, **values: str) -> str:
        """The address of a stored query with some of its parameters; IRIs are shortened."""
        given = {key: [self.short_name(text)] for key, text in values.items()}
        return self.stored(name, {**given, **{key: [text] for key, text in self._spoken.items()}})

    def query_data(self, name: str, suffix: str, **values: str) -> str:
        """The address of a stored query's answer in a data format."""
        return self.stored(name, {key: [self.short_name(text)] for key, text in values.items()}, suffix)

    def library(self, stored: StoredQuery) -> str:
        """The address of a stored query, with the reader's dates where it knows them."""
        known = {parameter.name for parameter in stored.parameters}
        times = {name: [day] for name, day in self.times.items() if name in known}
        return self.stored(stored.name, {**times, **{name: [text] for name, text in self._spoken.items()}})

    def has_icon(self, kind: Iri) -> bool:
        """Whether a class has an icon of its own."""
        return kind.removeprefix(DEF) in icons()

    def icon(self, iri: Iri) -> str:
        """The name of the icon for a thing; empty without any."""
        return self.lexicon.icon(iri) if self.lexicon and iri.startswith(PICTURED) else ""

    def icon_of(self, kinds: Iterable[views.Value]) -> str:
        """The name of the icon for a thing of some classes; empty without any."""
        return self.lexicon.icon_of(kind.iri for kind in kinds) if self.lexicon else ""

    def stored(self, name: str, values: Values, suffix: str = "") -> str:
        """The address of a stored query with its values, as a page or in a data format."""
        ending = f".{suffix}" if suffix else ""
        given = urlencode(values, doseq=True)
        return f"{self.root}/query/{name}{ending}{'?' + given if given else ''}"

    def short_name(self, iri: Iri) -> str:
        """The prefixed name of an IRI."""
        if iri not in self._shortened:
            self._shortened[iri] = terms.shorten(iri, dict(self.prefixes))
        return self._shortened[iri]


def local(iri: Iri) -> bool:
    """Whether this server answers for an IRI; the ontology's own is that of its namespace."""
    if iri == DEF:
        return True
    space, slash, name = iri.removeprefix(BASE).partition("/")
    return iri.startswith(BASE) and space in SPACES and bool(slash and name) and not name.endswith("/")


def site(request: Request, serving: Serving | None, served: Current | None) -> Site:
    """The site as one request meets it; without a snapshot where nothing is served.

    Raises:
        BadRequest: one of the reader's dates is none, or the language is unknown.
    """
    spoken = language.wanted(request) if served else language.guessed(request)
    language.speak(spoken)
    behind = root(request)
    return Site(
        root=behind,
        address=request.scope["path"].removeprefix(behind),
        asked=tuple(request.query_params.multi_items()),
        language=spoken,
        chosen=request.query_params.get(language.PARAMETER) in LANGUAGES,
        snapshot=served.hash if served else "",
        record_date=(served.record_date or "") if served else "",
        times={name: given[0] for name, given in days(request).items()} if served else {},
        prefixes=serving.prefixes if serving else {},
        lexicon=lexicon(served.hash) if served else None,
    )


@cache
def environment() -> Environment:
    """The templates; a name that a template does not get is an error, never a blank."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["day"] = dates.written
    made.filters["slug"] = views.slug
    made.filters["number"] = lambda amount: figures.number(str(amount))
    made.globals["island"] = islands.island
    made.tests["local"] = local
    made.globals["_"] = language.say
    made.globals["count"] = language.count
    made.globals["colon"] = language.colon
    made.globals |= {"engraved": engraved, "patterns": patterns, "narrow": narrow}
    return made


def prepare() -> None:
    """Read what every page needs, so that the first reader does not wait for it: templates, words, calendars."""
    made = environment()
    for template in made.list_templates():
        made.get_template(template)
    for each in LANGUAGES:
        language.prepare(each)


def page(template: str, site: Site, **context: object) -> HTMLResponse:
    """A page from its template."""
    printer = Printer(site, local)
    text = (
        environment()
        .get_template(template)
        .render(site=site, link=site.link, printer=printer, show=printer.show, tell=printer.tell, **context)
    )
    return HTMLResponse(text, headers={"Content-Language": site.language})
