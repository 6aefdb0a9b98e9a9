"""What a server reads of a snapshot before anybody asks, so that the first page is not the slowest.

Captions and trees are read before it is ready. Claims, which take longer, are read once it serves, a few at a time
between the requests; and all of it anew when a build has put another snapshot in place.
"""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from kg.engine.cached import CachedStore
from kg.errors import KgError
from kg.serving import Current, Serving
from kg.web import archive, chains
from kg.web.asker import Asker
from kg.web.declared import declared

log = logging.getLogger("kg.web.settling")

_PAUSE, _LOOKED_EACH = 0.02, 1.0
"""Seconds between the parts that are read, and between looks at what serves."""


async def prepare(serving: Serving) -> None:
    """Read what things are called, and trees; what cannot be read now is read when a page asks."""
    with suppress(KgError):
        async with serving.current() as served:
            await _prepared(serving, _uncached(served))


def _uncached(served: Current) -> Current:
    """The same snapshot asked past the answers in memory, for what is asked once is not to drive out others."""
    store = served.store
    return replace(served, store=store.behind) if isinstance(store, CachedStore) else served


async def _prepared(serving: Serving, served: Current) -> None:
    asker = Asker(serving, served)
    await asker.learn()
    for panel in declared(serving.settings.queries):
        if panel.form == "tree":
            await chains.levels(asker, panel.name)


@asynccontextmanager
async def settling(serving: Serving) -> AsyncIterator[None]:
    """Have what serves read, for the time that the server runs."""
    task = asyncio.create_task(_follow(serving))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _follow(serving: Serving) -> None:
    read = ""
    while True:
        try:
            async with serving.current() as served:
                if served.hash != read:
                    read = served.hash
                    await _read(serving, _uncached(served))
        except KgError as error:
            log.warning("not all read beforehand: %s", error.detail)
        except Exception:
            log.exception("not all read beforehand")  # pages are made without it, too
        await asyncio.sleep(_LOOKED_EACH)


async def _read(serving: Serving, served: Current) -> None:
    """Read it all; it stays, and looking through it again and again for garbage would make pages wait."""
    await _prepared(serving, served)
    for name in chains.ASKED:
        await chains.levels(Asker(serving, served), name)
        gc.freeze()
    claims = 0
    async for part in archive.filled(serving, served):
        claims += part
        gc.freeze()
        await asyncio.sleep(_PAUSE)
    log.info("settled snapshot=%s claims=%d", served.name, claims)
