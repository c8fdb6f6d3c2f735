"""The driver and its seats, with keepers of this process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from inference_kit import QUICK, SCRIPTED, a_checkpoint, settings_for

pytest.importorskip("ray", reason="Ray is an extra: pip install '.[ray]'")

from fakes_ray import HereCluster

from inference.easel import WorkerConfig
from inference.executor import WorkerState
from inference.keeper import Duty, Keeper
from inference.ray_driver import Driver
from inference.ray_protocol import FROM_DRIVER, FromDriver, Workers


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
    while True:
        match await bot.hear():
            case Workers(workers=told) if [each.state for each in told] == [WorkerState.READY] * workers:
                return


async def test_whom_a_bot_leaves_the_next_one_has_at_once(duty):
    async with driven(duty, "here:0", "here:1") as (bot, driver, keepers):
        await until_ready(bot, 2)
        bot.writer.close()
        await driver
        for keeper in keepers.values():
            assert await keeper.connect("the next bot's")
