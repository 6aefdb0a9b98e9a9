"""What was answered, name by name, and the names and statements that are made of it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import pyoxigraph as ox

from kg.drafting.model import Model
from kg.errors import BadRequest
from kg.terms import BASE, Iri

Answers: TypeAlias = Mapping[str, Sequence[str]]
"""Name → what was given for it; most names are given once."""

Said: TypeAlias = Mapping[Iri, Sequence[ox.NamedNode | ox.Literal]]
"""Predicate → objects."""


def one(answers: Answers, name: str) -> str:
    """The answer to a question; empty if there is none.

    Raises:
        BadRequest: it was given more than once.
    """
    given = answers.get(name, ())
    if len(given) > 1:
        raise BadRequest(f"{name}: given {len(given)} times; give it once.")
    return given[0].strip() if given else ""


def only(answers: Answers, known: Sequence[str], what: str) -> None:
    """Refuse names that mean nothing.

    Raises:
        BadRequest: there is one; the detail tells which do mean something.
    """
    if unknown := sorted(set(answers) - set(known)):
        raise BadRequest(f"'{unknown[0]}' means nothing for {what}; it takes {', '.join(sorted(known))}.")


def slug(text: str) -> str:
    """The part of an IRI that a name or an IRI gives: ``KNDS France`` → ``knds-france``."""
    last = text.rpartition("/")[2]
    dashed = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", last).lower()
    plain = "".join(c for c in unicodedata.normalize("NFKD", dashed) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")


def free(model: Model, space: Iri, name: str) -> str:
    """The name, or with a number after it where it is taken."""
    taken = (number for number in range(2, 1000) if not model.knows(f"{space}{name}-{number}"))
    return name if not model.knows(space + name) else f"{name}-{next(taken)}"


def refuse_replaced(model: Model, name: str, iri: Iri) -> None:
    """Refuse a thing that another one has replaced; ``name`` is what it was given for, or as.

    Raises:
        BadRequest: it was replaced; the detail names its successor.
    """
    if successor := model.successor(iri):
        old, new, label = _short(iri), _short(successor), model.label(successor)
        called = "" if successor.endswith(f"/{label}") else f" ({label})"
        raise BadRequest(f"{name}: {old} was replaced by {new}{called}; name that one.")


def _short(iri: Iri) -> str:
    """``…/source/x`` → ``src:x``, as it is written in files."""
    space, _, local = iri.removeprefix(BASE).partition("/")
    return f"{'src' if space == 'source' else space}:{local}"


def about(subject: Iri, said: Said) -> list[ox.Triple]:
    """A subject's statements."""
    node = ox.NamedNode(subject)
    return [ox.Triple(node, ox.NamedNode(predicate), value) for predicate, found in said.items() for value in found]


def texts(answers: Answers, name: str) -> list[ox.NamedNode | ox.Literal]:
    """A text in English (``label=``) and in the languages that were given besides (``label-fr=``, ``label-de=``)."""
    found = {"en": one(answers, name)} | {
        given.removeprefix(f"{name}-"): one(answers, given) for given in answers if given.startswith(f"{name}-")
    }
    return [ox.Literal(text, language=language) for language, text in found.items() if text]


def text_names(*names: str) -> list[str]:
    """The names by which texts may be answered, one for each language that the graph has labels in."""
    return [f"{name}{ending}" for name in names for ending in ("", "-fr", "-nl", "-de")]
