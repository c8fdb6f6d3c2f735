"""What is found out of shares afterwards: a fair order passes, and an order of arrival does not."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random

from shares import Gap, Span, gaps
from test_audit import NOON, a_job

from db.tables.job import Job, JobStatus
from jobs.fair_share import FairShare

LIFE = Span(NOON - timedelta(hours=1), NOON + timedelta(hours=1))


def a_flood(users: int, jobs: int) -> list[Job]:
    """Return jobs that all arrived at once, in the order of their users: the first ones are large."""
    dice = Random(1)
    arrived = [(user, dice.uniform(0.5, 1) * (2 if user == 0 else 1)) for user in range(users) for _ in range(jobs)]
    return [a_job(number, JobStatus.DONE, user_id=user, cost=cost) for number, (user, cost) in enumerate(arrived)]


def drawn(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs as they are when they were drawn one after another in this order."""
    ends, now = [], NOON + timedelta(seconds=1)
    for job in jobs:
        ends.append(replace(job, started_at=now))
        now += timedelta(seconds=job.cost)
    return ends


def by_share(jobs: list[Job]) -> list[Job]:
    line, known = FairShare(), {job.id: job for job in jobs}
    for job in jobs:
        line.submit(job.id, (job.user_id,), job.cost)
    return [known[entry.job] for entry in iter(line.claim, None)]


def found_in(jobs: list[Job]) -> list[Gap]:
    return list(gaps(jobs, [LIFE], lambda job: job.user_id))


def test_turns_by_fair_share_stay_within_the_bound() -> None:
    found = found_in(drawn(by_share(a_flood(3, 40))))

    assert len(found) == 3  # every two of them, all the while
    assert max(gap.used for gap in found) <= 1
    assert min(gap.turns for gap in found) > 5  # it could have gone wrong


def test_turns_by_arrival_do_not() -> None:
    assert max(gap.used for gap in found_in(drawn(a_flood(3, 40)))) > 1


def test_nothing_is_said_of_those_who_had_nothing_waiting() -> None:
    first, second = drawn(a_flood(2, 1))
    late = replace(second, created_at=first.started_at, started_at=first.started_at + timedelta(seconds=9))

    assert found_in([first, late]) == []


def test_what_was_claimed_more_than_once_proves_no_waiting() -> None:
    jobs = [replace(job, fence=2) for job in drawn(a_flood(2, 40))]

    assert found_in(jobs) == []
