"""The pace of sending: few in a while, one at a time, in order, each route for itself."""

import asyncio
import time

import pytest

from bot.pacing import Pacing

PERIOD = 0.3


async def starts(pacing: Pacing, channel_id: int, count: int) -> list[tuple[int, float]]:
    """Ask for so many turns at once; return who got one and when, in the order of the turns."""
    told = []

    async def take(number: int) -> None:
        async with pacing.of(channel_id):
            told.append((number, time.monotonic()))

    await asyncio.gather(*(take(number) for number in range(count)))
    return told


async def test_turns_come_in_the_order_of_asking_and_so_many_in_a_period() -> None:
    told = await starts(Pacing(4, PERIOD), 1, 10)
    times = [at for _, at in told]

    assert [number for number, _ in told] == list(range(10))
    assert all(later - earlier >= PERIOD for earlier, later in zip(times, times[4:], strict=False))
    assert times[3] - times[0] < times[4] - times[3]


async def test_whoever_has_the_turn_has_it_alone() -> None:
    pacing, told = Pacing(4, PERIOD), []

    async def take(number: int) -> None:
        async with pacing.of(1):
            told.append(f"{number} in")
            await asyncio.sleep(0.02)
            told.append(f"{number} out")

    await asyncio.gather(*(take(number) for number in range(3)))

    assert told == ["0 in", "0 out", "1 in", "1 out", "2 in", "2 out"]


async def test_only_one_of_a_route_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    pacing, polling, most = Pacing(1, PERIOD), 0, 0
    sleep = asyncio.sleep

    async def counted(seconds: float) -> None:
        nonlocal polling, most
        polling, most = polling + 1, max(most, polling + 1)
        await sleep(seconds)
        polling -= 1

    monkeypatch.setattr(asyncio, "sleep", counted)
    await starts(pacing, 1, 4)

    assert most == 1


async def test_a_busy_route_holds_up_no_other() -> None:
    pacing = Pacing(1, 60)
    busy = asyncio.create_task(starts(pacing, 1, 100))
    await asyncio.sleep(0)
    async with asyncio.timeout(1):
        await starts(pacing, 2, 1)
    busy.cancel()


async def test_whoever_waits_no_more_holds_up_nobody_behind() -> None:
    pacing = Pacing(4, PERIOD)
    async with pacing.of(1):
        impatient = asyncio.create_task(starts(pacing, 1, 1))
        patient = asyncio.create_task(starts(pacing, 1, 1))
        await asyncio.sleep(0)
        impatient.cancel()
    async with asyncio.timeout(1):
        assert len(await patient) == 1


async def test_routes_that_are_idle_are_forgotten_and_those_in_use_are_not() -> None:
    pacing = Pacing(1, PERIOD)
    for channel_id in range(50):
        await starts(pacing, channel_id, 1)
    async with pacing.of(50):
        await asyncio.sleep(PERIOD)
        await starts(pacing, 51, 1)
        behind = asyncio.create_task(starts(pacing, 50, 1))
        await asyncio.sleep(0.05)
        assert not behind.done()

    assert len(pacing) == 2
    await behind
