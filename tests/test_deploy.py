"""What operators copy: every setting, figure, file and option in it exists."""

import re
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient

from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.app import create_app

ROOT = Path(__file__).parents[1]
FILES = sorted([*(ROOT / "deploy").iterdir(), ROOT / "docs" / "operations.md"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_settings_named_exist(path: Path) -> None:
    known = {f"KG_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"KG_[A-Z_]*[A-Z]", path.read_text("utf-8"))) <= known


def test_every_figure_named_is_told_and_every_figure_told_is_named(settings: Settings, built: Snapshot) -> None:
    with TestClient(create_app(settings), client=("127.0.0.1", 1)) as client:
        client.get("/sparql?query=ASK%7B%7D")
        text = client.get("/metrics").text
    told = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    rules = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
    asked = " ".join(rule["expr"] for rule in rules)
    documented = (ROOT / "docs" / "operations.md").read_text("utf-8")
    named = set(re.findall(r"\b(?:armature|process)_\w+", asked + documented))
    assert {name.removesuffix("_bucket") for name in named} <= told
    assert {name for name in told if name.startswith("armature_")} <= named


def values(unit: str, name: str) -> list[str]:
    """What a unit sets, in order."""
    text = (ROOT / "deploy" / unit).read_text("utf-8")
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{name}=")]


def test_the_unit_leaves_query_processes_their_defences() -> None:
    unit = "armature.service"
    assert set(values(unit, "RestrictNamespaces")[0].split()) == {"user", "net"}
    assert "seccomp" in " ".join(values(unit, "SystemCallFilter")).split()
    for name in ("DynamicUser", "NoNewPrivileges", "PrivateTmp", "PrivateDevices", "MemoryDenyWriteExecute"):
        assert values(unit, name) == ["yes"]
    assert values(unit, "ProtectSystem") == ["strict"]
    assert values(unit, "KillMode") == ["mixed"], "workers get the signal from the supervisor"
    defaults = Settings()
    assert int(values(unit, "TimeoutStopSec")[0]) > defaults.drain + defaults.shutdown + 10
    assert int(values(unit, "LimitNOFILE")[0]) > 2 * defaults.connections


def test_both_units_share_user_and_folder() -> None:
    for name in ("User", "DynamicUser", "StateDirectory"):
        assert values("armature.service", name) == values("armature-build.service", name)
    assert values("armature-build.service", "Environment")[0] in values("armature.service", "Environment")


def test_the_image_copies_what_exists_and_is_not_run_by_root() -> None:
    text = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
    copied = [name for line in re.findall(r"^COPY (?!--)(.+) \S+$", text, re.MULTILINE) for name in line.split()]
    assert {"src", "data", "requirements.lock"} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)


def test_the_proxy_sets_what_the_server_believes() -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    for header in ("For $remote_addr", "Proto $scheme", "Host $host"):
        assert f"proxy_set_header X-Forwarded-{header};" in text
    idle = re.search(r"keepalive_timeout (\d+)s;", text)
    assert idle
    assert int(idle[1]) < Settings().keep_alive
