"""The languages of the pages: which one a reader wants, and the interface's words in it.

The words stand in English where they are used; ``messages/fr.yaml`` has them in French, and ``messages/en.yaml``
those whose key says more than the word, so that they can be told apart: ``on (a day)`` is *on*. The language of the
current request is set once (:func:`speak`), and whatever makes words looks it up: the tasks of a request inherit it.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast

import yaml
from babel import Locale
from babel.dates import format_date
from starlette.requests import Request

from kg.errors import BadRequest

Language: TypeAlias = Literal["en", "fr"]

LANGUAGES: Mapping[Language, str] = {"en": "English", "fr": "Français"}
"""The languages that the pages come in, by their own names."""

MESSAGES = Path(__file__).parent / "messages"
PARAMETER = "lang"

_LOCALES: Mapping[Language, str] = {"en": "en_GB", "fr": "fr_FR"}
_LOOSE = re.compile(r" (?=[;:?!»%])|(?<=«) ")
_SPEAKING: ContextVar[Language] = ContextVar("speaking", default="en")


def wanted(request: Request) -> Language:
    """The language that a reader asks for: by ``?lang=``, else by ``Accept-Language``, else English.

    Raises:
        BadRequest: the parameter names a language that the pages do not come in.
    """
    named = request.query_params.get(PARAMETER)
    if named and named not in LANGUAGES:
        raise BadRequest(f"'{PARAMETER}' must be one of {', '.join(LANGUAGES)}; it is '{named[:40]}'.")
    return guessed(request)


def guessed(request: Request) -> Language:
    """The language that a reader asks for, whatever the parameter says: for a page that tells of a mistake."""
    named = request.query_params.get(PARAMETER)
    if named in LANGUAGES:
        return cast("Language", named)
    return _accepted(request.headers.get("accept-language", ""))


def _accepted(header: str) -> Language:
    """``fr-BE, en;q=0.8`` → French: the first of ours among those preferred."""
    found: list[tuple[float, int, Language]] = []
    for place, entry in enumerate(header.split(",")[:20]):
        name, _, weight = entry.strip().partition(";q=")
        tag = name.strip().partition("-")[0].lower()
        if tag in LANGUAGES:
            found.append((-_weight(weight), place, cast("Language", tag)))
    best = min(found, default=None)
    return best[2] if best and best[0] < 0 else "en"


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def speak(language: Language) -> None:
    """Set the language of the current task and of those that it starts."""
    _SPEAKING.set(language)


def spoken() -> Language:
    """The language of the current request."""
    return _SPEAKING.get()


def locale() -> Locale:
    """How dates and numbers are written in the language of the current request."""
    return _locale(spoken())


@cache
def _locale(language: Language) -> Locale:
    return Locale.parse(_LOCALES[language])


def named(code: str) -> str:
    """What a language is called in that of the current request: ``fr`` → *French*; what is no code stays."""
    return str(locale().languages.get(code.lower(), code))


def prepare(language: Language) -> None:
    """Read the words and the calendar of a language, which takes longer than to print a page."""
    _messages(language)
    format_date(date(2024, 5, 21), "long", locale=_locale(language))


def typeset(french: str) -> str:
    """French words with the spaces before ``; : ? !`` and within ``« »`` that no line breaks at."""
    return _LOOSE.sub("\u00a0", french)


def say(english: str, **values: object) -> str:
    """A sentence of the interface in the language of the current request; ``{name}`` takes a value."""
    told = _messages(spoken()).get(english, english)
    return told.format(**values) if values else told


def colon() -> str:
    """The colon after a label, which French keeps at a distance."""
    return typeset(" :") if spoken() == "fr" else ":"


def count(one: str, other: str, number: int, **values: object) -> str:
    """``{n} claim`` or ``{n} claims``; French has the singular for none, too."""
    single = number == 1 or (number == 0 and spoken() == "fr")
    return say(one if single else other, **{"n": number, **values})


@cache
def _messages(language: Language) -> Mapping[str, str]:
    read = cast("Mapping[str, str]", yaml.safe_load((MESSAGES / f"{language}.yaml").read_text("utf-8")))
    return {english: typeset(told) for english, told in read.items()} if language == "fr" else read
