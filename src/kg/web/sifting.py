"""Long lists narrowed to the lines that have some words, whatever their case and accents."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence

from kg.errors import BadRequest
from kg.serving import Row
from kg.web.panels_view import label_of
from kg.web.views import language_named, text

LONGEST = 200


def words(given: str) -> tuple[str, ...]:
    """The words that a reader looks for.

    Raises:
        BadRequest: they are too many.
    """
    if len(given) > LONGEST:
        raise BadRequest(f"'q' may have {LONGEST} characters; it has {len(given)}. Take fewer words.")
    return tuple(_plain(given).split())


def sifted(rows: Iterable[Row], columns: Collection[str], wanted: Sequence[str]) -> list[Row]:
    """The rows in whose columns, as a reader sees them, all words stand; a part of a longer word is enough."""
    return [row for row in rows if _has(_plain(_seen(row, columns)), wanted)] if wanted else list(rows)


def _has(content: str, wanted: Sequence[str]) -> bool:
    return all(word in content for word in wanted)


def _seen(row: Row, columns: Collection[str]) -> str:
    named = language_named(row)
    return "\n".join(text(named, label_of(column)) or text(named, column) for column in columns)


def _plain(content: str) -> str:
    parts = unicodedata.normalize("NFKD", content.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))
