"""Two machines that share a database: on one of them the bot serves, on the other one it stands by."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Self

from household import COMMAND, Household


@dataclass
class Pair:
    """Two households that are struck as if they were one."""

    both: tuple[Household, Household]
    dice: Random

    @property
    def deaths(self) -> list[datetime]:
        return [death for each in self.both for death in each.deaths]

    @property
    def falls(self) -> list[int]:
        return [fall for each in self.both for fall in each.falls]

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop(signal.SIGKILL)

    def start(self) -> None:
        for each in self.both:
            each.start()

    async def kill(self) -> None:
        """End one of the bots, whichever it is."""
        await self.dice.choice(self.both).kill()

    def kill_worker(self) -> bool:
        """End the process that draws, on whichever machine it is."""
        killed = [each.kill_worker() for each in self.both]
        return any(killed)

    async def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """End both for good, at once; return the worse exit status."""
        return max(await asyncio.gather(*(each.stop(how) for each in self.both)))


def pair_of(
    folder: Path, variables: Mapping[str, str], seed: int, commands: Sequence[Sequence[str]] = (COMMAND, COMMAND)
) -> Pair:
    """Return two machines, each with a data folder of its own and the same settings."""
    settings = dict(variables) | {"IMAGINE_STANDBY": "true"}
    names = ("one", "other")
    one, other = (Household(folder / name, settings, each) for name, each in zip(names, commands, strict=True))
    return Pair((one, other), Random(f"pair {seed}"))
