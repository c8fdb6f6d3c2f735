"""What becomes of a job when its attempt does not go as it should."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes import CERTAIN, DOUBTFUL, FakeExecutor, FakeScreening, InThreadClerk, draw, fail
from jobs_kit import ADA, BEN, CARL, at_work, new_job

from db.base import utc_now
from db.cases import CaseKind, Cases
from db.jobs import Job, Jobs, JobStatus
from db.outbox import Notice
from db.session import Database
from inference.executor import WorkerState
from inference.protocol import Attempt, Event, FailureKind
from jobs.clerk import ClerkFailed
from jobs.place import Reason
from jobs.screening import Unwanted
from moderation.pictures import Sight

TAIL = "and a tail " * 20


class StumblingJobs(Jobs):
    """A job table whose database is away when ends are to be kept, so many times."""

    failures = 2

    async def complete(self, *args: Any, **options: Any) -> bool:
        self._stumble()
        return await super().complete(*args, **options)

    async def release(self, *args: Any, **options: Any) -> bool:
        self._stumble()
        return await super().release(*args, **options)

    async def fail(self, *args: Any, **options: Any) -> bool:
        self._stumble()
        return await super().fail(*args, **options)

    def _stumble(self) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the database is away")


class StumblingLine(Jobs):
    """A job table whose database is away at every start of something, so many times each."""

    claims = looks = returns = 1

    async def claim(self, *args: Any, **options: Any) -> Job | None:
        if self.claims:
            self.claims -= 1
            raise OSError("the database is away")
        return await super().claim(*args, **options)

    async def pending(self) -> list[Job]:
        if self.looks:
            self.looks -= 1
            raise OSError("the database is away")
        return await super().pending()

    async def take_back(self, *args: Any) -> None:
        if self.returns:
            self.returns -= 1
            raise OSError("the database is away")
        await super().take_back(*args)


class SlowClaims(Jobs):
    """A job table whose claims are kept at once, and come back when told."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.claimed, self.go_on = asyncio.Event(), asyncio.Event()

    async def claim(self, *args: Any, **options: Any) -> Job | None:
        job = await super().claim(*args, **options)
        self.claimed.set()
        await self.go_on.wait()
        return job


class FailingClerk(InThreadClerk):
    """A clerk whose process dies at so many calls."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    async def call(self, function: Callable[..., Any], *args: Any, timeout: float = 60.0) -> Any:  # noqa: ASYNC109
        if self.failures:
            self.failures -= 1
            raise ClerkFailed("jobs.broke_off")
        return await super().call(function, *args, timeout=timeout)


class SlowClerk(InThreadClerk):
    """A clerk that waits for a sign before it works."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def call(self, function: Callable[..., Any], *args: Any, timeout: float = 60.0) -> Any:  # noqa: ASYNC109
        self.asked.set()
        await self.go_on.wait()
        return await super().call(function, *args, timeout=timeout)


async def test_a_job_whose_end_could_not_be_kept_is_taken_back_when_its_lease_runs_out(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    jobs = StumblingJobs(sqlite_database)
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor(), jobs, lease=0.3) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.attempts) == (JobStatus.DONE, 2)
        assert [what for what, _ in bench.audience.told].count("queued") == 2


async def test_a_lease_is_kept_as_long_as_its_attempt_runs(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor, lease=0.3) as bench:
        asked = await bench.ask()
        await bench.audience.heard("preview", asked.id)
        await asyncio.sleep(0.8)
        executor.go_on.set()

        assert ((await bench.ended(asked)).attempts, len(executor.attempts)) == (1, 1)


async def test_what_our_own_clerk_broke_is_tried_again(sqlite_database: Database, tmp_path: Path) -> None:
    async with at_work(sqlite_database, tmp_path, FailingClerk(1), FakeExecutor()) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.attempts) == (JobStatus.DONE, 2)


async def test_a_clerk_that_fails_three_times_is_not_blamed_on_an_upload(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with at_work(sqlite_database, tmp_path, FailingClerk(3), FakeExecutor()) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.error_key, job.attempts) == (JobStatus.FAILED, "jobs.failed_inside", 3)


async def test_a_late_attempt_whose_worker_had_to_be_killed_is_not_tried_again(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.go_on.clear()
    executor.cancelled_as = FailureKind.WORKER_LOST
    async with at_work(sqlite_database, tmp_path, clerk, executor, attempt=0.1) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.error_key, len(executor.attempts)) == (JobStatus.FAILED, "jobs.too_slow", 1)


async def test_the_time_to_load_a_checkpoint_is_not_taken_from_the_attempts(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.loaded.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor, attempt=0.2) as bench:
        asked = await bench.ask()
        await asyncio.sleep(0.5)
        told_while_loading = [what for what, _ in bench.audience.told]
        executor.loaded.set()

        assert told_while_loading == ["queued"]
        assert (await bench.ended(asked)).status is JobStatus.DONE


async def test_the_time_that_others_are_drawn_in_is_not_its_own(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.go_on.clear()
    executor.free = {"fake": 3}
    async with at_work(sqlite_database, tmp_path, clerk, executor, attempt=0.4) as bench:
        began = time.monotonic()
        together = [await bench.ask(user) for user in (ADA, BEN, CARL)]
        ends = [(await bench.ended(job), time.monotonic() - began) for job in together]

        assert {job.error_key for job, _ in ends} == {"jobs.too_slow"}
        assert all(seconds > 0.9 for _, seconds in ends)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (FailureKind.UNUSABLE, "jobs.model_unusable"),
        (FailureKind.INVALID, "jobs.invalid_for_model"),
        (FailureKind.OUT_OF_MEMORY, "jobs.out_of_memory"),
    ],
)
async def test_what_would_fail_again_is_told_at_once(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk, kind: FailureKind, key: str
) -> None:
    executor = FakeExecutor([fail(kind)])
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.error_key, len(executor.attempts)) == (JobStatus.FAILED, key, 1)


async def test_a_cancel_while_the_pictures_are_finished_is_heeded(sqlite_database: Database, tmp_path: Path) -> None:
    clerk = SlowClerk()
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        asked = await bench.ask()
        await clerk.asked.wait()
        assert await bench.dispatcher.cancel(asked)
        clerk.go_on.set()

        assert (await bench.ended(asked)).status is JobStatus.CANCELLED
        assert await bench.history.of_job(asked.id) == []
        assert [message.kind for message in await bench.outbox.due(utc_now(), 10)] == [Notice.CANCELLED]


async def test_a_cancel_that_comes_too_late_says_so(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        job = await bench.ended(await bench.ask())

        assert not await bench.dispatcher.cancel(job)


async def test_with_no_worker_left_nobody_waits_in_vain(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.state = WorkerState.BROKEN
    job, _ = await Jobs(sqlite_database).submit(new_job(ADA))
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        first, second = await bench.ended(job), await bench.ended(await bench.ask())

        assert bench.dispatcher.broken
        assert [each.error_key for each in (first, second)] == ["jobs.nothing_can_be_drawn"] * 2
        assert executor.attempts == []


async def test_a_worker_that_only_restarts_is_waited_for(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.state = WorkerState.RESTARTING
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        asked = await bench.ask()
        await asyncio.sleep(0.1)

        assert not bench.dispatcher.broken
        assert bench.dispatcher.place(asked).ahead == 0
        assert bench.dispatcher.counts() == (0, 1)


async def test_what_the_person_should_know_is_kept_with_the_pictures(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor([lambda attempt: draw(attempt, truncated=TAIL, seen=CERTAIN, looked_so=1)])
    screening = FakeScreening((CERTAIN, Sight.STOPPED))
    async with at_work(sqlite_database, tmp_path, clerk, executor, screening=screening) as bench:
        job = await bench.ended(await bench.ask(count=3))

        assert job.notes == [
            {"key": "jobs.note_truncated", "values": {"rest": TAIL[:80]}},
            {"key": "jobs.note_withheld", "values": {"count": 1}},
        ]
        assert len(await bench.history.of_job(job.id)) == 2


async def test_a_picture_in_doubt_is_put_before_the_moderators_with_the_job_that_made_it(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor([lambda attempt: draw(attempt, seen=DOUBTFUL, looked_so=1)])
    screening = FakeScreening((DOUBTFUL, Sight.HELD))
    async with at_work(sqlite_database, tmp_path, clerk, executor, screening=screening) as bench:
        job = await bench.ended(await bench.ask(count=2))
        held, shown = await bench.history.of_job(job.id)

        assert (held.is_there, shown.is_there) == (False, True)
        assert await bench.history.visible(held.id, job.user_id, [job.channel_id]) is None
        (case,) = await Cases(sqlite_database).unposted()
        assert (case.kind, case.record_id, case.user_id) == (CaseKind.HELD, held.id, job.user_id)


async def test_a_preview_that_may_not_be_shown_is_not(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    for may in (True, False):
        screening = FakeScreening()
        screening.previews = may
        async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor(), screening=screening) as bench:
            job = await bench.ended(await bench.ask())

            assert (("preview" if may else "no preview", job.id)) in bench.audience.told
            assert (("no preview" if may else "preview", job.id)) not in bench.audience.told


async def test_what_todays_policy_refuses_is_not_drawn(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor, screening = FakeExecutor(), FakeScreening()
    screening.unwanted = Unwanted("moderation.check_failed")
    async with at_work(sqlite_database, tmp_path, clerk, executor, screening=screening) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.error_key) == (JobStatus.REFUSED, "moderation.check_failed")
        assert (screening.checked, executor.attempts) == ([job.id], [])


async def test_nothing_of_an_attempt_is_left_on_the_disk(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor([fail(FailureKind.ENGINE)])
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        await bench.ended(await bench.ask())
        await asyncio.sleep(0)

        assert len(executor.attempts) == 2
        assert not any(map(os.path.exists, [attempt.spool for attempt in executor.attempts]))


async def test_a_database_that_is_away_for_a_moment_ends_nothing_and_loses_nobody(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    async with at_work(sqlite_database, tmp_path, clerk, executor, StumblingLine(sqlite_database)) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.attempts, len(executor.attempts)) == (JobStatus.DONE, 1, 1)


async def test_a_job_that_waits_again_is_told_so_when_it_no_longer_runs(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor([fail(FailureKind.WORKER_LOST)])
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        places: list[bool] = []
        bench.audience.on_queued = lambda job: places.append(bench.dispatcher.place(job).running)
        await bench.ended(await bench.ask())

        assert places == [False, False]


async def test_a_cancel_while_a_job_is_handed_out_is_heeded(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    jobs, executor = SlowClaims(sqlite_database), FakeExecutor()
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor, jobs) as bench:
        asked = await bench.ask()
        await jobs.claimed.wait()
        cancelling = asyncio.create_task(bench.dispatcher.cancel(asked))
        await asyncio.sleep(0.05)
        assert bench.dispatcher.place(asked).ahead == 0
        jobs.go_on.set()

        assert await cancelling
        assert (await bench.ended(asked)).status is JobStatus.CANCELLED


async def test_a_job_that_ended_the_bot_three_times_is_given_up_at_the_next_start(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    jobs = Jobs(sqlite_database)
    asked, _ = await jobs.submit(new_job(ADA))
    for _ in range(3):
        await jobs.take_back([asked.id])
        assert await jobs.claim(asked.id, "fake", 60) is not None
    executor = FakeExecutor()
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        job = await bench.ended(asked)

        assert (job.status, job.error_key, executor.attempts) == (JobStatus.FAILED, "jobs.failed_inside", [])
        assert [message.kind for message in await bench.outbox.due(utc_now(), 10)] == [Notice.FAILURE]


async def test_a_job_whose_ends_could_never_be_kept_is_given_up_when_its_last_lease_runs_out(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    jobs, executor = StumblingJobs(sqlite_database), FakeExecutor()
    jobs.failures = 6
    async with at_work(sqlite_database, tmp_path, clerk, executor, jobs, lease=0.3) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.error_key, len(executor.attempts)) == (JobStatus.FAILED, "jobs.failed_inside", 3)


async def test_the_next_start_removes_what_a_killed_bot_left_of_its_attempts(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    left_behind = tmp_path / "spool" / "tmpabc" / "0.npy"
    left_behind.parent.mkdir(parents=True)
    left_behind.touch()
    executor = FakeExecutor()
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        await bench.ended(await bench.ask())

        assert not left_behind.parent.exists()
        assert Path(executor.attempts[0].spool).parent.parent == tmp_path / "spool"


async def test_the_time_left_stands_still_while_a_checkpoint_loads(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.loaded.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        asked = await bench.ask()
        await asyncio.sleep(0.2)

        assert bench.dispatcher.place(asked).reason is Reason.STARTING
        assert bench.dispatcher.place(asked).seconds == asked.cost


async def test_of_a_job_that_another_process_ended_nothing_is_remembered(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()

    def lost(attempt: Attempt) -> Event:
        executor.go_on.clear()  # the next one stands still
        return fail(FailureKind.WORKER_LOST)(attempt)

    executor.outcomes = [lost]
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        asked = await bench.ask()
        async with asyncio.timeout(20):
            while len(executor.attempts) < 2:  # noqa: ASYNC110 - another's news
                await asyncio.sleep(0.01)
        assert asked.id in bench.dispatcher._workers._failed
        running = next(iter(bench.dispatcher.running()))
        assert await bench.jobs.cancel_leased(asked.id, running.job.fence)
        executor.go_on.set()
        async with asyncio.timeout(20):
            while bench.dispatcher.running():  # noqa: ASYNC110 - another's news
                await asyncio.sleep(0.01)
        await asyncio.sleep(0)

        assert asked.id not in bench.dispatcher._workers._failed


async def test_a_drain_waits_for_no_worker_and_counts_no_attempt(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.go_on.clear()
    executor.deaf = True
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        asked = await bench.ask()
        await bench.audience.heard("preview", asked.id)
        began = time.monotonic()
        await bench.dispatcher.drain()
        drained = time.monotonic()
        await bench.dispatcher.drain()

        assert drained - began < 4
        assert time.monotonic() - drained < 0.1
        job = await bench.jobs.get(asked.id)
        assert job is not None
        assert (job.status, job.attempts) == (JobStatus.PENDING, 0)
        assert list((tmp_path / "spool").iterdir()) == []


async def test_a_start_that_stumbles_forgets_nobody(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    jobs = Jobs(sqlite_database)
    begun, waiting = [(await jobs.submit(new_job(ADA)))[0] for _ in range(2)]
    assert await jobs.claim(begun.id, "gone", 60) is not None
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor(), StumblingLine(sqlite_database)) as bench:
        ends = [await bench.ended(job) for job in (begun, waiting)]

        assert [job.status for job in ends] == [JobStatus.DONE] * 2
        assert [what for what, _ in bench.audience.told].count("queued") == 2
