"""The whole bot in one process, on a local Discord and a fake executor, for tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from fakes import FakeCaptions, FakeExecutor, FakeEyes, FakeFinder, InThreadClerk
from guest import Guest, Json
from yarl import URL

from bot.builder import Tools
from bot.client import ImagineClient
from bot.delivery import Delivery
from bot.house import House as BuiltHouse
from bot.housekeeper import Housekeeper
from bot.login import Login, join
from bot.overview import Overview
from bot.progress import ProgressBoard
from bot.studio import Studio
from config.settings import load_settings
from db.history import History
from db.images import FolderStore
from db.jobs import Job, Jobs
from db.session import Database
from local_discord.guild import Channel
from local_discord.server import LocalDiscord
from observing.metrics import Metrics

POLL_SECONDS = 0.05


@dataclass
class House:
    """A running bot, and what a test looks at."""

    server: LocalDiscord
    client: ImagineClient
    executor: FakeExecutor
    studio: Studio
    jobs: Jobs
    history: History
    store: FolderStore
    session: aiohttp.ClientSession
    delivery: Delivery
    board: ProgressBoard
    housekeeper: Housekeeper
    overview: Overview
    metrics: Metrics

    def guest(self, name: str = "ada", channel: str = "studio") -> Guest:
        return Guest(self.session, self.server.base, name, channel)


@asynccontextmanager
async def open_house(
    server: LocalDiscord,
    database: Database,
    folder: Path,
    eyes: FakeEyes | None = None,
    captions: FakeCaptions | None = None,
    finder: FakeFinder | None = None,
    *,
    ready: bool = True,
    **changes: Any,
) -> AsyncIterator[House]:
    """Build the bot on the database and the folder, log in, and leave everything behind as a crash would.

    `ready` waits until every shard has heard of all its guilds.
    """
    settings = load_settings(data=folder, checkpoints=("demo",), times={"preview_every": 0.2}, **changes)
    clerk, executor = InThreadClerk(), FakeExecutor()
    store = FolderStore(folder / "pictures")
    tools = Tools(database, store, executor, clerk, clerk, eyes, captions, finder)
    built = BuiltHouse.build(settings, tools)
    client, board, dispatcher, delivery = built.client, built.board, built.dispatcher, built.delivery
    await built.discipline.load()
    async with aiohttp.ClientSession() as session, client:
        client._connection.guild_ready_timeout = 0.05  # all guilds are on this machine
        tasks = [
            asyncio.create_task(work)
            for work in (
                join(client, Login(server.token)),
                dispatcher.run(built.audience),
                board.run(),
                delivery.run(board),
                client.desk.run(),
                client.sweeper.run(),
                *([built.page.run()] if built.page else []),
            )
        ]
        try:
            await asyncio.wait_for(client.wait_until_ready() if ready else client.logged_in.wait(), 20)
            yield House(
                server=server,
                client=client,
                executor=executor,
                studio=client.studio,
                jobs=Jobs(database),
                history=built.history,
                store=store,
                session=session,
                delivery=delivery,
                board=board,
                housekeeper=built.housekeeper,
                overview=built.overview,
                metrics=built.metrics,
            )
        finally:
            await board.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def pointed_at(server: LocalDiscord) -> AsyncIterator[None]:
    """Let discord.py, which keeps its addresses on classes, speak to the server."""
    before = discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, discord.Asset.BASE
    discord.http.Route.BASE = f"{server.base}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = URL(server.core.gateway_url)
    discord.Asset.BASE = f"{server.base}/cdn"
    try:
        yield
    finally:
        discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, discord.Asset.BASE = before


async def open_jobs(house: House) -> list[Job]:
    """Return the jobs that wait or run; one that begins in between counts once."""
    found = {job.id: job for job in await house.jobs.pending()}
    found |= {job.id: job for job in await house.jobs.leased()}
    return [found[number] for number in sorted(found)]


async def first_answer(guest: Guest, text: str) -> Json:
    """Type a command and return the message that answers it first, even if it asks something in turn."""
    started = await guest.post("run", {"channel": guest.channel, "text": text})
    return await settled(guest, started)


async def settled(guest: Guest, started: Json) -> Json:
    """Return the message that an act led to, once it no longer says "thinking"."""
    async with asyncio.timeout(20):
        while True:
            answer = await guest.get(f"interactions/{started['interaction']}", wait=20)
            if answer["state"] in ("answered", "updated"):
                return dict(answer["message"])
            await asyncio.sleep(POLL_SECONDS)


async def gone(guest: Guest, message: Json) -> None:
    """Return once the message is no longer there."""
    async with asyncio.timeout(20):
        while message["id"] in [each["id"] for each in await in_channel(guest)]:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)


async def in_channel(guest: Guest) -> list[Json]:
    """Return what the person sees in the channel, oldest first."""
    return list(await guest.get("messages", channel=guest.channel, limit=50))


def channel_of(server: LocalDiscord, name: str) -> Channel:
    return next(each for each in server.core.world.channels.values() if each.name == name)
