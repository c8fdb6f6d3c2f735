"""The line and the job table: changed together, and the same after a restart."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from jobs_kit import ADA, BEN, CARL, GUILD, new_job

from config.settings import Level
from db.base import utc_now
from db.jobs import Job, Jobs, JobStatus, NewJob
from db.session import Database
from db.shares import Shares
from jobs.queue import Queue

LEVELS: tuple[Level, ...] = ("guild", "user")


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database)


def fresh(database: Database, levels: Sequence[Level] = LEVELS, jobs: Jobs | None = None) -> Queue:
    return Queue(jobs or Jobs(database), Shares(database), levels)


async def take(
    queue: Queue,
    worker: str = "w",
    *,
    best: Callable[[Job], bool] = lambda _: True,
    slack: float = 0.0,
    may: Callable[[Job], bool] = lambda _: True,
) -> Job | None:
    return await queue.claim(lambda job: worker if may(job) else None, 60, best=best, slack=slack)


def asked(user: int, cost: float = 1.0, *, guild: int | None = GUILD, weight: float = 1.0) -> NewJob:
    return replace(new_job(user), cost=cost, guild_id=guild, weight=weight)


async def test_a_restart_goes_on_as_if_there_had_been_none(database: Database) -> None:
    queue = fresh(database)
    for user, cost in [(ADA, 5.0)] * 4 + [(BEN, 2.0)] * 6:
        await queue.submit(asked(user, cost))
    for _ in range(3):
        job = await take(queue)
        assert job is not None
        await queue.close(job, 0.0, lambda standings, job=job: fail(queue, job, standings))
    lost = await take(queue)
    assert lost is not None

    again = fresh(database)
    waiting = await again.restore()
    assert await queue.put_back([lost], lambda _: true())

    assert lost.id in [job.id for job in waiting]
    assert [job.id for job in again] == [job.id for job in queue]
    assert len(again) == 7


async def test_what_somebody_was_served_is_not_forgotten_by_a_restart(database: Database) -> None:
    queue = fresh(database)
    for _ in range(3):
        await queue.submit(asked(ADA, 10.0))
        await queue.submit(asked(BEN, 1.0))
    served = await take(queue)
    assert served is not None
    assert served.user_id == ADA
    await queue.close(served, 0.0, lambda standings: fail(queue, served, standings))

    again = fresh(database)
    await again.restore()

    assert [job.user_id for job in again] == [BEN, BEN, BEN, ADA, ADA]


async def test_what_a_killed_bot_had_begun_is_not_charged_twice(database: Database) -> None:
    queue = fresh(database)
    for user in (ADA, BEN, ADA, BEN):
        await queue.submit(asked(user, 4.0))
    assert await take(queue) is not None

    again = fresh(database)
    await again.restore()

    assert [job.user_id for job in again] == [BEN, ADA, BEN, ADA]  # as much is due to both; ADA had her turn last


async def test_an_attempt_that_was_cheaper_than_expected_is_refunded(database: Database) -> None:
    queue = fresh(database)
    for user in (ADA, BEN, ADA, BEN):
        await queue.submit(asked(user, 4.0))
    first = await take(queue)
    assert first is not None
    assert await queue.close(first, 4.0, lambda standings: fail(queue, first, standings))
    second = await take(queue)

    assert second is not None
    assert second.user_id == BEN
    assert [job.user_id for job in queue] == [ADA, BEN]


async def test_who_no_longer_holds_a_job_changes_nothing_in_the_order(database: Database, jobs: Jobs) -> None:
    queue = fresh(database)
    for user in (ADA, BEN, ADA, BEN, BEN):
        await queue.submit(asked(user))
    job = await take(queue)
    assert job is not None
    before = [each.id for each in queue]
    assert not await queue.close(job, 1.0, lambda standings: jobs.release(job.id, 99, standings, tried=True))
    assert not await queue.put_back([job], lambda standings: jobs.release(job.id, 99, standings, tried=True))

    assert [each.id for each in queue] == before


async def test_a_submission_that_is_not_committed_is_not_in_the_line(database: Database) -> None:
    queue = fresh(database)
    new = asked(ADA)
    broken = NewJob(**vars(new) | {"parent_id": "0123456789"})

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await queue.submit(broken)

    assert len(queue) == 0
    assert await take(queue) is None


async def test_the_same_interaction_stands_in_the_line_once(database: Database) -> None:
    queue, new = fresh(database), asked(ADA)

    first, second = await queue.submit(new), await queue.submit(new)

    assert (first[1], second[1], len(queue)) == (True, False, 1)
    assert first[0].id == second[0].id


async def test_what_another_process_committed_is_found(database: Database, jobs: Jobs) -> None:
    queue = fresh(database)
    mine, _ = await queue.submit(asked(ADA))
    theirs, _ = await jobs.submit(asked(BEN))

    assert [job.id for job in await queue.look_around()] == [theirs.id]
    assert await queue.look_around() == []
    assert [job.id for job in queue] == [mine.id, theirs.id]


async def test_a_job_for_the_loaded_checkpoint_comes_first_but_only_within_the_slack(database: Database) -> None:
    queue = fresh(database)
    for _ in range(4):
        await queue.submit(asked(ADA, 2.0))
        await queue.submit(asked(BEN, 2.0))

    served = [await take(queue, best=lambda job: job.user_id == BEN, slack=3.0) for _ in range(4)]

    assert [job.user_id for job in served if job] == [BEN, BEN, ADA, BEN]


async def test_a_job_is_left_to_another_worker_where_it_was_lost_on_this_one(database: Database) -> None:
    queue = fresh(database)
    shunned, _ = await queue.submit(asked(ADA))
    other, _ = await queue.submit(asked(BEN))

    first = await take(queue, may=lambda job: job.id != shunned.id)
    assert first is not None
    assert first.id == other.id
    assert await take(queue, may=lambda job: job.id != shunned.id) is None
    assert len(queue) == 1


@pytest.mark.parametrize(
    ("levels", "order"),
    [
        (("guild", "user"), [ADA, BEN, ADA, BEN, BEN, BEN]),
        (("user",), [ADA, BEN, ADA, BEN, BEN, BEN]),
        (("user", "guild"), [ADA, BEN, ADA, BEN, BEN, BEN]),
    ],
)
async def test_the_levels_can_be_chosen(database: Database, levels: tuple[Level, ...], order: list[int]) -> None:
    """ADA asks twice in one guild; BEN four times, in two."""
    queue = fresh(database, levels)
    await queue.submit(asked(ADA, guild=1))
    await queue.submit(asked(BEN, guild=1))
    await queue.submit(asked(ADA, guild=1))
    for guild in (1, 2, 2):
        await queue.submit(asked(BEN, guild=guild))
    if levels[0] == "guild":
        order = [ADA, BEN, BEN, BEN, ADA, BEN]

    assert [job.user_id for job in queue] == order


async def test_another_order_of_levels_starts_afresh(database: Database) -> None:
    queue = fresh(database)
    await queue.submit(asked(ADA, 9.0))
    await queue.submit(asked(ADA, 9.0))
    await queue.submit(asked(BEN, 1.0))
    assert await take(queue) is not None

    again = fresh(database, ("user",))
    await again.restore()

    assert len(again) == 3


async def test_twice_the_weight_is_twice_the_share(database: Database) -> None:
    queue = fresh(database)
    for _ in range(6):
        await queue.submit(asked(ADA, 1.0, weight=2.0))
        await queue.submit(asked(BEN, 1.0))
    served = [job.user_id for job in [await take(queue) for _ in range(6)] if job]

    assert (served.count(ADA), served.count(BEN)) == (4, 2)


async def test_a_withdrawn_job_leaves_the_line_and_is_over(database: Database, jobs: Jobs) -> None:
    queue = fresh(database)
    job, _ = await queue.submit(asked(ADA))

    assert await queue.withdraw(job, jobs.cancel)
    assert not await queue.withdraw(job, jobs.cancel)

    after = await jobs.get(job.id)
    assert after is not None
    assert (after.status, len(queue)) == (JobStatus.CANCELLED, 0)


async def test_a_lost_lease_is_taken_back(database: Database, jobs: Jobs) -> None:
    queue = fresh(database)
    job, _ = await queue.submit(asked(ADA))
    held = await queue.claim(lambda _: "w", -1, best=lambda _: True, slack=0)
    assert held is not None

    assert [each.id for each in await queue.take_back_lost([])] == [job.id]
    assert [each.id for each in queue] == [job.id]
    assert await jobs.lost(utc_now()) == []


@pytest.mark.parametrize(
    ("users", "waiting", "tag"),
    [([ADA, BEN, ADA, BEN], [ADA, ADA, BEN], 0.0), ([ADA, ADA, ADA], [ADA, ADA], 4.0)],
)
async def test_a_claim_that_was_committed_though_nobody_said_so_is_refunded_once(
    database: Database, users: list[int], waiting: list[int], tag: float
) -> None:
    class Unsaid(Jobs):
        failed = False

        async def claim(self, *args: Any, **options: Any) -> Job | None:
            job = await super().claim(*args, **options)
            if not self.failed:
                self.failed = True
                raise OSError("the connection is gone")
            return job

    queue = fresh(database, jobs=Unsaid(database))
    for user in users:
        await queue.submit(asked(user, 4.0))
    with pytest.raises(OSError, match="gone"):
        await take(queue)
    second = await take(queue)
    assert second is not None
    await Jobs(database).extend([(1, 1), (second.id, second.fence)], -1)
    await queue.take_back_lost([second.id])

    assert sorted(job.user_id for job in queue) == waiting
    assert [each.tag for each in await Shares(database).all() if each.path.endswith(f"user {ADA}")] == [tag]


class Unconfirmed(Jobs):
    """A job table whose connection is gone in the first end's commit: just before it, or just after."""

    def __init__(self, database: Database, *, committed: bool) -> None:
        super().__init__(database)
        self.committed, self.failures = committed, 1

    async def fail(self, *args: Any, **options: Any) -> bool:
        return await self._unconfirmed(lambda: super(Unconfirmed, self).fail(*args, **options))

    async def release(self, *args: Any, **options: Any) -> bool:
        return await self._unconfirmed(lambda: super(Unconfirmed, self).release(*args, **options))

    async def _unconfirmed(self, end: Callable[[], Awaitable[bool]]) -> bool:
        if not self.failures:
            return await end()
        self.failures -= 1
        if self.committed:
            await end()
        raise OSError("the connection is gone")


async def test_the_idle_who_are_behind_are_forgotten_in_the_database_too(database: Database) -> None:
    queue = fresh(database)
    for user in (ADA, BEN, BEN, BEN, BEN, CARL, CARL):
        await queue.submit(asked(user))
    for _ in range(6):
        await take(queue)
    before = {each.path for each in await Shares(database).all()}
    await queue.forget()
    left = {each.path for each in await Shares(database).all()}

    assert before - left == {f"guild {GUILD}/user {ADA}"}
    await queue.submit(asked(ADA))
    assert [job.user_id for job in queue] == [ADA, BEN]


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize(("refund", "charged"), [(3.0, {True: 5.0, False: 4.0}), (None, {True: 4.0, False: 4.0})])
async def test_an_end_of_which_nobody_said_whether_it_was_committed_is_refunded_once(
    database: Database, committed: bool, refund: float | None, charged: dict[bool, float]
) -> None:
    """The end is tried, in vain as it seems; then the job is put back, as an attempt is that broke. None: so it was."""
    jobs = Unconfirmed(database, committed=committed)
    queue = fresh(database, jobs=jobs)
    for _ in range(2):
        await queue.submit(asked(ADA, 4.0))
    job = await take(queue)
    assert job is not None

    async def put_back() -> bool:
        return await queue.put_back([job], lambda kept: jobs.release(job.id, job.fence, kept, tried=True))

    end = put_back() if refund is None else queue.close(job, refund, lambda kept: fail(queue, job, kept))
    with pytest.raises(OSError, match="gone"):
        await end
    assert await put_back() is (refund is None or not committed)
    assert await queue.look_around() == []
    assert [each.id for each in queue] == ([job.id, 2] if refund is None or not committed else [2])
    assert await take(queue) is not None

    assert [each.tag for each in await Shares(database).all() if each.path.endswith(f"user {ADA}")] == [
        charged[committed]
    ]
    assert len(queue) == (0 if committed and refund is not None else 1)


async def fail(queue: Queue, job: Job, standings: Sequence[object]) -> bool:
    return await queue._table.fail(job.id, job.fence, JobStatus.FAILED, "jobs.too_slow", {}, standings)  # type: ignore[arg-type]


async def true() -> bool:
    return True
