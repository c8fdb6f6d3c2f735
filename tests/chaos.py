"""A storm over a bot, from the first person who comes to the last look at what is left."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import tiny
from crowd import act_for_ever
from evidence import Evidence, gather_evidence, rows_of
from faults import Faults
from guest import Guest, Json
from household import Household
from pair import Pair, pair_of
from processes import joining, running_chat_server
from sqlalchemy import select, update
from storm import Storm

from db.base import utc_now
from db.privacy import Privacy
from db.session import Database
from db.tables.job import OPEN
from db.tables.outbox import DeliveryState
from db.tables.record import RecordRow
from provenance.identity import make_identity, today

PEOPLE = (("ada", "studio"), ("ben", "studio"), ("mia", "studio"), ("ada", "dm"))
FLOOD = 4  # requests of each person: as many pictures as may wait in the short storm
POLL_SECONDS = 0.3
ARRIVAL_SECONDS = 90.0
LONGEST_START = 12.0  # seconds; on a machine that takes longer the blows come thicker
TWO_DAYS = 2 * 86_400.0  # seconds
MODELS = """
[tiny]
title = "Tiny"
weights = {{ source = "{folder}" }}
family = "sd1"
native_side = 64
min_side = 64
max_side = 128
max_pixels = 16384
sampler = "DDIM"
num_inference_steps = 4
guidance_scale = 3.0
licence = "MIT"
licence_url = "LICENSE"
image_check = "closed world"
"""


@dataclass(frozen=True)
class Weather:
    """How bad it gets: what each person may have `pending`, and with how much `patience` the end is awaited.

    A `pair` is a bot and its standby, each on a machine of its own. `people` come, by their names and channels.
    """

    seed: int
    blows: int
    pending: int
    patience: float
    pair: bool = False
    people: tuple[tuple[str, str], ...] = PEOPLE


@dataclass(frozen=True)
class Aftermath:
    """What is left: the evidence, when the bot began and died, and how it ended where nobody had killed it."""

    evidence: Evidence
    struck: list[str]
    ends: list[datetime]
    falls: list[int]
    status: int


async def endure(
    weather: Weather, folder: Path, url: str, restart_database: Callable[[], Awaitable[None]] | None
) -> Aftermath:
    """Let a storm pass over a bot, wait until everything has come to its end, and look at what is left.

    It has to come to its end without another start; that one sweeps up only.
    """
    with running_chat_server() as world:
        variables = joining(world) | settings_for(folder, url, weather.pending) | shared_by_machines(folder)
        household: Household | Pair = Household(folder / "data", variables)
        if weather.pair:
            household = pair_of(folder, variables, weather.seed)
        storm = Storm(household, weather.seed, restart_database)
        began = utc_now()
        async with household, aiohttp.ClientSession() as session:
            await rage(storm, session, world, weather)
            await settle(url, weather.patience)
            await household.stop(signal.SIGKILL)
            await make_old(folder / "pictures", url)
            await presence_of_the_bot(Guest(session, world["page"]), False)
            household.start()
            await presence_of_the_bot(Guest(session, world["page"]), True)
            await sweep(folder / "pictures", url)
            status = await household.stop()
        # a machine clears its spool when it serves, and the last to serve may be either of a pair
        spools = [] if weather.pair else [folder / "data" / "spool"]
        evidence = await gather_evidence(url, folder / "pictures", spools, world)
    return Aftermath(evidence, storm.struck, [began, *household.deaths], household.falls, status)


async def rage(storm: Storm, session: aiohttp.ClientSession, world: dict[str, Any], weather: Weather) -> None:
    """Let people use the bot while it is struck as often as the weather says."""
    crowd, began = [Guest(session, world["page"], name, channel) for name, channel in weather.people], time.monotonic()
    await presence_of_the_bot(crowd[0], True)
    await ask_at_once(crowd[:3], "/imagine warm steps:2", 1, weather.patience)
    start = min(LONGEST_START, time.monotonic() - began)
    await ask_at_once(crowd[:3], "/imagine much steps:10", FLOOD, weather.patience)  # some wait for others
    faults = Faults(session, world["page"], storm.seed)
    acts = [act_for_ever(person, Random(f"{person.name} {person.channel} {storm.seed}")) for person in crowd]
    tasks = [asyncio.create_task(each) for each in (*acts, faults.order_for_ever())]
    try:
        await storm.strike(weather.blows, start)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await faults.clear()
    assert [end for end in ends if not isinstance(end, asyncio.CancelledError)] == []


async def ask_at_once(people: Sequence[Guest], words: str, times: int, patience: float) -> None:
    """Let all of them ask so many times at once, and return when everything is drawn."""

    async def ask(person: Guest) -> Json:
        started = await person.post("run", {"channel": person.channel, "text": words})
        return await person.follow(started["interaction"], patience=patience)

    drawn = await asyncio.gather(*(ask(person) for person in people for _ in range(times)))
    assert all(each["attachments"] for each in drawn), [each["content"] for each in drawn]


async def presence_of_the_bot(person: Guest, expected: bool) -> None:
    """Return when the bot is there, or is not."""
    async with asyncio.timeout(ARRIVAL_SECONDS):
        while (await person.get("world"))["bot_online"] is not expected:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)


async def settle(url: str, patience: float) -> None:
    """Return when nothing is left to draw or to tell. Raises TimeoutError where nothing changes for so many seconds.

    A storm can leave more messages for one channel than its pace lets out in minutes.
    """
    left = await left_to_do(url)
    while left != (0, 0):
        before = left
        async with asyncio.timeout(patience):
            while left == before:
                await asyncio.sleep(POLL_SECONDS)
                left = await left_to_do(url)


async def left_to_do(url: str) -> tuple[int, int]:
    """Return how many jobs are open and how many messages wait."""
    jobs, outbox, _ = await rows_of(url)
    return sum(job.status in OPEN for job in jobs), sum(each.state is DeliveryState.WAITING for each in outbox)


def shared_by_machines(folder: Path) -> dict[str, str]:
    """Return the environment of what two bots have to have in common, besides their database."""
    identity = make_identity(today())
    (folder / "certificates.pem").write_text(identity.certificates)
    (folder / "key.pem").write_text(identity.key)
    (folder / "key.pem").chmod(0o600)
    return {
        "IMAGINE_PICTURES": str(folder / "pictures"),
        "IMAGINE_KEY": "the same on each machine",
        "IMAGINE_CREDENTIALS__CERTIFICATES": str(folder / "certificates.pem"),
        "IMAGINE_CREDENTIALS__KEY": str(folder / "key.pem"),
    }


async def make_old(pictures: Path, url: str) -> None:
    """Let every picture look old, and one of the rows older, so that the next start sweeps away what no row knows."""
    before = time.time() - TWO_DAYS
    for path in all_of(pictures):
        os.utime(path, (before, before))
    async with Database(url) as database, database.transaction() as session:
        first = select(RecordRow.id).order_by(RecordRow.created_at).limit(1).scalar_subquery()
        moment = utc_now() - timedelta(seconds=2 * TWO_DAYS)
        await session.execute(update(RecordRow).where(RecordRow.id == first).values(created_at=moment))


async def sweep(pictures: Path, url: str) -> None:
    """Return when a start has swept away what no row knows; where it does not, the evidence will say so."""
    async with Database(url) as database:
        with suppress(TimeoutError):
            async with asyncio.timeout(ARRIVAL_SECONDS):
                while {path.stem for path in all_of(pictures)} - await Privacy(database).needed():  # noqa: ASYNC110 - another's news
                    await asyncio.sleep(POLL_SECONDS)


def all_of(pictures: Path) -> list[Path]:
    return list(pictures.rglob("*.*"))


def settings_for(folder: Path, url: str, pending: int) -> dict[str, str]:
    """Return the environment of a bot that draws with a checkpoint of a megabyte."""
    tiny.make(folder / "tiny")
    (folder / "models.toml").write_text(MODELS.format(folder=folder / "tiny"))
    return {
        "IMAGINE_DATABASE": url,
        "IMAGINE_MODELS": str(folder / "models.toml"),
        "IMAGINE_CHECKPOINT": "tiny",
        "IMAGINE_CHECKPOINTS": '["tiny"]',
        "IMAGINE_DEVICES": '["cpu"]',
        "IMAGINE_LIMITS__PENDING_PER_USER": str(pending),
        "IMAGINE_TIMES__LEASE": "6",
        "IMAGINE_TIMES__PREVIEW_EVERY": "0.3",
    }
