"""Signs of life for systemd: without them, for as long as WatchdogSec= says, it starts the bot again."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

ALIVE = b"WATCHDOG=1"


@asynccontextmanager
async def signs_of_life(environment: Mapping[str, str] = os.environ) -> AsyncIterator[None]:
    """Tell systemd twice in its time that the event loop turns, as sd_notify(3) has it; nothing without systemd.

    That is all they say: a bot whose database is away has nothing to gain from a start anew.
    """
    address, period = environment.get("NOTIFY_SOCKET"), environment.get("WATCHDOG_USEC")
    if address is None or period is None:
        yield
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.setblocking(False)
        systemd.connect(address.replace("@", "\0", 1) if address.startswith("@") else address)
        telling = asyncio.create_task(_tell(systemd, int(period) / 2_000_000))
        try:
            yield
        finally:
            telling.cancel()
            await asyncio.wait({telling})


async def _tell(systemd: socket.socket, every: float) -> None:
    while True:
        with suppress(OSError):  # it has not read the last one yet, or is being started again itself
            systemd.send(ALIVE)
        await asyncio.sleep(every)
