"""A result delivered again, with something in the way."""

import asyncio
from datetime import timedelta
from typing import Any

from bot_kit import POLL_SECONDS, House, in_channel
from guest import Guest, Json
from sqlalchemy import select, update

from db.base import utc_now
from db.session import Database
from db.tables.job import Job
from db.tables.outbox import DeliveryState, OutboxRow

POST = {"kind": "rest", "method": "POST", "path": "/channels/"}


async def order(house: House, **fault: Any) -> None:
    async with house.session.post(f"{house.server.base}/local/faults", json=[fault]) as response:
        response.raise_for_status()


async def state_of(database: Database) -> OutboxRow:
    async with database.reading() as session:
        return (await session.scalars(select(OutboxRow))).one()


async def send_again(house: House, database: Database, *, tries: int = 0) -> None:
    """Have the only result delivered once more, by the channel as its token is gone."""
    async with database.transaction() as session:
        again = {"state": DeliveryState.WAITING, "tries": tries, "next_try_at": utc_now() - timedelta(seconds=1)}
        await session.execute(update(OutboxRow).values(again | {"message_id": None}))
    house.delivery.wake()


async def delivered_again(house: House, database: Database, ada: Guest, first: Json, *, tries: int = 0) -> Json:
    """Deliver the only result once more, and return the new message in the channel."""
    await send_again(house, database, tries=tries)
    return await another(ada, first)


async def another(ada: Guest, first: Json) -> Json:
    """Return the channel's newest message once it is not the first."""
    async with asyncio.timeout(20):
        while (newest := (await in_channel(ada))[-1])["id"] == first["id"]:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)
        return newest


async def held(house: House, guest: Guest, text: str) -> tuple[Json, Job]:
    """Type a command whose job stands still at its preview until `go_on` is set; return its reply and its job."""
    (user_id,) = [each.id for each in house.server.core.world.people if each.name == guest.name]
    await house.studio.accept(user_id)
    house.executor.go_on.clear()
    started = await guest.post("run", {"channel": guest.channel, "text": text})
    async with asyncio.timeout(10):
        while not (reply := await guest.answer(started["interaction"]))["attachments"]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(POLL_SECONDS)
    (job,) = await house.jobs.open_of(user_id)
    return reply, job


async def over(database: Database) -> OutboxRow:
    """Return the only message of the outbox once it waits no more."""
    async with asyncio.timeout(20):
        while (row := await state_of(database)).state is DeliveryState.WAITING:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)
        return row
