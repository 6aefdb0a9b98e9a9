"""The build: the same files give the same snapshot, and a bad build never replaces a good one."""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import snapshot
from kg.compiler import build as builder
from kg.errors import BrokenTurtle, BuildUnderWay, CannotWrite, InvalidSource, NoSnapshot, ShapesViolated
from kg.settings import Settings

VEHICLES = "data/equipment/vehicles.ttl"


def kg(settings: Settings, *command: str) -> "subprocess.Popen[str]":
    """The command line on a copy of the project, as a process of its own."""
    arguments = [
        sys.executable, "-m", "kg", "--home", str(settings.home), "--snapshots", str(settings.snapshots), *command
    ]  # fmt: skip
    return subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def append(settings: Settings, file: str, text: str) -> int:
    """Add text to a source file; returns the line on which it starts."""
    path = settings.home / file
    before = path.read_text("utf-8")
    path.write_text(before + "\n" + text, "utf-8")
    return len(before.splitlines()) + 2


def test_the_same_files_give_the_same_hash_here_and_elsewhere(
    settings: Settings, built: snapshot.Snapshot, project: Settings
) -> None:
    again, _ = builder.build(settings)
    elsewhere, _ = builder.build(project)
    assert again.hash == built.hash == elsewhere.hash
    assert elsewhere.statements.read_bytes() == built.statements.read_bytes()


def test_a_snapshot_holds_what_its_manifest_says(built: snapshot.Snapshot) -> None:
    store = ox.Store.read_only(str(built.store))
    default = sum(1 for _ in store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    assert default == built.manifest.triples
    assert snapshot.content_hash(snapshot.statements(store)) == built.hash == built.path.name
    assert built.path.parent.joinpath("current").resolve() == built.path
    union = {(q.subject, q.predicate, q.object) for q in store if isinstance(q.graph_name, ox.NamedNode)}
    assert len(union) == default


def test_whoever_may_read_the_manifest_may_read_all_of_it(built: snapshot.Snapshot) -> None:
    """A server often runs as another user than the one who built, in a container for instance."""
    readable = (built.path / "manifest.json").stat().st_mode & 0o444
    files = [path for path in built.path.rglob("*") if path.is_file()]
    assert built.search / "meta.json" in files
    assert [str(path) for path in files if path.stat().st_mode & readable != readable] == []


def test_another_fact_is_another_hash(project: Settings) -> None:
    first, _ = builder.build(project)
    path = project.home / VEHICLES
    path.write_text(path.read_text("utf-8").replace("120", "121").replace("MEPAC", "Mepac"), "utf-8")
    second, _ = builder.build(project)
    assert first.hash != second.hash
    assert snapshot.current(project.snapshots).hash == second.hash
    assert snapshot.read(first.path).hash == first.hash


def test_a_broken_file_is_rejected_with_file_and_line(project: Settings) -> None:
    good, _ = builder.build(project)
    line = append(project, VEHICLES, "id:griffon a kg:EquipmentType\nid:oops")
    with pytest.raises(BrokenTurtle) as caught:
        builder.build(project)
    assert caught.value.detail.startswith(f"{VEHICLES}:{line + 1}:")
    assert snapshot.current(project.snapshots).hash == good.hash


def test_a_violated_shape_is_rejected_with_file_line_and_what_to_do(project: Settings) -> None:
    good, _ = builder.build(project)
    line = append(
        project,
        VEHICLES,
        'id:nameless\n    a kg:EquipmentType ;\n    rdfs:label "Nameless"@en .\n',
    )
    with pytest.raises(ShapesViolated) as caught:
        builder.build(project)
    report = caught.value.detail
    assert f"{VEHICLES}\n" in report
    assert f"line {line}: violation: id:nameless: " in report
    assert "French" in report
    assert "Nothing was built" in report
    assert snapshot.current(project.snapshots).hash == good.hash


def test_a_cyclic_variant_is_rejected_with_file_line_and_what_to_do(project: Settings) -> None:
    evidence = "kg:rank rank:normal ; kg:evidence src:minarm-2024-05-21-s06 ."
    append(
        project,
        VEHICLES,
        "claim:griffon-variant-of-mepac\n    a kg:Structure ;\n    rdf:subject id:griffon ;\n"
        f"    rdf:predicate kg:variantOf ;\n    rdf:object id:griffon-mepac ;\n    {evidence}\n",
    )
    with pytest.raises(ShapesViolated) as caught:
        builder.build(project)
    report = caught.value.detail
    assert VEHICLES in report
    assert "id:griffon-mepac: " in report
    assert "cycle" in report
    assert "kg:variantOf" in report
    assert re.search(r"^  line \d+: violation: id:griffon: Break the cycle", report, re.MULTILINE)


def test_an_edge_written_by_hand_is_rejected(project: Settings) -> None:
    append(project, VEHICLES, "id:griffon kg:variantOf id:caesar .\n")
    with pytest.raises(ShapesViolated) as caught:
        builder.build(project)
    assert "id:griffon: states kg:variantOf by hand in a data file" in caught.value.detail
    assert f"{VEHICLES}\n  line " in caught.value.detail


def test_a_repeated_claim_is_rejected(project: Settings) -> None:
    text = (project.home / VEHICLES).read_text("utf-8")
    block = next(b for b in text.split("\n\n") if b.startswith("claim:"))
    name = block.partition("\n")[0]
    append(project, VEHICLES, block.replace(name, f"{name}-again", 1).rstrip() + "\n")
    with pytest.raises(ShapesViolated, match=f"{name}-again: says the same as {name}"):
        builder.build(project)


def test_a_source_entered_twice_is_rejected(project: Settings) -> None:
    path = project.data / "sources" / "minarm-2024-05-21.ttl"
    text = path.read_text("utf-8")
    block = next(b for b in text.split("\n\n") if b.startswith("src:minarm-2024-05-21\n"))
    at = block.replace("a kg:Source ;", 'a kg:Source ;\n    kg:url "https://example.org/a"^^xsd:anyURI ;')
    again = at.replace("src:minarm-2024-05-21\n", "src:zz-again\n")
    path.write_text(text.replace(block, f"{at.rstrip()}\n\n{again}"), "utf-8")
    with pytest.raises(ShapesViolated, match="src:zz-again: has the address of src:minarm-2024-05-21"):
        builder.build(project)


def test_one_thing_in_two_files_is_rejected(project: Settings) -> None:
    shutil.copy(project.data / "firms" / "arquus.ttl", project.data / "firms" / "again.ttl")
    with pytest.raises(ShapesViolated, match=r"id:arquus: is described in two files"):
        builder.build(project)


def test_a_file_name_that_cannot_name_a_graph_is_told(project: Settings) -> None:
    (project.data / "a b.ttl").write_text("")
    with pytest.raises(InvalidSource, match=r"data/a b.ttl: a file's name becomes a graph's"):
        builder.build(project)


def test_a_project_without_data_is_an_error_that_says_so(project: Settings) -> None:
    shutil.rmtree(project.data)
    with pytest.raises(InvalidSource, match=r"There is no Turtle file in .*data"):
        builder.build(project)


def test_nothing_built_yet_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoSnapshot, match="run 'kg build'"):
        snapshot.current(tmp_path)


@pytest.mark.parametrize("damage", ["manifest.json", "graph.nq", "store/CURRENT", "search/meta.json"])
def test_a_damaged_snapshot_is_told_and_built_anew(project: Settings, damage: str) -> None:
    made, _ = builder.build(project)
    (made.path / damage).unlink()
    with pytest.raises(NoSnapshot, match="kg build"):
        snapshot.current(project.snapshots)
    again, _ = builder.build(project)
    assert again.hash == made.hash
    assert snapshot.current(project.snapshots).hash == made.hash


def test_two_builds_at_once_do_not_meet(project: Settings) -> None:
    with snapshot.building(project.snapshots), pytest.raises(BuildUnderWay, match="wait for it"):
        builder.build(project)
    builder.build(project)


def test_a_full_disk_leaves_the_old_snapshot(project: Settings) -> None:
    good, _ = builder.build(project)
    path = project.home / VEHICLES
    path.write_text(path.read_text("utf-8").replace("MEPAC", "Mepac"), "utf-8")
    script = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
        "sys.argv[0] = 'kg'; runpy.run_module('kg', run_name='__main__')"
    )
    command = [sys.executable, "-c", script, "--home", str(project.home), "--snapshots", str(project.snapshots)]
    done = subprocess.run([*command, "build"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 8, done.stderr
    assert done.stderr.startswith("kg: The disk is full: No space left to write the snapshot")
    assert snapshot.current(project.snapshots).hash == good.hash
    assert [p.name for p in project.snapshots.iterdir() if p.name.startswith(".building")] == []
    assert builder.build(project)[0].hash != good.hash


def test_a_folder_that_cannot_be_written_is_an_error_that_says_so(project: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CannotWrite, match="cannot be written"):
        builder.build(project.model_copy(update={"snapshots": tmp_path / "file"}))


def test_a_build_killed_at_any_moment_leaves_the_old_snapshot(project: Settings) -> None:
    good, _ = builder.build(project)
    path = project.home / VEHICLES
    path.write_text(path.read_text("utf-8").replace("MEPAC", "Mepac"), "utf-8")
    started = time.monotonic()
    copy = project.model_copy(update={"snapshots": project.snapshots.parent / "timed"})
    assert finish(kg(copy, "build"))[0] == 0
    whole = time.monotonic() - started
    moments = random.Random(20240521)
    for _ in range(10):
        process = kg(project, "build")
        time.sleep(moments.uniform(0.0, whole))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        finish(process)
        assert snapshot.current(project.snapshots).hash in (good.hash, snapshot.current(copy.snapshots).hash)
    code, _, err = finish(kg(project, "build"))
    assert (code, err.count("Traceback")) == (0, 0)
    assert snapshot.current(project.snapshots).hash == snapshot.current(copy.snapshots).hash
    assert [p.name for p in project.snapshots.iterdir() if p.name.startswith(".building")] == []
