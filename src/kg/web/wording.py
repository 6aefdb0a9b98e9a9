"""What errors say, in the language of a reader: their English sentences stand where they are raised.

``messages/problems-fr.yaml`` has each sentence in French, with ``{0}``, ``{1}`` … for its values in their order. An
error comes here as text; which sentence it is and what its values are is read off that, so that whoever raises one
writes plain words and knows nothing of languages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from kg.errors import KgError
from kg.web.language import MESSAGES, Language, typeset

_VALUE = re.compile(r"\{\d\}")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+")


@dataclass(frozen=True)
class Wording:
    """The title and the detail of an error, and the language that each is in."""

    title: str
    detail: str
    language: Language


@dataclass(frozen=True)
class _Sentence:
    pattern: re.Pattern[str]
    french: str

    def told(self, text: str) -> str | None:
        found = self.pattern.fullmatch(text)
        return typeset(self.french.format(*map(_value, found.groups()))) if found else None


def worded(error: KgError, language: Language) -> Wording:
    """An error in a language; in English where one of its texts is not known in it."""
    if language == "fr":
        title, detail = _titles().get(error.title), _translated(error.detail)
        if title and detail:
            return Wording(typeset(title), detail, "fr")
    return Wording(error.title, error.detail, "en")


def _translated(text: str) -> str | None:
    return next(filter(None, (sentence.told(text) for sentence in _sentences())), None)


def _value(text: str) -> str:
    """A value that stands in a sentence: words of ours, a number, or what it is."""
    if _NUMBER.fullmatch(text):
        return text.replace(",", "\u202f")
    return _translated(text) or text


@cache
def _titles() -> Mapping[str, str]:
    titles: Mapping[str, str] = _read()["titles"]
    return titles


@cache
def _sentences() -> tuple[_Sentence, ...]:
    """Every sentence, those with the most words of their own first."""
    read = _read()
    known = {**read["words"], **read["details"]}
    return tuple(
        _Sentence(_pattern(english), known[english])
        for english in sorted(known, key=lambda text: -len(_VALUE.sub("", text)))
    )


def _pattern(english: str) -> re.Pattern[str]:
    pieces = (re.escape(piece) for piece in _VALUE.split(english))
    return re.compile("(.*?)".join(pieces), re.DOTALL)


@cache
def _read() -> Mapping[str, Mapping[str, str]]:
    read: Mapping[str, Mapping[str, str]] = yaml.safe_load((MESSAGES / "problems-fr.yaml").read_text("utf-8"))
    return read
