"""What is left after a run, read from where it lies: database, folders, chat."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from guest import Json
from sqlalchemy import select

from db.base import value_of
from db.objects import PROBE
from db.session import Database
from db.tables.job import Job, JobRow
from db.tables.outbox import Message, OutboxRow
from db.tables.record import Record, RecordRow


@dataclass(frozen=True)
class Evidence:
    """All of it, as it was when the bot had stopped.

    `chat` holds every message that others can see; `files` the SHA-256 of every stored picture's bytes, by file name.
    """

    jobs: list[Job]
    outbox: list[Message]
    records: list[Record]
    chat: list[Json]
    files: dict[str, str]
    spool: list[str]


async def rows_of(url: str) -> tuple[list[Job], list[Message], list[Record]]:
    """Return what the database knows of jobs, messages and records."""
    async with Database(url) as database, database.reading() as session:
        return (
            [value_of(Job, row) for row in await session.scalars(select(JobRow).order_by(JobRow.id))],
            [value_of(Message, row) for row in await session.scalars(select(OutboxRow).order_by(OutboxRow.id))],
            [value_of(Record, row) for row in await session.scalars(select(RecordRow).order_by(RecordRow.job_id))],
        )


async def gather_evidence(url: str, pictures: Path, spools: Sequence[Path], world: dict[str, Any]) -> Evidence:
    """Look at everything."""
    jobs, outbox, records = await rows_of(url)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {world['token']}"}) as session:
        chat = [message async for message in _chat(session, world)]
    return Evidence(jobs, outbox, records, chat, _digests(pictures), [name for each in spools for name in _names(each)])


def _digests(pictures: Path) -> dict[str, str]:
    files = [path for path in pictures.rglob("*") if path.is_file() and path.name != PROBE]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*")]


async def _chat(session: aiohttp.ClientSession, world: dict[str, Any]) -> AsyncIterator[Json]:
    channels = [channel["id"] for channel in world["channels"]]
    for user in world["users"]:
        body = {"recipient_id": user["id"]}
        channels.append((await _call(session, "POST", f"{world['rest']}/users/@me/channels", json=body))["id"])
    for channel in channels:
        before: dict[str, str] = {}
        while page := await _call(
            session, "GET", f"{world['rest']}/channels/{channel}/messages", params={"limit": "100"} | before
        ):
            for message in page:
                yield message
            before = {"before": page[-1]["id"]}


async def _call(session: aiohttp.ClientSession, method: str, address: str, **options: Any) -> Any:
    """Return the answer, as patient as the rate limit asks for."""
    while True:
        async with session.request(method, address, **options) as response:
            if response.status != 429:
                response.raise_for_status()
                return await response.json()
            await asyncio.sleep(float(response.headers["Retry-After"]))
