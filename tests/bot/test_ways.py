"""By which way a result reaches its person, and what is done where Discord does not take it."""

import asyncio
from datetime import timedelta

import pytest
from bot_kit import POLL_SECONDS, House, channel_of, in_channel
from delivery_kit import POST, another, delivered_again, held, order, over, send_again, state_of
from guest import record_ids
from sqlalchemy import update

from bot.delivery import BACK_OFF, TRIES
from db.base import utc_now
from db.session import Database
from db.tables.job import JobRow
from db.tables.outbox import DeliveryState
from local_discord import permissions
from local_discord.guild import Overwrite, User
from local_discord.server import LocalDiscord


def person(server: LocalDiscord, name: str) -> User:
    return next(each for each in server.core.world.people if each.name == name)


def close_channel(server: LocalDiscord, how: str) -> None:
    """Keep the bot out of the studio: by 50013, 50001 or 10003."""
    studio, bot = channel_of(server, "studio"), server.core.world.bot
    if how == "deleted":
        del server.core.world.channels[studio.id]
        return
    denied = {"silenced": permissions.SEND_MESSAGES, "hidden": permissions.VIEW_CHANNEL}[how]
    studio.overwrites.append(Overwrite(bot.id, 1, deny=denied))


@pytest.mark.parametrize("how", ["silenced", "hidden", "deleted"])
async def test_a_closed_channel_leaves_the_direct_message(house: House, sqlite_database: Database, how: str) -> None:
    first = await house.guest().type("/imagine a red circle")
    close_channel(house.server, how)
    await send_again(house, sqlite_database)
    row = await over(sqlite_database)
    (message,) = await in_channel(house.guest("ada", "dm"))

    assert record_ids(message) == record_ids(first)
    assert (row.state, row.tries, row.message_id) == (DeliveryState.SENT, 1, int(message["id"]))


async def test_where_every_way_is_closed_the_message_is_abandoned_with_a_log(
    house: House, sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await house.guest().type("/imagine a red circle")
    close_channel(house.server, "silenced")
    person(house.server, "ada").takes_direct = False
    await send_again(house, sqlite_database)
    row = await over(sqlite_database)

    assert (row.state, row.note) == (DeliveryState.ABANDONED, "no way to the person is open")
    assert f"no way to user {person(house.server, 'ada').id}" in caplog.text
    assert await in_channel(house.guest("ada", "dm")) == []


@pytest.mark.parametrize("how", ["expired", "unknown", "deleted"])
async def test_a_dead_token_leaves_the_channel(house: House, sqlite_database: Database, how: str) -> None:
    ada = house.guest()
    first = await ada.type("/imagine a red circle")
    reply, job = await held(house, ada, "/imagine a blue circle")
    if how == "expired":  # 50027
        await order(house, kind="expire_tokens")
    elif how == "unknown":  # 10015
        async with sqlite_database.transaction() as session:
            await session.execute(update(JobRow).where(JobRow.id == job.id).values(token="forged"))
    else:  # 10008
        messages = house.server.core.chat.messages
        house.server.core.chat.delete(messages.get(channel_of(house.server, "studio"), int(reply["id"])))
    house.executor.go_on.set()
    answer = await another(ada, first if how == "deleted" else reply)

    assert len(record_ids(answer)) == 1
    assert f"<@{job.user_id}>" in answer["content"]
    assert answer["mentions"] == []


@pytest.mark.parametrize("refusals", [2, 4])
async def test_what_stays_too_large_is_halved_again(house: House, sqlite_database: Database, refusals: int) -> None:
    ada = house.guest()
    first = await ada.type("/imagine a red circle")
    await order(house, **POST, status=413, times=refusals)
    message = await delivered_again(house, sqlite_database, ada, first)

    assert message["attachments"][0]["size"] <= first["attachments"][0]["size"] // 2**refusals
    assert "smaller copy" in message["content"]


async def test_what_is_too_large_at_any_size_is_given_up_in_words(house: House, sqlite_database: Database) -> None:
    ada = house.guest()
    first = await ada.type("/imagine a red circle")
    await order(house, **POST, status=413, times=5)
    message = await delivered_again(house, sqlite_database, ada, first)

    assert "could not be sent" in message["content"]
    assert (await over(sqlite_database)).state is DeliveryState.ABANDONED


async def test_a_reply_that_is_too_large_is_halved_in_its_place(house: House, sqlite_database: Database) -> None:
    ada = house.guest()
    reply, job = await held(house, ada, "/imagine a red circle")
    await order(house, kind="rest", method="PATCH", path=f"/{job.token}", status=413, times=2)
    house.executor.go_on.set()
    message = await ada.follow(str(job.interaction_id))

    assert len(record_ids(message)) == 1
    assert "smaller copy" in message["content"]
    assert message["id"] == reply["id"]


async def test_a_rate_limit_is_no_failure_of_the_message(
    house: House, sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    ada = house.guest()
    first = await ada.type("/imagine a red circle")
    await order(house, **POST, status=429, retry_after=0.02, times=6)  # discord.py itself tries five times
    message = await delivered_again(house, sqlite_database, ada, first, tries=TRIES - 1)
    row = await over(sqlite_database)

    assert record_ids(message) == record_ids(first)
    assert (row.state, row.tries) == (DeliveryState.SENT, TRIES)
    assert "enough for now, again in 1.0 s" in caplog.text


async def test_a_discord_that_stumbles_is_given_more_time_with_every_try(
    house: House, sqlite_database: Database
) -> None:
    await house.guest().type("/imagine a red circle")
    await order(house, **POST, status=503)
    await send_again(house, sqlite_database, tries=5)
    async with asyncio.timeout(10):
        while (row := await state_of(sqlite_database)).tries == 5:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)

    assert (row.state, row.tries, row.note) == (DeliveryState.WAITING, 6, "DiscordServerError 503 0")
    assert timedelta(seconds=BACK_OFF[5] - 10) < row.next_try_at - utc_now() <= timedelta(seconds=BACK_OFF[5])


@pytest.mark.parametrize("status", [401, 403])
async def test_a_bot_that_is_not_let_in_tries_again(house: House, sqlite_database: Database, status: int) -> None:
    ada = house.guest()
    first = await ada.type("/imagine a red circle")
    await order(house, **POST, status=status)
    message = await delivered_again(house, sqlite_database, ada, first)

    assert record_ids(message) == record_ids(first)
    assert await in_channel(house.guest("ada", "dm")) == []
