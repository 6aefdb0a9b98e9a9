"""Write a graph of the project's own model: ``python -m bench.generate --triples 100k --out FOLDER``.

The same size and seed give the same bytes on any machine. ``graph.nq`` holds the ontology and the invented data
with what the build derives from both, one line a quad; ``parameters.json`` what the workloads ask about.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import click
import pyoxigraph as ox

from bench import actors, undertakings, vocabulary
from bench.ink import RECORD_DATE, TODAY, Ink
from bench.world import World, entity
from kg.compiler.assemble import assemble, source_files
from kg.compiler.derive import derive
from kg.settings import Settings
from kg.terms import GRAPH

SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000, "10m": 10_000_000}
_HERE = Path(__file__).parent
LISTED = 1_000
"""Values of one parameter that are listed."""
_EXPORTED = 110_000
_TRIPLES_OF_CLAIM, _TRIPLES_OF_PASSAGE = 9, 7


@dataclass(frozen=True)
class Made:
    """What was written: SHA-256 of ``graph.nq``, and how many lines of it are stated and derived."""

    sha256: str
    size: int
    seed: int
    stated: int
    derived: int
    ontology: int
    claims: int
    sources: int


@dataclass(frozen=True)
class Scale:
    """How many things of each sort make a graph of about so many triples."""

    triples: int

    def of(self, share: float) -> int:
        """So many things for each 1,150 triples, at least four."""
        return max(int(self.triples * share / 1150), 4)


def generate(settings: Settings, size: int, seed: int, write: Callable[[bytes], Any]) -> tuple[Made, dict[str, Any]]:
    """Write the N-Quads; returns what was made and the parameters to ask with."""
    ink, random, scale = Ink(vocabulary.read(settings.ontology), write), Random(seed), Scale(size)  # noqa: S311
    quads = _ontology(settings)
    for line in quads:
        ink.line(line)
    world = World(ink, random)
    ink.derive(
        f"<{GRAPH}derived>", vocabulary.kg("recordDate"), f'"{TODAY}"^^<http://www.w3.org/2001/XMLSchema#date>'
    )
    firms, items, programmes, orders = scale.of(2.2), scale.of(0.4), scale.of(0.25), scale.of(1.9)
    actors.states(world)
    actors.offices(world, scale.of(1.0))
    actors.firms(world, firms)
    undertakings.equipment(world, items)
    undertakings.programmes(world, programmes)
    undertakings.lines(world, scale.of(0.4), firms, items)
    undertakings.agreements(world, scale.of(0.25), programmes)
    undertakings.orders(world, orders, firms, items, programmes)
    undertakings.deals(world, scale.of(0.4), firms)
    ink.within()
    ink.succession()
    ink.flush()
    made = Made(
        ink.digest.hexdigest(), size, seed, ink.stated, ink.derived, len(quads),
        world.counts["claim"], world.library.sources,
    )  # fmt: skip
    return made, _parameters(world, {"firm": firms, "order": orders, "deal": scale.of(0.4)}, seed)


def _ontology(settings: Settings) -> list[str]:
    """The quads of the ontology and the shapes with what is derived from them, sorted."""
    files = [file for file in source_files(settings) if file.path.is_relative_to(settings.ontology)]
    store = assemble(files)
    derive(store, settings.queries / "rules" / "derive")
    named = (quad for quad in store if not isinstance(quad.graph_name, ox.DefaultGraph))
    return sorted(f"{quad} .\n" for quad in named)


def _parameters(world: World, counts: dict[str, int], seed: int) -> dict[str, Any]:
    """Values to ask with: IRIs of each sort, days, words of labels."""
    random = Random(f"{seed} parameters")  # noqa: S311
    counts = {
        **counts,
        "person": world.counts["person"],
        "post": actors.STATES * actors.POSTS,
        "state": actors.STATES,
    }

    def some(sort: str) -> list[str]:
        numbers = random.sample(range(counts[sort]), min(LISTED, counts[sort]))
        return [entity(sort, number) for number in numbers]

    noted = {name: [iri for _, iri in sorted(found, reverse=True)] for name, found in world.noted.items()}
    days = [(RECORD_DATE - timedelta(days=random.randrange(9_000))).isoformat() for _ in range(LISTED)]
    words = [world.words.name()[:5].lower() for _ in range(LISTED)]
    return {
        **{sort: some(sort) for sort in counts},
        **dict.fromkeys(
            ("top", "bottom", "disputed", "contested"), some("firm")
        ),  # where a small graph has none of its own
        **noted,
        "day": days,
        "word": list(dict.fromkeys(words)),
        "kindOfClaim": [vocabulary.kg(name) for name in ("Nationality", "Location", "Participation", "Structure")],
        "exported": _exported(world, random),
    }


def _exported(world: World, random: Random) -> list[list[str]]:
    """Sets of classes of which all statements make 100,000 triples or a few more, or all there are."""
    sets = []
    for _ in range(10):
        chosen: list[str] = []
        size = 0
        for name, count in sorted(world.ink.instances.items(), key=lambda _: random.random()):
            each = _TRIPLES_OF_PASSAGE if name == vocabulary.kg("Passage") else _TRIPLES_OF_CLAIM
            if size < _EXPORTED and (count * each < 2 * _EXPORTED or not chosen):
                chosen, size = [*chosen, name], size + count * each
        sets.append(sorted(chosen))
    return sets


def write(folder: Path, size: int, seed: int, settings: Settings | None = None) -> Made:
    """The files of one graph in a folder; those there already for the same size, seed and code are kept."""
    settings = settings or Settings()
    stamp, told = _stamp(settings), folder / "made.json"
    with suppress(OSError, ValueError, KeyError):
        found = json.loads(told.read_text("utf-8"))
        if (found.pop("stamp"), found["size"], found["seed"]) == (stamp, size, seed):
            return Made(**found)
    folder.mkdir(parents=True, exist_ok=True)
    told.unlink(missing_ok=True)
    with (folder / "graph.nq").open("wb") as file:
        made, parameters = generate(settings, size, seed, file.write)
    (folder / "parameters.json").write_text(json.dumps(parameters), "utf-8")
    told.write_text(json.dumps({**asdict(made), "stamp": stamp}, indent=2) + "\n", "utf-8")
    return made


def _stamp(settings: Settings) -> str:
    """What the graph depends on besides size and seed: the generator, the ontology and the rules."""
    digest = sha256()
    for folder, pattern in (
        (_HERE, "*.py"),
        (settings.ontology, "**/*.ttl"),
        (settings.queries / "rules", "**/*.rq"),
    ):
        for path in sorted(folder.glob(pattern)):
            digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()


@click.command()
@click.option("--triples", type=click.Choice([*SIZES]), default="100k", help="About how many triples.")
@click.option("--seed", type=int, default=1, help="What chance begins with.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to.")
def main(triples: str, seed: int, out: Path) -> None:
    """Write graph.nq, parameters.json and made.json into a folder."""
    click.echo(json.dumps(asdict(write(out, SIZES[triples], seed)), indent=2))


if __name__ == "__main__":
    main()
