"""A thousand kills of random readers under load: no wrong answer, none that hangs, nothing left behind."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx2
from tests.endurance.server import Server

KILLS = int(os.environ.get("ARMATURE_KILLS", "1000"))
SEED = 20240521
CALLERS = 8
HANGS = 30.0
"""Seconds after which an answer counts as hung: three times the deadline of a query."""

FIRMS = "SELECT (COUNT(*) AS ?n) { ?x a <https://w3id.org/armature/def/Firm> }"
SMALL = "SELECT ?l { <https://w3id.org/armature/id/arquus> rdfs:label ?l FILTER(LANG(?l) = 'fr') }"
LARGE = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a a ?t . ?b a ?t . ?c a kg:Firm }"
QUERIES = (FIRMS, SMALL, LARGE, SLOW)


class Load:
    """Callers that ask without pause and compare each answer with the one of the quiet server."""

    def __init__(self, server: Server) -> None:
        self.server, self.seen, self.wrong = server, Counter[str](), list[str]()
        self.right: dict[str, list[bytes]] = {}
        self.over = False

    async def learn(self, client: httpx2.AsyncClient) -> None:
        for query in QUERIES:
            answer = await client.get("/sparql", params={"query": query}, timeout=HANGS)
            assert answer.status_code == 200, answer.text
            self.right[query] = sorted(answer.content.splitlines())

    async def call(self, client: httpx2.AsyncClient, chance: random.Random) -> None:
        while not self.over:
            query = chance.choice(QUERIES)
            # A comment of its own, so that the answer does not come from the cache.
            text = f"{query} # {chance.random()}"
            try:
                answer = await client.get("/sparql", params={"query": text}, timeout=HANGS)
            except (httpx2.RemoteProtocolError, httpx2.ReadError):
                self.seen["cut off"] += 1
                continue
            self.seen[str(answer.status_code)] += 1
            self._judge(query, answer)

    def _judge(self, query: str, answer: httpx2.Response) -> None:
        if answer.status_code == 200:
            if sorted(answer.content.splitlines()) != self.right[query]:
                self.wrong.append(f"{query}: {answer.text[:200]}")
        elif answer.headers["content-type"] != "application/problem+json" or not answer.json()["detail"]:
            self.wrong.append(f"{query}: {answer.status_code} {answer.text[:200]}")

    async def kill(self, chance: random.Random) -> int:
        done = 0
        while done < KILLS:
            readers = self.server.readers()
            if readers:
                victim = chance.choice(readers)
                try:
                    os.kill(victim, signal.SIGKILL)
                    done += 1
                except ProcessLookupError:
                    self.seen["gone already"] += 1
            await asyncio.sleep(chance.expovariate(12))
        return done


async def attack(server: Server) -> Load:
    chance, load = random.Random(SEED), Load(server)
    async with httpx2.AsyncClient(base_url=server.address) as client:
        await load.learn(client)
        callers = [asyncio.create_task(load.call(client, random.Random(SEED + n))) for n in range(CALLERS)]
        await load.kill(chance)
        load.over = True
        await asyncio.gather(*callers)
        for query in QUERIES:
            answer = await client.get("/sparql", params={"query": f"{query} # after"}, timeout=HANGS)
            assert sorted(answer.content.splitlines()) == load.right[query]
    return load


def test_a_thousand_kills_under_load(serve: Callable[..., AbstractContextManager[Server]]) -> None:
    with serve(readers=2) as server:
        began = server.resident()
        load = asyncio.run(attack(server))
        time.sleep(1)
        assert load.wrong == []
        assert load.seen["200"] > KILLS, load.seen
        assert set(load.seen) <= {"200", "500", "503", "cut off", "gone already"}, load.seen
        assert len(server.readers()) <= 4
        assert server.resident() < began + (512 << 20)
