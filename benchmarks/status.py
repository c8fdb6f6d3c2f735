"""How long does /status take on a bot that draws much: 200,000 jobs, a tenth of them in its six hours?

`load` is what the database adds up, `picture` what a clerk's process draws; milliseconds on the wall, SQLite.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._bot import report
from benchmarks._many_jobs import put_in, row
from bot.status import LASTS, SLICES, Status
from bot.status_lines import sheet_of
from bot.status_picture import draw_status
from db.base import utc_now
from db.load import Loads
from db.session import Database
from db.tables.job import JobStatus
from jobs.clerk import Clerk
from observing.snapshot import Snapshot, Waiting

GUILDS = 1_000
WINDOW_SHARE = 10  # one job in so many is of the six hours
WAITED, TOOK = timedelta(seconds=40), timedelta(seconds=4)


async def measure(jobs: int, rounds: int) -> dict[str, Any]:
    """Return the time of each part."""
    now = utc_now()
    with tempfile.TemporaryDirectory() as folder:
        async with Database(f"sqlite+aiosqlite:///{Path(folder) / 'status.db'}") as database, Clerk() as clerk:
            await database.migrate()
            apart = LASTS * WINDOW_SHARE / jobs
            await put_in(database, [_ended(number, now - (jobs - number) * apart) for number in range(jobs)])
            loads = Loads(database)
            load = await loads.of(1, LASTS, SLICES, now)
            sheet = sheet_of(Status(at=now, now=_nothing(), load=load), "en")
            return {
                "jobs": jobs,
                "counted": sum(load.everybody.jobs.values()),
                "load": await _milliseconds(lambda: loads.of(1, LASTS, SLICES, now), rounds),
                "picture": await _milliseconds(lambda: clerk.call(draw_status, sheet), rounds),
            }


def _ended(number: int, came: datetime) -> dict[str, Any]:
    times = {"created_at": came, "started_at": came + WAITED, "finished_at": came + WAITED + TOOK}
    return row(number, GUILDS, status=JobStatus.DONE, seconds=TOOK.total_seconds(), **times)


def _nothing() -> Snapshot:
    waiting = Waiting(jobs=0, pictures=0, cost=0.0, guilds=0, lead=0.0, largest=0.0, slack=0.0)
    return Snapshot(workers=(), running={}, waiting=waiting, clerks={}, gateway={}, outbox=None, pictures=True)


async def _milliseconds(work: Callable[[], Awaitable[Any]], rounds: int) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        await work()
        took.append(1000 * (time.perf_counter() - began))
    return round(median(took), 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--jobs", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    report(asyncio.run(measure(arguments.jobs, arguments.rounds)), arguments.json)
