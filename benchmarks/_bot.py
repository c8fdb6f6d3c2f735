"""A bot of its own for a benchmark: started as a person would start it, spoken to as a person would."""

import asyncio
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import psutil

from config.settings import ROOT

START_SECONDS = 120.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot and its chat server's interface for people."""

    process: psutil.Process
    session: aiohttp.ClientSession
    base: str

    async def post(self, call: str, body: Json) -> Json:
        """Do something as a person."""
        async with self.session.post(f"{self.base}/local/{call}", json=body) as response:
            response.raise_for_status()
            return dict(await response.json())

    async def get(self, call: str, **query: Any) -> Any:
        """Look at something as a person."""
        async with self.session.get(f"{self.base}/local/{call}", params=query) as response:
            response.raise_for_status()
            return await response.json()

    async def accept_licence(self, user: str) -> None:
        """Ask for a picture, accept the use restrictions, and wait until the picture is there."""
        asked = await self.post("run", {"user": user, "channel": "studio", "text": "/imagine a red circle steps:1"})
        async with asyncio.timeout(START_SECONDS):
            while True:  # it says that it is thinking first
                message = (await self.get(f"interactions/{asked['interaction']}", user=user, wait=30))["message"]
                if message is not None and (button := _accept_button(message)):
                    break
                await asyncio.sleep(0.1)
        body = {"user": user, "message": message["id"], "custom_id": button}
        pressed = await self.post("press", body)
        await self.get(f"interactions/{pressed['interaction']}", user=user, wait=60, until="quiet")


RUN_BOT = (sys.executable, "run_bot.py")
MAKE_RUN = ("make", "--silent", "run")


@asynccontextmanager
async def running_bot(command: tuple[str, ...] = RUN_BOT, **environment: str) -> AsyncIterator[Bot]:
    """Start the bot on an empty data folder, without a token; stop it at the end."""
    with tempfile.TemporaryDirectory() as data:
        variables = {name: value for name, value in os.environ.items() if name != "DISCORD_TOKEN"}
        variables |= {"IMAGINE_DATA": data} | environment
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=variables,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            page = await asyncio.wait_for(_page_of(process), START_SECONDS)
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
                yield Bot(psutil.Process(process.pid), session, page.rstrip("/"))  # type: ignore[no-untyped-call]
        finally:
            os.killpg(process.pid, signal.SIGINT)  # make and the bot alike
            await process.wait()


async def _page_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise RuntimeError("the bot ended before it was ready")


def _accept_button(message: Json) -> str | None:
    ids = re.findall(r'"custom_id": "(imagine:accept[^"]*)"', json.dumps(message["components"]))
    return str(ids[0]) if ids else None


def report(figures: Json, as_json: bool) -> None:
    """Print the figures, for a program or for a person."""
    print(json.dumps(figures) if as_json else "\n".join(f"{name}: {value}" for name, value in figures.items()))
