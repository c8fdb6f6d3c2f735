"""Rows of many jobs, of many servers and people."""

from typing import Any

from db.jobs import NewJob
from db.session import Database
from db.tables.job import JobRow

PEOPLE = 1_000
AT_ONCE = 500  # rows of one INSERT


def row(number: int, guilds: int, **values: Any) -> dict[str, Any]:
    """Return the values of a job; servers and people take turns, and costs differ."""
    job = NewJob(
        interaction_id=number + 1,
        action="imagine",
        request={"checkpoint": "demo", "prompt": "a red circle"},
        user_id=number % PEOPLE,
        guild_id=1 + number % guilds,
        channel_id=1,
        pictures=1,
        cost=1.0 + number % 7,
    )
    return {**vars(job), **values}


async def put_in(database: Database, rows: list[dict[str, Any]]) -> None:
    """Write the rows."""
    for first in range(0, len(rows), AT_ONCE):
        async with database.transaction() as session:
            await session.execute(database.insert(JobRow), rows[first : first + AT_ONCE])
