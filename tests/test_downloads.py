"""Exports as files: written once, whole or not at all, at addresses that never change."""

import asyncio
import gzip
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from kg import downloads, export, snapshot, terms
from kg.compiler.build import build
from kg.downloads import FOLDER, Downloads
from kg.errors import CannotWrite, DiskFull, UnknownEntity
from kg.formats import N_QUADS, N_TRIPLES, TRIG, TURTLE, Format, of_family
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.app import create_app

FORMS = of_family("graph", "dataset")
FIRST, SECOND = "a" * 64, "b" * 64


@pytest.fixture
def own(built: Snapshot, tmp_path: Path) -> Snapshot:
    """A copy of the snapshot to write in."""
    copy = shutil.copytree(built.path, tmp_path / built.hash)
    shutil.rmtree(copy / FOLDER, ignore_errors=True)
    return snapshot.read(copy)


@pytest.fixture
def prefixes(settings: Settings) -> dict[str, str]:
    return terms.prefixes(settings.ontology)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_another_process_writes_the_very_same_file(
    own: Snapshot, prefixes: dict[str, str], form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def written() -> bytes:
        shutil.rmtree(own.path / FOLDER, ignore_errors=True)
        return (await Downloads(own, prefixes).file("all", form)).read_bytes()

    here = asyncio.run(written())
    monkeypatch.setattr(downloads, "_IN_PROCESS", 0)
    assert asyncio.run(written()) == here
    assert len(here) > 100_000


def test_graph_after_graph_holds_every_quad_once_however_few_files_are_open(
    own: Snapshot, prefixes: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def trig() -> bytes:
        with export.scratch() as buffer:
            export.write_graph(own, buffer, TRIG, prefixes)
            buffer.seek(0)
            return buffer.read()

    whole = trig()
    monkeypatch.setattr(export, "_OPEN_FILES", 3)
    assert trig() == whole
    quads = {str(quad) for quad in ox.parse(whole, ox.RdfFormat.TRIG)}
    assert quads == {str(quad) for quad in ox.parse(path=own.statements, format=ox.RdfFormat.N_QUADS)}
    assert whole.count(b"<https://w3id.org/armature/graph/derived> {") + whole.count(b"graph:derived {") == 1


def test_callers_at_once_share_one_writing(own: Snapshot, prefixes: dict[str, str]) -> None:
    async def ask() -> set[tuple[Path, int]]:
        files = Downloads(own, prefixes)
        paths = await asyncio.gather(*(files.file("all", TURTLE) for _ in range(10)))
        assert len(files._writing) <= 1
        return {(path, path.stat().st_ino) for path in paths}

    assert len(asyncio.run(ask())) == 1
    assert not list(own.path.rglob("*.part-*"))


def test_who_leaves_does_not_stop_the_writing(own: Snapshot, prefixes: dict[str, str]) -> None:
    async def leave() -> Path:
        files = Downloads(own, prefixes)
        asker = asyncio.ensure_future(files.file("all", N_TRIPLES))
        await asyncio.sleep(0)
        asker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asker
        return await files.file("all", N_TRIPLES)

    assert asyncio.run(leave()).stat().st_size > 100_000


def test_a_folder_that_cannot_be_written_is_not_needed(own: Snapshot, prefixes: dict[str, str]) -> None:
    (own.path / FOLDER).write_text("in the way")

    async def ask() -> tuple[bytes, Path]:
        files = Downloads(own, prefixes)
        path = await files.file("all", N_QUADS)
        body = path.read_bytes()
        await files.close()
        return body, path

    body, path = asyncio.run(ask())
    assert body == own.statements.read_bytes()
    assert not path.exists()


def test_a_writer_that_fails_leaves_nothing_and_says_why(
    own: Snapshot, prefixes: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_IN_PROCESS", 0)
    full = "import sys; sys.exit('No space left to write the export; free some.')"
    killed = "import os; os.kill(os.getpid(), 9)"

    async def ask(program: str) -> None:
        script = own.path / "writer"
        script.write_text(f"#!{sys.executable}\n{program}\n")
        script.chmod(0o755)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", str(script))
            await Downloads(own, prefixes).file("all", TURTLE)

    with pytest.raises(DiskFull, match="No space left"):
        asyncio.run(ask(full))
    with pytest.raises(CannotWrite, match="ended without a word"):
        asyncio.run(ask(killed))
    assert not list((own.path / FOLDER).iterdir())
    assert asyncio.run(Downloads(own, prefixes).file("all", TURTLE)).is_file()


def test_leftovers_of_killed_servers_are_swept(own: Snapshot, prefixes: dict[str, str]) -> None:
    (own.path / FOLDER).mkdir()
    old, fresh = own.path / FOLDER / "all.nt.part-1", own.path / FOLDER / "all.nt.part-2"
    old.write_text("half")
    fresh.write_text("half")
    os.utime(old, (0, 0))
    asyncio.run(Downloads(own, prefixes).file("all", N_QUADS))
    assert not old.exists()
    assert fresh.exists()


def test_a_graph_that_is_not_there_is_not_written(own: Snapshot, prefixes: dict[str, str]) -> None:
    with pytest.raises(UnknownEntity, match="no named graph"):
        asyncio.run(Downloads(own, prefixes).file("graph/../../../etc/passwd", TURTLE))


# Addresses


def test_an_address_with_a_hash_may_be_kept_for_ever(client: TestClient, built: Snapshot) -> None:
    now = client.get("/export/all.nq")
    fixed = now.headers["content-location"]
    assert fixed == f"/snapshot/{built.hash}/all.nq"
    assert now.headers["cache-control"] == "no-cache"
    kept = client.get(fixed)
    assert kept.content == now.content == built.statements.read_bytes()
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = client.get(fixed, headers={"If-None-Match": kept.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, kept.headers["cache-control"])


def test_files_come_in_parts_compressed_and_without_their_body(client: TestClient, built: Snapshot) -> None:
    url = f"/snapshot/{built.hash}/all.ttl"
    whole = client.get(url)
    part = client.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    packed = client.get(url + ".gz")
    assert gzip.decompress(packed.content) == whole.content
    assert packed.headers["content-type"] == "application/gzip"
    assert f'filename="armature-all-{built.hash[:12]}.ttl.gz"' in packed.headers["content-disposition"]
    head = client.head(url)
    assert (head.content, head.headers["content-length"]) == (b"", whole.headers["content-length"])


def test_the_first_digits_of_a_hash_lead_to_it(client: TestClient, built: Snapshot) -> None:
    short = client.get(f"/snapshot/{built.hash[:12]}/all.nt")
    assert (short.status_code, short.headers["location"]) == (307, f"/snapshot/{built.hash}/all.nt")
    for unknown in (built.hash[:7], "0" * 64, "..", "%2e%2e", "current"):
        answer = client.get(f"/snapshot/{unknown}/all.nt")
        assert answer.status_code == 404
    assert client.get("/snapshot/" + "0" * 64).json()["kept"] == [built.hash]


def test_a_snapshot_tells_what_is_in_it(client: TestClient, built: Snapshot) -> None:
    manifest = client.get(f"/snapshot/{built.hash}").json()
    assert manifest["triples"] == built.manifest.triples
    assert manifest["all"][0] == f"/snapshot/{built.hash}/all.ttl"
    page = client.get(f"/snapshot/{built.hash}", headers={"Accept": "text/html"}).text
    assert f'href="/snapshot/{built.hash}/all.ttl.gz"' in page
    listed = client.get("/snapshot").json()
    assert [(one["hash"], one["serving"]) for one in listed] == [(built.hash, True)]


def test_one_thing_is_not_offered_compressed(client: TestClient) -> None:
    answer = client.get("/export/id/arquus.ttl.gz")
    assert (answer.status_code, answer.json()["title"]) == (400, "Bad request")
    assert "leave out '.gz'" in answer.json()["detail"]


# Old snapshots


@pytest.fixture
def rebuilt(project: Settings) -> Iterator[tuple[TestClient, Snapshot, Snapshot]]:
    """A server that has seen one snapshot replaced by another."""
    first = build(project)[0]
    with TestClient(create_app(project), raise_server_exceptions=False) as client:
        assert client.get("/export/all.nq").content == first.statements.read_bytes()
        file = project.data / "firms" / "arquus.ttl"
        file.write_text(file.read_text("utf-8").replace('"Arquus"@en,', '"Arquus SAS"@en,'), "utf-8")
        yield client, first, build(project)[0]


def test_an_earlier_snapshot_can_still_be_had(rebuilt: tuple[TestClient, Snapshot, Snapshot]) -> None:
    client, first, second = rebuilt
    assert client.get("/export/all.nq").content == second.statements.read_bytes()
    assert client.get(f"/snapshot/{first.hash}/all.nq").content == first.statements.read_bytes()
    assert b"Arquus SAS" not in client.get(f"/snapshot/{first.hash}/graph/data/firms/arquus.nt").content
    listed = client.get("/snapshot").json()
    assert [(one["hash"], one["serving"]) for one in listed] == [(second.hash, True), (first.hash, False)]
    assert first.hash[:12] in client.get("/export", headers={"Accept": "text/html"}).text


def _fake(folder: Path, name: str, age: int) -> None:
    (folder / name).mkdir()
    (folder / name / "manifest.json").write_text("{}")
    os.utime(folder / name / "manifest.json", (age, age))


def test_old_snapshots_are_removed_but_never_the_one_that_serves(own: Snapshot) -> None:
    folder = own.path.parent
    (folder / "current").symlink_to(own.hash)
    os.utime(own.path / "manifest.json", (0, 0))
    for age, name in enumerate((FIRST, SECOND, "c" * 64, "d" * 64), 1):
        _fake(folder, name, age)
    (folder / ("e" * 64)).mkdir()
    assert snapshot.prune(folder, keep=1) == [SECOND, FIRST, "e" * 64]
    assert {path.name for path in folder.iterdir()} == {"c" * 64, "d" * 64, own.hash, "current"}
    assert snapshot.kept(folder) == [own]
