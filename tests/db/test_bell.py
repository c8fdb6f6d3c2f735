"""Who listens hears of every committed job, whoever committed it."""

import asyncio
from collections.abc import Callable

from db_fixtures import TEMPLATE, Postgres
from sqlalchemy import text

from db.bell import listen
from db.jobs import NEWS, Jobs, NewJob
from db.session import Database


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - another process's news
            await asyncio.sleep(0.01)


async def test_a_committed_job_is_heard_of_and_one_that_failed_is_not(
    database: Database, new_job: Callable[..., NewJob]
) -> None:
    heard: list[int] = []
    listening = asyncio.create_task(listen(database, heard.append))
    await asyncio.sleep(0.3)
    async with Database(database.url) as elsewhere:
        job, _ = await Jobs(elsewhere).submit(new_job())
        await asyncio.gather(Jobs(elsewhere).submit(new_job(parent_id="0123456789")), return_exceptions=True)
        last, _ = await Jobs(elsewhere).submit(new_job())
    if database.is_sqlite:
        await asyncio.sleep(0.2)
    else:
        await until(lambda: len(heard) == 2)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)

    assert heard == ([] if database.is_sqlite else [job.id, last.id])


def test_who_was_cut_off_listens_again(postgres: Postgres, new_job: Callable[..., NewJob]) -> None:
    async def listens_again(url: str) -> None:
        async with Database(url) as database:
            await hear_after_a_cut(database, new_job())

    asyncio.run(listens_again(postgres.create(TEMPLATE)))


async def hear_after_a_cut(database: Database, new: NewJob) -> None:
    heard: list[int] = []
    listening = asyncio.create_task(listen(database, heard.append, check=0.05))
    try:
        await asyncio.sleep(0.3)
        await cut_off(database)
        await asyncio.sleep(0.5)
        job, _ = await Jobs(database).submit(new)
        await until(lambda: heard == [job.id])
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def cut_off(database: Database) -> None:
    """Let the server end every connection that listens."""
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE :listens"
    async with database.transaction() as session:
        await session.execute(text(query), {"listens": f"LISTEN%{NEWS}%"})
