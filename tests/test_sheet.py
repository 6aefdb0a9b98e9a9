"""``kg new --from``: many facts from one sheet of notes, all of them or none."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kg.cli import kg
from kg.compiler.build import check
from kg.drafting import sheet
from kg.errors import BadRequest, ShapesViolated
from kg.settings import Settings

HEAD = """
# Read on a train.
into firms/example
firm example-armour "Example Armour" label-de="Beispiel Panzer"
source ministry-2024-05-30 title="La Belgique entre au capital@fr" publisher=french-ministry-of-the-armed-forces \
issued=2024-05-30 url=https://example.org/c?a=b#c language=fr source-kind=primary
passage "paragraph 2" gist="Belgium now holds ten percent of the firm." gist-fr="Elle en détient dix pour cent."
"""
STAKE = "stake belgium example-armour share=10 from=2024-05-30\n"


def entered(project: Settings, text: str, *options: str) -> Result:
    return CliRunner().invoke(kg, ["--home", str(project.home), "new", "--from", "-", *options], input=text)


def files(project: Settings) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in project.data.rglob("*") if path.is_file()}


def test_a_sheet_becomes_files_that_the_shapes_accept(project: Settings) -> None:
    rest = (
        STAKE
        + 'passage "paragraph 3" gist="It is French." gist-fr="Elle est française."\n'
        + "nationality example-armour france on=2024-05-30\n"
        + "identification example-armour hasIdentifier Q42 scheme=wikidata passage=ministry-2024-05-30-p1 "
        + "passage=ministry-2024-05-30-p2\n"
    )
    done = entered(project, HEAD + rest)
    assert done.exit_code == 0, done.output
    assert "Written." in done.output
    firm = (project.data / "firms/example.ttl").read_text("utf-8")
    assert '"Beispiel Panzer"@de' in firm
    assert "kg:evidence src:ministry-2024-05-30-p1 ." in firm.partition("claim:belgium-holds-stake-in")[2]
    assert "kg:evidence src:ministry-2024-05-30-p2 ." in firm.partition("has-nationality")[2]
    assert "kg:evidence src:ministry-2024-05-30-p1, src:ministry-2024-05-30-p2" in firm
    source = (project.data / "sources/ministry-2024-05-30.ttl").read_text("utf-8")
    assert '"https://example.org/c?a=b#c"^^xsd:anyURI' in source
    assert not check(project).violations


def test_bounds_that_a_source_gives_are_taken(project: Settings) -> None:
    line = (
        "milestone john-cockerill-arquus-merger negotiating onLatest=2024-05-30 expectedStatus=closed "
        "expectedEarliest=2024-06-01 expectedLatest=2024-12-31\n"
    )
    done = entered(project, HEAD + STAKE + line)
    assert done.exit_code == 0, done.output
    text = (project.data / "deals/john-cockerill-arquus.ttl").read_text("utf-8")
    assert 'kg:expectedLatest "2024-12-31"^^xsd:date ;' in text
    assert 'kg:onLatest "2024-05-30"^^xsd:date ;' in text


def test_rivals_are_entered_with_their_dispute(project: Settings) -> None:
    rest = (
        'dispute example-share "How much of Example Armour Belgium holds" label-fr="La part belge" '
        'reason="The later text is more exact." reason-fr="Le texte postérieur est plus précis."\n'
        + STAKE.replace("\n", " rank=preferred inDispute=claim:dispute-example-share\n")
        + STAKE.replace("share=10", "share=11").replace("\n", " inDispute=claim:dispute-example-share\n")
    )
    done = entered(project, HEAD + rest)
    assert done.exit_code == 0, done.output
    text = (project.data / "firms/example.ttl").read_text("utf-8")
    assert text.count("kg:inDispute claim:dispute-example-share") == 2
    assert "claim:belgium-holds-stake-in-example-armour-2024-05-30-2" in text


def test_every_line_that_does_not_fit_is_named_and_nothing_is_written(project: Settings) -> None:
    before = files(project)
    with pytest.raises(BadRequest) as refused:
        sheet.enter(project, HEAD + "stake belgium nobody\nbanana x\nfirm a b c\nsource x\npassage p\n", keep=True)
    told = refused.value.detail.splitlines()
    assert [line.partition(":")[0] for line in told[:-1]] == [f"line {n}" for n in (7, 8, 9, 10, 11)]
    assert "describe a new one first" in told[0]
    assert "'banana' begins no line of a sheet" in told[1]
    assert "'c' has no place here" in told[2]
    assert told[-1] == "Nothing was written."
    assert files(project) == before


def test_an_entity_that_is_there_just_so_may_be_named_again(project: Settings) -> None:
    again = 'firm example-armour "Example Armour" label-de="Beispiel Panzer"\n'
    done = entered(project, HEAD + again + "state belgium Belgium label-fr=Belgique\n" + STAKE)
    assert done.exit_code == 0, done.output
    with pytest.raises(BadRequest, match="There is a id:belgium already"):
        sheet.enter(project, 'state belgium "Kingdom of Belgium"', keep=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('passage "p" gist=a gist-fr=b', "a passage is of a source"),
        ('firm "x', "put texts between a pair of double quotes"),
        ("source a title=t", "a source needs also publisher=…"),
        ('dispute a "b" file=firms/knds', "a dispute needs also label-fr=…, reason=…"),
        ("into ../etc", "no file in a folder of data/"),
        ("stake belgium knds share=1", "a stake needs also title=…"),
        ("firm knds Other", "There is a id:knds already"),
    ],
)
def test_what_a_line_lacks_is_said(project: Settings, text: str, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        sheet.enter(project, text, keep=True)


def test_what_the_shapes_refuse_is_not_written(project: Settings) -> None:
    before = files(project)
    with pytest.raises(ShapesViolated, match="at most 100"):
        sheet.enter(project, HEAD + STAKE.replace("10", "110"), keep=True)
    assert files(project) == before


def test_show_writes_nothing(project: Settings) -> None:
    before = files(project)
    done = entered(project, HEAD + STAKE, "--show")
    assert done.exit_code == 0, done.output
    assert "Not written" in done.output
    assert files(project) == before


def test_a_kind_and_a_sheet_exclude_each_other(project: Settings) -> None:
    done = CliRunner().invoke(kg, ["--home", str(project.home), "new"])
    assert done.exit_code == 2
    assert "--from with a sheet" in done.output
