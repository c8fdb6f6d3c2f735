"""What jobs took, as the rows tell it."""

from datetime import timedelta

import pytest
from db_samples import ALICE, BOB

from db.base import utc_now
from db.jobs import Job, Jobs, JobStatus
from db.session import Database
from db.timings import Timing, Timings


@pytest.fixture
def timings(database: Database) -> Timings:
    return Timings(database)


async def leased(jobs: Jobs, new) -> Job:
    job, _ = await jobs.submit(new)
    held = await jobs.claim(job.id, "local/0", 60)
    assert held is not None
    return held


async def test_what_somebody_spent_is_what_their_jobs_took_however_they_ended(timings, jobs, new_job, made):
    await made(user_id=ALICE, cost=5.0)  # it took 2 seconds
    await made(user_id=BOB)
    await jobs.submit(new_job(user_id=ALICE, cost=4.0))
    cancelled, _ = await jobs.submit(new_job(user_id=ALICE, cost=8.0))
    await jobs.cancel(cancelled.id)
    stopped, refused = [await leased(jobs, new_job(user_id=ALICE)) for _ in range(2)]
    await jobs.cancel_leased(stopped.id, stopped.fence, seconds=3.0)
    await jobs.fail(refused.id, refused.fence, JobStatus.REFUSED, "jobs.picture_refused", {}, seconds=1.0)

    assert await timings.spent(ALICE, utc_now() - timedelta(hours=1)) == 6.0
    assert await timings.spent(ALICE, utc_now() + timedelta(hours=1)) == 0.0


async def test_forecasts_are_told_with_what_became_of_them(timings, made):
    await made(expected=3.0)
    await made()  # nobody expected anything

    ((expected, actual),) = await timings.forecasts(10)
    assert expected == 3.0
    assert 0 <= actual < 10


async def test_what_the_last_jobs_took_is_told_latest_first_and_each_once(timings, jobs, new_job, new_record):
    for number in range(4):
        job = await leased(jobs, new_job(request={"seed": number}))
        pictures = [new_record(index=index, fingerprint={"device": f"gpu {number}"}) for index in (1, 2)]
        assert await jobs.complete(job.id, job.fence, pictures, seconds=number + 0.5)
    failed = await leased(jobs, new_job())
    await jobs.fail(failed.id, failed.fence, JobStatus.FAILED, "jobs.failed_inside", {})

    assert await timings.latest(3) == [
        Timing(request={"seed": number}, seconds=number + 0.5, fingerprint={"device": f"gpu {number}"})
        for number in (3, 2, 1)
    ]
