"""A claim as HTML: what it says, how it stands, and who says so. In Python, for a page has a hundred of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from markupsafe import Markup, escape

from kg.terms import Iri
from kg.web import inline
from kg.web.claims_view import Citation, Claim
from kg.web.inline import quoted
from kg.web.language import colon, say
from kg.web.views import LifeCycle, Phrase, Value, slug


class Site(inline.Site, Protocol):
    """What a site must know to print claims."""

    def link(self, iri: Iri, anchor: str = "") -> str:
        """The address of a thing's page, or of a place in it."""


class Share(Protocol):
    """A part of a whole in percent."""

    @property
    def least(self) -> float:
        """What it surely is."""

    @property
    def most(self) -> float:
        """What it may be."""

    @property
    def words(self) -> Phrase:
        """How it was told."""


class Cell(Protocol):
    """One cell of a table."""

    @property
    def values(self) -> Sequence[Value]:
        """Things and literals."""

    @property
    def phrases(self) -> Sequence[Phrase]:
        """Qualifiers."""

    @property
    def share(self) -> Share | None:
        """A share, as a bar."""

    @property
    def stage(self) -> LifeCycle | None:
        """How far an undertaking has come."""


@dataclass(frozen=True)
class Printer:
    """Prints the parts of one page; a thing that comes again is printed as before."""

    site: Site
    local: Callable[[str], bool]
    _shown: dict[Value, Markup] = field(default_factory=dict, repr=False, compare=False)

    def show(self, one: Value) -> Markup:
        """A value: see :func:`kg.web.inline.value`."""
        if not one.iri or one.raw:
            return inline.value(self.site, self.local, one)
        if one not in self._shown:
            self._shown[one] = inline.value(self.site, self.local, one)
        return self._shown[one]

    def tell(self, one: Phrase) -> Markup:
        """A label and the values that belong to it, with spaces between."""
        told = " ".join(map(self.show, one.values))
        label = f'<span class="label">{quoted(one.label)}</span> ' if one.label else ""
        return Markup(label + told)  # noqa: S704 - every part of it is escaped

    def status(self, word: str, realised: bool, ended: bool = False) -> Markup:
        """The status of an undertaking, by its kind."""
        kind = "real" if realised else ("over" if ended else "open")
        return Markup(f'<span class="status status-{kind}">{quoted(word)}</span>')  # noqa: S704 - as above

    def verdict(self, claim: Claim) -> Markup:
        """What a claim amounts to."""
        kind = f"{quoted(claim.verdict.replace(' ', '-'))}{' of-open' if claim.of_open else ''}"
        told = f'<span class="verdict verdict-{kind}" title="{quoted(claim.meaning)}">{quoted(claim.standing)}</span>'
        status = say("of something {status}", status=claim.status) if claim.of_open else ""
        if not status and claim.verdict in ("not realised", "over"):
            status = claim.status
        more = f' <span class="status-word">{quoted(status)}</span>' if status else ""
        return Markup(told + more)  # noqa: S704 - as above

    def disputed(self, claim: Claim) -> Markup:
        """A link to the dispute of a claim that is in one."""
        if not claim.dispute:
            return Markup()
        href = quoted(self.site.link(claim.dispute))
        return Markup(f'<a class="verdict verdict-disputed" href="{href}">{quoted(say("disputed"))}</a>')  # noqa: S704

    def passage(self, cited: Citation) -> str:
        """The address of a passage, which is a place on the page of its source."""
        whole = cited.iri == cited.source.iri
        return self.site.link(cited.source.iri, "" if whole else slug(cited.iri))

    def chips(self, evidence: Sequence[Citation]) -> Markup:
        """Who says so: a chip for each source, which opens to the places in the text and our words for them."""
        by_source = sorted(evidence, key=_source)
        return Markup("".join(self._chip(list(same)) for _, same in groupby(by_source, _source)))  # noqa: S704 - as above

    def _chip(self, cited: Sequence[Citation]) -> str:
        first = cited[0]
        according = f'<span class="unseen">{quoted(say("According to"))} </span>'
        consulted = f"{quoted(say('consulted'))} {self.show(first.accessed)}"
        source = f"<cite>{self.show(first.source)}</cite> · {quoted(first.source_kind)}, {consulted}"
        return (
            f'<details class="chip">\n<summary>{according}'
            f"<span>{quoted(first.publisher.text)}, {self.show(first.issued)}</span></summary>\n"
            f'<ul class="passages">\n{"".join(map(self._place, cited))}'
            f'<li class="hint">{source}</li>\n</ul>\n</details>\n'
        )

    def _place(self, cited: Citation) -> str:
        href = quoted(self.passage(cited))
        gist = f'<p class="gist">{quoted(cited.gist)}</p>' if cited.gist else ""
        return f'<li><p><a class="passage" href="{href}">{quoted(cited.locator)}</a></p>{gist}</li>\n'

    def permalink(self, claim: Claim) -> Markup:
        """A link to the page of a claim, with its sentence as its name."""
        words = (say("This claim") + colon(), claim.subject.text, claim.relation.text, claim.object.text)
        sentence = quoted(" ".join(words))
        href = quoted(self.site.link(claim.iri))
        return Markup(f'<a class="permalink" href="{href}" aria-label="{sentence}">{quoted(say("claim"))}</a>')  # noqa: S704

    def proof(self, claim: Claim | None) -> Markup:
        """How a line of a panel stands, and who says so."""
        if claim is None:
            return Markup()
        parts = (self.verdict(claim), self.disputed(claim), self.chips(claim.evidence), self.permalink(claim))
        return Markup(" ").join(parts)

    def notes(self, claim: Claim) -> Markup:
        """The notes of a claim that are in the reader's language, or in none."""
        notes = (note.text for note in claim.notes if note.language in (self.site.language, ""))
        return Markup("".join(f'<p class="note">{quoted(text)}</p>\n' for text in notes))  # noqa: S704 - as above

    def claim(self, claim: Claim, full: bool = False, rivals: str = "") -> Markup:
        """A claim in a list; ``full``: with its subject, its relation and its object, wherever it stands.

        ``rivals`` is the markup of its dispute.
        """
        kind = f"{quoted(claim.verdict.replace(' ', '-'))}{' claim-of-open' if claim.of_open else ''}"
        name = f' id="{quoted(slug(claim.iri))}"' if full or claim.place == "subject" else ""
        items = "".join(f"<li>{self.tell(one)}</li>\n" for one in claim.qualifiers)
        qualifiers = f'<ul class="qualifiers">\n{items}</ul>\n' if items else ""
        return Markup(  # noqa: S704 - as above
            f'<li class="claim claim-{kind}"{name}>\n<p class="sentence">\n{self._sentence(claim, full=full)}</p>\n'
            f'{qualifiers}{self.notes(claim)}\n<p class="weight">{self.verdict(claim)}</p>\n'
            f'<div class="evidence">{self.chips(claim.evidence)} {self.permalink(claim)}</div>\n'
            f"{escape(rivals)}</li>\n"
        )

    def _sentence(self, claim: Claim, *, full: bool) -> str:
        place, relation = claim.place, quoted(claim.relation.text)
        subject = f"{self.show(claim.subject)}\n" if full or place != "subject" else ""
        between = ""
        if full or place not in ("subject", "object"):
            between = f'<span class="label">{relation}</span>\n'
        elif place == "object":
            between = f'<span class="unseen">{relation} {quoted(say("this"))}</span>\n'
        value = f"<strong>{self.show(claim.object)}</strong>\n" if full or place != "object" else ""
        when = f'<span class="when">{self.tell(claim.when)}</span>' if claim.when else ""
        return f"{subject}{between}{value}{when}"

    def cell(self, cell: Cell) -> Markup:
        """What a cell of a panel says."""
        told = ", ".join(map(self.show, cell.values)) + "; ".join(map(self.tell, cell.phrases))
        share = self._share(cell.share) if cell.share else ""
        stage = self._stage(cell.stage) if cell.stage else ""
        return Markup(told + share + stage)  # noqa: S704 - as above

    def _share(self, share: Share) -> str:
        """A bar, as long as the share surely is, and paler as long as it may be."""
        may = f'<rect class="may" x="0" y="0" width="{share.most}" height="12"/>' if share.most > share.least else ""
        track = '<rect class="track" x="0" y="0" width="100" height="12"/>'
        part = f'<rect class="part" x="0" y="0" width="{share.least}" height="12"/>'
        bar = f'<svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">{track}{may}{part}</svg>'
        return f'<span class="share">{bar}<span>{self.tell(share.words)}</span></span>'

    def _stage(self, stage: LifeCycle) -> str:
        if stage.status:
            told = f"{self.status(stage.status.text, stage.realised, stage.ended)}"
        else:
            told = f'<span class="hint">{quoted(say("no step told"))}</span>'
        return told + (f' <span class="when">{self.show(stage.since)}</span>' if stage.since else "")


def _source(cited: Citation) -> str:
    return cited.source.iri.lower()
