"""What was typed, made into RDF terms: dates, numbers, codes, entities, texts; each refusal says what fits."""

import difflib
import re
from datetime import date
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

from kg import terms
from kg.drafting.model import LANG_STRING, UNKNOWN, Model, Slot
from kg.drafting.words import refuse_replaced
from kg.errors import BadRequest
from kg.terms import CODE, DEF, XSD, Iri

_DATES = {
    "gYear": re.compile(r"\d{4}"),
    "gYearMonth": re.compile(r"\d{4}-(0[1-9]|1[0-2])"),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
}
_LANGUAGE = re.compile(r"(?s)(?P<text>.*\S)@(?P<language>[a-z]{2,3}(-[A-Za-z0-9]+)*)")
_SHOWN = 40


def of_slot(model: Model, prefixes: dict[str, Iri], slot: Slot, text: str) -> ox.NamedNode | ox.Literal:
    """The term that a text stands for in a slot.

    Raises:
        BadRequest: it fits none of the kinds that the slot takes.
    """
    literal = _literal(slot, text)
    return literal if literal is not None else ox.NamedNode(_named(model, prefixes, slot, text))


def _literal(slot: Slot, text: str) -> ox.Literal | None:
    """A literal, if that is what the slot takes."""
    datatypes = {kind.removeprefix(XSD) for kind in slot.kinds if kind.startswith(XSD)}
    if datatypes & set(_DATES):
        return day(slot.name, text, datatypes)
    if "decimal" in datatypes:
        return _decimal(slot.name, text)
    if "integer" in datatypes and not text.isdecimal():
        raise BadRequest(f"{slot.name}: '{text}' is no whole number.")
    if "boolean" in datatypes and text not in ("true", "false"):
        raise BadRequest(f"{slot.name}: '{text}' is neither true nor false.")
    if datatypes:
        return ox.Literal(text, datatype=ox.NamedNode(XSD + min(datatypes)))
    return worded(text) if LANG_STRING in slot.kinds else None


def day(name: str, text: str, datatypes: set[str] | None = None) -> ox.Literal:
    """A date as precise as it was typed: 2024, 2024-05 or 2024-05-21.

    Raises:
        BadRequest: it is none, or more or less precise than is taken here.
    """
    wanted = datatypes or set(_DATES)
    for datatype, form in _DATES.items():
        if form.fullmatch(text) and datatype in wanted and (datatype != "date" or _exists(text)):
            return ox.Literal(text, datatype=ox.NamedNode(XSD + datatype))
    allowed = " or ".join(example for kind, example in _EXAMPLES.items() if kind in wanted)
    raise BadRequest(f"{name}: '{text}' is no date as it is written here; give {allowed}, as the source states it.")


_EXAMPLES = {"gYear": "2024", "gYearMonth": "2024-05", "date": "2024-05-21"}


def _exists(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _decimal(name: str, text: str) -> ox.Literal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise BadRequest(f"{name}: '{text}' is no number; write it with digits and a point: 25 or 50.001.") from error
    if not number.is_finite():
        raise BadRequest(f"{name}: '{text}' is no finite number.")
    plain = f"{number:f}"
    return ox.Literal(plain if "." in plain else f"{plain}.0", datatype=ox.NamedNode(XSD + "decimal"))


def worded(text: str) -> ox.Literal:
    """A text with its language: ``Arquus@fr``; English without one."""
    found = _LANGUAGE.fullmatch(text)
    return ox.Literal(found["text"], language=found["language"]) if found else ox.Literal(text, language="en")


def _named(model: Model, prefixes: dict[str, Iri], slot: Slot, text: str) -> Iri:
    """A code of the slot's list, an entity of a kind that it takes, or what a source leaves open."""
    codes = model.members(slot.codes) if slot.codes else []
    for candidate in (*_spelled(prefixes, text), *_coded(slot, text)):
        if candidate in codes or (candidate.startswith(UNKNOWN) and model.knows(candidate)):
            return candidate
        if any(model.is_a(candidate, kind) for kind in slot.kinds):
            return candidate
        refuse_replaced(model, slot.name, candidate)
    raise BadRequest(_refusal(model, prefixes, slot, text, codes))


def _spelled(prefixes: dict[str, Iri], text: str) -> list[Iri]:
    """The IRIs that a text may mean: in full, with a prefix, or the last part of an entity's or code's."""
    if text.startswith(("http://", "https://", "<")):
        return [text.strip("<>")]
    prefix, colon, local = text.partition(":")
    if colon and prefix in prefixes:
        return [prefixes[prefix] + local]
    return [terms.ID + text, UNKNOWN + text]


def _coded(slot: Slot, text: str) -> list[Iri]:
    return [f"{slot.codes}/{text}"] if slot.codes else []


def _refusal(model: Model, prefixes: dict[str, Iri], slot: Slot, text: str, codes: list[Iri]) -> str:
    known = [*codes, *(thing for kind in slot.kinds if kind.startswith(DEF) for thing in model.instances(kind))]
    words = text.partition(":")[2] or text
    local = {iri.rpartition("/")[2]: iri for iri in known}
    alike = [terms.shorten(local[name], prefixes) for name in difflib.get_close_matches(words, local, 3, 0.6)]
    taken = " or ".join(sorted(terms.shorten(kind, prefixes) for kind in slot.kinds if kind.startswith(DEF)))
    if alike:
        hint = f"Did you mean {' or '.join(alike)}?"
    elif codes and len(codes) <= _SHOWN and not taken:
        hint = f"Choose one of: {', '.join(iri.removeprefix(CODE).rpartition('/')[2] for iri in codes)}."
    elif taken:
        hint = f"It takes a {taken}; describe a new one first, for example: kg new firm id={_slug(words)} label=…"
    else:
        hint = "See /ontology for the code lists."
    return f"{slot.name}: nothing fits '{text}'. {hint}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "a-name"
