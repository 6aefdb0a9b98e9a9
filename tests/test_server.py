"""The listening socket: what is set on it is set on every connection."""

import asyncio
import socket

import pytest

from kg.settings import Settings
from kg.web.server import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_answers_do_not_wait_for_the_acknowledgement_of_their_headers(settings: Settings, host: str) -> None:
    """With Nagle's algorithm the body of an answer, sent after its headers, comes 40 ms later."""

    async def delayed() -> int:
        seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            kept = writer.get_extra_info("socket")
            seen.set_result(kept.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listen(settings.model_copy(update={"host": host, "port": 0})) as listener:
            async with await asyncio.start_server(connected, sock=listener):
                _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
                nodelay = await asyncio.wait_for(seen, 10)
                writer.close()
                await writer.wait_closed()
        return nodelay

    assert asyncio.run(delayed()) != 0
