import asyncio
import os
import pickle
import time
from pathlib import Path

import psutil
import pytest

from config.settings import SECRETS
from config.words import UserError
from jobs.clerk import Clerk, ClerkFailed
from provenance.intake import RefusedPicture


def refuse() -> None:
    raise RefusedPicture("provenance.too_few_pixels", width=1, height=1, low=64)


def take_much() -> int:
    return len(bytes(8 << 30))


def meet(folder: Path, name: str, wanted: int) -> int:
    """Return how many are in the folder at once, as soon as all are there that are wanted."""
    (folder / name).touch()
    until = time.monotonic() + 20
    while len(list(folder.iterdir())) < wanted and time.monotonic() < until:
        time.sleep(0.01)
    return len(list(folder.iterdir()))


def clerks_own(process: psutil.Process) -> bool:
    """Say whether it does a clerk's work, and is not what Python tracks resources with."""
    return "spawn_main" in " ".join(process.cmdline())


@pytest.fixture
def words_error() -> RefusedPicture:
    return RefusedPicture("provenance.too_few_pixels", width=1, height=1, low=64)


def test_an_error_for_a_person_crosses_between_processes_whole(words_error):
    copy = pickle.loads(pickle.dumps(words_error))

    assert type(copy) is RefusedPicture
    assert (copy.key, copy.values, str(copy)) == (words_error.key, words_error.values, str(words_error))


async def test_a_call_runs_in_another_process_of_low_priority_and_torch_is_not_there():
    async with Clerk() as clerk:
        pid = await clerk.call(os.getpid)
        nice = psutil.Process(pid).nice()
        torch_there = await clerk.call(eval, "'torch' in __import__('sys').modules")

    assert pid != os.getpid()
    assert nice > psutil.Process().nice()
    assert torch_there is False


async def test_what_the_function_raises_comes_back():
    async with Clerk() as clerk:
        with pytest.raises(RefusedPicture) as refusal:
            await clerk.call(refuse)
        with pytest.raises(ZeroDivisionError):
            await clerk.call(divmod, 1, 0)

    assert refusal.value.values["low"] == 64


async def test_a_hung_process_is_replaced():
    async with Clerk() as clerk:
        first = await clerk.call(os.getpid)
        with pytest.raises(ClerkFailed):
            await clerk.call(time.sleep, 600, timeout=0.2)
        second = await clerk.call(os.getpid)

        assert second != first
        assert not psutil.pid_exists(first)


async def test_a_process_that_dies_at_work_fails_its_call_only():
    async with Clerk() as clerk:
        with pytest.raises(ClerkFailed):
            await clerk.call(os._exit, 3)
        assert await clerk.call(abs, -1) == 1
        with pytest.raises(ZeroDivisionError):  # which is no failure of the clerk's
            await clerk.call(divmod, 1, 0)
        assert clerk.failures == 1


async def test_a_process_that_died_while_idle_costs_nobody_anything():
    async with Clerk() as clerk:
        psutil.Process(await clerk.call(os.getpid)).kill()
        await asyncio.sleep(0.3)

        assert await clerk.call(abs, -1) == 1


async def test_a_cancelled_call_does_not_hold_up_the_next():
    async with Clerk() as clerk:
        call = asyncio.create_task(clerk.call(time.sleep, 600))
        await asyncio.sleep(0.1)
        call.cancel()

        assert await clerk.call(abs, -1, timeout=5) == 1
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_waiting_for_a_turn_is_not_counted_against_a_call():
    async with Clerk() as clerk:
        results = await asyncio.gather(*(clerk.call(time.sleep, 0.3, timeout=0.8) for _ in range(4)))

    assert results == [None] * 4


async def test_the_event_loop_runs_on_while_the_clerk_works():
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    async with Clerk() as clerk:
        ticker = asyncio.create_task(tick())
        await clerk.call(time.sleep, 0.5)
        ticker.cancel()

    assert ticks > 20


async def test_memory_is_bounded():
    async with Clerk() as clerk:
        with pytest.raises(ClerkFailed) as failure:
            await clerk.call(take_much)

    assert isinstance(failure.value, UserError)


async def test_no_process_is_left_behind_and_what_waited_is_told():
    async with Clerk() as clerk:
        pid = await clerk.call(os.getpid)
        calls = [asyncio.create_task(clerk.call(time.sleep, 600)) for _ in range(2)]
        await asyncio.sleep(0.1)

    assert all(isinstance(end, ClerkFailed) for end in await asyncio.gather(*calls, return_exceptions=True))
    assert not psutil.pid_exists(pid)


async def test_several_desks_work_at_once_and_no_more_than_there_are(tmp_path):
    async with Clerk(desks=2) as clerk:
        both = await asyncio.gather(*(clerk.call(meet, tmp_path, str(number), 2) for number in range(2)))
        pids = {await clerk.call(os.getpid) for _ in range(4)}

    assert both == [2, 2]
    assert len(pids) == 1, "an idle clerk has one of them work, whose memory is warm"


async def test_desks_that_nobody_needs_stay_empty():
    before = set(psutil.Process().children())
    async with Clerk(desks=8) as clerk:
        for _ in range(3):
            await clerk.call(abs, -1)

        assert len({child for child in psutil.Process().children() if clerks_own(child)} - before) == 1


async def test_a_desk_that_hangs_holds_up_no_other(tmp_path):
    async with Clerk(desks=2) as clerk:
        hanging = asyncio.create_task(clerk.call(time.sleep, 600))
        answers = [await clerk.call(abs, -1, timeout=20) for _ in range(3)]
        hanging.cancel()

        assert answers == [1, 1, 1]
        assert await asyncio.gather(*(clerk.call(meet, tmp_path, str(number), 2) for number in range(2))) == [2, 2]


async def test_it_does_not_know_the_bots_secrets(monkeypatch):
    for name in SECRETS:
        monkeypatch.setenv(name, "a secret of the bot's")
    monkeypatch.setenv("NO_SECRET", "something else")
    async with Clerk() as clerk:
        assert [await clerk.call(os.getenv, name) for name in SECRETS] == [None] * len(SECRETS)
        began_with = await clerk.call(Path.read_bytes, Path("/proc/self/environ"))

    assert b"something else" in began_with
    assert b"a secret of the bot's" not in began_with
