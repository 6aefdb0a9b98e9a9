"""The scripts of the pages: type-checked, tested, and committed exactly as their sources give them."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
BUILT = ROOT / "src" / "kg" / "web" / "static" / "islands"


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    assert (WEB / "node_modules").is_dir(), "the packages of web/ are missing: run 'make test-clients'"


def test_the_types_hold() -> None:
    run("node_modules/.bin/tsc", "--noEmit")


def test_the_unit_tests_pass() -> None:
    told = run("node", "test.mjs")
    assert "# fail 0" in told
    assert "# pass 0" not in told


def test_the_bundles_are_what_the_sources_give(tmp_path: Path) -> None:
    run("node", "build.mjs", str(tmp_path))
    fresh = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert fresh == {path.name: path.read_bytes() for path in BUILT.iterdir()}


def test_every_package_in_the_bundles_may_be_shipped() -> None:
    notices = (BUILT / "THIRD-PARTY.txt").read_text("utf-8")
    licences = {line.removeprefix("Licence: ") for line in notices.splitlines() if line.startswith("Licence: ")}
    permissive = {"MIT", "ISC", "Apache-2.0", "BSD-3-Clause", "CC0-1.0"}
    either = {"(MPL-2.0 OR Apache-2.0)", "(CC-BY-4.0 AND MIT)"}
    assert licences <= permissive | either
