"""A bystander: asks for pages and small queries at a steady pace, and tells how long each took.

``python bench/probe.py <address> <seconds>`` prints one JSON object: kind → latencies in milliseconds, and what
went wrong. It is a process of its own, so that the attacker's work does not count as the server's.
"""

import http.client
import json
import sys
import time
from urllib.parse import quote

PACE = 0.02
KINDS = ("page", "cached query", "fresh query", "search")
SMALL = "SELECT ?l { <https://w3id.org/armature/id/arquus> rdfs:label ?l }"


def path(kind: str, number: int) -> str:
    """The address to ask for; a fresh query is never in the cache."""
    if kind == "page":
        return "/id/arquus.html"
    if kind == "search":
        return "/search?q=cockerill&format=json"
    return "/sparql?query=" + quote(SMALL if kind == "cached query" else f"{SMALL} # {number} {time.monotonic()}")


def main(address: str, seconds: float) -> dict[str, object]:
    host = address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60, source_address=("127.0.0.3", 0))
    latencies: dict[str, list[float]] = {kind: [] for kind in KINDS}
    wrong: list[str] = []
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        kind = KINDS[number % len(KINDS)]
        number += 1
        began = time.perf_counter()
        try:
            connection.request("GET", path(kind, number))
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                wrong.append(f"{kind}: {answer.status}")
        except OSError as error:
            wrong.append(f"{kind}: {error!r}")
            connection.close()
        latencies[kind].append((time.perf_counter() - began) * 1000)
        time.sleep(PACE)
    return {"latencies": latencies, "wrong": wrong}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], float(sys.argv[2]))))
