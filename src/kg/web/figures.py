"""Numbers for people: all digits with their thousands apart, or in short, as money or plain."""

from decimal import Decimal, InvalidOperation
from functools import lru_cache

from babel import Locale
from babel.numbers import format_compact_decimal, format_decimal, get_currency_symbol

from kg.web.language import locale, spoken

_SHORTENED = 1_000_000
_DIGITS = 3
_KEPT = 10_000
_SPACE = "\N{NO-BREAK SPACE}"


def number(content: str) -> str:
    """A number with its thousands apart and no idle decimals: ``30000.0`` → 30,000; other text as it is."""
    return _number(content, locale())


@lru_cache(_KEPT)
def _number(content: str, speaking: Locale) -> str:
    amount = _read(content)
    if amount is None:
        return content
    shown = amount.to_integral_value() if amount == amount.to_integral_value() else amount.normalize()
    return str(format_decimal(shown, locale=speaking, decimal_quantization=False))


def short(content: str) -> str:
    """A number from a million on with three digits: ``4400000`` → 4.4 million; a smaller one as :func:`number`."""
    amount = _read(content)
    if amount is None or abs(amount) < _SHORTENED:
        return number(content)
    return _compact(amount, "long").replace(" ", _SPACE)


def money(content: str, currency: str) -> str:
    """An amount in a currency (ISO 4217), all digits: €1,700,000,000, in French 1 700 000 000 €."""
    return _priced(number(content), currency, apart=True)


def short_money(content: str, currency: str) -> str:
    """An amount from a million on with three digits: €1.7 bn, in French 1,7 Md€; a smaller one as :func:`money`."""
    amount = _read(content)
    if amount is None or abs(amount) < _SHORTENED:
        return money(content, currency)
    told = _compact(amount, "short").replace(_SPACE, "")
    digits = told.rstrip("abcdefghijklmnopqrstuvwxyzM")
    return _priced(f"{digits}{_SPACE}{told[len(digits) :]}", currency, apart=False)


def _read(content: str) -> Decimal | None:
    try:
        found = Decimal(content)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _compact(amount: Decimal, form: str) -> str:
    """An amount with three digits and the word, or the letters, for its size."""
    before = (len(str(abs(int(amount)))) - 1) % 3 + 1
    return str(
        format_compact_decimal(amount, format_type=form, locale=locale(), fraction_digits=_DIGITS - before)  # type: ignore[arg-type]  # long or short
    )


def _priced(told: str, currency: str, *, apart: bool) -> str:
    """An amount with the sign of its currency, where the language puts it; letters stand apart from digits."""
    sign = get_currency_symbol(currency, locale=locale())
    if spoken() == "fr":
        return f"{told}{_SPACE if apart or sign[0].isalpha() else ''}{sign}"
    return f"{sign}{_SPACE if sign[-1].isalpha() else ''}{told}"
