"""Jobs: what a step changes, and who may take it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from db.base import utc_now
from db.history import History
from db.jobs import Job, Jobs, JobStatus
from db.outbox import Notice, Outbox
from db.session import Database
from db.shares import Shares, Standing


async def leased(jobs: Jobs, new) -> Job:
    job, _ = await jobs.submit(new)
    held = await jobs.claim(job.id, "local/0", 60)
    assert held is not None
    return held


async def test_a_submitted_job_waits_with_all_that_was_said(jobs, new_job):
    new = new_job(token="t" * 300, application_id=1 << 61, locale="de", private=True, pictures=3)

    job, created = await jobs.submit(new)

    assert created
    assert job.status is JobStatus.PENDING
    assert (job.fence, job.attempts, job.worker, job.message_id) == (0, 0, None, None)
    assert job.created_at.tzinfo is not None
    assert {name: getattr(job, name) for name in vars(new)} == vars(new)
    assert await jobs.get(job.id) == job


async def test_fifty_submits_of_one_interaction_make_one_job(jobs, new_job):
    new = new_job()

    answers = await asyncio.gather(*(jobs.submit(new) for _ in range(50)))

    assert sum(created for _, created in answers) == 1
    assert len({job.id for job, _ in answers}) == 1
    assert len(await jobs.pending()) == 1


async def test_jobs_wait_in_order_of_arrival(jobs, new_job):
    ids = [(await jobs.submit(new_job()))[0].id for _ in range(5)]

    assert [job.id for job in await jobs.pending()] == ids


async def test_of_many_claimers_one_wins(jobs, new_job):
    job, _ = await jobs.submit(new_job())

    claims = await asyncio.gather(*(jobs.claim(job.id, f"local/{number}", 60) for number in range(10)))

    winners = [claim for claim in claims if claim is not None]
    assert len(winners) == 1
    assert (winners[0].status, winners[0].fence, winners[0].attempts) == (JobStatus.LEASED, 1, 1)
    assert await jobs.get(job.id) == winners[0]


async def test_completing_writes_records_and_outbox_at_once(database: Database, jobs, new_job, new_record):
    job = await leased(jobs, new_job(private=True, age_restricted=True))
    pictures = [new_record(index=index, seed=2**32 - 1 - index) for index in range(2)]

    assert await jobs.complete(job.id, job.fence, pictures, seconds=3.0)

    done = await jobs.get(job.id)
    assert (done.status, done.seconds, done.worker, done.lease_until) == (JobStatus.DONE, 3.0, None, None)
    records = await History(database).of_job(job.id)
    assert [record.id for record in records] == [picture.id for picture in pictures]
    assert [record.seed for record in records] == [2**32 - 1, 2**32 - 2]
    for record in records:
        assert (record.user_id, record.guild_id, record.channel_id) == (job.user_id, job.guild_id, job.channel_id)
        assert (record.private, record.age_restricted, record.seconds) == (True, True, 1.5)
        assert (record.started_at, record.finished_at) == (done.started_at, done.finished_at)
    (message,) = await Outbox(database).due(utc_now(), 10)
    assert (message.job_id, message.kind) == (job.id, Notice.RESULT)


async def test_a_stale_fence_changes_nothing(database, jobs, new_job, new_record):
    old = await leased(jobs, new_job())
    await jobs.release(old.id, old.fence, tried=True)
    new = await jobs.claim(old.id, "local/1", 60)

    assert not await jobs.complete(old.id, old.fence, [new_record()], seconds=1.0)
    assert not await jobs.fail(old.id, old.fence, JobStatus.FAILED, "jobs.crashed", {})
    assert not await jobs.release(old.id, old.fence, tried=True)
    assert not await jobs.cancel_leased(old.id, old.fence)
    assert await jobs.extend([(old.id, old.fence)], 60) == set()

    assert await jobs.get(old.id) == new
    assert await History(database).of_job(old.id) == []
    assert await Outbox(database).due(utc_now(), 10) == []


async def test_a_job_completes_once_however_often_its_holder_says_so(database, jobs, new_job, new_record):
    job = await leased(jobs, new_job())

    ends = await asyncio.gather(*(jobs.complete(job.id, job.fence, [new_record()], seconds=1.0) for _ in range(5)))

    assert sorted(ends) == [False] * 4 + [True]
    assert len(await History(database).of_job(job.id)) == 1
    assert len(await Outbox(database).due(utc_now(), 10)) == 1


async def test_a_completion_that_breaks_leaves_the_lease(database, jobs, new_job, new_record):
    job = await leased(jobs, new_job())
    twins = [new_record(index=0), new_record(index=0)]

    with pytest.raises(Exception, match=r"(?i)unique"):
        await jobs.complete(job.id, job.fence, twins, seconds=1.0)

    assert await jobs.get(job.id) == job
    assert await Outbox(database).due(utc_now(), 10) == []


async def test_a_failure_keeps_its_words_for_the_person(database, jobs, new_job):
    job = await leased(jobs, new_job())

    assert await jobs.fail(job.id, job.fence, JobStatus.REFUSED, "moderation.clause", {"clause": "b", "n": 0})

    failed = await jobs.get(job.id)
    assert (failed.status, failed.error_key) == (JobStatus.REFUSED, "moderation.clause")
    assert failed.error_values == {"clause": "b", "n": 0}
    (message,) = await Outbox(database).due(utc_now(), 10)
    assert message.kind is Notice.FAILURE


async def test_only_a_waiting_job_is_cancelled_without_its_fence(database, jobs, new_job):
    waiting, _ = await jobs.submit(new_job())
    running = await leased(jobs, new_job())

    assert await jobs.cancel(waiting.id)
    assert not await jobs.cancel(waiting.id)
    assert not await jobs.cancel(running.id)
    assert await jobs.cancel_leased(running.id, running.fence)

    assert [message.kind for message in await Outbox(database).due(utc_now(), 10)] == [Notice.CANCELLED] * 2
    assert await jobs.claim(waiting.id, "local/0", 60) is None


@pytest.mark.parametrize(("tried", "attempts"), [(True, 1), (False, 0)])
async def test_a_released_job_waits_where_it_waited(jobs, new_job, tried, attempts):
    first = await leased(jobs, new_job())
    second, _ = await jobs.submit(new_job())

    assert await jobs.release(first.id, first.fence, tried=tried)

    back, other = await jobs.pending()
    assert (back.id, other.id) == (first.id, second.id)
    assert (back.attempts, back.fence, back.worker, back.lease_until) == (attempts, 1, None, None)


async def test_only_a_lease_that_ran_out_is_lost(jobs, new_job):
    lost, kept = await leased(jobs, new_job()), await leased(jobs, new_job())
    assert await jobs.extend([(kept.id, kept.fence)], 3600) == {kept.id}

    assert await jobs.lost(utc_now() + timedelta(seconds=59)) == []
    assert [job.id for job in await jobs.lost(utc_now() + timedelta(seconds=61))] == [lost.id]


async def test_a_lost_lease_that_somebody_looks_after_is_left_alone(jobs, new_job):
    lost, looked_after = await leased(jobs, new_job()), await leased(jobs, new_job())

    after = utc_now() + timedelta(seconds=61)
    assert [job.id for job in await jobs.lost(after, besides=[looked_after.id])] == [lost.id]


async def test_what_is_held_can_be_taken_back_and_nothing_else(jobs, new_job):
    held = [await leased(jobs, new_job()) for _ in range(2)]
    waiting, _ = await jobs.submit(new_job())
    over = await leased(jobs, new_job())
    await jobs.cancel_leased(over.id, over.fence)

    assert [job.id for job in await jobs.leased()] == [job.id for job in held]
    await jobs.take_back([held[0].id, held[1].id, over.id])
    assert [job.id for job in await jobs.pending()] == [*(job.id for job in held), waiting.id]
    assert (await jobs.get(over.id)).status is JobStatus.CANCELLED


async def test_what_waits_and_is_not_known_is_found(jobs, new_job):
    known, unknown, running = [(await jobs.submit(new_job()))[0] for _ in range(3)]
    await jobs.claim(running.id, "local/0", 60)

    assert [job.id for job in await jobs.waiting_besides([known.id])] == [unknown.id]


async def test_a_waiting_job_can_be_given_up_with_a_sentence(database, jobs, new_job):
    job, _ = await jobs.submit(new_job())

    assert await jobs.give_up(job.id, "jobs.failed_inside")
    assert not await jobs.give_up(job.id, "jobs.failed_inside")
    assert (await jobs.get(job.id)).error_key == "jobs.failed_inside"
    assert [message.kind for message in await Outbox(database).due(utc_now(), 10)] == [Notice.FAILURE]


async def test_standings_are_kept_in_the_transaction_that_changes_them(database, jobs, new_job):
    shares = Shares(database)
    first = Standing(path="guild 1", tag=2.0, clock=1.0, last_served=3, arrived=2)
    job, _ = await jobs.submit(new_job(), lambda _: [first])
    assert await shares.all() == [first]

    second = replace(first, tag=5.0)
    assert await jobs.claim(job.id, "local/0", 60, [second, replace(second, path="")]) is not None
    assert sorted(await shares.all(), key=lambda each: each.path) == [replace(second, path=""), second]


async def test_who_changes_nothing_keeps_no_standings(database, jobs, new_job):
    standing = Standing(path="guild 1", tag=2.0, clock=1.0, last_served=3, arrived=2)
    job = await leased(jobs, new_job())

    assert not await jobs.release(job.id, job.fence + 1, [standing], tried=True)
    assert not await jobs.cancel_leased(job.id, job.fence + 1, [standing])
    assert await jobs.claim(job.id, "local/1", 60, [standing]) is None
    assert await Shares(database).all() == []


async def test_a_submission_that_fails_keeps_no_standings(database, jobs, new_job):
    def enter(_job):
        raise OSError("no line to enter")

    with pytest.raises(OSError, match="no line"):
        await jobs.submit(new_job(), enter)

    assert await jobs.pending() == []


async def test_a_job_cannot_descend_from_a_picture_that_never_was(jobs, new_job):
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await jobs.submit(new_job(parent_id="0123456789"))
