"""When the shards of the bot may begin a session with Discord's gateway."""

import asyncio
import time

from discord import SessionStartLimits

IDENTIFY_SECONDS = 5.0  # Discord's; a session begun sooner is refused, and counts


class SessionStarts:
    """Lets shards begin in turn: of those that are equal modulo Discord's `max_concurrency`, one in five seconds."""

    def __init__(self, limits: SessionStartLimits) -> None:
        self._max_concurrency = limits.max_concurrency
        self._next: dict[int, float] = {}

    async def turn(self, shard_id: int) -> None:
        """Return once the shard may begin."""
        bucket = shard_id % self._max_concurrency
        now = time.monotonic()
        begins = max(now, self._next.get(bucket, now))
        self._next[bucket] = begins + IDENTIFY_SECONDS
        await asyncio.sleep(begins - now)
