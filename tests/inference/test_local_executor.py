"""What is the local executor's own, and the supervisor's, with the real worker process and a scripted engine."""

import asyncio
import os
import signal
import sys

import psutil
from inference_kit import SCRIPTED, a_checkpoint, an_attempt, failure, run, running, until, worker_pid, worker_pids

from config.settings import SECRETS
from inference.executor import WorkerState
from inference.local import named
from inference.protocol import Done, FailureKind
from inference.supervisor import Patience, back_off


async def test_a_worker_that_is_frozen_is_replaced(tmp_path):
    patience = Patience(load=60, ping_every=0.1, silence=1)
    async with running(tmp_path, a_checkpoint(tmp_path, "scripted"), SCRIPTED, patience) as executor:
        await until(executor, WorkerState.READY)
        os.kill(worker_pid(), signal.SIGSTOP)
        await until(executor, WorkerState.RESTARTING)
        assert "no sign of life" in (executor.workers()[0].problem or "")


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


async def test_the_worker_does_not_know_the_bots_secrets(tmp_path, monkeypatch):
    for name in SECRETS:
        monkeypatch.setenv(name, "a secret of many letters")
    async with running(tmp_path, a_checkpoint(tmp_path, "scripted"), SCRIPTED) as executor:
        await until(executor, WorkerState.READY)
        assert not psutil.Process(worker_pid()).environ().keys() & set(SECRETS)


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
        stream = executor.run("cpu", an_attempt(tmp_path, "1", checkpoint="a second to load"))
        await asyncio.sleep(0.2)
        await executor.cancel("1")
        assert failure([event async for event in stream]) is FailureKind.CANCELLED
        assert executor.workers()[0].fingerprint["pid"] == pid
        assert executor.workers()[0].state is WorkerState.READY


def test_every_worker_has_a_name_of_its_own_though_devices_are_shared():
    named_twice = [("cpu", "cpu"), ("cuda:0", "cuda:0"), ("cpu/2", "cpu")]
    assert named(("cpu", "cuda:0", "cpu")) == named_twice
