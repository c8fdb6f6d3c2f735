"""While the pictures' store is away."""

import asyncio
from pathlib import Path

import pytest
from fakes import FakeAwayStore, FakeExecutor, InThreadClerk
from jobs_kit import ADA, BEN, at_work

from config.settings import ConfigError
from db.jobs import JobStatus
from db.session import Database
from jobs.outage import Outage


class ShutStore(FakeAwayStore):
    """A store that refuses to be written, so many times."""

    def __init__(self, folder: Path, away: int, refusals: int) -> None:
        super().__init__(folder, away)
        self.refusals = refusals

    async def check(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ConfigError("pictures: s3://here cannot be written: Access Denied")
        await super().check()


async def test_nothing_is_handed_out_until_the_store_answers(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor, store = FakeExecutor(), ShutStore(tmp_path, away=1, refusals=10_000)
    async with at_work(sqlite_database, tmp_path, clerk, executor, store=store) as bench:
        first = await bench.ask(ADA)
        await until_told_twice(bench.audience.told, first.id)
        second = await bench.ask(BEN)
        await asyncio.sleep(0.2)
        assert len(executor.attempts) == 1
        assert bench.dispatcher.counts() == (0, 2)

        store.refusals = 0
        ends = [await bench.ended(job) for job in (first, second)]

        assert [job.status for job in ends] == [JobStatus.DONE] * 2
        assert len(executor.attempts) == 3


async def test_a_refusal_is_told_by_its_name_and_the_rests_grow_until_something_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    over = asyncio.Event()
    outage = Outage(ShutStore(tmp_path, away=0, refusals=2), over.set, rest=0.01)
    watching = asyncio.create_task(outage.watch())
    try:
        outage.begin()
        async with asyncio.timeout(20):
            await over.wait()
    finally:
        watching.cancel()

    assert not outage.lasts
    told = [record.getMessage() for record in caplog.records]
    assert [("0.02 s" in each, "0.04 s" in each, "Access Denied" in each) for each in told] == [
        (True, False, True),
        (False, True, True),
    ]


async def until_told_twice(told: list[tuple[str, int]], job_id: int) -> None:
    """Return once the job is in the line again."""
    async with asyncio.timeout(20):
        while told.count(("queued", job_id)) < 2:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(0.01)
