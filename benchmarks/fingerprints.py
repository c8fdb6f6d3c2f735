"""How long does the search for pictures that look alike take among a million hashes? The aim is 50 ms.

`python -m benchmarks.fingerprints [--json] [--hashes N]`; milliseconds on the wall, in a thread as the bot does it.
`--history` fills a database with so many records first, and times the first question, which reads all of them, too.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
from sqlalchemy import insert

from benchmarks._bot import report
from db.base import utc_now
from db.fingerprints import MARGIN, Fingerprints, Hashes
from db.session import Database
from db.tables.job import JobRow, JobStatus
from db.tables.record import RecordRow, Showing

ROUNDS = 200
PART = 20_000
WORDS = "a lighthouse at dusk, oil on canvas, detailed " * 5


def random_hashes(count: int) -> list[tuple[str, str]]:
    """Return so many records' ids and hashes."""
    digits = np.random.default_rng(0).bytes(32 * count).hex()
    return [(f"{place:010}", digits[64 * place : 64 * (place + 1)]) for place in range(count)]


async def timed(work: Callable[[], Awaitable[Any]], rounds: int = ROUNDS) -> list[float]:
    """Return how many milliseconds each round of the work took."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        await work()
        times.append(1000 * (time.perf_counter() - start))
    return times


def summary(times: list[float]) -> dict[str, float]:
    """Return the median and the 95th percentile."""
    return {"median_ms": round(median(times), 1), "p95_ms": round(quantiles(times, n=20)[-1], 1)}


async def search(count: int) -> dict[str, Any]:
    """Time the search alone: for a hash that is there, and then somewhat changed."""
    named = random_hashes(count)
    hashes, asked = Hashes.of(named), f"{int(named[count // 2][1], 16) ^ 0xFFFF:064x}"
    found = hashes.near(asked)
    times = await timed(lambda: asyncio.to_thread(hashes.near, asked))
    return {"hashes": count, "found": len(found), **summary(times)}


async def history(count: int) -> dict[str, Any]:
    """Time questions to a database: the first, which reads all records, and those after it."""
    with tempfile.TemporaryDirectory() as folder:
        async with Database(f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}") as database:
            await database.migrate()
            await fill(database, random_hashes(count))
            known, asked = Fingerprints(database), random_hashes(1)[0][1]
            (first,) = await timed(lambda: known.near(asked), 1)
            later = await timed(lambda: known.near(asked))
    return {"records": count, "first_s": round(first / 1000, 1), **summary(later)}


async def fill(database: Database, named: list[tuple[str, str]]) -> None:
    """Write a record of one job for each hash."""
    await _write(database, JobRow, [_job()])
    for start in range(0, len(named), PART):
        part = enumerate(named[start : start + PART], start)
        await _write(database, RecordRow, [_record(*each, place) for place, each in part])


async def _write(database: Database, table: type[JobRow | RecordRow], rows: list[dict[str, Any]]) -> None:
    async with database.writing() as connection:
        await connection.execute(insert(table), rows)


def _job() -> dict[str, Any]:
    places = {"interaction_id": 1, "user_id": 1, "channel_id": 1, "private": False, "age_restricted": False}
    asked = {"id": 1, "action": "imagine", "request": {}, "locale": "en", "notes": [], "pictures": 1, "cost": 1.0}
    return {**places, **asked, "status": JobStatus.DONE}


def _record(record_id: str, pdq: str, place: int) -> dict[str, Any]:
    settings = {"seed": place, "sampler": "DDIM", "num_inference_steps": 20, "guidance_scale": 7.5}
    made = {"prompt": WORDS, "negative_prompt": "", "task": "text_to_image", "checkpoint": "demo", **settings}
    return {
        "id": record_id,
        "job_id": 1,
        "index": place,
        "sha256": pdq,
        "pixels_sha256": pdq,
        "pdq": pdq,
        "width": 512,
        "height": 512,
        "checkpoint_revision": "1",
        "request": made,
        "fingerprint": {"torch": "2.13.0"},
        "showing": Showing.OPEN,
        "user_id": 1,
        "channel_id": 1,
        "private": False,
        "age_restricted": False,
        "created_at": utc_now() - 2 * MARGIN,
        "finished_at": utc_now(),
        "seconds": 1.0,
        **made,
    }


async def measure(count: int, *, with_history: bool) -> dict[str, Any]:
    """Return the search's times, and if wanted those with a database below it."""
    figures = {"search": await search(count)}
    return figures | {"history": await history(count)} if with_history else figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--hashes", type=int, default=1_000_000)
    parser.add_argument("--history", action="store_true")
    arguments = parser.parse_args()
    report(asyncio.run(measure(arguments.hashes, with_history=arguments.history)), arguments.json)
