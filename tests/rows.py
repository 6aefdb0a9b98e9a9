"""Rows of query answers made by hand, and phrases read as a line."""

from kg.serving import Row, Term
from kg.terms import DEF, XSD
from kg.web.views import Phrase


def iri(text: str) -> Term:
    return {"type": "uri", "value": text}


def literal(text: str, datatype: str = "", language: str = "") -> Term:
    term: dict[str, str] = {"type": "literal", "value": text}
    term |= {"datatype": XSD + datatype} if datatype else {}
    term |= {"xml:lang": language} if language else {}
    return term  # type: ignore[return-value]  # a term with a language has a key that TypedDict cannot spell


def row(**terms: Term) -> Row:
    return dict(terms)


def qualifier(name: str, value: Term, label: str = "") -> Row:
    shown = {"valueLabel": literal(label)} if label else {}
    return row(qualifier=iri(DEF + name), qualifierLabel=literal(name), value=value, **shown)


def said(phrase: Phrase) -> str:
    return " ".join([*([phrase.label] if phrase.label else []), *(value.text for value in phrase.values)])
