"""Many facts at once: a sheet of notes, a line each, as they are taken while reading sources.

A line is a kind and its words, quoted as on a command line; ``#`` begins a comment::

    into firms/john-cockerill
    firm example-armour "Example Armour"
    source ministry-2024-05-30 title="La Belgique entre au capital@fr" publisher=… issued=2024-05-30 url=…
    passage "paragraph 2" gist="…" gist-fr="…"
    stake belgium example-armour share=10 from=2024-05-30

Words without a name are the subject, the predicate where the kind has several, and the object of a claim, the
name in the IRI and the label of an entity, a dispute or a source, and the locator of a passage. ``into`` names
the file of the entities after it. A passage is one of the last source, and a claim cites the last passage, unless
``source=`` or ``passage=`` says otherwise. An entity that is there already, just so, may be named again. The whole
sheet is written, or nothing of it.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from kg import terms
from kg.compiler.assemble import assemble, source_files
from kg.drafting import draft, evidence, files
from kg.drafting.draft import Draft
from kg.drafting.model import Model
from kg.drafting.words import Answers, one, only, text_names
from kg.errors import BadRequest
from kg.settings import Settings

_BARE = {"source": ("id", "title"), "passage": ("locator",), "dispute": ("id", "label")}
_ENTITY = ("id", "label")


@dataclass(frozen=True)
class Line:
    """A line of a sheet: its number (from 1), the kind, and the words after it."""

    number: int
    kind: str
    words: tuple[str, ...]


def lines(text: str) -> Iterator[Line]:
    """The lines that say something.

    Raises:
        BadRequest: a line has a quotation mark without its fellow.
    """
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=line.lstrip().startswith("#"))
        except ValueError as error:
            raise BadRequest(f"line {number}: {error}; put texts between a pair of double quotes.") from error
        if words:
            yield Line(number, words[0], tuple(words[1:]))


@dataclass
class Sheet:
    """What a sheet has said so far: the statements for each file, and what its next lines refer to."""

    model: Model
    prefixes: dict[str, terms.Iri]
    additions: files.Additions = field(default_factory=dict)
    file: str = ""
    source: str = ""
    passage: str = ""

    def read(self, line: Line) -> None:
        """Take one line in.

        Raises:
            BadRequest: it says nothing that fits; nothing of it was taken in.
        """
        match line.kind:
            case "into":
                self.file = " ".join(line.words)
                files.chosen(self.file)
            case "source":
                self._add_source(_answers(line.words, _BARE["source"]))
            case "passage":
                self._add_passage(_answers(line.words, _BARE["passage"]))
            case "dispute":
                self._add_dispute(_answers(line.words, _BARE["dispute"]))
            case kind if kind in self.model.entities:
                self._add_entity(kind, _answers(line.words, _ENTITY))
            case kind if kind in self.model.claims:
                self._add_claim(kind, line.words)
            case kind:
                known = ", ".join(["into", *_BARE, *self.model.claims, *self.model.entities])
                raise BadRequest(f"'{kind}' begins no line of a sheet; these do: {known}.")

    def _add_source(self, answers: Answers) -> None:
        only(answers, ["id", "accessed", *evidence.SOURCE_NAMES, *text_names("note")], "a source")
        iri = evidence.new_source(self.model, self.prefixes, answers)
        triples = evidence.source(self.model, self.prefixes, answers, iri)
        self._add(files.of_source(self.model, iri), triples)
        self.source, self.passage = iri.removeprefix(terms.SOURCE), ""

    def _add_passage(self, answers: Answers) -> None:
        only(answers, ["source", "locator", "incipit", *text_names("gist")], "a passage")
        given = {"source": [self.source], **answers} if self.source else answers
        if not one(given, "source"):
            raise BadRequest("a passage is of a source: begin with a line 'source …', or add source=….")
        of = evidence.known(self.model, given, "source")[0]
        triples = evidence.passage(self.model, of, given)
        self._add(files.of_source(self.model, of), triples)
        self.source, self.passage = of.removeprefix(terms.SOURCE), str(triples[0].subject)[len(terms.SOURCE) + 1 : -1]

    def _add_dispute(self, answers: Answers) -> None:
        triples = evidence.dispute(self.model, answers)
        self._add(files.chosen(one(answers, "file") or self.file), triples)

    def _add_entity(self, kind: str, answers: Answers) -> None:
        iri, triples = draft.named(self.model.entities[kind], answers)
        if self.model.says(triples):
            return
        draft.refuse_known(self.model, iri)
        given = one(answers, "file") or self.file
        home = files.chosen(given) if given else files.of_entity(self.model, self.model.entities[kind], iri)
        self._add(home, triples)

    def _add_claim(self, kind: str, words: tuple[str, ...]) -> None:
        claim = self.model.claims[kind]
        bare = ("subject", "object") if len(claim.relations) == 1 else ("subject", "predicate", "object")
        answers = dict(_answers(words, bare))
        if self.passage and "passage" not in answers and "source" not in answers:
            answers["passage"] = [self.passage]
        made = Draft(self.model, self.prefixes, claim, answers)
        if missing := made.questions():
            needed = ", ".join(f"{question.name}=…" for question in missing)
            raise BadRequest(f"a {kind} needs also {needed}.")
        for path, triples in files.of_draft(made).items():
            self._add(path, triples)

    def _add(self, path: Path, triples: list[ox.Triple]) -> None:
        self.additions.setdefault(path, []).extend(triples)
        graph = terms.data_graph(path)
        for triple in triples:
            self.model.store.add(ox.Quad(triple.subject, triple.predicate, triple.object, graph))
            self.model.store.add(ox.Quad(triple.subject, triple.predicate, triple.object))


def _answers(words: tuple[str, ...], bare: tuple[str, ...]) -> Answers:
    """Words as answers: ``name=value``, and those without a name in the order of ``bare``.

    Raises:
        BadRequest: there are more words without a name than there are places for them.
    """
    found: dict[str, list[str]] = {}
    places = list(bare)
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name and all(c.isalnum() or c in "-_" for c in name):
            found.setdefault(name, []).append(value)
        elif places:
            found.setdefault(places.pop(0), []).append(word)
        else:
            raise BadRequest(f"'{word}' has no place here; write name=value, and put texts in double quotes.")
    return found


def enter(settings: Settings, text: str, *, keep: bool) -> str:
    """Take a whole sheet in; the answer tells what was written, or would be if not ``keep``.

    Raises:
        BadRequest: lines that do not fit, each with its number; nothing was written.
        ShapesViolated: the shapes object; nothing was written.
    """
    sheet = Sheet(Model(assemble(source_files(settings))), terms.prefixes(settings.ontology))
    refused = []
    for line in lines(text):
        try:
            sheet.read(line)
        except BadRequest as error:
            refused.append(f"line {line.number}: {error.detail}")
    if refused:
        raise BadRequest("\n".join([*refused, "Nothing was written."]))
    texts = files.written(settings, sheet.additions)
    findings = files.tried(settings, texts)
    if keep:
        files.write(settings, texts)
    added = sum(len(triples) for triples in sheet.additions.values())
    ending = "Written." if keep else "Not written (--show)."
    return f"{added} statements in {len(texts)} files, {len(findings.warnings)} warnings in all. {ending}"
