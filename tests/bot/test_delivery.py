"""How what was made reaches its person when something is in the way."""

import asyncio
import logging

import pytest
from bot_kit import POLL_SECONDS, House, channel_of, in_channel
from delivery_kit import POST, another, delivered_again, order, over
from guest import Guest, Json, labels, record_ids
from sqlalchemy import text

from bot import delivery
from bot.delivery import TRIES
from db.session import Database
from db.tables.job import JobRow, JobStatus
from db.tables.outbox import DeliveryState, Notice, OutboxRow
from local_discord.server import LocalDiscord


async def test_a_picture_that_was_lost_on_the_way_is_told_of(house: House, sqlite_database: Database) -> None:
    ada = house.guest()
    first = await ada.type("/imagine a red circle count:2 seed:1")
    kept, lost = [await house.history.get(each) for each in record_ids(first)]
    assert kept is not None
    assert lost is not None
    await house.store.delete(lost.sha256)
    message = await delivered_again(house, sqlite_database, ada, first)

    assert record_ids(message) == [kept.id]
    assert f"The file of picture {lost.id} is lost" in message["content"]
    assert (await over(sqlite_database)).state is DeliveryState.SENT


async def test_what_discord_finds_too_large_is_sent_smaller(house: House, sqlite_database: Database) -> None:
    ada = house.guest()
    first = await ada.type("/imagine a red circle")
    await order(house, **POST, status=413)
    message = await delivered_again(house, sqlite_database, ada, first)

    assert message["attachments"][0]["size"] <= first["attachments"][0]["size"] // 2
    assert "smaller copy" in message["content"]


async def test_a_letter_that_discord_will_never_take_is_given_up_in_words(
    house: House, sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    ada = house.guest()
    first = await ada.type("/imagine a red circle")
    await order(house, **POST, status=400)
    message = await delivered_again(house, sqlite_database, ada, first)
    row = await over(sqlite_database)

    assert "could not be sent" in message["content"]
    assert (row.state, row.tries) == (DeliveryState.ABANDONED, 1)
    assert "given up" in [line.getMessage().split(", and ")[-1] for line in caplog.records if line.levelno >= 40]


async def test_a_slow_channel_holds_up_nobody_else(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    for guest in (ada, ben):
        await guest.type("/imagine a red circle")
    house.executor.go_on.clear()
    slow = await ada.post("run", {"channel": "studio", "text": "/imagine a slow circle"})
    await ada.get(f"interactions/{slow['interaction']}", wait=10)
    async with asyncio.timeout(10):
        while len(house.executor.attempts) < 3:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)
    job = await house.jobs.get(3)
    assert job is not None
    await order(house, kind="rest_delay", seconds=5, method="PATCH", path=f"/{job.token}", times=None)
    house.executor.go_on.set()
    quick = await ben.type("/imagine a quick circle")
    waiting = (await ada.get(f"interactions/{slow['interaction']}"))["message"]

    assert len(record_ids(quick)) == 1
    assert labels(waiting) == ["Cancel"]
    assert len(record_ids(await ada.follow(slow["interaction"]))) == 1


async def test_a_database_that_stumbles_ends_no_delivery(
    house: House, sqlite_database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "STUMBLE_SECONDS", 0.2)
    ada = house.guest()
    async with sqlite_database.transaction() as session:
        await session.execute(text("ALTER TABLE outbox RENAME TO away"))
    house.delivery.wake()
    async with asyncio.timeout(10):
        while "the outbox cannot be read" not in caplog.text:  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(POLL_SECONDS)
    async with sqlite_database.transaction() as session:
        await session.execute(text("ALTER TABLE away RENAME TO outbox"))

    assert len(record_ids(await ada.type("/imagine a red circle"))) == 1


@pytest.mark.parametrize("command", ["/imagine a red circle", "/queue", "/help"])
async def test_a_request_whose_acknowledgement_got_lost_is_carried_out(house: House, command: str) -> None:
    ada = house.guest()
    await ada.type("/imagine a blue circle")
    await order(house, kind="lost_answer", path="/callback")
    message = await ada.type(command)

    assert "went wrong" not in message["content"]
    assert len(house.executor.attempts) == (2 if "imagine" in command else 1)


async def test_a_discord_that_is_down_is_tried_again(house: House, sqlite_database: Database) -> None:
    ada = house.guest()
    first = await ada.type("/imagine a red circle")
    await order(house, **POST, status=503)
    message = await delivered_again(house, sqlite_database, ada, first)

    assert record_ids(message) == record_ids(first)
    assert (await over(sqlite_database)).state is DeliveryState.SENT


async def test_a_discord_that_stays_down_is_given_up_at_last(
    house: House, sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    ada = house.guest()
    first = await ada.type("/imagine a red circle")
    await order(house, **POST, status=503, times=None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await delivered_again(house, sqlite_database, ada, first, tries=TRIES - 1)

    assert (await over(sqlite_database)).state is DeliveryState.ABANDONED
    assert logging.ERROR in [line.levelno for line in caplog.records]


async def late_answer(house: House, ada: Guest) -> tuple[Json, Json]:
    """Let a token die before its picture is drawn; return the reply that waits for it, and the answer."""
    await ada.type("/imagine a red circle")
    house.executor.go_on.clear()
    started = await ada.post("run", {"channel": "studio", "text": "/imagine a blue circle"})
    waiting = (await ada.get(f"interactions/{started['interaction']}", wait=10))["message"]
    await order(house, kind="expire_tokens")
    house.executor.go_on.set()
    return waiting, await another(ada, waiting)


async def pointer(ada: Guest, waiting: Json) -> Json:
    """Return the reply once it waits no more."""
    async with asyncio.timeout(10):
        while labels(left := await ada.message(waiting["id"])):  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)
        return left


async def test_a_reply_whose_token_died_points_to_the_answer(house: House) -> None:
    ada = house.guest()
    waiting, answer = await late_answer(house, ada)
    left = await pointer(ada, waiting)

    assert len(record_ids(answer)) == 1
    assert left["content"].endswith(f"{answer['channel_id']}/{answer['id']}")
    assert left["attachments"] == []


async def test_a_pointer_that_fails_is_tried_again_and_the_answer_is_not(house: House) -> None:
    ada = house.guest()
    await order(house, kind="rest", status=503, method="PATCH", path="/channels/")
    waiting, answer = await late_answer(house, ada)
    await order(house, **POST, status=400, times=None)
    left = await pointer(ada, waiting)

    assert left["content"].endswith(f"{answer['channel_id']}/{answer['id']}")
    assert (await in_channel(ada))[-1]["id"] == answer["id"]


async def test_a_flooded_channel_holds_up_no_other(house: House, sqlite_database: Database) -> None:
    ada, ben = house.guest("ada", "studio"), house.guest("ben", "after-dark")
    await ada.type("/imagine a red circle")
    before = len(await in_channel(ada))
    places = [channel_of(house.server, "studio").id] * 60 + [channel_of(house.server, "after-dark").id]
    async with sqlite_database.transaction() as session:
        for number, place in enumerate(places):
            job = failed_job(house.server, number, place)
            session.add(job)
            await session.flush()
            session.add(OutboxRow(job_id=job.id, kind=Notice.FAILURE))
    house.delivery.wake()
    async with asyncio.timeout(20):
        while not await in_channel(ben):  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)

    assert len(await in_channel(ada)) - before < 20


def failed_job(server: LocalDiscord, number: int, channel_id: int) -> JobRow:
    return JobRow(
        interaction_id=number + 1,
        action="imagine",
        request={"prompt": "a red circle"},
        user_id=server.core.world.people[0].id,
        guild_id=server.core.world.home.id,
        channel_id=channel_id,
        locale="en",
        private=False,
        age_restricted=False,
        publishes_prompt=True,
        pictures=1,
        status=JobStatus.FAILED,
        cost=1.0,
        further_parents=[],
        notes=[],
        error_key="jobs.failed_inside",
    )
