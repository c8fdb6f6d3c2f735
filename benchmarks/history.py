"""How long does a search of the history take among a hundred thousand records? The aim is 100 ms.

`python -m benchmarks.history [--json] [--records N] [--database ADDRESS]`; milliseconds on the wall. Without an
address the database is SQLite in a temporary folder; one that is given has to be empty, and keeps the records.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
from sqlalchemy import insert

from benchmarks._bot import report
from db.base import utc_now
from db.full_text import words_of
from db.history import History
from db.search import Criteria
from db.session import Database
from db.tables.job import JobRow, JobStatus
from db.tables.record import RecordRow, Showing

ROUNDS = 20
PART = 5_000
CHANNELS, PEOPLE = range(1, 21), range(100, 300)
VIEWER = (PEOPLE[0], frozenset(CHANNELS[:10]))
COMMON = ["detailed", "photo", "light", "soft", "wide", "old", "small", "large", "dark", "bright"]
SEARCHES = {
    "everything": Criteria(),
    "a common word": Criteria(words="detailed"),
    "two words and one left out": Criteria(words="photo word17 -dark"),
    "a rare word": Criteria(words="word1507"),
    "the beginning of many words": Criteria(words="wo"),
    "a phrase of common words": Criteria(words='"detailed photo"'),
    "a word that nobody wrote": Criteria(words="elephant"),
    "a common word of one person": Criteria(words="detailed", user_id=PEOPLE[7]),
    "a seed": Criteria(seed=77_777),
}


def prompts(count: int) -> Iterator[str]:
    """Yield prompts of twelve words: some common, most from two thousand of which the first are often used."""
    dice = np.random.default_rng(0)
    for _ in range(count):
        rare = np.minimum(dice.zipf(1.3, 8), 2_000) - 1
        yield " ".join([*dice.choice(COMMON, 4, replace=False), *(f"word{number}" for number in rare)])


async def fill(database: Database, count: int) -> None:
    """Write so many records, four of each job."""
    rows = [_record(place, prompt) for place, prompt in enumerate(prompts(count))]
    jobs = [_job(number) for number in range(1, rows[-1]["job_id"] + 1)]
    for table, values in ((JobRow, jobs), (RecordRow, rows)):
        for start in range(0, len(values), PART):
            async with database.writing() as connection:
                await connection.execute(insert(table), values[start : start + PART])


def _job(number: int) -> dict[str, Any]:
    places = {"interaction_id": number, "user_id": PEOPLE[number % len(PEOPLE)], "channel_id": 1, "private": False}
    asked = {"id": number, "action": "imagine", "request": {}, "locale": "en", "notes": [], "pictures": 4, "cost": 1.0}
    rest = {"age_restricted": False, "publishes_prompt": True, "further_parents": [], "status": JobStatus.DONE}
    return {**places, **asked, **rest}


def _record(place: int, prompt: str) -> dict[str, Any]:
    job_id, index = place // 4 + 1, place % 4
    settings = {"seed": place, "sampler": "DDIM", "num_inference_steps": 20, "guidance_scale": 7.5}
    made = {"prompt": prompt, "negative_prompt": "blurry", "task": "text_to_image", "checkpoint": "demo", **settings}
    return {
        "id": f"{place:010}",
        "job_id": job_id,
        "index": index,
        "sha256": f"{place:064x}",
        "pixels_sha256": f"{place:064x}",
        "width": 512,
        "height": 512,
        "checkpoint_revision": "1",
        "request": made,
        "fingerprint": {"torch": "2.13.0"},
        "showing": Showing.OPEN,
        "user_id": PEOPLE[job_id % len(PEOPLE)],
        "channel_id": CHANNELS[job_id % len(CHANNELS)],
        "private": job_id % 9 == 0,
        "words": words_of(prompt, "blurry"),
        "age_restricted": False,
        "publishes_prompt": True,
        "finished_at": utc_now(),
        "seconds": 1.0,
        **made,
    }


async def timed(work: Callable[[], Awaitable[Any]]) -> dict[str, float]:
    """Return the median and the 95th percentile of many rounds, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        await work()
        times.append(1000 * (time.perf_counter() - start))
    return {"median_ms": round(median(times), 1), "p95_ms": round(quantiles(times, n=20)[-1], 1)}


async def measure(address: str, count: int) -> dict[str, Any]:
    """Return how long each search takes, and how many records it finds; and suggestions while somebody types."""
    async with Database(address) as database:
        await database.migrate()
        await fill(database, count)
        history = History(database)
        figures: dict[str, dict[str, float]] = {}
        for name, criteria in SEARCHES.items():
            search = partial(history.search, *VIEWER, criteria=criteria)
            figures[name] = {"found": (await search()).total, **await timed(search)}
        figures["suggestions"] = await timed(lambda: history.suggestions(*VIEWER, "word19"))
        return figures


async def main(address: str | None, count: int) -> dict[str, Any]:
    """Measure on the database of that address, or on one of its own."""
    if address is not None:
        return await measure(address, count)
    with tempfile.TemporaryDirectory() as folder:
        return await measure(f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}", count)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--database", help="an empty database's address, as in IMAGINE_DATABASE")
    arguments = parser.parse_args()
    report(asyncio.run(main(arguments.database, arguments.records)), arguments.json)
