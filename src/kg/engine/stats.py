"""What a pool of readers is doing, as numbers."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PoolStats:
    """``busy`` and ``idle`` count readers, ``waiting`` callers in line; ``ended`` maps a cause to its readers.

    Where ``remote``, the readers are queries that another server may have at once, and ``ended`` those that failed.
    """

    busy: int
    idle: int
    waiting: int
    ended: Mapping[str, int]
    remote: bool = False
