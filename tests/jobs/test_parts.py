"""Jobs over several checkpoints: each draws its part, and what comes of it is one."""

import asyncio
from pathlib import Path

from fakes import FakeExecutor, InThreadClerk, draw, fail
from jobs_kit import at_work, request

from db.jobs import JobStatus
from db.session import Database
from inference.protocol import Attempt, Done, FailureKind, Pixels
from inference.request import Sampler, Variant
from jobs.cost import CostModel
from jobs.parts import joined, parts_of

MIXED = (Variant(seed=1), Variant(checkpoint="sd15"), Variant(seed=0, checkpoint="demo"), Variant(checkpoint="sd15"))


def picture(seed: int, checkpoint: str) -> Pixels:
    return Pixels(path="", seed=seed, width=64, height=64, seen=None, fingerprint={"weights": checkpoint})


def test_a_request_for_one_checkpoint_has_one_part() -> None:
    asked = request(count=3)
    (part,) = parts_of(asked)
    assert (part.places, part.request, part.attempt_id("7:1")) == ((0, 1, 2), asked, "7:1")


def test_each_part_draws_what_its_pictures_would_be_alone() -> None:
    asked = request(variants=MIXED, count=4)
    first, second = parts_of(asked)
    assert (first.places, second.places) == ((0, 2), (1, 3))
    assert (first.attempt_id("7:1"), second.attempt_id("7:1")) == ("7:1", "7:1.1")
    for part in (first, second):
        assert list(part.request.singles()) == [asked.single(place) for place in part.places]


def test_a_part_has_nothing_of_another_checkpoints_settings() -> None:
    other = Variant(checkpoint="sd15", width=512, height=512, num_inference_steps=9, sampler=Sampler.LCM)
    variants = (Variant(), other)
    first, second = parts_of(request(width=1024, height=1024, variants=variants, count=2))

    assert (second.request.width, second.request.num_inference_steps, second.request.sampler) == (512, 9, Sampler.LCM)
    assert (first.request.width, first.request.sampler) == (1024, Sampler.DDIM)


def test_what_the_parts_come_to_stands_in_its_places() -> None:
    first, second = parts_of(request(variants=MIXED, count=4))
    demo = Done(attempt_id="1", pictures=(picture(1, "demo"), picture(0, "demo")), seconds=2.0, truncated="")
    other = Done(attempt_id="1.1", pictures=(picture(5, "sd15"), picture(5, "sd15")), seconds=3.0, truncated="rest")
    made = joined([(first, demo), (second, other)])

    assert [each.fingerprint["weights"] for each in made.pictures] == ["demo", "sd15", "demo", "sd15"]
    assert (made.attempt_id, made.seconds, made.truncated) == ("1", 5.0, "rest")


def test_what_one_checkpoint_takes_is_not_learnt_from_several() -> None:
    costs, asked = CostModel(), request(variants=MIXED, count=4)
    costs.observe(asked, 100.0)
    assert not costs.knows("demo")
    costs.observe(request(), 100.0)
    alone = costs.estimate(request()), costs.estimate(request(checkpoint="sd15"))
    assert costs.estimate(asked) == 2 * sum(alone)


async def test_the_parts_are_drawn_one_after_the_other_and_kept_together(
    sqlite_database: Database, tmp_path: Path
) -> None:
    executor = FakeExecutor()
    async with at_work(sqlite_database, tmp_path, InThreadClerk(), executor) as bench:
        job = await bench.ended(await bench.ask(seed=7, variants=MIXED, count=4))
        records = await bench.history.of_job(job.id)

    assert [attempt.request.checkpoint for attempt in executor.attempts] == ["demo", "sd15"]
    assert [(each.checkpoint, each.seed) for each in records] == [("demo", 1), ("sd15", 7), ("demo", 0), ("sd15", 7)]
    assert all(record.request["variants"] == [] for record in records)
    assert job.seconds == 1.0


async def test_where_one_part_fails_nothing_is_kept(sqlite_database: Database, tmp_path: Path) -> None:
    executor = FakeExecutor(outcomes=[draw, fail(FailureKind.INVALID)])
    async with at_work(sqlite_database, tmp_path, InThreadClerk(), executor) as bench:
        job = await bench.ended(await bench.ask(seed=7, variants=MIXED, count=4))

        assert job.status is JobStatus.FAILED
        assert await bench.history.of_job(job.id) == []


async def test_a_job_is_cancelled_in_whichever_part_it_is(sqlite_database: Database, tmp_path: Path) -> None:
    executor = FakeExecutor()

    def draw_and_stand_still(attempt: Attempt) -> Done:
        executor.go_on.clear()
        return draw(attempt)

    executor.outcomes = [draw_and_stand_still]
    async with at_work(sqlite_database, tmp_path, InThreadClerk(), executor) as bench:
        job = await bench.ask(variants=MIXED, count=4)
        while len(executor.attempts) < 2:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(0.01)
        await bench.dispatcher.cancel(job)
        job = await bench.ended(job)

    assert job.status is JobStatus.CANCELLED
    assert executor.cancelled == [executor.attempts[1].id]
