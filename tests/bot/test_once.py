"""A result that may have been sent already, and must be there once."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from bot_kit import House, in_channel, open_house
from delivery_kit import POST, delivered_again, held, order, over, send_again, state_of
from fakes import fail
from guest import Guest
from sqlalchemy import update

from db.base import utc_now
from db.outbox import Outbox
from db.session import Database
from db.tables.job import JobRow
from db.tables.outbox import DeliveryState, OutboxRow
from inference.protocol import FailureKind
from local_discord.server import LocalDiscord


@pytest.mark.parametrize("fault", [{"kind": "rest", "status": 500}, {"kind": "lost_answer"}])
async def test_a_post_that_broke_off_is_there_once(
    house: House, sqlite_database: Database, fault: dict[str, Any]
) -> None:
    ada = house.guest()
    first = await ada.type("/imagine a red circle")
    await order(house, **POST | fault)
    message = await delivered_again(house, sqlite_database, ada, first)
    row = await over(sqlite_database)

    later = [each["id"] for each in await in_channel(ada) if each["attachments"] and each["id"] != first["id"]]
    assert later == [message["id"]]
    assert (row.state, row.message_id) == (DeliveryState.SENT, int(message["id"]))


async def test_a_reply_that_has_its_pictures_already_stays_the_only_one(
    house: House, sqlite_database: Database
) -> None:
    ada = house.guest()
    _, job = await held(house, ada, "/imagine a red circle")
    house.executor.go_on.set()
    await ada.follow(str(job.interaction_id))
    first = await over(sqlite_database)
    async with sqlite_database.transaction() as session:
        await session.execute(update(JobRow).values(token=job.token))
    await send_again(house, sqlite_database)
    again = await over(sqlite_database)
    pictures = [each for each in await in_channel(ada) if each["attachments"]]

    assert [int(each["id"]) for each in pictures] == [first.message_id] == [again.message_id]


@pytest.mark.parametrize("token", ["alive", "dead", "dead for long", "dead for long, and much was said since"])
async def test_a_death_before_it_is_written_down_makes_no_second_message(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    arrived = asyncio.Event()

    async def die(*_: object) -> None:
        arrived.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        for name in ("posted", "sent"):
            patch.setattr(Outbox, name, die)
        async with open_house(server, sqlite_database, tmp_path) as house:
            await held(house, house.guest(), "/imagine a red circle")
            if token != "alive":
                await order(house, kind="expire_tokens")
            house.executor.go_on.set()
            await asyncio.wait_for(arrived.wait(), 10)
    assert (await state_of(sqlite_database)).state is DeliveryState.WAITING
    if "said" in token:
        async with aiohttp.ClientSession() as session:
            ben = Guest(session, server.base, "ben")
            await asyncio.gather(*(ben.say(f"{number} bottles") for number in range(130)))
    if "for long" in token:  # Discord has forgotten the nonce
        server.core.world.clock.advance(600)
        async with sqlite_database.transaction() as session:
            await session.execute(update(OutboxRow).values(posting_since=utc_now() - timedelta(minutes=10)))
    async with open_house(server, sqlite_database, tmp_path) as house:
        row = await over(sqlite_database)
        messages = await house.guest().messages()
        pictures = [each for each in messages if each["attachments"]]

    assert [int(each["id"]) for each in pictures] == [row.message_id]
    assert row.state is DeliveryState.SENT


@pytest.mark.parametrize("channel", ["studio", "dm"])
async def test_a_notice_without_pictures_that_was_posted_long_ago_is_found_and_another_ones_is_not(
    house: House, sqlite_database: Database, channel: str
) -> None:
    ada = house.guest("ada", channel)
    house.executor.outcomes = [fail(FailureKind.INVALID)]
    first = await ada.type("/imagine a red circle")
    second = await delivered_again(house, sqlite_database, ada, first)  # its token has done its work
    await over(sqlite_database)
    for awaited, messages in ((first, 2), (second, 3)):  # the reply that it comes instead of is how it is known
        async with sqlite_database.transaction() as session:
            await session.execute(update(JobRow).values(message_id=int(awaited["id"])))
            await session.execute(update(OutboxRow).values(posting_since=utc_now() - timedelta(minutes=10)))
        house.server.core.world.clock.advance(600)  # Discord has forgotten the nonce
        await send_again(house, sqlite_database)
        await over(sqlite_database)

        assert len(await in_channel(ada)) == messages
