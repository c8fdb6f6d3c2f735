"""Blows, by the dice: a process is killed at any moment, and then another one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from household import Household

from db.base import utc_now

CALM = (0.02, 1.5)  # between two blows, as a multiple of what the bot takes from its start to its first picture
POLL_SECONDS = 0.05

Blow = Callable[[], Awaitable[None]]


@dataclass
class Storm:
    """What strikes a household; `seed` decides what and when, `struck` tells it afterwards.

    Every kind of blow comes once before one comes again. So the worker never dies five times in one life of the bot,
    which may then honestly say that nothing can be drawn.
    """

    household: Household
    seed: int
    restart_database: Blow | None = None
    struck: list[str] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)  #: of the blows

    async def strike(self, blows: int, start: float) -> None:
        """Deal so many blows to a bot that takes so many seconds to its first picture."""
        dice, kinds, left = Random(f"blows {self.seed}"), self._kinds(), list[str]()
        while len(self.struck) < blows:
            await asyncio.sleep(start * dice.uniform(*CALM))
            left = left or dice.sample(list(kinds), k=len(kinds))
            name = left.pop()
            self.moments.append(utc_now())
            await kinds[name]()
            self.struck.append(name)

    def _kinds(self) -> dict[str, Blow]:
        kinds: dict[str, Blow] = {"bot": self.household.kill, "worker": self._kill_worker}
        return kinds if self.restart_database is None else kinds | {"database": self.restart_database}

    async def _kill_worker(self) -> None:
        """Kill the worker, as soon as there is one."""
        while not self.household.kill_worker():  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)
