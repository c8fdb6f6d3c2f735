"""The driver and its seats, with keepers of this process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from inference_kit import QUICK, SCRIPTED, a_checkpoint, a_new_attempt, settings_for

pytest.importorskip("ray", reason="Ray is an extra: pip install '.[ray]'")

from fakes_ray import HereCluster

from config.settings import Ray
from inference.easel import WorkerConfig
from inference.executor import WorkerInfo, WorkerState
from inference.keeper import Duty, Keeper
from inference.protocol import Counts, Done, encode
from inference.ray import without_counts
from inference.ray_cluster import Cluster, Place, Unreachable
from inference.ray_driver import Driver
from inference.ray_protocol import FROM_DRIVER, Answered, Asked, Changed, FromDriver, RunOn
from inference.ray_seat import Seat


@pytest.fixture
def duty(tmp_path, monkeypatch) -> Duty:
    monkeypatch.setenv("IMAGINE_DATA", str(tmp_path))
    checkpoints = {"scripted": a_checkpoint(tmp_path, "scripted")}
    return Duty(worker=WorkerConfig.of(settings_for(tmp_path, "scripted"), checkpoints, "", SCRIPTED), patience=QUICK)


class Bot:
    """The other end of a driver's socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def hear(self) -> FromDriver:
        return await FROM_DRIVER.receive(self.reader)


@asynccontextmanager
async def driven(duty: Duty, *names: str) -> AsyncIterator[tuple[Bot, "asyncio.Task[None]", dict[str, Keeper]]]:
    """Give a bot, its driver's task, and the keepers of these names."""
    keepers = {name: Keeper(name, duty) for name in names}
    ours, theirs = socket.socketpair()
    bot = Bot(*await asyncio.open_connection(sock=ours))
    driver = Driver(duty, HereCluster(keepers), *await asyncio.open_connection(sock=theirs))
    task = asyncio.create_task(driver.run())
    try:
        async with asyncio.timeout(60):
            yield bot, task, keepers
    finally:
        bot.writer.close()
        await task
        await asyncio.gather(*(keeper.close() for keeper in keepers.values()))


async def until_ready(bot: Bot, workers: int) -> None:
    """Hear the driver until so many workers are ready."""
    ready: set[str] = set()
    while len(ready) < workers:
        match await bot.hear():
            case Changed(worker=worker) if worker.state is WorkerState.READY:
                ready.add(worker.id)


async def test_whom_a_bot_leaves_the_next_one_has_at_once(duty):
    async with driven(duty, "here:0", "here:1") as (bot, driver, keepers):
        await until_ready(bot, 2)
        bot.writer.close()
        await driver
        for keeper in keepers.values():
            assert await keeper.connect("the next bot's")


async def test_of_a_change_that_worker_alone_is_told(duty, tmp_path):
    async with driven(duty, "here:0", "here:1") as (bot, _, _):
        await until_ready(bot, 2)
        attempt = a_new_attempt(tmp_path / "spool", checkpoint="tried out")
        bot.writer.write(encode(RunOn(worker_id="here:1", attempt=attempt)))
        told, asked = [], 0
        while not any(isinstance(each, Done) for each in told):
            told.append(await bot.hear())
            if isinstance(told[-1], Asked):
                asked += 1
                bot.writer.write(encode(Answered(worker_id="here:1", choice=told[-1].choice, value=8)))

    assert asked
    assert {each.worker.id for each in told if isinstance(each, Changed)} == {"here:1"}


async def test_a_worker_that_cannot_be_had_again_and_again_is_broken(duty):
    told: asyncio.Queue[Changed] = asyncio.Queue()
    seat = Seat(Place("gone:0", "here"), HereCluster({}), duty, told.put_nowait)
    living = asyncio.create_task(seat.live())
    async with asyncio.timeout(60):
        workers = [(await told.get()).worker for _ in range(2)]
    living.cancel()
    assert [each.state for each in workers] == [WorkerState.RESTARTING, WorkerState.BROKEN]
    assert workers[-1].problem


async def test_nobody_wakes_up_for_what_a_worker_counts():
    worker = WorkerInfo(id="here:0", state=WorkerState.READY, device="cpu", lanes_free=2, fingerprint={})
    counted = replace(worker, steps=3, counts=Counts(rows_called=2, rows_used=1))
    assert without_counts(counted) == without_counts(worker)
    assert without_counts(replace(counted, lanes_free=1)) != without_counts(worker)


def test_a_head_that_cannot_be_asked_is_unreachable():
    with pytest.raises(Unreachable, match="does not answer"):
        Cluster(Ray(address="127.0.0.1:1")).machines()
