"""The limits of a query: how much it may ask of the engine before it is stopped."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one query may cost. Times in seconds, sizes in bytes.

    ``deadline`` counts the engine's time, ``transfer`` the time that the caller takes to fetch the result.
    ``memory`` is what a reader may map on top of what an idle one has. ``operators`` counts the signs and
    keywords of which the engine makes a tree as deep as they are many. ``queue`` callers may wait in a lane,
    ``queue_client`` of one client, each for ``queue_wait``.
    """

    deadline: float = 10.0
    transfer: float = 60.0
    memory: int = 2 << 30
    result_bytes: int = 100_000_000
    query_length: int = 100_000
    query_depth: int = 100
    operators: int = 1_000
    queue: int = 64
    queue_client: int = 32
    queue_wait: float = 15.0
