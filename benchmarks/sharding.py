"""What do thousands of servers cost the bot's process in memory, and how long until it is ready?

The chat server runs in this process and introduces servers as large as a community's (benchmarks/_communities.py).
`--parts` leaves one kind of thing out of the introductions at a time: what discord.py keeps of it is the difference.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import psutil

from benchmarks._bot import Json, report
from benchmarks._communities import PARTS, Community
from config.settings import ROOT
from local_discord.server import LocalDiscord

SIZES = (0, 1_000, 2_500, 5_000)
CONCURRENCY = 16  # as Discord lets large bots; with 1, five seconds per shard are added
READY_SECONDS = 300.0
SETTLE_SECONDS = 5.0


async def measure(sizes: Sequence[int], shards: int | None) -> Json:
    """Return memory and time to ready for each number of servers, and a straight line through the former."""
    found = [await measure_one(size, shards) for size in sizes]
    slope, start = np.polyfit(sizes, [each["resident_mb"] for each in found], 1)
    return {"servers": found, "resident_mb_per_1000": slope * 1000, "resident_mb_at_none": start}


async def measure_parts(servers: int) -> Json:
    """Return what each part of an introduction costs per 1,000 servers, in MB."""
    whole = (await measure_one(servers, None))["resident_mb"]
    return {
        part: (whole - (await measure_one(servers, None, without=part))["resident_mb"]) * 1000 / servers
        for part in PARTS
    }


async def measure_one(servers: int, shards: int | None, without: str | None = None) -> Json:
    """Return what one bot needs for so many servers."""
    async with LocalDiscord(max_concurrency=CONCURRENCY) as server:
        settle(server, servers, frozenset() if without is None else frozenset({without}))
        started = time.monotonic()
        async with joined_bot(server, shards) as process:
            seconds = time.monotonic() - started
            await asyncio.sleep(SETTLE_SECONDS)
            return {
                "servers": servers,
                "shards": server.gateway.recommended_shards() if shards is None else shards,
                "introduction_kb": len(json.dumps(next(reversed(server.world.guilds.values())).create_payload())) / 1e3,
                "ready_seconds": seconds,
                "resident_mb": process.memory_info().rss / 1e6,
            }


def settle(server: LocalDiscord, servers: int, without: frozenset[str]) -> None:
    """Let the bot be in so many servers."""
    for guild in server.world.add_guilds(servers):
        server.world.guilds[guild.id] = Community(**vars(guild), without=without)


@asynccontextmanager
async def joined_bot(server: LocalDiscord, shards: int | None) -> AsyncIterator[psutil.Process]:
    """Start the bot on the server, wait until it has heard of every guild, and stop it at the end."""
    told = server.describe()
    with tempfile.TemporaryDirectory() as data:
        variables = os.environ | {"IMAGINE_DATA": data, "DISCORD_TOKEN": server.token, "PYTHONUNBUFFERED": "1"}
        variables |= {f"IMAGINE_DISCORD__{name.upper()}": told[name] for name in ("rest", "gateway", "cdn")}
        variables |= {} if shards is None else {"IMAGINE_SHARDS": str(shards)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "run_bot.py"),
            cwd=ROOT,
            env=variables,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            assert process.stdout is not None
            line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
            if not line.startswith(b"Ready"):
                raise RuntimeError("the bot ended before it was ready")
            yield psutil.Process(process.pid)  # type: ignore[no-untyped-call]
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--shards", type=int, help="instead of as many as are recommended")
    parser.add_argument("--parts", type=int, metavar="SERVERS", help="what each part of an introduction costs")
    arguments = parser.parse_args()
    asked = measure_parts(arguments.parts) if arguments.parts else measure(arguments.sizes, arguments.shards)
    report(asyncio.run(asked), arguments.json)
