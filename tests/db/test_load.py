"""The load of the last hours, as the rows tell it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from db_samples import GUILD, OTHER_GUILD

from db.jobs import JobStatus, NewJob
from db.load import Ends, Load, Loads, Waits
from db.session import Database
from db.tables.job import JobRow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Put = Callable[..., Any]


@pytest.fixture
def put(database: Database, new_job: Callable[..., NewJob]) -> Put:
    """Keep a job that came, began and ended so many minutes before now."""
    numbers = count(1)

    def ago(minutes: float | None) -> datetime | None:
        return None if minutes is None else NOW - timedelta(minutes=minutes)

    async def put(
        status: JobStatus, came: float, began: float | None = None, ended: float | None = None, **values: Any
    ) -> None:
        times = {"created_at": ago(came), "started_at": ago(began), "finished_at": ago(ended)}
        row = JobRow(id=next(numbers), status=status, **vars(new_job()) | times | values)
        async with database.transaction() as session:
            session.add(row)

    return put


async def load(database: Database) -> Load:
    """Return the load of the last hour, in slices of ten minutes."""
    return await Loads(database).of(GUILD, HOUR, 6, NOW)


async def test_where_nothing_was_asked_for_there_is_no_load(database: Database) -> None:
    found = await load(database)

    assert list(found.depths) == [0] * 6
    assert list(found.waits) == [None] * 6
    assert found.everybody == Ends(jobs={}, seconds=0)
    assert found.guilds == 0


async def test_the_queue_is_as_long_as_what_had_come_and_not_begun(database: Database, put: Put) -> None:
    await put(JobStatus.DONE, came=300, began=45, ended=44)  # it waited from before the hour
    await put(JobStatus.DONE, came=55, began=25, ended=24)
    await put(JobStatus.CANCELLED, came=35, ended=5)  # without ever beginning
    await put(JobStatus.PENDING, came=15)
    await put(JobStatus.PENDING, came=12, began=11)  # its attempt was lost, and it waits again
    await put(JobStatus.LEASED, came=9, began=3)

    assert list((await load(database)).depths) == [2, 1, 2, 1, 3, 2]


async def test_the_waits_are_those_of_what_began_in_each_slice(database: Database, put: Put) -> None:
    await put(JobStatus.DONE, came=30, began=25, ended=24)
    await put(JobStatus.DONE, came=22, began=21, ended=20)
    await put(JobStatus.LEASED, came=2, began=1)
    await put(JobStatus.PENDING, came=40, began=39)  # what waits again has not begun

    assert list((await load(database)).waits) == [None, None, None, Waits(2, 180.0, 300.0), None, Waits(1, 60.0, 60.0)]


async def test_what_came_of_jobs_is_told_of_everybody_and_of_the_guild(database: Database, put: Put) -> None:
    await put(JobStatus.DONE, came=30, began=20, ended=10, seconds=4.0)
    await put(JobStatus.REFUSED, came=30, ended=10)
    await put(JobStatus.DONE, came=30, began=20, ended=10, seconds=6.0, guild_id=OTHER_GUILD)
    await put(JobStatus.FAILED, came=30, began=20, ended=10, seconds=0.0, guild_id=None)
    await put(JobStatus.DONE, came=30, began=20, ended=10, seconds=2.0, guild_id=None)
    await put(JobStatus.DONE, came=90, began=80, ended=70, seconds=50.0)  # earlier

    found = await load(database)

    assert found.everybody == Ends(jobs={JobStatus.DONE: 3, JobStatus.FAILED: 1, JobStatus.REFUSED: 1}, seconds=12.0)
    assert found.guild == Ends(jobs={JobStatus.DONE: 1, JobStatus.REFUSED: 1}, seconds=4.0)
    assert found.guilds == 3


async def test_what_is_older_than_anything_that_waits_is_not_looked_at(database: Database, put: Put) -> None:
    await put(JobStatus.DONE, came=3 * 24 * 60, began=10, ended=9, seconds=1.0)
    await put(JobStatus.DONE, came=20, began=10, ended=9, seconds=2.0)

    assert (await load(database)).everybody.seconds == 2.0
