"""How many rows a second does `run_bot.py db copy` take from SQLite to PostgreSQL, and how many back?

`python -m benchmarks.transfer --database ADDRESS [--json] [--records N]`; the address is that of an empty PostgreSQL
database, which keeps the rows: records, four of each job, and the jobs. Seconds on the wall, and of this process on a
processor, which leaves out PostgreSQL's own.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks._bot import report
from benchmarks.history import fill
from db.session import Database
from db.transfer import transfer


async def measure(address: str, count: int, folder: Path) -> dict[str, Any]:
    """Return how long the way there and the way back take."""
    first, last = (f"sqlite+aiosqlite:///{folder / name}.db" for name in ("first", "last"))
    async with Database(first) as database:
        await database.migrate()
        await fill(database, count)
    return {
        "to PostgreSQL": await _timed(first, address, folder),
        "to SQLite": await _timed(address, last, folder),
    }


async def _timed(source: str, target: str, folder: Path) -> dict[str, float]:
    start, busy = time.perf_counter(), time.process_time()
    rows = sum((await transfer(source, target, folder)).values())
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    return {
        "rows": rows,
        "wall_s": round(seconds, 1),
        "cpu_s": round(busy, 1),
        "rows_per_second": round(rows / seconds),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--database", required=True, help="an empty database's address, as in IMAGINE_DATABASE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        report(asyncio.run(measure(arguments.database, arguments.records, Path(temporary))), arguments.json)
