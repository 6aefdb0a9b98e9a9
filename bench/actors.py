"""States with their bodies, posts and office-holders; firms with who owns them."""

from datetime import date, timedelta
from itertools import pairwise

from bench.dates import Stated, between, day, stated
from bench.ink import RECORD_DATE, Rivalry, decimal, integer, text
from bench.vocabulary import Iri, code, kg
from bench.world import Entry, World, entity

STATES, BODIES, POSTS = 60, 3, 4
"""States, bodies of each, and posts in the government of each."""

_CATEGORIES = ("aircraft", "armoured-vehicle", "artillery-gun", "artillery-shell", "missile", "sensor",
               "communication-system", "small-arm", "light-armoured-vehicle", "mortar", "vehicle")  # fmt: skip


def states(world: World) -> None:
    """The states, each in a file with its bodies, its industrial base, its posts and who held them."""
    for number in range(STATES):
        state = entity("state", number)
        with world.file(f"government/state-{number}"):
            english = world.words.name()
            world.entity(state, "State", english, english)
            for place in range(BODIES):
                body = entity("body", number * BODIES + place)
                world.entity(
                    body, "PublicBody", f"{english} ministry {place + 1}", f"Ministère {place + 1}, {english}"
                )
                world.claim(Entry(body, "partOf", state))
            base = entity("base", number)
            world.entity(base, "IndustrialBase", f"Industrial base of {english}", f"Base industrielle de {english}")
            world.claim(Entry(base, "baseOf", state))


def offices(world: World, terms: int) -> None:
    """Posts of the states, and ``terms`` terms of office spread over them, one person after the other."""
    posts = STATES * POSTS
    for number in range(posts):
        post, state = entity("post", number), number // POSTS
        with world.file(f"government/offices-{number}"):
            name = world.words.name()
            world.entity(post, "Post", f"Minister {name} of state {state}", f"Ministre {name} de l’État {state}")
            world.claim(Entry(post, "postIn", entity("state", state)))
            world.claim(Entry(post, "postIn", entity("body", state * BODIES + number % BODIES)))
            share = terms // posts + (number < terms % posts)
            _successions(world, post, state, share)


def _successions(world: World, post: Iri, state: int, terms: int) -> None:
    end = RECORD_DATE + timedelta(days=world.random.randint(30, 1500))
    start = date(1975, 1, 1)
    turns = sorted(between(start, RECORD_DATE, world.random) for _ in range(terms))
    for begun, ended in pairwise([*turns, end]):
        person = world.new("person")
        name = world.words.person()
        world.entity(person, "Person", name, name)
        world.claim(Entry(person, "hasNationality", entity("state", state)))
        dates: dict[str, Stated] = {"from": stated(begun, world.random)}
        if ended < RECORD_DATE:
            dates["until"] = stated(ended, world.random)
        elif world.random.random() < 0.3:
            dates = {"on": day(between(begun, RECORD_DATE, world.random))}
        world.claim(Entry(person, "holdsPost", post, dates))


def firms(world: World, count: int) -> None:
    """Firms in groups, most of them small and a few very large: trees, some long chains, a few cross-holdings."""
    number = 0
    while number < count:
        size = min(int(world.random.paretovariate(0.85)), max(count // 25, 20), count - number)
        chain = size >= 4 and world.random.random() < 0.2
        size = min(size, 16) if chain else size
        with world.file(f"firms/group-{number}"):
            for place in range(size):
                parent = None if place == 0 else place - 1 if chain else int(place * world.random.random() ** 2)
                _firm(world, number + place, None if parent is None else number + parent)
        world.note("top", entity("firm", number), size)
        if chain:
            world.note("bottom", entity("firm", number + size - 1), size)
        number += size


def _firm(world: World, number: int, parent: int | None) -> None:
    random, firm = world.random, entity("firm", number)
    english, french, acronym = world.words.firm()
    founded = between(date(1950, 1, 1), date(2015, 1, 1), random)
    life = [Entry(firm, "hasStatus", code("status", "established"), {"on": stated(founded, random)})]
    ended = random.random() < 0.03
    if ended:
        over = {"on": stated(between(date(2016, 1, 1), RECORD_DATE, random), random)}
        life.append(Entry(firm, "hasStatus", code("status", "dissolved"), over))
    kind = "JointVenture" if random.random() < 0.04 else "Firm"
    others = [acronym] if random.random() < 0.4 else []
    world.entity(firm, kind, english, french, others)
    if ended or random.random() < 0.15:
        world.life(firm, kind, life)
    seen = {"on": stated(between(founded, RECORD_DATE, random), random)}
    official = ((kg("nameKind"), code("name", "official")),)
    world.claim(Entry(firm, "hasName", text(french, "fr"), seen, official))
    if random.random() < 0.25:
        until = {"until": stated(between(founded, RECORD_DATE, random), random)}
        former = ((kg("nameKind"), code("name", "former")),)
        world.claim(Entry(firm, "hasName", text(world.words.firm()[1], "fr"), until, former))
    world.claim(Entry(firm, "hasNationality", world.hub("state", STATES), seen))
    _business(world, firm, seen)
    _owners(world, firm, number, parent, founded)


def _business(world: World, firm: Iri, seen: dict[str, Stated]) -> None:
    """What a firm makes, where it works, how large it is."""
    random = world.random
    for _ in range(random.choice((0, 0, 1, 1, 2, 3))):
        world.claim(Entry(firm, "operatesIn", world.hub("state", STATES), seen))
    for _ in range(random.choice((0, 1, 1, 2))):
        world.claim(Entry(firm, "produces", code("category", random.choice(_CATEGORIES)), seen))
    for year in range(random.choice((0, 0, 0, 1, 2, 4))):
        on = {"on": stated(date(2020 + year, 12, 31), random)}
        heads = integer(int(random.lognormvariate(6, 1.6)) + 1)
        world.claim(Entry(firm, "hasHeadcount", heads, on))
        currency = ((kg("currency"), code("currency", random.choice(("EUR", "EUR", "USD", "GBP", "SEK")))),)
        world.claim(Entry(firm, "hasRevenue", decimal(int(random.lognormvariate(17, 2))), on, currency))


def _owners(world: World, firm: Iri, number: int, parent: int | None, founded: date) -> None:
    """Stakes in a firm: of its parent, of earlier owners, of a state or another firm, now and then back up."""
    random = world.random
    if parent is not None:
        holder, since = entity("firm", parent), between(founded, RECORD_DATE, random)
        if random.random() < 0.3:
            before = {"from": stated(founded, random), "until": stated(since, random)}
            former = entity("firm", int(number * random.random()))
            world.claim(Entry(former, "holdsStakeIn", firm, before, _share(world, 50, 100)))
        start = {"from": stated(since, random)}
        world.claim(Entry(firm, "subsidiaryOf", holder, start))
        if random.random() < 0.05:
            _disputed(world, holder, firm, start)
        else:
            world.claim(Entry(holder, "holdsStakeIn", firm, start, _share(world, 51, 100)))
        if random.random() < 0.02:
            world.claim(Entry(firm, "holdsStakeIn", holder, start, _share(world, 1, 10)))
    if random.random() < (0.25 if parent is None else 0.05):
        begun = {"from": stated(between(founded, RECORD_DATE, random), random)}
        world.claim(Entry(world.hub("state", STATES), "holdsStakeIn", firm, begun, _share(world, 1, 49)))
    if number and random.random() < 0.15:
        seen = {"on": stated(between(founded, RECORD_DATE, random), random)}
        world.claim(Entry(world.hub("firm", number), "holdsStakeIn", firm, seen, _share(world, 1, 30)))


def _share(world: World, low: int, high: int) -> tuple[tuple[Iri, str], ...]:
    return (
        (kg("share"), decimal(world.random.randint(low * 4, high * 4) / 4)),
        (kg("unit"), code("unit", "percent")),
    )


def _disputed(world: World, holder: Iri, firm: Iri, dates: dict[str, Stated]) -> None:
    """Two sources that give different shares; the dispute is settled or left open."""
    settled = world.random.random() < 0.6
    rivalry = Rivalry(world.dispute(holder, firm), settled)
    for rank in ("preferred" if settled else "normal", "normal"):
        world.claim(Entry(holder, "holdsStakeIn", firm, dates, _share(world, 51, 100), rank, rivalry))
