"""Equipment, programmes, lines, agreements with their initiatives and meetings, orders and deals."""

from collections.abc import Sequence
from datetime import date, timedelta

from bench.actors import POSTS, STATES
from bench.dates import Stated, between, day, stated
from bench.ink import RECORD_DATE, Rivalry, decimal
from bench.vocabulary import Iri, code, kg
from bench.world import Entry, World, entity

_GUNS = ("artillery-gun", "armoured-vehicle", "vehicle", "missile", "sensor", "small-arm", "ship", "aircraft")
_CALIBRES = ("155mm", "120mm", "40mm", "30mm", "12.7x99mm", "7.62x51mm", "5.56x45mm")
_AIMS = ("interoperability", "european-defence", "industrial-cooperation", "strengthen-industrial-base",
         "strengthen-partnership", "employment", "recreate-capability")  # fmt: skip
_CURRENCIES = ("EUR", "EUR", "EUR", "USD", "GBP", "PLN", "SEK", "NOK")
_ORDER_LIFE = (
    "considered",
    "intent",
    "announced",
    "negotiating",
    "approved",
    "signed",
    "notified",
    "ordered",
    "delivered",
)
_FIRST = date(1995, 1, 1)
_FILE = 10
"""Undertakings of one sort in one file."""


def equipment(world: World, count: int) -> None:
    """Types of equipment; two in five are variants of an earlier one."""
    for number in range(count):
        item = entity("item", number)
        with world.file(f"equipment/family-{number // _FILE}"):
            name = f"{world.words.name()} {world.random.randint(1, 99)}"
            world.entity(item, "EquipmentType", name, name)
            world.claim(Entry(item, "hasKind", code("category", world.random.choice(_GUNS))))
            if number and world.random.random() < 0.4:
                world.claim(Entry(item, "variantOf", world.hub("item", number)))


def programmes(world: World, count: int) -> None:
    """Programmes of two to nine states."""
    random = world.random
    for number in range(count):
        programme, begun = entity("programme", number), between(_FIRST, RECORD_DATE, random)
        with world.file(f"programmes/programme-{number}"):
            name = world.words.name()
            world.entity(programme, "Programme", f"{name} programme", f"Programme {name}", [name.upper()])
            world.life(
                programme, "Programme", _life(world, programme, ("announced", "established", "started"), begun)
            )
            for state in _several(world, "state", STATES, 2, 9):
                role = ((kg("role"), code("role", random.choice(("participant", "member", "coordinator")))),)
                world.claim(Entry(programme, "hasParticipant", state, {"from": stated(begun, random)}, role))
            world.claim(Entry(programme, "aimsAt", code("aim", random.choice(_AIMS))))
            if number and random.random() < 0.3:
                world.claim(Entry(programme, "drawsOn", world.hub("programme", number)))


def lines(world: World, count: int, firms: int, items: int) -> None:
    """Production lines: who runs them, where, and what they make."""
    random = world.random
    for number in range(count):
        line, begun = entity("line", number), between(_FIRST, RECORD_DATE, random)
        with world.file(f"production/lines-{number // _FILE}"):
            name = world.words.name()
            world.entity(line, "ProductionLine", f"{name} line", f"Ligne de {name}")
            world.life(line, "ProductionLine", _life(world, line, ("announced", "started", "inaugurated"), begun))
            seen = {"on": stated(begun, random)}
            world.claim(Entry(line, "operatedBy", world.hub("firm", firms), seen))
            world.claim(Entry(line, "locatedIn", world.hub("state", STATES), seen))
            calibre = ((kg("calibre"), code("calibre", random.choice(_CALIBRES))),) if random.random() < 0.3 else ()
            world.claim(Entry(line, "produces", world.hub("item", items), seen, calibre))


def agreements(world: World, count: int, programmes: int) -> None:
    """Agreements of two states after a meeting, signed by office-holders, with their initiatives."""
    for number in range(count):
        with world.file(f"agreements/agreement-{number}"):
            _agreement(world, number, programmes)


def _agreement(world: World, number: int, programmes: int) -> None:
    random, agreement, meeting = world.random, entity("agreement", number), entity("meeting", number)
    signed, name = between(_FIRST, RECORD_DATE, random), world.words.name()
    on = {"on": day(signed)}
    world.entity(meeting, "Meeting", f"{name} meeting", f"Rencontre de {name}")
    world.life(meeting, "Meeting", [Entry(meeting, "hasStatus", code("status", "held"), on)])
    world.entity(agreement, "Agreement", f"{name} agreement", f"Accord de {name}")
    reached = "signed" if random.random() < 0.8 else "announced"
    world.life(agreement, "Agreement", [Entry(agreement, "hasStatus", code("status", reached), on)])
    world.claim(Entry(agreement, "resultsFrom", meeting))
    world.claim(Entry(agreement, "hasKind", code("kind", random.choice(("letter-of-intent", "framework-agreement")))))
    for state in _several(world, "state", STATES, 2, 4):
        place = int(state.rpartition("-")[2].rstrip(">"))
        post = entity("post", place * POSTS + random.randrange(POSTS))
        world.claim(Entry(agreement, "hasParticipant", state, on, ((kg("role"), code("role", "party")),)))
        signer = world.hub("person", world.counts["person"])
        behalf = ((kg("inPost"), post), (kg("onBehalfOf"), state))
        world.claim(Entry(agreement, "signedBy", signer, on, behalf))
        world.claim(Entry(meeting, "hasParticipant", signer, on, ((kg("role"), code("role", "participant")),)))
    for _ in range(random.randint(1, 3)):
        initiative = world.new("initiative")
        title = world.words.name()
        world.entity(initiative, "Initiative", f"{title} initiative", f"Initiative {title}")
        world.life(initiative, "Initiative", _life(world, initiative, ("intent", "announced", "started"), signed))
        world.claim(Entry(initiative, "partOf", agreement))
        world.claim(Entry(initiative, "underProgramme", world.hub("programme", programmes)))
        world.claim(Entry(initiative, "aimsAt", code("aim", random.choice(_AIMS))))


def orders(world: World, count: int, firms: int, items: int, programmes: int) -> None:
    """Orders with their lines, at whatever stage of their life."""
    for number in range(count):
        with world.file(f"orders/orders-{number // _FILE}"):
            _order(world, number, firms, items, programmes)


def _order(world: World, number: int, firms: int, items: int, programmes: int) -> None:
    random, order = world.random, entity("order", number)
    begun, name = between(_FIRST, RECORD_DATE, random), world.words.name()
    world.entity(order, "Order", f"{name} order of {begun.year}", f"Commande {name} de {begun.year}")
    world.life(order, "Order", _life(world, order, _ORDER_LIFE, begun))
    seen = {"on": stated(begun, random)}
    kind = random.choice(("purchase", "purchase", "contract", "framework-agreement"))
    world.claim(Entry(order, "hasKind", code("kind", kind)))
    world.claim(Entry(order, "hasParticipant", world.hub("state", STATES), seen, _role("buyer")))
    supplier = code("unknown", "not-named") if random.random() < 0.1 else world.hub("firm", firms)
    world.claim(Entry(order, "hasParticipant", supplier, seen, _role("supplier")))
    if random.random() < 0.6:
        currency = ((kg("currency"), code("currency", random.choice(_CURRENCIES))),)
        world.claim(Entry(order, "hasValue", decimal(int(random.lognormvariate(17, 1.8))), seen, currency))
    for item in _several(world, "item", items, 1, 3):
        amount = decimal(int(random.lognormvariate(3, 1.4)) + 1)
        world.claim(
            Entry(order, "hasItem", item, {}, ((kg("quantity"), amount), (kg("unit"), code("unit", "piece"))))
        )
    if random.random() < 0.5:
        world.claim(Entry(order, "underProgramme", world.hub("programme", programmes)))


def deals(world: World, count: int, firms: int) -> None:
    """Acquisitions and mergers; of some the parties are disputed."""
    random = world.random
    for number in range(count):
        deal, begun = entity("deal", number), between(_FIRST, RECORD_DATE, random)
        with world.file(f"deals/deal-{number}"):
            name = world.words.name()
            world.entity(deal, "Deal", f"{name} deal", f"Opération {name}")
            world.life(deal, "Deal", _life(world, deal, ("considered", "announced", "approved", "closed"), begun))
            on = {"on": stated(begun, random)}
            world.claim(Entry(deal, "hasKind", code("kind", random.choice(("acquisition", "merger", "stake-sale")))))
            target = entity("firm", random.randrange(firms))
            world.claim(Entry(deal, "hasParticipant", target, on, _role("target")))
            if random.random() < 0.15:
                settled = random.random() < 0.6
                rivalry = Rivalry(world.dispute(deal, deal), settled)
                for rank in ("preferred" if settled else "normal", "normal"):
                    party = world.hub("firm", firms)
                    world.claim(Entry(deal, "hasParticipant", party, on, _role("acquirer"), rank, rivalry))
            else:
                world.claim(Entry(deal, "hasParticipant", world.hub("firm", firms), on, _role("acquirer")))


def _role(name: str) -> tuple[tuple[Iri, str], ...]:
    return ((kg("role"), code("role", name)),)


def _several(world: World, sort: str, count: int, least: int, most: int) -> list[Iri]:
    wanted = [world.hub(sort, count) for _ in range(world.random.randint(least, most))]
    return list(dict.fromkeys(wanted))


def _life(world: World, thing: Iri, path: Sequence[str], begun: date) -> list[Entry]:
    """The milestones of a thing: some steps of a path, in order of time, in the end perhaps a failure."""
    random, when = world.random, begun
    steps = [path[0], *(step for step in path[1:] if random.random() < 0.55)]
    if random.random() < 0.08:
        steps.append("cancelled")
    milestones = []
    for step in steps:
        when += timedelta(days=random.randint(0, 500))
        if when > RECORD_DATE:
            break
        on: dict[str, Stated] = {"on": stated(when, random)}
        milestones.append(Entry(thing, "hasStatus", code("status", step), on))
    return milestones
