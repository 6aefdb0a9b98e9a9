"""Claims in full, ready to print; those of the record's date are kept for the pages that show them again.

A claim stands on the page of each thing that it names, and a snapshot never changes: what one page put together is
there for the next. Of a small graph all claims are read while the server settles in. The least recently used goes
first.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cachetools import LRUCache

from kg.serving import Current, Serving, Values
from kg.snapshot import Hash
from kg.terms import CLAIM, Iri
from kg.web import claims_view, records
from kg.web.asker import Asker
from kg.web.claims_view import Claim, Place
from kg.web.language import Language, spoken
from kg.web.lexicon import LABELS, PICTURED, Lexicon
from kg.web.records import Days, Record

_KEPT_CLAIMS, _KEPT_SNAPSHOTS = 20_000, 2
"""A claim in one language takes some 4 kB."""
_AT_ONCE = 12
"""Claims put together in one go while the server settles in: three milliseconds in which it does nothing else."""


@dataclass(frozen=True)
class Entry:
    """A claim as its subject's page shows it; where each thing that it names stands in it, and what it is ordered by.

    ``things`` are those that are shown with an icon.
    """

    claim: Claim
    places: Mapping[Iri, Sequence[Place]]
    latest: str
    things: Sequence[Iri]

    def seen_from(self, entities: Collection[Iri], words: Lexicon) -> Iterable[Claim]:
        """The claim, once for each place in which one of the things stands; with an empty one among them once."""
        if "" in entities:
            return (self.claim,)
        places = dict.fromkeys(place for iri in entities for place in self.places.get(iri, ()))
        return (_placed(self.claim, place, words) for place in places)


def _placed(claim: Claim, place: Place, words: Lexicon) -> Claim:
    if place == claim.place:
        return claim
    label = words.text(place, LABELS, spoken()) or words.text(place, LABELS[:1], "en")
    return replace(claim, place=place, place_label=label)


class Archive:
    """The claims of one snapshot that were read, in the languages in which they were."""

    def __init__(self) -> None:
        self._entries: LRUCache[tuple[Language, Iri], Entry] = LRUCache(_KEPT_CLAIMS)

    def known(self, wanted: Iterable[Iri]) -> dict[Iri, Entry]:
        """Those of some claims that are kept in the reader's language."""
        tongue = spoken()
        return {iri: entry for iri in wanted if (entry := self._entries.get((tongue, iri))) is not None}

    def keep(self, entries: Mapping[Iri, Entry]) -> None:
        """Keep claims for whoever asks next in this language."""
        tongue = spoken()
        self._entries.update({(tongue, iri): entry for iri, entry in entries.items()})


_ARCHIVES: LRUCache[Hash, Archive] = LRUCache(_KEPT_SNAPSHOTS)


def archive(snapshot: Hash) -> Archive:
    """The archive of a snapshot."""
    if snapshot not in _ARCHIVES:
        _ARCHIVES[snapshot] = Archive()
    return _ARCHIVES[snapshot]


async def full(asker: Asker, wanted: Collection[Iri], entities: Sequence[Iri], times: Values) -> list[Claim]:
    """Some claims with all that qualifies and proves them, one for each place in which one of the things stands.

    ``entities`` with an empty one among them are all: each claim once.

    Raises:
        KgError: their statements, their citations or the words for them could not be read.
    """
    if not wanted:
        return []
    if any(day for days in times.values() for day in days):
        return await _shown(asker, await asker.records.read(asker, wanted), entities, times)
    kept = archive(asker.served.hash)
    known = kept.known(wanted)
    if missing := sorted(set(wanted) - set(known)):
        read = await _entries(asker, missing)
        kept.keep(read)
        known |= read
    asker.seen.update(iri for entry in known.values() for iri in entry.things)
    words = asker.lexicon
    placed = [(entry.latest, claim) for entry in known.values() for claim in entry.seen_from(entities, words)]
    return [claim for _, claim in sorted(placed, key=_order)]


def _order(placed: tuple[str, Claim]) -> tuple[str, Iri, str, Iri]:
    latest, claim = placed
    return claim.place, claim.relation.iri, latest, claim.iri


async def _entries(asker: Asker, wanted: Sequence[Iri]) -> dict[Iri, Entry]:
    found = await asker.records.read(asker, wanted)
    claims = {claim.iri: claim for claim in await _shown(asker, found, [""], {})}
    return {record.iri: _entry(record, claims[record.iri], asker.lexicon) for record in found}


def _entry(record: Record, claim: Claim, words: Lexicon) -> Entry:
    latest = record.text("fromLatest") or record.text("onLatest")
    things = tuple(iri for iri in records.named([record]) if iri.startswith(PICTURED))
    return Entry(claim, records.places(record, words), latest, things)


async def _shown(asker: Asker, found: Sequence[Record], entities: Sequence[Iri], times: Values) -> list[Claim]:
    """Claims as they are printed."""
    days, words = Days.of(times, asker.served.record_date), asker.lexicon
    rows, qualifiers, evidence = [
        await asker.heard(rows)
        for rows in (
            records.claim_rows(found, entities, days, words),
            records.qualifier_rows(found, words),
            records.evidence_rows(found, words),
        )
    ]
    return claims_view.claims(rows, qualifiers, evidence)


async def filled(serving: Serving, served: Current) -> AsyncIterator[int]:
    """Read all claims of a graph that is small enough for its captions to be read whole; how many, after each part.

    None of what another server holds.

    Raises:
        KgError: they could not be read; those that were are kept.
    """
    claims = [] if served.remote else Asker(serving, served).lexicon.whole(CLAIM)[:_KEPT_CLAIMS]
    for start in range(0, len(claims), _AT_ONCE):
        yield len(await full(Asker(serving, served), claims[start : start + _AT_ONCE], [""], {}))
