"""``kg new``: a fact from a few words, refused with the reason where it does not fit, written where it belongs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kg.cli import kg
from kg.compiler.assemble import assemble, source_files
from kg.compiler.build import check
from kg.drafting import command, words
from kg.drafting.draft import Question
from kg.drafting.model import Model
from kg.errors import BadRequest, ShapesViolated
from kg.settings import Settings

ROOT = Path(__file__).parents[1]
STAKE = ("subject=belgium", "object=john-cockerill-defense", "share=10", "from=2024-05-20")
SOURCE = (
    "title=Signature@fr", "publisher=french-ministry-of-the-armed-forces", "issued=2024-05", "language=fr",
    "url=https://example.org/accord", "source-kind=primary",
)  # fmt: skip
PASSAGE = ("locator=paragraph 3", "gist=Belgium holds ten percent.", "gist-fr=La Belgique détient dix pour cent.")


def new(project: Settings, *words: str) -> Result:
    return CliRunner().invoke(kg, ["--home", str(project.home), "new", *words])


def pairs(*words: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        name, _, value = word.partition("=")
        found.setdefault(name, []).append(value)
    return found


def text(project: Settings, path: str) -> str:
    return (project.data / path).read_text("utf-8")


def test_a_stake_is_written_with_the_firm_that_is_owned_and_its_source_apart(project: Settings) -> None:
    done = new(project, "stake", *STAKE, *SOURCE, *PASSAGE, "note=As the text has it.", "note=Selon le texte.@fr")
    assert done.exit_code == 0, done.output
    firm = text(project, "firms/john-cockerill-defense.ttl")
    block = firm[firm.index("claim:belgium-holds-stake-in-john-cockerill-defense-2024-05-20") :].partition("\n\n")[0]
    assert block.splitlines()[1:] == [
        "    a kg:Stake ;",
        "    rdf:subject id:belgium ;",
        "    rdf:predicate kg:holdsStakeIn ;",
        "    rdf:object id:john-cockerill-defense ;",
        '    kg:from "2024-05-20"^^xsd:date ;',
        "    kg:share 10.0 ;",
        "    kg:rank rank:normal ;",
        "    kg:evidence src:french-ministry-of-the-armed-forces-2024-05-p1 ;",
        '    kg:note "As the text has it."@en, "Selon le texte."@fr .',
    ]
    source = text(project, "sources/french-ministry-of-the-armed-forces-2024-05.ttl")
    assert 'dcterms:issued "2024-05"^^xsd:gYearMonth ;' in source
    assert "src:french-ministry-of-the-armed-forces-2024-05-p1\n    a kg:Passage ;" in source
    laid_out = CliRunner().invoke(kg, ["--home", str(project.home), "fmt", "--check"])
    assert laid_out.exit_code == 0, laid_out.output
    assert not check(project).violations


def test_what_the_shapes_refuse_is_not_written(project: Settings) -> None:
    before = {path: path.read_bytes() for path in project.data.rglob("*") if path.is_file()}
    words = pairs("subject=belgium", "object=john-cockerill-defense", "share=110", *SOURCE, *PASSAGE)
    with pytest.raises(ShapesViolated, match="at most 100") as refused:
        command.new(project, "stake", words, None, keep=True)
    assert "Nothing was written." in refused.value.detail
    assert {path: path.read_bytes() for path in project.data.rglob("*") if path.is_file()} == before


def test_show_writes_nothing(project: Settings) -> None:
    done = new(project, "milestone", "subject=belgium-caesar-order-2024", "object=signed", "on=2024-05-20",
               "passage=minarm-2024-05-21-s06", "--show")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "data/orders/artillery.ttl\nclaim:belgium-caesar-order-2024-has-status-signed-2024-05-20\n" in done.output
    assert "Not written" in done.output
    assert "has-status-signed" not in text(project, "orders/artillery.ttl")


def test_an_entity_goes_into_the_folder_of_its_kind(project: Settings) -> None:
    assert new(project, "joint-venture", "label=Société Générale d'Armement").exit_code == 0
    assert "id:societe-generale-d-armement\n    a kg:JointVenture ;" in text(
        project, "firms/societe-generale-d-armement.ttl"
    )
    with pytest.raises(BadRequest, match="There is a id:arquus already: Arquus"):
        command.new(project, "firm", {"label": ["Arquus"]}, None, keep=True)


REFUSED = [
    (("banana",), "no kind of claim or entity. Claims: attribute, classification,"),
    (("stake", "colour=red"), "'colour' means nothing for a stake; it takes "),
    (("stake", "subject=belgium", "subject=france"), "subject: given 2 times; give it once."),
    (("stake", *STAKE), "A stake needs also:\n  title=…"),
    (("stake", "object=john-cockerill-defence"), "Did you mean id:john-cockerill-defense or "),
    (("stake", "object=belgium"), "object: nothing fits 'belgium'."),
    (("stake", "object=quite-another"), "kg new firm id=quite-another"),
    (("stake", "share=a tenth"), "share: 'a tenth' is no number; write it with digits"),
    (("stake", "share=NaN"), "share: 'NaN' is no finite number."),
    (
        ("stake", "from=20240521"),
        "from: '20240521' is no date as it is written here; give 2024 or 2024-05 or 2024-05-21",
    ),
    (("stake", "from=2024-02-30"), "from: '2024-02-30' is no date"),
    (("stake", "rank=best"), "rank: nothing fits 'best'. Choose one of: normal, preferred, refuted, uncertain."),
    (("stake", "source=src:nowhere"), "source: there is no src:nowhere"),
    (("stake", "passage=src:nowhere-p1"), "passage: there is no src:nowhere-p1"),
    (("structure", "predicate=ownsBits"), "predicate: a structure says one of baseOf, "),
    (("structure",), "predicate=…  What is said: baseOf, capabilityOf"),
    (("milestone", "object=signde"), "Did you mean status:signed?"),
    (("participation", "lead=yes"), "lead: 'yes' is neither true nor false."),
    (("attribute", "predicate=hasHeadcount", "object=many"), "object: 'many' is no whole number."),
    (("firm",), 'Give its name: label="Thales"'),
    (("firm", "label=X", "share=1"), "'share' means nothing for an entity"),
    (("firm", "label=New one", "file=../../etc/passwd"), "is no file in a folder of data/"),
]


@pytest.mark.parametrize(("words", "reason"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
def test_what_does_not_fit_is_refused_with_what_would(
    settings: Settings, words: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        command.new(settings, words[0], pairs(*words[1:]), None, keep=False)
    assert reason in refused.value.detail


def test_what_is_missing_is_asked_for_until_it_fits(project: Settings) -> None:
    replies = {"object": ["john-cockerill-defence", "john-cockerill-defense"], "locator": ["paragraph 3"]}
    replies |= {"gist": ["Belgium holds a part."], "gist-fr": ["La Belgique détient une part."]}
    asked: list[Question] = []

    def ask(question: Question) -> str:
        asked.append(question)
        return replies[question.name].pop(0)

    words = pairs("subject=belgium", "on=2024-05-21", "source=minarm-2024-05-21")
    told = command.new(project, "stake", words, ask, keep=True)
    assert [question.name for question in asked] == ["object", "object", "locator", "gist", "gist-fr"]
    assert asked[1].text.startswith("object: nothing fits 'john-cockerill-defence'. Did you mean")
    assert "src:minarm-2024-05-21-p20" in told
    assert "kg:order 20" in text(project, "sources/minarm-2024-05-21.ttl")


def test_every_kind_of_claim_can_be_explained(settings: Settings) -> None:
    model = Model(assemble(source_files(settings)))
    assert len(model.claims) >= 17
    for kind in [*model.claims, *model.entities]:
        assert command.explained(settings, kind).startswith(f"{kind}: ")
    explained = command.explained(settings, "participation")
    assert "role=  role (" in explained
    assert "buyer" in explained
    with pytest.raises(BadRequest, match="no kind"):
        command.explained(settings, "banana")


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("KNDS France", "knds-france"),
        ("Société à Évry", "societe-a-evry"),
        ("https://x.org/id/a-b", "a-b"),
        ("hasItem", "has-item"),
    ],
)
def test_names_become_parts_of_iris(given: str, made: str) -> None:
    assert words.slug(given) == made


def test_the_worked_example_of_the_guide_works(project: Settings, tmp_path: Path) -> None:
    """The commands of CONTRIBUTING.md, one after the other, as a reader would paste them."""
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Add or mend a fact")[2].partition("\n## ")[0]
    commands = [
        line.strip()
        for line in guide.replace("\\\n", " ").splitlines()
        if line.startswith("    kg new ") and "--explain" not in line
    ]
    assert len(commands) >= 3
    assert shutil.which("bash")
    for line in commands:
        script = f'kg() {{ "$KG_PYTHON" -m kg --home "{project.home}" "$@"; }}\n{line}'
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
            env={"KG_PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "src")},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert not check(project).violations
