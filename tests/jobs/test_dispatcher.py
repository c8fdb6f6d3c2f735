"""From the job table to the outbox, over a fake executor and everything else real."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from fakes import FINGERPRINT, FakeAudience, FakeExecutor, InThreadClerk, draw, fail

from config.settings import load_settings
from db.base import utc_now
from db.history import History
from db.images import PictureStore
from db.jobs import Job, Jobs, JobStatus, NewJob
from db.outbox import Notice, Outbox
from db.session import Database
from inference.checkpoints import load_checkpoints
from inference.protocol import FailureKind
from inference.request import ImageRequest, Sampler
from jobs.dispatcher import Dispatcher
from jobs.finish import Finisher

ADA, BEN, GUILD = 11, 12, 1
_interactions = count(1)


@dataclass
class Bench:
    """A dispatcher at work, and everything around it."""

    dispatcher: Dispatcher
    executor: FakeExecutor
    audience: FakeAudience
    jobs: Jobs
    history: History
    outbox: Outbox
    store: PictureStore
    folder: Path

    async def ask(self, user: int = ADA, *, reproduces: str | None = None, **changes: object) -> Job:
        """Commit a job and hand it to the dispatcher, as the studio does."""
        job, _ = await self.jobs.submit(new_job(user, reproduces=reproduces, **changes))
        self.dispatcher.enqueue(job)
        return job

    def stored(self) -> list[Path]:
        """Return the files of the picture store."""
        return list(self.folder.rglob("*.png"))

    async def ended(self, job: Job) -> Job:
        """Return the job once it is over."""
        await self.audience.heard("ended", job.id)
        after = await self.jobs.get(job.id)
        assert after is not None
        return after


def request(**changes: object) -> ImageRequest:
    values = {
        "checkpoint": "demo",
        "prompt": "a red circle",
        "seed": 0,
        "width": 256,
        "height": 256,
        "num_inference_steps": 2,
        "guidance_scale": 7.5,
        "sampler": Sampler.DDIM,
    }
    return ImageRequest(**values | changes)  # type: ignore[arg-type]


def new_job(user: int, *, reproduces: str | None = None, **changes: object) -> NewJob:
    asked = request(**changes)
    return NewJob(
        interaction_id=next(_interactions),
        action="imagine" if reproduces is None else "reproduce",
        request=asked.to_dict(),
        user_id=user,
        guild_id=GUILD,
        channel_id=2,
        cost=1.0,
        pictures=asked.count,
        reproduces=reproduces,
    )


@pytest.fixture
def clerk() -> InThreadClerk:
    return InThreadClerk()


@asynccontextmanager
async def at_work(
    database: Database, folder: Path, clerk: InThreadClerk, executor: FakeExecutor, **limits: float
) -> AsyncIterator[Bench]:
    settings = load_settings()
    jobs, history, store = Jobs(database), History(database), PictureStore(folder)
    finisher = Finisher(checkpoints=load_checkpoints(settings.models), history=history, store=store, clerk=clerk)
    times = settings.times.model_copy(update={"drain": 0.2} | limits)
    dispatcher = Dispatcher(jobs=jobs, store=store, executor=executor, finisher=finisher, times=times)
    audience = FakeAudience()
    task = asyncio.create_task(dispatcher.run(audience))
    try:
        yield Bench(dispatcher, executor, audience, jobs, history, Outbox(database), store, folder)
    finally:
        await dispatcher.drain()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_job_ends_as_stored_marked_recorded_pictures_and_one_message(
    database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    async with at_work(database, tmp_path, clerk, FakeExecutor()) as bench:
        job = await bench.ended(await bench.ask(count=2, seed=7))
        records = await bench.history.of_job(job.id)
        due = await bench.outbox.due(utc_now(), 10)

        assert job.status is JobStatus.DONE
        assert [record.seed for record in records] == [7, 8]
        assert [await bench.store.exists(record.sha256) for record in records] == [True, True]
        assert [record.request["seed"] for record in records] == [7, 8]
        assert records[0].fingerprint == FINGERPRINT
        assert [(message.job_id, message.kind) for message in due] == [(job.id, Notice.RESULT)]


async def test_the_audience_hears_the_whole_story_in_order(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        job = await bench.ended(await bench.ask())

        assert [what for what, _ in bench.audience.told] == ["queued", "started", "progress", "preview", "ended"]
        assert job.attempts == 1


async def test_a_lost_attempt_is_tried_again_and_counted(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor([fail(FailureKind.WORKER_LOST)])
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.attempts) == (JobStatus.DONE, 2)
        assert [attempt.id for attempt in executor.attempts] == [f"{job.id}:1", f"{job.id}:2"]


async def test_the_third_lost_attempt_is_the_last(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor([fail(FailureKind.ENGINE)] * 3)
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.error_key, len(executor.attempts)) == (JobStatus.FAILED, "jobs.failed_inside", 3)
        assert [message.kind for message in await bench.outbox.due(utc_now(), 10)] == [Notice.FAILURE]


async def test_out_of_memory_is_told_at_once(sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk) -> None:
    executor = FakeExecutor([fail(FailureKind.OUT_OF_MEMORY)])
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.error_key, len(executor.attempts)) == ("jobs.out_of_memory", 1)


async def test_a_picture_that_the_check_stopped_is_neither_kept_nor_recorded(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor([lambda attempt: draw(attempt, concern="nudity")])
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.error_key) == (JobStatus.REFUSED, "jobs.picture_refused")
        assert bench.stored() == []
        assert await bench.history.of_job(job.id) == []


async def test_a_waiting_job_can_be_cancelled_and_so_can_a_running_one(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        running, waiting = await bench.ask(), await bench.ask()
        await bench.audience.heard("preview", running.id)

        assert await bench.dispatcher.cancel(waiting)
        assert await bench.dispatcher.cancel(running)
        assert (await bench.ended(waiting)).status is JobStatus.CANCELLED
        assert (await bench.ended(running)).status is JobStatus.CANCELLED
        assert len(executor.attempts) == 1


async def test_one_who_asks_for_much_does_not_make_another_wait_for_all_of_it(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        first = await bench.ask(ADA)
        await bench.audience.heard("preview", first.id)
        flood = [await bench.ask(ADA) for _ in range(5)]
        light = await bench.ask(BEN)

        assert bench.dispatcher.place(light).ahead == 1
        assert bench.dispatcher.place(flood[-1]).ahead == 6
        assert bench.dispatcher.place(first).running


async def test_an_attempt_that_takes_too_long_is_stopped_in_words(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor, attempt=0.1) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.error_key) == (JobStatus.FAILED, "jobs.too_slow")
        assert executor.cancelled == [f"{job.id}:1"]


async def test_a_drain_puts_back_what_runs_and_the_next_start_ends_it(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        job = await bench.ask()
        await bench.audience.heard("preview", job.id)
    put_back = await bench.jobs.get(job.id)
    assert put_back is not None
    assert (put_back.status, put_back.attempts) == (JobStatus.PENDING, 0)

    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        assert (await bench.ended(job)).status is JobStatus.DONE


async def test_what_a_killed_bot_had_running_is_taken_up_again(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    job, _ = await Jobs(sqlite_database).submit(new_job(ADA))
    assert await Jobs(sqlite_database).claim(job.id, "fake", 60) is not None

    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        assert (await bench.ended(job)).status is JobStatus.DONE


async def test_a_reproduction_is_identical_to_the_byte(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        first = await bench.ended(await bench.ask(seed=0))
        original = (await bench.history.of_job(first.id))[0]
        again = await bench.ended(await bench.ask(seed=0, reproduces=original.id))

        assert again.verdict == {"likeness": "identical", "psnr": None, "changed": []}
        assert (await bench.history.of_job(again.id))[0].sha256 == original.sha256


async def test_a_reproduction_that_differs_says_so(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        first = await bench.ended(await bench.ask(seed=0))
        original = (await bench.history.of_job(first.id))[0]
        again = await bench.ended(await bench.ask(seed=1, reproduces=original.id))

        assert again.verdict is not None
        assert again.verdict["likeness"] == "different"
        assert again.verdict["psnr"] < 15


async def test_a_source_that_is_gone_fails_in_words(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        job = await bench.ended(await bench.ask(task="image_to_image", source="0" * 64, strength=0.5))

        assert (job.status, job.error_key) == (JobStatus.FAILED, "jobs.source_gone")
