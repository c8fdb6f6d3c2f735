"""The executor with the real worker process and an engine that fails on demand."""

import asyncio
import os
import signal
import sys
import time

import psutil
import pytest
from inference_kit import a_checkpoint, an_attempt, pixels_of, run, running, until, worker_pid, worker_pids

from inference.executor import WorkerState
from inference.protocol import Done, Failed, FailureKind, Preview, Progress, Started
from inference.supervisor import Patience, back_off

SCRIPTED = "tests.fakes_inference:ScriptedEngine"


@pytest.fixture
async def executor(tmp_path):
    async with running(tmp_path, a_checkpoint(tmp_path, "scripted"), SCRIPTED, preview_every=0.01) as executor:
        await until(executor, WorkerState.READY)
        yield executor


def failure(events):
    assert isinstance(events[-1], Failed), events[-1]
    return events[-1].kind


async def test_a_worker_becomes_ready_and_tells_what_it_is(executor):
    (worker,) = executor.workers()
    assert (worker.state, worker.device, worker.lanes_free) == (WorkerState.READY, "cpu", 2)
    assert worker.fingerprint["engine"] == "scripted"
    assert worker.fingerprint["pid"] != str(os.getpid())


async def test_an_attempt_starts_progresses_and_ends_with_its_pictures(executor, tmp_path):
    events = await run(executor, an_attempt(tmp_path / "spool"))
    assert isinstance(events[0], Started)
    assert [event.step for event in events if isinstance(event, Progress)] == [1, 2, 3, 4]
    assert pixels_of(events[-1])[0].shape == (128, 128, 3)


async def test_a_lane_is_taken_from_the_call_on_and_free_after_the_end(executor, tmp_path):
    (worker,) = executor.workers()
    streams = [executor.run(worker.id, an_attempt(tmp_path / name, name, prompt="slow")) for name in ("a", "b")]
    assert executor.workers()[0].lanes_free == 0
    other = await run(executor, an_attempt(tmp_path / "c", "c"))
    assert failure(other) is FailureKind.WORKER_LOST
    for stream in streams:
        assert isinstance([event async for event in stream][-1], Done)
    assert executor.workers()[0].lanes_free == 2


async def test_attempts_are_drawn_at_the_same_time_and_the_shorter_ends_first(executor, tmp_path):
    ends = []

    async def follow(name, steps):
        stream = executor.run("cpu", an_attempt(tmp_path / name, name, prompt="slow", num_inference_steps=steps))
        assert isinstance([event async for event in stream][-1], Done)
        ends.append(name)

    await asyncio.gather(follow("long", 40), follow("short", 3))
    assert ends == ["short", "long"]


async def test_one_that_fails_or_is_cancelled_disturbs_no_other(executor, tmp_path):
    stream = executor.run("cpu", an_attempt(tmp_path / "a", "a", prompt="slow", num_inference_steps=40))
    assert failure(await run(executor, an_attempt(tmp_path / "b", "b", prompt="raise"))) is FailureKind.ENGINE
    other = executor.run("cpu", an_attempt(tmp_path / "c", "c", prompt="slow", num_inference_steps=40))
    await executor.cancel("c")
    assert failure([event async for event in other]) is FailureKind.CANCELLED
    assert isinstance([event async for event in stream][-1], Done)


async def test_a_killed_worker_loses_all_its_attempts(executor, tmp_path):
    streams = [executor.run("cpu", an_attempt(tmp_path / name, name, prompt="slow")) for name in ("a", "b")]
    os.kill(worker_pid(), signal.SIGKILL)
    for stream in streams:
        assert failure([event async for event in stream]) is FailureKind.WORKER_LOST


async def test_who_cancels_what_waits_for_room_kills_nobody(executor, tmp_path):
    pid = worker_pid()
    stream = executor.run("cpu", an_attempt(tmp_path / "a", "a", prompt="slow", num_inference_steps=100))
    other = executor.run("cpu", an_attempt(tmp_path / "b", "b", prompt="out of memory"))
    await asyncio.sleep(0.3)
    await executor.cancel("b")
    assert failure([event async for event in other]) is FailureKind.CANCELLED
    assert isinstance([event async for event in stream][-1], Done)
    assert worker_pid() == pid


async def test_an_attempt_without_room_is_tried_again_when_it_is_alone(executor, tmp_path):
    stream = executor.run("cpu", an_attempt(tmp_path / "a", "a", prompt="slow", num_inference_steps=20))
    events = await run(executor, an_attempt(tmp_path / "b", "b", prompt="out of memory once"))
    assert isinstance(events[-1], Done)
    assert [isinstance(event, Started) for event in events].count(True) == 1
    assert isinstance([event async for event in stream][-1], Done)


async def test_a_cancel_ends_the_attempt_within_a_step(executor, tmp_path):
    stream = executor.run("cpu", an_attempt(tmp_path, prompt="slow", num_inference_steps=150))
    seen = []
    async for event in stream:
        seen.append(event)
        if isinstance(event, Progress) and event.step == 3:
            await executor.cancel("1")
    assert failure(seen) is FailureKind.CANCELLED
    assert sum(isinstance(event, Progress) for event in seen) < 10
    assert isinstance((await run(executor, an_attempt(tmp_path, "2")))[-1], Done)


async def test_a_cancel_that_is_not_heeded_ends_the_process(executor, tmp_path):
    stream = executor.run("cpu", an_attempt(tmp_path, prompt="hang"))
    events = []
    async for event in stream:
        events.append(event)
        if isinstance(event, Progress):
            await executor.cancel("1")
    assert failure(events) is FailureKind.WORKER_LOST
    assert "cancel" in events[-1].detail
    await until(executor, WorkerState.READY)


async def test_a_reader_who_goes_away_cancels_the_attempt(executor, tmp_path):
    stream = executor.run("cpu", an_attempt(tmp_path, prompt="slow", num_inference_steps=150))
    await anext(stream)
    await stream.aclose()
    async with asyncio.timeout(2):
        while executor.workers()[0].lanes_free == 0:
            await executor.changed()


async def test_a_killed_worker_loses_its_attempt_and_comes_back(executor, tmp_path):
    stream = executor.run("cpu", an_attempt(tmp_path, prompt="slow", num_inference_steps=150))
    pid = worker_pid()
    events = []
    async for event in stream:
        events.append(event)
        if isinstance(event, Progress) and event.step == 2:
            os.kill(pid, signal.SIGKILL)
    assert failure(events) is FailureKind.WORKER_LOST
    await until(executor, WorkerState.READY)
    assert worker_pid() != pid
    assert isinstance((await run(executor, an_attempt(tmp_path, "2")))[-1], Done)


async def test_a_worker_that_stands_still_is_replaced(executor, tmp_path):
    events = await run(executor, an_attempt(tmp_path, prompt="hang"))
    assert failure(events) is FailureKind.WORKER_LOST
    assert "stood still" in events[-1].detail


async def test_a_worker_that_is_frozen_is_replaced(tmp_path):
    patience = Patience(load=60, ping_every=0.1, silence=1)
    async with running(tmp_path, a_checkpoint(tmp_path, "scripted"), SCRIPTED, patience) as executor:
        await until(executor, WorkerState.READY)
        os.kill(worker_pid(), signal.SIGSTOP)
        await until(executor, WorkerState.RESTARTING)
        assert "no sign of life" in (executor.workers()[0].problem or "")


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
    assert failure(await run(executor, an_attempt(tmp_path, prompt=prompt))) is kind


async def test_another_checkpoint_that_cannot_be_loaded_is_told_so_and_the_worker_goes_on(executor, tmp_path):
    events = await run(executor, an_attempt(tmp_path, checkpoint="gone"))
    assert failure(events) is FailureKind.UNUSABLE
    assert "download" in events[-1].detail
    assert not any(isinstance(event, Started) for event in events)
    assert isinstance((await run(executor, an_attempt(tmp_path, "2")))[-1], Done)


async def test_the_time_to_load_is_none_of_the_attempts(executor, tmp_path):
    began = time.monotonic()
    events, started = [], 0.0
    async for event in executor.run("cpu", an_attempt(tmp_path, checkpoint="a second to load")):
        events.append(event)
        started = started or time.monotonic()
    assert isinstance(events[0], Started)
    assert started - began >= 1
    assert isinstance(events[-1], Done)
    assert events[-1].seconds < 0.5


async def test_an_attempt_cancelled_while_its_checkpoint_loads_never_starts(executor, tmp_path):
    stream = executor.run("cpu", an_attempt(tmp_path, checkpoint="a second to load"))
    await executor.cancel("1")
    (event,) = [event async for event in stream]
    assert failure([event]) is FailureKind.CANCELLED


async def test_a_cancel_of_what_is_over_stays_without_effect(executor, tmp_path):
    await run(executor, an_attempt(tmp_path, "1"))
    await executor.cancel("1")
    assert isinstance((await run(executor, an_attempt(tmp_path, "1")))[-1], Done)


async def test_out_of_memory_is_tried_once_more_with_the_least_memory(executor, tmp_path):
    assert isinstance((await run(executor, an_attempt(tmp_path, prompt="out of memory once")))[-1], Done)


async def test_previews_are_dropped_when_nobody_reads_them(executor, tmp_path):
    """150 previews of a megabyte each, and a bot whose loop is busy meanwhile: the engine must not wait for it."""
    stream = executor.run("cpu", an_attempt(tmp_path, prompt="flood", num_inference_steps=150))
    time.sleep(1.2)  # noqa: ASYNC251 - the loop shall be busy
    events = [event async for event in stream]
    assert isinstance(events[-1], Done)
    assert sum(isinstance(event, Progress) for event in events) == 150
    assert 1 <= sum(isinstance(event, Preview) for event in events) < 150
    assert events[-1].seconds < 1.0


async def test_a_checkpoint_that_cannot_be_loaded_never_becomes_ready_and_is_named(tmp_path, caplog):
    async with running(tmp_path, a_checkpoint(tmp_path, "unusable"), SCRIPTED) as executor:
        states = set()
        while executor.workers()[0].state is not WorkerState.BROKEN:
            await executor.changed()
            states.add(executor.workers()[0].state)
    assert WorkerState.READY not in states
    assert "picture check" in (executor.workers()[0].problem or "")
    assert any("picture check" in record.message for record in caplog.records if record.levelname == "ERROR")


async def test_a_broken_worker_tries_again_slowly_and_heals_when_the_cause_has_passed(tmp_path):
    patience = Patience(load=60, ping_every=0.1, broken=0.5)
    name = "unusable until repaired"
    async with running(tmp_path, a_checkpoint(tmp_path, name), SCRIPTED, patience) as executor:
        await until(executor, WorkerState.BROKEN)
        assert "not yet" in (executor.workers()[0].problem or "")
        while not worker_pids():  # it starts again, and is broken all the while
            assert executor.workers()[0].state is WorkerState.BROKEN
            await asyncio.sleep(0.02)
        (tmp_path / "repaired").touch()
        states = {executor.workers()[0].state}
        while executor.workers()[0].state is not WorkerState.READY:
            await executor.changed()
            states.add(executor.workers()[0].state)
        assert states == {WorkerState.BROKEN, WorkerState.READY}
        assert executor.workers()[0].problem is None

        assert failure(await run(executor, an_attempt(tmp_path, "1", prompt="die"))) is FailureKind.WORKER_LOST
        assert executor.workers()[0].state is WorkerState.BROKEN
        await until(executor, WorkerState.READY)
        assert isinstance((await run(executor, an_attempt(tmp_path, "2")))[-1], Done)

        assert failure(await run(executor, an_attempt(tmp_path, "3", prompt="die"))) is FailureKind.WORKER_LOST
        await until(executor, WorkerState.RESTARTING)


async def test_a_checkpoint_that_loads_for_too_long_is_given_up(tmp_path):
    patience = Patience(load=1.5, ping_every=0.1)
    async with running(tmp_path, a_checkpoint(tmp_path, "slow to load"), SCRIPTED, patience) as executor:
        await until(executor, WorkerState.RESTARTING)
        assert "did not load" in (executor.workers()[0].problem or "")


async def test_the_process_ends_when_the_bot_is_gone(tmp_path):
    program = f"""
import asyncio, sys
sys.path[:0] = ["tests", "tests/inference"]
from pathlib import Path
from inference_kit import *
async def main():
    path = Path({str(tmp_path)!r})
    async with running(path, a_checkpoint(path, "scripted"), {SCRIPTED!r}) as executor:
        await until(executor, WorkerState.READY)
        stream = executor.run("cpu", an_attempt(path, prompt="hang"))
        async for event in stream:
            print(worker_pid(), flush=True)
            await asyncio.sleep(60)
asyncio.run(main())
"""
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert bot.stdout is not None
    worker = psutil.Process(int(await bot.stdout.readline()))
    bot.kill()
    await bot.wait()
    await asyncio.to_thread(psutil.wait_procs, [worker], 5)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


async def test_closing_lets_an_attempt_end_within_the_time(executor, tmp_path):
    stream = executor.run("cpu", an_attempt(tmp_path, prompt="slow", num_inference_steps=10))
    closing = asyncio.create_task(executor.close(5))
    assert isinstance([event async for event in stream][-1], Done)
    await closing
    assert worker_pids() == []


async def test_closing_ends_an_attempt_that_takes_longer(executor, tmp_path):
    stream = executor.run("cpu", an_attempt(tmp_path, prompt="hang"))
    began = time.monotonic()
    closing = asyncio.create_task(executor.close(0.2))
    assert failure([event async for event in stream]) is FailureKind.WORKER_LOST
    await closing
    assert time.monotonic() - began < 3


async def test_the_worker_does_not_know_the_bots_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    async with running(tmp_path, a_checkpoint(tmp_path, "scripted"), SCRIPTED) as executor:
        await until(executor, WorkerState.READY)
        assert "DISCORD_TOKEN" not in psutil.Process(worker_pid()).environ()


def test_the_back_off_rises_to_a_minute():
    assert [back_off(deaths) for deaths in range(1, 13)] == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 60]


async def test_a_job_that_kills_its_worker_again_and_again_breaks_it_for_nobody(tmp_path):
    async with running(tmp_path, a_checkpoint(tmp_path, "scripted"), SCRIPTED) as executor:
        for attempt in range(6):
            await until(executor, WorkerState.READY)
            await run(executor, an_attempt(tmp_path / str(attempt), f"7:{attempt}", prompt="die"))
        worker = await until(executor, WorkerState.READY)
        assert isinstance((await run(executor, an_attempt(tmp_path / "other", "8:1")))[-1], Done)
    assert worker.problem is None


async def test_who_cancels_while_another_checkpoint_loads_kills_nobody(tmp_path):
    patience = Patience(load=60, ping_every=0.05, silence=10, stall=5, cancel=0.2)
    async with running(tmp_path, a_checkpoint(tmp_path, "scripted"), SCRIPTED, patience) as executor:
        pid = (await until(executor, WorkerState.READY)).fingerprint["pid"]
        stream = executor.run("cpu", an_attempt(tmp_path, checkpoint="a second to load"))
        await asyncio.sleep(0.2)
        await executor.cancel("1")
        assert failure([event async for event in stream]) is FailureKind.CANCELLED
        assert executor.workers()[0].fingerprint["pid"] == pid
        assert executor.workers()[0].state is WorkerState.READY
