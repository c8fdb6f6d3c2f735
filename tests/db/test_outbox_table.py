"""The outbox: what is due, and what becomes of it."""

from datetime import timedelta

import pytest
from db_samples import ALICE

from db.base import utc_now
from db.history import History
from db.outbox import Backlog, DeliveryState, Outbox
from db.session import Database
from db.tables.outbox import OutboxRow

LATER = timedelta(minutes=5)


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


async def state_of(database: Database, outbox_id: int) -> OutboxRow:
    async with database.reading() as session:
        return await session.get_one(OutboxRow, outbox_id)


async def test_an_empty_outbox_has_nothing_due(outbox):
    assert await outbox.due(utc_now(), 10) == []
    assert await outbox.next_due() is None


async def test_the_longest_overdue_comes_first(outbox, made):
    for _ in range(3):
        await made()
    first, second, third = await outbox.due(utc_now(), 10)
    await outbox.retry(first.id, utc_now() + LATER, "HTTP 503")

    assert [message.id for message in await outbox.due(utc_now(), 10)] == [second.id, third.id]
    assert [message.id for message in await outbox.due(utc_now() + 2 * LATER, 10)] == [second.id, third.id, first.id]
    assert [message.id for message in await outbox.due(utc_now(), 1)] == [second.id]
    assert await outbox.next_due() == second.next_try_at


async def test_the_backlog_is_what_waits_and_how_late_it_is(outbox, made):
    empty = await outbox.backlog(utc_now())
    for _ in range(2):
        await made()
    first, _ = await outbox.due(utc_now(), 10)
    late = await outbox.backlog(first.next_try_at + LATER)
    await outbox.sent(first.id, 5)

    assert empty == Backlog(messages=0, overdue=0.0)
    assert late == Backlog(messages=2, overdue=LATER.total_seconds())
    assert (await outbox.backlog(first.next_try_at - LATER)) == Backlog(messages=1, overdue=0.0)


async def test_a_retry_keeps_the_nonce_and_says_why(outbox, made):
    await made()
    (message,) = await outbox.due(utc_now(), 10)
    at = utc_now() + LATER

    await outbox.retry(message.id, at, "HTTP 503")

    assert await outbox.next_due() == at
    (again,) = await outbox.due(at, 10)
    assert (again.nonce, again.tries, again.note, again.next_try_at) == (message.nonce, 1, "HTTP 503", at)
    assert 0 < len(again.nonce) <= 25


async def test_what_is_put_off_has_not_been_tried(outbox, made):
    await made()
    (message,) = await outbox.due(utc_now(), 10)
    at = utc_now() + LATER
    await outbox.put_off(message.id, at, "HTTP 429")
    (again,) = await outbox.due(at, 10)

    assert await outbox.due(utc_now(), 10) == []
    assert (again.nonce, again.tries, again.note, again.next_try_at) == (message.nonce, 0, "HTTP 429", at)


async def test_nonces_differ(outbox, made):
    for _ in range(3):
        await made()

    assert len({message.nonce for message in await outbox.due(utc_now(), 10)}) == 3


async def test_a_sent_message_is_known_to_job_and_records(database, outbox, jobs, made):
    record_id = await made()
    (message,) = await outbox.due(utc_now(), 10)

    await outbox.sent(message.id, 1 << 61)

    assert await outbox.due(utc_now(), 10) == []
    assert await outbox.next_due() is None
    assert (await jobs.get(message.job_id)).message_id == 1 << 61
    assert [record.id for record in await History(database).by_message(1 << 61)] == [record_id]
    row = await state_of(database, message.id)
    assert (row.state, row.message_id, row.tries) == (DeliveryState.SENT, 1 << 61, 1)
    assert row.sent_at is not None


async def test_what_was_posted_is_still_due_and_known_by_its_message(database, outbox, jobs, made):
    await made()
    (message,) = await outbox.due(utc_now(), 10)

    await outbox.posted(message.id, 1 << 61)

    (again,) = await outbox.due(utc_now(), 10)
    assert (again.message_id, again.tries) == (1 << 61, 0)
    assert (await jobs.get(message.job_id)).message_id != 1 << 61
    await outbox.sent(message.id, 1 << 61)
    await outbox.posted(message.id, 1 << 60)
    assert (await state_of(database, message.id)).message_id == 1 << 61


async def test_an_abandoned_message_keeps_its_reason(database, outbox, made):
    await made(user_id=ALICE)
    (message,) = await outbox.due(utc_now(), 10)

    await outbox.abandon(message.id, "the channel is gone")

    assert await outbox.due(utc_now() + LATER, 10) == []
    row = await state_of(database, message.id)
    assert (row.state, row.note) == (DeliveryState.ABANDONED, "the channel is gone")


async def test_what_was_sent_is_not_put_back(outbox, made):
    await made()
    (message,) = await outbox.due(utc_now(), 10)
    await outbox.sent(message.id, 1 << 61)

    await outbox.retry(message.id, utc_now(), "late news")
    await outbox.abandon(message.id, "late news")

    assert await outbox.due(utc_now() + LATER, 10) == []
