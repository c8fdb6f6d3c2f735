"""The bot as a service manager keeps it: whenever it has ended, it is started again."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

import psutil
from processes import ROOT, environment_of

from db.base import utc_now

COMMAND = (sys.executable, "run_bot.py")
STOP_SECONDS = 60.0


@dataclass
class Household:
    """A bot on a data folder, through all its lives."""

    data: Path
    variables: dict[str, str]
    command: Sequence[str] = COMMAND
    deaths: list[datetime] = field(default_factory=list)  #: of the bot, by our hand or another
    falls: list[int] = field(default_factory=list)  #: the exit statuses where nobody had killed it
    _process: asyncio.subprocess.Process | None = None
    _keeper: asyncio.Task[None] | None = None
    _born: asyncio.Event = field(default_factory=asyncio.Event)
    _dead: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def log(self) -> Path:
        """What the bots of this data folder wrote to standard error, one after another."""
        return self.data.parent / f"{self.data.name}.log"

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop(signal.SIGKILL)

    def start(self) -> None:
        """Start the bot, and keep it running from now on."""
        self._keeper = asyncio.create_task(self._keep())

    async def kill(self) -> None:
        """End the bot as a loss of power would; it is started again."""
        await self._born.wait()
        self._signal(signal.SIGKILL)
        await self._dead.wait()

    def kill_worker(self) -> bool:
        """End the process that draws; say whether there was one."""
        workers = self._workers()
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        return bool(workers)

    async def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """End the bot for good; return its exit status."""
        assert self._keeper is not None
        self._keeper.cancel()
        assert self._process is not None
        if self._process.returncode is None:
            self._signal(how)
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
            self.deaths.append(utc_now())
        return self._process.returncode or 0

    async def _keep(self) -> None:
        while True:
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self.command,
                    cwd=ROOT,
                    env=environment_of(self.data, self.variables),
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=log,
                )
            self._dead.clear()
            self._born.set()
            status = await self._process.wait()
            self.deaths.append(utc_now())
            self._born.clear()
            self._dead.set()
            if status != -signal.SIGKILL:
                self.falls.append(status)

    def _signal(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, how)

    def _workers(self) -> list[psutil.Process]:
        assert self._process is not None
        try:
            children = psutil.Process(self._process.pid).children()
            return [child for child in children if "inference.worker" in child.cmdline()]
        except psutil.NoSuchProcess:
            return []
