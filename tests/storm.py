"""Blows, by the dice: a process is killed at any moment, and then another one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from household import Household

CALM = (0.2, 6.0)  # seconds between two blows; a start takes the bot about four, and its worker about seven
POLL_SECONDS = 0.05
WORKERS_IN_A_ROW = 4  # five deaths in one life of the bot, and it may honestly say that nothing can be drawn

Blow = Callable[[], Awaitable[None]]


@dataclass
class Storm:
    """What strikes a household; `seed` decides what and when, `struck` tells it afterwards."""

    household: Household
    seed: int
    restart_database: Blow | None = None
    struck: list[str] = field(default_factory=list)
    _workers: int = 0

    def __post_init__(self) -> None:
        self._dice = Random(f"blows {self.seed}")

    async def strike(self, blows: int) -> None:
        """Deal so many blows, a while apart."""
        while len(self.struck) < blows:
            await asyncio.sleep(self._dice.uniform(*CALM))
            name, blow = self._choose()
            await blow()
            self.struck.append(name)

    def _choose(self) -> tuple[str, Blow]:
        kinds: list[tuple[str, Blow]] = [("bot", self._kill_bot)]
        if self._workers < WORKERS_IN_A_ROW:
            kinds.append(("worker", self._kill_worker))
        if self.restart_database is not None:
            kinds.append(("database", self.restart_database))
        return self._dice.choice(kinds)

    async def _kill_bot(self) -> None:
        self._workers = 0
        await self.household.kill()

    async def _kill_worker(self) -> None:
        """Kill the worker, as soon as there is one."""
        while not self.household.kill_worker():  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)
        self._workers += 1
