"""``kg new``: draft a claim or an entity, ask for what is missing, try it, write it."""

from collections.abc import Callable
from dataclasses import replace

import pyoxigraph as ox

from kg import terms
from kg.compiler.assemble import assemble, source_files
from kg.drafting import draft, files
from kg.drafting.draft import Draft, Question
from kg.drafting.model import Model, takes_codes_only
from kg.drafting.words import Answers
from kg.errors import BadRequest
from kg.settings import Settings

Asker = Callable[[Question], str]
"""Puts a question to a person and returns the answer."""


def new(settings: Settings, kind: str, answers: Answers, ask: Asker | None, *, keep: bool) -> str:
    """Draft one claim or entity; the text tells what was written, or would be if not ``keep``.

    Raises:
        BadRequest: the kind or an answer fits nothing, or something is missing and nobody can be asked.
        ShapesViolated: the shapes object; nothing was written.
    """
    model = Model(assemble(source_files(settings)))
    if kind in model.entities:
        additions = _entity(model, kind, answers)
    elif kind in model.claims:
        additions = files.of_draft(_answered(settings, model, kind, answers, ask))
    else:
        known = f"Claims: {', '.join(model.claims)}. Entities: {', '.join(model.entities)}."
        raise BadRequest(f"'{kind}' is no kind of claim or entity. {known}")
    texts = files.written(settings, additions)
    findings = files.tried(settings, texts)
    if keep:
        files.write(settings, texts)
    said = "\n\n".join(f"data/{path}\n{files.shown(settings, triples)}" for path, triples in additions.items())
    mentioned = {triple.subject.value for found in additions.values() for triple in found}  # type: ignore[union-attr]  # drafts have no blank nodes
    warnings = [found.message for found in findings.warnings if found.focus in mentioned]
    ending = "Written." if keep else "Not written (--show)."
    return "\n".join([said, "", *(f"warning: {warning}" for warning in warnings), f"{ending} The shapes accept it."])


def _answered(settings: Settings, model: Model, kind: str, answers: Answers, ask: Asker | None) -> Draft:
    """A draft with nothing open."""
    made = Draft(model, terms.prefixes(settings.ontology), model.claims[kind], answers)
    while open_questions := made.questions():
        if ask is None:
            missing = "\n".join(f"  {q.name}=…  {q.text}, for example: {q.example}" for q in open_questions)
            raise BadRequest(
                f"A {kind} needs also:\n{missing}\nSee 'kg new {kind} --explain' for what else it takes."
            )
        made = _asked(made, open_questions[0], ask)
    return made


def _asked(made: Draft, question: Question, ask: Asker) -> Draft:
    """The draft with one more answer, which is asked for again until it fits."""
    while True:
        tried = replace(made, answers={**made.answers, question.name: [ask(question)]})
        try:
            tried.questions()
        except BadRequest as error:
            question = replace(question, text=f"{error.detail}\n{question.text}")
        else:
            return tried


def _entity(model: Model, kind: str, answers: Answers) -> files.Additions:
    triples = draft.entity(model, model.entities[kind], answers)
    iri = triples[0].subject
    given = next(iter(answers.get("file", ())), "")
    assert isinstance(iri, ox.NamedNode)  # noqa: S101 - for the type checker: drafts name what they are about
    return {files.chosen(given) if given else files.of_entity(model, model.entities[kind], iri.value): triples}


def explained(settings: Settings, kind: str) -> str:
    """What a kind of claim says and takes, in words.

    Raises:
        BadRequest: there is no such kind.
    """
    model = Model(assemble(source_files(settings)))
    if kind in model.entities:
        return f"{kind}: an entity. It takes label=, label-fr= (if French has another name), id= and file=."
    if kind not in model.claims:
        raise BadRequest(
            f"'{kind}' is no kind of claim or entity; there are {', '.join([*model.claims, *model.entities])}."
        )
    claim = model.claims[kind]
    lines = [f"{kind}: {claim.definition}", "", "predicate ="]
    lines += [f"  {one.name}: {one.label}" for one in claim.relations]
    lines += ["", "Qualifiers, as far as the source gives them:"]
    for slot in claim.qualifiers:
        codes = ", ".join(iri.rpartition("/")[2] for iri in model.members(slot.codes)) if slot.codes else ""
        kinds = (
            codes
            if takes_codes_only(slot)
            else ", ".join(one.rpartition("#")[2].rpartition("/")[2] for one in slot.kinds)
        )
        lines.append(f"  {slot.name}=  {slot.label} ({kinds})")
    return "\n".join(lines)
