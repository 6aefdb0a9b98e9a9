"""Apache Jena's ``rsparql`` of Debian (package libapache-jena-java 4.5.0).

That package moved its copy of Xerces to another name but left the message files behind under the old one, so
nothing of it starts. The files are put on the class path under the name that it looks for.
"""

import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from kg.snapshot import Snapshot

BASE = "https://w3id.org/armature/"
FIRM = f"<{BASE}def/Firm>"
JARS = Path("/usr/share/java")
NEEDED = (
    "jena-*", "commons-*", "dexx", "gson", "guava", "failureaccess", "httpclient", "httpcore", "jackson-*",
    "jsonld-java", "protobuf", "slf4j-api", "slf4j-nop", "thrift", "titanium-json-ld",
)  # fmt: skip
_MOVED = "org/apache/jena/ext/"


@pytest.fixture(scope="module")
def class_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("jena")
    with zipfile.ZipFile(JARS / "jena-core.jar") as core:
        for name in core.namelist():
            if name.startswith(_MOVED) and name.endswith(".properties"):
                target = folder / name.removeprefix(_MOVED)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(core.read(name))
    jars = [str(jar) for pattern in NEEDED for jar in sorted(JARS.glob(f"{pattern}.jar"))]
    return ":".join([str(folder), *jars])


def rsparql(class_path: str, address: str, query: str, *options: str) -> "subprocess.CompletedProcess[str]":
    command = ["java", "-cp", class_path, "arq.rsparql", "--service", f"{address}/sparql", *options, query]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("form", ["JSON", "XML", "CSV", "TSV"])
def test_select(class_path: str, address: str, built: Snapshot, form: str) -> None:
    done = rsparql(class_path, address, f"SELECT ?firm {{ ?firm a {FIRM} }}", f"--results={form}")
    assert done.returncode == 0, done.stderr
    assert len(set(re.findall(rf"{BASE}id/[a-z0-9-]+", done.stdout))) == built.manifest.classes[f"{BASE}def/Firm"]
    if form == "JSON":
        assert json.loads(done.stdout)["head"]["vars"] == ["firm"]


def test_ask(class_path: str, address: str) -> None:
    assert rsparql(class_path, address, f"ASK {{ <{BASE}id/arquus> a {FIRM} }}").stdout.strip() == "Ask => Yes"
    assert rsparql(class_path, address, f"ASK {{ <{BASE}id/france> a {FIRM} }}").stdout.strip() == "Ask => No"


def test_construct(class_path: str, address: str, built: Snapshot) -> None:
    done = rsparql(class_path, address, f"CONSTRUCT WHERE {{ ?firm a {FIRM} }}", "--results=N-TRIPLES")
    assert len(done.stdout.splitlines()) == built.manifest.classes[f"{BASE}def/Firm"], done.stderr
    assert f"<{BASE}id/arquus> " in done.stdout


def test_describe(class_path: str, address: str) -> None:
    done = rsparql(class_path, address, f"DESCRIBE <{BASE}id/arquus>", "--results=N-TRIPLES")
    assert f'<{BASE}id/arquus> <http://www.w3.org/2000/01/rdf-schema#label> "Arquus"@en .' in done.stdout
