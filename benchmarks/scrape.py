"""What does a look at /metrics cost while 20,000 jobs of 1,000 servers wait, and how long does it hold up the bot?

Over so many scrapes, in milliseconds: the whole scrape; the processor's time that the event loop's thread had for it,
which bounds by how much everybody else waited; and the longest that a task came late which wanted to go on every
millisecond, beside the same without scrapes. The aim: 10 ms of the loop's thread.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

from benchmarks._bot import report
from benchmarks._many_jobs import put_in, row
from bot.builder import Builder, Tools, all_offered
from config.settings import Observing, load_settings
from db.images import FolderStore
from db.session import Database
from inference.local import LocalExecutor
from jobs.clerk import Clerk
from observing.server import ObservingServer

WAITING, GUILDS = 20_000, 1_000


async def measure(scrapes: int) -> dict[str, Any]:
    """Return what each kind of look costs."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data=Path(folder))
        executor, clerk = LocalExecutor(settings, all_offered(settings)), Clerk()  # neither is started
        async with Database(settings.database_url) as database, ObservingServer(Observing(port=0)) as server:
            await database.migrate()
            await put_in(database, [row(number, GUILDS) for number in range(WAITING)])
            builder = Builder(
                settings, Tools(database, FolderStore(settings.data / "pictures"), executor, clerk, clerk, None)
            )
            await builder.dispatcher._queue.restore()
            for guild in range(GUILDS):
                builder.metrics.attempted("drawn", guild, 1.0, 1)
            server.watch(builder.metrics.registry, builder.overview.look)
            figures = {path: await _looks(server.port, path, scrapes) for path in ("metrics", "health")}
            return {"waiting": WAITING, "guilds": GUILDS, **figures}


async def _looks(port: int, path: str, count: int) -> dict[str, float]:
    def look() -> int:
        try:
            with urlopen(f"http://127.0.0.1:{port}/{path}") as response:
                return len(response.read())
        except OSError:  # a bot that no shard of is connected is ill
            return 0

    size = await asyncio.to_thread(look)
    _, quiet = await _late(lambda: asyncio.sleep(0.05), count)
    began = time.thread_time()
    took, late = await _late(lambda: asyncio.to_thread(look), count)
    return {
        "bytes": size,
        "scrape_p50": round(median(took), 1),
        "loop_cpu": round(1000 * (time.thread_time() - began) / count, 2),
        "late_p50": round(median(late), 2),
        "late_max": round(max(late), 2),
        "late_max_without": round(max(quiet), 2),
    }


async def _late(work: Callable[[], Awaitable[Any]], count: int) -> tuple[list[float], list[float]]:
    """Do it so often; return how long each took, and by how much a task beside it was late at the most."""
    took, late = [], []
    for _ in range(count):
        worst = [0.0]
        ticking = asyncio.create_task(_tick(worst))
        began = time.perf_counter()
        await work()
        took.append(1000 * (time.perf_counter() - began))
        ticking.cancel()
        late.append(worst[0])
    return took, late


async def _tick(worst: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        worst[0] = max(worst[0], 1000 * (time.perf_counter() - began) - 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scrapes", type=int, default=50)
    arguments = parser.parse_args()
    report(asyncio.run(measure(arguments.scrapes)), arguments.json)
