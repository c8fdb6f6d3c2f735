"""Outbound pace: on each route one message at a time, in the order of asking, and only so many in a while."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from asyncio_throttle.throttler import Throttler

RETRY_SECONDS = 0.05  # how often whoever is next looks whether it may go


@dataclass(slots=True)
class Route:
    """A route's turn and pace, how many have it or wait for it, and when it was last left (monotonic seconds)."""

    throttler: Throttler
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    left: float = 0.0


class Pacing:
    """Keeps the pace of every route apart: `limit` messages in `period` seconds.

    It stays below what Discord commonly allows, so that discord.py, which has the last word, seldom has to wait.
    """

    def __init__(self, limit: int = 4, period: float = 5.0) -> None:
        self._limit = limit
        self._period = period
        self._routes: dict[int, Route] = {}

    def __len__(self) -> int:
        """Return how many routes are remembered."""
        return len(self._routes)

    @asynccontextmanager
    async def of(self, channel_id: int) -> AsyncIterator[None]:
        """Wait for a turn on the channel's route, and have it to oneself as long as the block lasts."""
        route = self._route(channel_id)
        route.users += 1
        try:
            # the throttler polls and keeps no order: with the lock before it there is one who polls, and a line
            async with route.turn, route.throttler:
                yield
        finally:
            route.users -= 1
            route.left = time.monotonic()

    def _route(self, channel_id: int) -> Route:
        if channel_id not in self._routes:
            self._forget_idle()
            self._routes[channel_id] = Route(Throttler(self._limit, self._period, RETRY_SECONDS))
        return self._routes[channel_id]

    def _forget_idle(self) -> None:
        """Forget the routes whose next message would not have to wait: a new route says as much."""
        since = time.monotonic() - self._period
        self._routes = {key: route for key, route in self._routes.items() if route.users or route.left > since}
