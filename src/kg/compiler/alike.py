"""Labels that are nearly the same: one thing entered twice, or two that readers will confuse.

Spelling, word order, legal form and a slip of one letter are what a second contributor gets differently. Each
label is reduced to its bare words; two things with the same bare words, or with a slip between them, are alike.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple, TypeAlias

import pyoxigraph as ox

from kg.terms import Iri

Words: TypeAlias = tuple[str, ...]

DIFFERENT = ox.NamedNode("http://www.w3.org/2002/07/owl#differentFrom")
JOINING = frozenset(("and", "et", "und", "og", "och"))
_FORMS = """
ab ag aps as asa bv co company corp corporation doo ead gmbh inc incorporated kft kg kgaa limited llc ltd mbh nv nyrt
oao oo ou oy oyj plc pt sa sarl sas sca scrl se sia sl slu sp spa srl uab z zoo zrt
"""
LEGAL_FORMS = frozenset(_FORMS.split())
"""Legal forms without dots and accents; Polish ``sp. z o.o.`` is three words of them."""

SLIP = 6
"""Letters of a word in which one wrong letter is a slip and not another name."""

_FOLDED = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})
_ACRONYM = re.compile(r"\s*\([^\W\d_a-z][^\Wa-z]+\)\s*$")
_DOTTED = re.compile(r"\b(\w)[./](?=\w\b)")
_WORD = re.compile(r"[^\W_]+")


class Named(NamedTuple):
    """A label of a thing, with the group within which things can be taken for each other."""

    thing: Iri
    group: Iri
    label: str


def named(row: ox.QuerySolution) -> Named:
    """A row of ``?thing ?group ?label``, as the files of ``queries/rules/alike/`` select them."""
    return Named(*(str(row[column].value) for column in Named._fields))


def objections(store: ox.Store, things: Iterable[Named]) -> Iterator[tuple[Iri, str]]:
    """Which thing has nearly the label of another, with what to do; not those said to be different."""
    for first, other in pairs(things):
        if not _told_apart(store, first.thing, other.thing):
            yield (
                other.thing,
                f"has nearly the label of {first.thing} ('{other.label}', '{first.label}'). Merge them if they are "
                "one; else tell them apart in the label, or say so with owl:differentFrom.",
            )


def _told_apart(store: ox.Store, one: Iri, other: Iri) -> bool:
    first, second = ox.NamedNode(one), ox.NamedNode(other)
    return any(ox.Quad(a, DIFFERENT, b) in store for a, b in ((first, second), (second, first)))


def pairs(things: Iterable[Named]) -> Iterator[tuple[Named, Named]]:
    """Two things of a group with labels that are the same or nearly so: each pair once, the first by IRI first."""
    found: dict[tuple[Iri, Iri], tuple[Named, Named]] = {}
    for bucket in _buckets(things).values():
        for one, other in combinations(sorted(bucket), 2):
            if one.thing != other.thing and near(one.label, other.label):
                found.setdefault((one.thing, other.thing), (one, other))
    for key in sorted(found):
        yield found[key]


def near(one: str, other: str) -> bool:
    """Whether two labels are the same in their bare words, run together or in any order, or but for a slip."""
    first, second = bare(one), bare(other)
    if "".join(first) == "".join(second) or sorted(first) == sorted(second):
        return True
    left, right = _only(first, second), _only(second, first)
    return len(left) == len(right) == 1 and _slip(left[0], right[0])


def bare(label: str) -> Words:
    """The words of a label without case, accents, punctuation, joining words and legal form.

    A label of nothing else keeps its words.
    """
    text = _ACRONYM.sub("", label).casefold().translate(_FOLDED)
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    words = _WORD.findall(_DOTTED.sub(r"\1", plain))
    told = [word for word in words if word not in JOINING] or words
    while len(told) > 1 and told[-1] in LEGAL_FORMS:
        told.pop()
    while len(told) > 1 and told[0] in LEGAL_FORMS:
        told.pop(0)
    return tuple(told)


def _buckets(things: Iterable[Named]) -> dict[tuple[Iri, Words], set[Named]]:
    """The labels under every form that near ones have in common; comparing all with all takes too long."""
    found: dict[tuple[Iri, Words], set[Named]] = defaultdict(set)
    for item in things:
        words = bare(item.label)
        for form in {("".join(words),), tuple(sorted(words)), *_shortened(words)}:
            found[item.group, form].add(item)
    return {form: bucket for form, bucket in found.items() if len(bucket) > 1}


def _shortened(words: Words) -> Iterator[Words]:
    """The words in order of the alphabet with one long one last: whole, and less each of its letters."""
    for place, word in enumerate(words):
        if len(word) >= SLIP - 1 and word.isalpha():
            rest = sorted(words[:place] + words[place + 1 :])
            for shorter in {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}:
                yield (*rest, "*", shorter)


def _only(words: Words, others: Words) -> list[str]:
    return list((Counter(words) - Counter(others)).elements())


def _slip(one: str, other: str) -> bool:
    """One letter more, less or other, or two that changed places, in words long enough."""
    if not (one.isalpha() and other.isalpha()) or max(len(one), len(other)) < SLIP:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[1::-1], a[2:]) == (b[:2], b[2:])
