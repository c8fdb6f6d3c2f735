"""What every executor does, each over real worker processes with a scripted engine: two workers, of two lanes each."""

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from inference_kit import (
    QUICK,
    SCRIPTED,
    Stage,
    a_checkpoint,
    a_new_attempt,
    begin,
    failure,
    kill,
    pid_of,
    pixels_of,
    read,
    run,
    settings_for,
    until_free,
)

from inference.executor import WorkerState
from inference.local import LocalExecutor
from inference.protocol import Done, FailureKind, Preview, Progress, Started
from inference.ray import RayExecutor

WORKERS = 2

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module", params=["local", "ray"])
def maker(request, tmp_path_factory):
    """Make an executor of each kind; those on Ray find the same cluster."""
    data = tmp_path_factory.mktemp("data")
    checkpoints = {"scripted": a_checkpoint(data, "scripted")}
    settings = settings_for(data, "scripted", preview_every=0.01)
    if request.param == "local":
        settings = settings.model_copy(update={"devices": ("cpu",) * WORKERS})
        return lambda: LocalExecutor(settings, checkpoints, patience=QUICK, engine=SCRIPTED)
    settings = request.getfixturevalue("fleet").settings(settings)
    return lambda: RayExecutor(settings, checkpoints, patience=QUICK, engine=SCRIPTED)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(maker, tmp_path_factory):
    stage = Stage(maker, WORKERS, tmp_path_factory.mktemp("spool"))
    yield stage
    await stage.close(0)


@pytest_asyncio.fixture(loop_scope="module")
async def executor(stage):
    return await stage.executor()


def keep_busy_until_there_is(file: Path) -> None:
    """Return once the file is there; nothing else is done meanwhile."""
    until = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < until
        time.sleep(0.01)


async def test_workers_become_ready_and_tell_what_they_are(executor):
    workers = executor.workers()
    assert [(each.state, each.device, each.lanes_free) for each in workers] == [(WorkerState.READY, "cpu", 2)] * WORKERS
    assert len({each.id for each in workers}) == WORKERS
    assert len({pid_of(each) for each in workers} | {os.getpid()}) == WORKERS + 1


async def test_an_attempt_starts_progresses_and_ends_with_its_pictures(executor, tmp_path):
    events = await run(executor, a_new_attempt(tmp_path / "spool"))
    assert isinstance(events[0], Started)
    assert [event.step for event in events if isinstance(event, Progress)] == [1, 2, 3, 4]
    assert pixels_of(events[-1])[0].shape == (128, 128, 3)


async def test_a_lane_is_taken_from_the_call_on_and_free_after_the_end(executor, tmp_path):
    streams = [begin(executor, a_new_attempt(tmp_path / name, prompt="slow")) for name in ("a", "b")]
    assert executor.workers()[0].lanes_free == 0
    other = await run(executor, a_new_attempt(tmp_path / "c"))
    assert failure(other) is FailureKind.WORKER_LOST
    for stream in streams:
        assert isinstance((await read(stream))[-1], Done)
    assert executor.workers()[0].lanes_free == 2


async def test_attempts_are_drawn_at_the_same_time_and_the_shorter_ends_first(executor, tmp_path):
    ends = []

    async def follow(name, steps):
        stream = begin(executor, a_new_attempt(tmp_path / name, prompt="slow", num_inference_steps=steps))
        assert isinstance((await read(stream))[-1], Done)
        ends.append(name)

    await asyncio.gather(follow("long", 40), follow("short", 3))
    assert ends == ["short", "long"]


async def test_one_that_fails_or_is_cancelled_disturbs_no_other(executor, tmp_path):
    stream = begin(executor, a_new_attempt(tmp_path / "a", prompt="slow", num_inference_steps=40))
    assert failure(await run(executor, a_new_attempt(tmp_path / "b", prompt="raise"))) is FailureKind.ENGINE
    unwanted = a_new_attempt(tmp_path / "c", prompt="slow", num_inference_steps=40)
    other = begin(executor, unwanted)
    await executor.cancel(unwanted.id)
    assert failure(await read(other)) is FailureKind.CANCELLED
    assert isinstance((await read(stream))[-1], Done)


async def test_a_killed_worker_loses_all_its_attempts(executor, tmp_path):
    streams = [begin(executor, a_new_attempt(tmp_path / name, prompt="slow")) for name in ("a", "b")]
    kill(executor.workers()[0])
    for stream in streams:
        assert failure(await read(stream)) is FailureKind.WORKER_LOST


async def test_who_cancels_what_waits_for_room_kills_nobody(executor, tmp_path):
    pid = pid_of(executor.workers()[0])
    stream = begin(executor, a_new_attempt(tmp_path / "a", prompt="slow", num_inference_steps=100))
    unwanted = a_new_attempt(tmp_path / "b", prompt="out of memory")
    other = begin(executor, unwanted)
    await asyncio.sleep(0.3)
    await executor.cancel(unwanted.id)
    assert failure(await read(other)) is FailureKind.CANCELLED
    assert isinstance((await read(stream))[-1], Done)
    assert pid_of(executor.workers()[0]) == pid


async def test_an_attempt_without_room_is_tried_again_when_it_is_alone(executor, tmp_path):
    stream = begin(executor, a_new_attempt(tmp_path / "a", prompt="slow", num_inference_steps=20))
    events = await run(executor, a_new_attempt(tmp_path / "b", prompt="out of memory once"))
    assert isinstance(events[-1], Done)
    assert [isinstance(event, Started) for event in events].count(True) == 1
    assert isinstance((await read(stream))[-1], Done)


async def test_a_cancel_ends_the_attempt_in_the_midst_of_it(executor, tmp_path):
    stream = begin(executor, a_new_attempt(tmp_path, prompt="very slow", num_inference_steps=150))
    seen = []
    async for event in stream:
        seen.append(event)
        if isinstance(event, Progress) and event.step == 3:
            await executor.cancel(event.attempt_id)
    assert failure(seen) is FailureKind.CANCELLED
    assert isinstance((await run(executor, a_new_attempt(tmp_path)))[-1], Done)


async def test_a_cancel_that_is_not_heeded_ends_the_process(executor, tmp_path):
    stream = begin(executor, a_new_attempt(tmp_path, prompt="hang"))
    events = []
    async for event in stream:
        events.append(event)
        if isinstance(event, Progress):
            await executor.cancel(event.attempt_id)
    assert failure(events) is FailureKind.WORKER_LOST
    assert "cancel" in events[-1].detail


async def test_a_reader_who_goes_away_cancels_the_attempt(executor, tmp_path):
    stream = begin(executor, a_new_attempt(tmp_path, prompt="very slow", num_inference_steps=150))
    await anext(stream)
    assert executor.workers()[0].lanes_free == 1
    await stream.aclose()
    await until_free(executor, WORKERS)


async def test_a_killed_worker_loses_its_attempt_and_comes_back(executor, tmp_path):
    stream = begin(executor, a_new_attempt(tmp_path, prompt="slow", num_inference_steps=150))
    worker = executor.workers()[0]
    events = []
    async for event in stream:
        events.append(event)
        if isinstance(event, Progress) and event.step == 2:
            kill(worker)
    assert failure(events) is FailureKind.WORKER_LOST
    assert executor.workers()[0].lanes_free == 0  # nobody is to send the next attempt there, too
    await until_free(executor, WORKERS)
    assert pid_of(executor.workers()[0]) != pid_of(worker)
    assert isinstance((await run(executor, a_new_attempt(tmp_path)))[-1], Done)


async def test_a_worker_that_stands_still_is_replaced(executor, tmp_path):
    events = await run(executor, a_new_attempt(tmp_path, prompt="hang"))
    assert failure(events) is FailureKind.WORKER_LOST
    assert "stood still" in events[-1].detail


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("out of memory", FailureKind.OUT_OF_MEMORY),
        ("unfeasible", FailureKind.INVALID),
        ("raise", FailureKind.ENGINE),
        ("break the device", FailureKind.WORKER_LOST),
        ("die", FailureKind.WORKER_LOST),
    ],
)
async def test_every_failure_is_told_by_its_kind(executor, tmp_path, prompt, kind):
    assert failure(await run(executor, a_new_attempt(tmp_path, prompt=prompt))) is kind


async def test_another_checkpoint_that_cannot_be_loaded_is_told_so_and_the_worker_goes_on(executor, tmp_path):
    events = await run(executor, a_new_attempt(tmp_path, checkpoint="gone"))
    assert failure(events) is FailureKind.UNUSABLE
    assert "download" in events[-1].detail
    assert not any(isinstance(event, Started) for event in events)
    assert isinstance((await run(executor, a_new_attempt(tmp_path)))[-1], Done)


async def test_the_time_to_load_is_none_of_the_attempts(executor, tmp_path):
    began = time.monotonic()
    events, started = [], 0.0
    async for event in begin(executor, a_new_attempt(tmp_path, checkpoint="a second to load")):
        events.append(event)
        started = started or time.monotonic()
    assert isinstance(events[0], Started)
    assert started - began >= 1
    assert isinstance(events[-1], Done)


async def test_an_attempt_cancelled_while_its_checkpoint_loads_never_starts(executor, tmp_path):
    attempt = a_new_attempt(tmp_path, checkpoint="a second to load")
    stream = begin(executor, attempt)
    await executor.cancel(attempt.id)
    (event,) = await read(stream)
    assert failure([event]) is FailureKind.CANCELLED


async def test_a_cancel_of_what_is_over_stays_without_effect(executor, tmp_path):
    attempt = a_new_attempt(tmp_path)
    await run(executor, attempt)
    await executor.cancel(attempt.id)
    assert isinstance((await run(executor, attempt))[-1], Done)


async def test_out_of_memory_is_tried_once_more_with_the_least_memory(executor, tmp_path):
    assert isinstance((await run(executor, a_new_attempt(tmp_path, prompt="out of memory once")))[-1], Done)


async def test_previews_are_dropped_when_nobody_reads_them(executor, tmp_path):
    """150 previews of a megabyte each, and a bot whose loop is busy until all is drawn: nobody waits for it."""
    stream = begin(executor, a_new_attempt(tmp_path, prompt="flood", num_inference_steps=150))
    keep_busy_until_there_is(tmp_path / "0.npy")
    events = await read(stream)
    assert isinstance(events[-1], Done)
    assert sum(isinstance(event, Progress) for event in events) == 150
    assert 1 <= sum(isinstance(event, Preview) for event in events) < 150


async def test_both_workers_draw_at_once(executor, tmp_path):
    streams = [begin(executor, a_new_attempt(tmp_path / f"{worker}", prompt="slow"), worker) for worker in (0, 1)]
    assert [each.lanes_free for each in executor.workers()] == [1, 1]
    drawers = [(await read(stream))[-1].pictures[0].fingerprint["pid"] for stream in streams]
    assert drawers == [each.fingerprint["pid"] for each in executor.workers()]


async def test_a_worker_that_nobody_knows_is_not_free(executor, tmp_path):
    assert failure(await read(executor.run("nobody", a_new_attempt(tmp_path)))) is FailureKind.WORKER_LOST


async def test_files_and_pictures_come_through_as_they_are(executor, tmp_path):
    names = ("source.png", "mask.png", "first.jpg", "second.jpg")
    given = {name: os.urandom(size) for name, size in zip(names, (10, 2_000_000, 1, 300_000), strict=True)}
    for name, content in given.items():
        (tmp_path / name).write_bytes(content)
    source, mask, *blended = [tmp_path / name for name in names]
    attempt = replace(
        a_new_attempt(tmp_path / "spool", source, mask, prompt="show what came", seed=0),
        blended_paths=tuple(map(str, blended)),
    )
    events = await run(executor, attempt)
    assert [pixels.tobytes() for pixels in pixels_of(events[-1])] == list(given.values())
    assert [picture.seed for picture in events[-1].pictures] == [0, 1, 2, 3]
    assert {Path(picture.path).parent for picture in events[-1].pictures} == {tmp_path / "spool"}


async def test_closing_lets_an_attempt_end_within_the_time(stage, executor, tmp_path):
    stream = begin(executor, a_new_attempt(tmp_path, prompt="slow", num_inference_steps=10))
    closing = asyncio.create_task(stage.close(5))
    assert isinstance((await read(stream))[-1], Done)
    await closing


async def test_closing_ends_an_attempt_that_takes_longer(stage, executor, tmp_path):
    stream = begin(executor, a_new_attempt(tmp_path, prompt="slow", num_inference_steps=150))
    closing = asyncio.create_task(stage.close(0.2))
    assert failure(await read(stream)) is FailureKind.WORKER_LOST
    await closing
