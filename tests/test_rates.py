"""Quotas: what one client may ask in a minute, who has none, and what is told of them."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from kg.errors import QuotaExceeded
from kg.settings import Settings
from kg.snapshot import Snapshot
from kg.web.app import create_app
from kg.web.rates import Rates

SMALL = "SELECT ?s { ?s ?p ?o } LIMIT 3"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def test_requests_are_counted_for_each_client() -> None:
    rates = Rates(requests=2, seconds=0)
    assert rates.admit("a")["RateLimit"] == '"requests";r=1;t=60'
    assert rates.admit("a") == {
        "RateLimit-Policy": '"requests";q=2;w=60',
        "RateLimit": '"requests";r=0;t=60',
    }
    with pytest.raises(QuotaExceeded) as refused:
        rates.admit("a")
    assert refused.value.headers() == {
        "Retry-After": "60",
        "RateLimit-Policy": '"requests";q=2;w=60',
        "RateLimit": '"requests";r=0;t=60',
    }
    assert refused.value.problem()["violated-policies"] == ["requests"]
    assert "2 requests per 60 s" in refused.value.detail
    rates.admit("b")


def test_seconds_are_charged_afterwards() -> None:
    rates = Rates(requests=0, seconds=10)
    rates.charge("a", 9.5)
    assert rates.admit("a") == {
        "RateLimit-Policy": '"query-seconds";q=10;qu="query-seconds";w=60',
        "RateLimit": '"query-seconds";r=0;t=60',
    }
    rates.charge("a", 0.6)
    with pytest.raises(QuotaExceeded, match="10 seconds of query time"):
        rates.admit("a")
    rates.admit("b")


def test_a_window_ends() -> None:
    async def attempt() -> None:
        rates = Rates(requests=1, seconds=1, window=1)
        rates.charge("a", 30.0)
        with pytest.raises(QuotaExceeded) as refused:
            rates.admit("a")
        await asyncio.sleep(float(refused.value.headers()["Retry-After"]) + 0.1)
        rates.admit("a")

    asyncio.run(attempt())


def test_without_quotas_nothing_is_counted_or_told() -> None:
    rates = Rates(requests=0, seconds=0)
    rates.charge("a", 1_000.0)
    assert [rates.admit("a") for _ in range(3)] == [{}] * 3


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("127.0.0.9", True),
        ("::1", True),
        ("::2", False),
        ("::ffff:127.0.0.1", True),
        ("10.1.2.3", True),
        ("11.1.2.3", False),
        ("2001:db8::5", True),
        ("testclient", False),
    ],
)
def test_the_trusted_are_known_by_address_and_network(address: str, trusted: bool) -> None:
    rates = Rates(1, 1, ("127.0.0.0/8", "::1", "10.0.0.0/8", "2001:db8::/32"))
    assert rates.trusts(address) is trusted


def test_settings_that_name_no_network_are_refused() -> None:
    with pytest.raises(ValidationError, match="trusted"):
        Settings(trusted="127.0.0.1 nonsense")


@asynccontextmanager
async def serving(settings: Settings, **given: object) -> AsyncIterator[FastAPI]:
    app = create_app(settings.model_copy(update={"cache_bytes": 1 << 20, **given}))
    async with app.router.lifespan_context(app):
        yield app


def client(app: FastAPI, address: str = "192.0.2.1") -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app, client=(address, 4711))
    return httpx2.AsyncClient(transport=transport, base_url="http://armature.test", timeout=30)


def remaining(answer: httpx2.Response, policy: str) -> int:
    found = re.search(rf'"{policy}";r=(\d+);t=\d+', answer.headers["ratelimit"])
    assert found is not None
    return int(found[1])


def test_only_what_asks_the_engine_counts(settings: Settings, built: Snapshot) -> None:
    """Neither HEAD, OPTIONS nor 304, nor pages; every POST and GET of a query, stored ones too."""

    async def attempt() -> None:
        async with serving(settings, rate_requests=100) as app, client(app) as one:
            query = {"query": SMALL}
            first = await one.get("/sparql", params=query)
            assert remaining(first, "requests") == 99
            held = {"If-None-Match": first.headers["etag"]}
            assert (await one.get("/sparql", params=query, headers=held)).status_code == 304
            await one.head("/sparql", params=query)
            await one.options("/sparql", params=query)
            await one.get("/id/arquus.html")
            assert remaining(await one.post("/sparql", data=query), "requests") == 98
            assert remaining(await one.get("/query/orders.csv"), "requests") == 97
            assert "ratelimit" not in (await one.get("/id/arquus.ttl")).headers

    asyncio.run(attempt())


def test_who_sends_too_many_is_refused_with_a_problem(settings: Settings, built: Snapshot) -> None:
    async def attempt() -> None:
        async with serving(settings, rate_requests=2, trusted="10.0.0.0/8") as app, client(app) as one:
            for number in range(2):
                assert (await one.get("/sparql", params={"query": f"{SMALL} # {number}"})).status_code == 200
            refused = await one.get("/sparql", params={"query": f"{SMALL} # again"})
            assert refused.status_code == 429
            assert refused.headers["content-type"] == "application/problem+json"
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            assert refused.headers["ratelimit-policy"].startswith('"requests";q=2;w=60')
            assert refused.json()["violated-policies"] == ["requests"]
            async with client(app, "192.0.2.2") as other, client(app, "10.9.9.9") as trusted:
                assert (await other.get("/sparql", params={"query": SMALL})).status_code == 200
                for _ in range(3):
                    answer = await trusted.get("/sparql", params={"query": SMALL})
                    assert answer.status_code == 200
                    assert "ratelimit" not in answer.headers

    asyncio.run(attempt())


def test_a_loop_of_slow_queries_is_stopped_and_kept_answers_cost_nothing(settings: Settings, built: Snapshot) -> None:
    async def attempt() -> None:
        async with serving(settings, rate_seconds=2, deadline=0.9) as app, client(app) as one:
            seen = []
            for number in range(4):
                answer = await one.get("/sparql", params={"query": f"{SLOW} # {number}"})
                seen.append(answer.status_code)
            assert seen == [503, 503, 503, 429]
            assert "2 seconds of query time" in answer.json()["detail"]
            assert (await one.head("/sparql", params={"query": SLOW})).status_code == 429
            async with client(app, "192.0.2.2") as other:
                fresh = [remaining(await other.get("/sparql", params={"query": SMALL}), "query-seconds")]
                for _ in range(30):
                    kept = await other.get("/sparql", params={"query": SMALL})
                    assert (kept.status_code, "ratelimit" in kept.headers) == (200, False)
                last = await other.post("/sparql", data={"query": SMALL})
                assert remaining(last, "query-seconds") >= fresh[0] - 1

    asyncio.run(attempt())
