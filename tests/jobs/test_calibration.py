"""A machine's speed, known before anybody asks for a picture."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FINGERPRINT, FakeExecutor, InThreadClerk, draw, fail
from jobs_kit import ADA, at_work, new_job, request

from config.settings import load_settings
from db.jobs import Jobs, JobStatus
from db.session import Database
from db.timings import Timing, Timings
from inference.checkpoints import Checkpoint, load_checkpoints
from inference.executor import WorkerState
from inference.protocol import Attempt, Event, FailureKind
from jobs.calibration import Calibration, requests
from jobs.cost import CostModel
from jobs.costs import Costs

CHECKPOINTS = load_checkpoints(load_settings().models)
DEMO = CHECKPOINTS["demo"]
UPPER, LOWER = (DEMO.model_copy(update={"name": name}) for name in ("upper", "lower"))
SLOWER = 30.0


def always() -> bool:
    return True


def slow(attempt: Attempt) -> Event:
    """Draw as a machine does that is so many times slower than the first guess."""
    return replace(draw(attempt), seconds=SLOWER * CostModel().estimate(attempt.request))


def slow_here(attempt: Attempt) -> Event:
    """Draw so on the device that is here."""
    done = draw(attempt)
    here = tuple(replace(each, fingerprint=FINGERPRINT | {"device": "here"}) for each in done.pictures)
    return replace(done, pictures=here, seconds=SLOWER * CostModel().estimate(attempt.request))


def timing(device: str, seconds: float = 8.0, **changes: object) -> Timing:
    return Timing(request=request(**changes).to_dict(), seconds=seconds, fingerprint=FINGERPRINT | {"device": device})


Calibrate = Callable[[FakeExecutor], Calibration]


@pytest.fixture
def costs() -> Costs:
    return Costs()


@pytest.fixture
def calibrate(costs: Costs, tmp_path: Path) -> Calibrate:
    return lambda executor: Calibration(costs=costs, executor=executor, spool=tmp_path)


async def test_a_few_small_pictures_tell_how_fast_a_new_machine_is(
    costs: Costs, calibrate: Calibrate, tmp_path: Path
) -> None:
    executor, guess = FakeExecutor([slow] * 3), CostModel()

    await calibrate(executor).run([DEMO], always)

    assert len(executor.attempts) == 3
    assert is_empty(tmp_path)
    for asked in (request(), request(width=512, height=512, num_inference_steps=20, count=4)):
        assert costs.estimate(asked, [""]) == pytest.approx(SLOWER * guess.estimate(asked))


async def test_it_waits_until_a_worker_is_ready(costs: Costs, calibrate: Calibrate) -> None:
    executor = FakeExecutor()
    executor.state = WorkerState.STARTING
    task = asyncio.create_task(calibrate(executor).run([DEMO], always))
    await asyncio.sleep(0.05)
    assert executor.attempts == []

    executor.state = WorkerState.READY
    executor._change.set()
    await task

    assert costs.knows("demo", "")


async def test_what_jobs_took_on_this_device_is_enough(costs: Costs, calibrate: Calibrate) -> None:
    executor = FakeExecutor()
    executor.fingerprint = FINGERPRINT | {"device": "here"}
    calibration = calibrate(executor)
    calibration.recall([timing("here"), timing("here"), timing("elsewhere", 800.0)])

    await calibration.run([DEMO], always)

    assert executor.attempts == []
    assert costs.estimate(request(), ["here"]) == pytest.approx(8.0)


async def test_what_jobs_took_on_another_device_is_not_believed_here(costs: Costs, calibrate: Calibrate) -> None:
    executor = FakeExecutor([slow_here] * 3)
    executor.fingerprint = FINGERPRINT | {"device": "here"}
    calibration = calibrate(executor)
    calibration.recall([timing("elsewhere", 800.0, checkpoint="other")])
    assert costs.knows("other", "elsewhere")

    await calibration.run([DEMO], always)

    assert not costs.knows("other", "here")
    assert costs.estimate(request(), ["here"]) == pytest.approx(SLOWER * CostModel().estimate(request()))


async def test_every_kind_of_card_is_timed_on_one_of_its_own_workers(costs: Costs, calibrate: Calibrate) -> None:
    executor = FakeExecutor([slow_here] * 3, names=("known", "here", "here too"))
    here = FINGERPRINT | {"device": "here"}
    executor.fingerprints = {"known": FINGERPRINT | {"device": "known"}, "here": here, "here too": here}
    calibration = calibrate(executor)
    calibration.recall([timing("known")])

    await calibration.run([DEMO], always)

    assert executor.on == ["here"] * 3
    assert costs.knows("demo", "here")
    assert len({attempt.id for attempt in executor.attempts}) == 3, "an id of its own for each"


async def test_a_job_that_no_version_understands_is_passed_over(costs: Costs, calibrate: Calibrate) -> None:
    odd = [{}, {"task": "dance"}, request().to_dict() | {"width": 7}, request().to_dict() | {"wings": 2}]
    known = timing("here")

    calibrate(FakeExecutor()).recall([known, *(replace(known, request=each) for each in odd)])

    assert costs.estimate(request(), ["here"]) == pytest.approx(8.0)


@pytest.mark.parametrize("kind", [FailureKind.ENGINE, FailureKind.OUT_OF_MEMORY, FailureKind.WORKER_LOST])
async def test_a_failure_is_logged_and_the_first_guess_stays(
    costs: Costs, calibrate: Calibrate, tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: FailureKind
) -> None:
    executor = FakeExecutor([fail(kind)])

    await calibrate(executor).run([DEMO], always)

    assert len(executor.attempts) == 1
    assert not costs.knows("demo", "")
    assert f"{kind} as told" in caplog.text
    assert is_empty(tmp_path)


async def test_an_executor_that_breaks_is_logged_and_does_no_harm(
    calibrate: Calibrate, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Attempt) -> Event:
        raise ConnectionError("as told")

    await calibrate(FakeExecutor([broken])).run([DEMO], always)

    assert "as told" in caplog.text
    assert is_empty(tmp_path)


@pytest.mark.parametrize("checkpoint", CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_every_checkpoint_is_timed_within_its_bounds(checkpoint: Checkpoint) -> None:
    for asked in requests(checkpoint):
        assert asked.width == asked.height
        assert asked.width % checkpoint.side_multiple == 0
        assert checkpoint.min_side <= asked.width <= checkpoint.native_side


async def test_a_new_bot_times_its_checkpoint_and_leaves_no_trace(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor([slow] * 3)
    async with at_work(sqlite_database, tmp_path, clerk, executor, calibrated=[DEMO]) as bench:
        await until(lambda: bench.dispatcher.estimate(request()) > SLOWER / 2 * CostModel().estimate(request()))

        assert await Timings(sqlite_database).latest(10) == []
        assert bench.audience.told == []
        assert bench.stored() == []
        assert (await bench.ended(await bench.ask())).status is JobStatus.DONE


async def test_a_job_that_waits_already_is_not_kept_waiting(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    job, _ = await Jobs(sqlite_database).submit(new_job(ADA))
    async with at_work(sqlite_database, tmp_path, clerk, executor, calibrated=[DEMO]) as bench:
        await bench.ended(job)

        assert [attempt.id for attempt in executor.attempts] == [f"{job.id}:1"]


async def test_a_calibration_gives_way_to_a_job_at_its_next_step(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = FakeExecutor()
    executor.loaded.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor, calibrated=[DEMO]) as bench:
        await until(lambda: len(executor.attempts) == 1)
        job = await bench.ask()
        executor.loaded.set()

        assert (await bench.ended(job)).status is JobStatus.DONE
        calibration, own = [attempt.id for attempt in executor.attempts]
        assert (calibration.startswith("calibration:"), own) == (True, f"{job.id}:1")
        assert calibration in executor.cancelled


async def test_the_other_checkpoints_are_timed_once_it_was_quiet_for_a_while(costs: Costs, tmp_path: Path) -> None:
    executor, busy = FakeExecutor(), [False, True, True, False]  # the first looks
    calibration = Calibration(costs=costs, executor=executor, spool=tmp_path, quiet=0.01)

    def idle() -> bool:
        return not (len(executor.attempts) > 2 and busy and busy.pop(0))

    await calibration.run([DEMO, UPPER], idle)

    assert [attempt.request.checkpoint for attempt in executor.attempts] == ["demo"] * 3 + [UPPER.name] * 3 + [
        "demo"
    ] * 3
    assert busy == []


async def test_what_cannot_be_timed_keeps_no_other_from_it_and_what_gave_way_is_timed_later(
    costs: Costs, tmp_path: Path
) -> None:
    executor = FakeExecutor([draw, draw, draw, fail(FailureKind.CANCELLED), fail(FailureKind.UNUSABLE)])
    calibration = Calibration(costs=costs, executor=executor, spool=tmp_path, quiet=0.01)

    await calibration.run([DEMO, UPPER, LOWER], always)

    timed = [attempt.request.checkpoint for attempt in executor.attempts]
    assert timed[:-3] == ["demo"] * 3 + [UPPER.name] * 2 + [LOWER.name] * 3
    assert timed[-3:] == ["demo"] * 3  # in its place again
    assert (costs.knows(UPPER.name, ""), costs.knows(LOWER.name, "")) == (False, True)


async def test_the_next_start_knows_what_was_expected_and_what_it_took(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    async with at_work(sqlite_database, tmp_path, clerk, FakeExecutor()) as bench:
        job = await bench.ended(await bench.ask())
        assert (job.cost, job.seconds) == (1.0, 0.5)

    executor = FakeExecutor()
    async with at_work(sqlite_database, tmp_path, clerk, executor, calibrated=[DEMO]) as bench:
        await bench.ended(await bench.ask())

        assert [attempt.id for attempt in executor.attempts] == [f"{job.id + 1}:1"]
        assert bench.dispatcher.estimate(request()) == pytest.approx(0.5)


async def until(so: Callable[[], bool]) -> None:
    """Return once it is so."""
    async with asyncio.timeout(20):
        while not so():  # noqa: ASYNC110 - another's news
            await asyncio.sleep(0.01)


def is_empty(folder: Path) -> bool:
    return list(folder.iterdir()) == []
