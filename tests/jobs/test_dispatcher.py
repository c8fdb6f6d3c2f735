"""From the job table to the outbox, over a fake executor and everything else real."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fakes import CERTAIN, FINGERPRINT, FakeAwayStore, FakeExecutor, FakeScreening, InThreadClerk, draw, fail
from jobs_kit import ADA, BEN, CARL, GUILD, at_work, new_job

from config.words import UserError
from db.base import utc_now
from db.jobs import Job, Jobs, JobStatus
from db.outbox import Notice
from db.session import Database
from db.shares import Shares
from db.timings import Timings
from inference.executor import WorkerInfo, WorkerState
from inference.protocol import FailureKind
from jobs.place import Place
from moderation.pictures import Sight
from provenance.png import unsigned


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


async def test_a_store_that_is_away_for_longer_than_all_attempts_fails_no_job(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor, store = FakeExecutor(), FakeAwayStore(tmp_path, away=2)
    async with at_work(sqlite_database, tmp_path, clerk, executor, store=store) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.attempts) == (JobStatus.DONE, 1)
        assert len(executor.attempts) == 3
        assert len(await bench.history.of_job(job.id)) == 1
        counted = bench.metrics.registry.get_sample_value
        assert counted("imagine_attempts_total", {"outcome": "not kept"}) == 2
        assert counted("imagine_attempts_total", {"outcome": "lost"}) in (None, 0)


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


@pytest.mark.parametrize("workers", [("one",), ("one", "two"), ("one", "two", "three")])
async def test_what_has_no_room_is_tried_on_every_worker_once_and_then_fails_free_of_charge(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk, workers: tuple[str, ...]
) -> None:
    executor = FakeExecutor([fail(FailureKind.OUT_OF_MEMORY)] * len(workers), workers)
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.error_key) == (JobStatus.FAILED, "jobs.out_of_memory")
        assert sorted(executor.on) == sorted(workers)
        assert job.seconds == 0.0  # half of its steps were done


async def test_what_has_no_room_on_one_worker_is_drawn_by_another(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor([fail(FailureKind.OUT_OF_MEMORY)], ("one", "two"))
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.attempts, len(set(executor.on))) == (JobStatus.DONE, 2, 2)


async def test_a_picture_that_the_check_stopped_is_neither_kept_nor_recorded(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor([lambda attempt: draw(attempt, seen=CERTAIN)])
    screening = FakeScreening((CERTAIN, Sight.STOPPED))
    async with at_work(sqlite_database, tmp_path, clerk, executor, screening=screening) as bench:
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
        assert again.verdict is not None
        copy = (await bench.history.of_job(again.id))[0]
        files = [(await bench.store.read(record.sha256)) for record in (original, copy)]
        assert unsigned(files[0]) == unsigned(files[1]), "only the signature is made anew"
        assert copy.pixels_sha256 == original.pixels_sha256


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


async def test_an_attempt_that_was_lost_is_tried_on_another_worker_where_there_is_one(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor([fail(FailureKind.WORKER_LOST), fail(FailureKind.WORKER_LOST)], names=("a", "b"))
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        job = await bench.ended(await bench.ask())

        assert (job.status, job.attempts, executor.on) == (JobStatus.DONE, 3, ["a", "b", "a"])


async def test_a_worker_goes_on_with_the_checkpoint_that_it_has_loaded_while_that_is_fair(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        first = await bench.ask(ADA)
        await bench.audience.heard("preview", first.id)
        other, same = await bench.ask(BEN, checkpoint="sd-turbo"), await bench.ask(CARL)
        executor.go_on.set()
        for job in (same, other):
            await bench.ended(job)

        assert [attempt.request.checkpoint for attempt in executor.attempts] == ["demo", "demo", "sd-turbo"]


async def test_a_job_that_somebody_else_committed_is_drawn(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        job, _ = await Jobs(sqlite_database).submit(new_job(ADA))
        bench.dispatcher.heard(job.id)

        assert (await bench.ended(job)).status is JobStatus.DONE


async def test_a_job_that_somebody_else_committed_is_found_without_news(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor(), lease=0.3) as bench:
        job, _ = await Jobs(sqlite_database).submit(new_job(ADA))

        assert (await bench.ended(job)).status is JobStatus.DONE


class UnconfirmedJobs(Jobs):
    """A job table whose connection is lost, where it is to be, between a submission's commit and the word of it."""

    loses = False
    committed: Job

    async def submit(self, *args: Any, **options: Any) -> tuple[Job, bool]:
        self.committed, created = await super().submit(*args, **options)
        if self.loses:
            raise ConnectionError("as told")
        return self.committed, created


async def test_a_job_that_was_committed_though_nobody_said_so_is_drawn_at_once(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    jobs = UnconfirmedJobs(sqlite_database)
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor(), jobs, lease=3600.0) as bench:
        await bench.ended(await bench.ask())  # what was there at the start is taken up by now
        jobs.loses = True
        with pytest.raises(ConnectionError):
            await bench.ask()

        assert (await bench.ended(jobs.committed)).status is JobStatus.DONE


async def test_what_is_refused_is_neither_kept_nor_queued(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    def refuse(place: Place) -> None:
        raise UserError("bot.wait_too_long", when="later")

    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        with pytest.raises(UserError):
            await bench.dispatcher.submit(new_job(ADA), refuse)

        assert (await bench.jobs.pending(), bench.dispatcher.counts()) == ([], (0, 0))


async def test_what_was_expected_is_kept_beside_what_became_of_it(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        for _ in range(6):
            await bench.ended(await bench.ask())
        ((expected, actual), *_) = await Timings(sqlite_database).forecasts(10)
        place = bench.dispatcher.place(await bench.ask())

        assert expected == pytest.approx(1.0)
        assert 0 < actual < 5
        assert place.doubt is not None


async def test_who_cancels_late_has_had_what_was_drawn_by_then(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        job = await bench.ask(ADA)
        await bench.ask(BEN)  # who waits: where nobody does, nothing is remembered
        await bench.audience.heard("preview", job.id)  # half of its steps are done
        await bench.dispatcher.cancel(job)
        after = await bench.ended(job)
        tags = {each.path: each.tag for each in await Shares(sqlite_database).all()}

        assert after.seconds == pytest.approx(0.5)
        assert tags[f"guild {GUILD}/user {ADA}"] == pytest.approx(0.5)


async def test_a_job_whose_attempts_are_used_up_is_not_tried_again_but_given_up(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    jobs, executor = Jobs(sqlite_database), FakeExecutor()
    spent, _ = await jobs.submit(new_job(BEN))
    for _ in range(3):
        await jobs.claim(spent.id, "elsewhere", -1)
        await jobs.take_back([spent.id])
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        assert (await bench.ended(spent)).error_key == "jobs.failed_inside"
        assert executor.attempts == []


async def test_who_could_not_begin_in_time_is_told_when_they_could(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor, places = FakeExecutor(), []
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        for _ in range(6):
            await bench.ask(ADA)
        await bench.dispatcher.submit(new_job(ADA), places.append, horizon=1.0)

        assert places[0].begins == pytest.approx(6.0, abs=1.1)


async def test_a_start_with_many_jobs_looks_once_where_all_of_them_stand(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    class Watched(FakeExecutor):
        looks = 0

        def workers(self) -> Sequence[WorkerInfo]:
            self.looks += 1
            return super().workers()

    jobs, executor = Jobs(sqlite_database), Watched()
    executor.state = WorkerState.STARTING
    waiting = [(await jobs.submit(new_job(ADA)))[0] for _ in range(40)]
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        await bench.audience.heard("queued", waiting[-1].id)

        assert executor.looks < len(waiting) / 2
        assert [bench.audience.places[job.id].ahead for job in waiting] == list(range(40))
