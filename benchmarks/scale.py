"""Does twice the number of workers draw twice as much? The product's own way from the job table to the picture store.

Everything is real (worker processes, dispatcher, queue, database, prompt check, clerks, store) but the engine, which
sleeps what a GPU would take (`_stand_in.py`). Enough jobs wait all the time. `of_linear` is pictures finished beside
what the devices could draw; what is lacking is `idle` (a worker had nothing to draw) or `late` (the device had work,
but its process did not get a core in time to hand it on). `overhead` is, with `--lanes 1`, from a picture's end on the
worker to the next attempt's arrival there: lane free, job claimed, words checked, attempt sent. With more lanes than
one a worker draws others meanwhile. `bot_cores` and the others are how many cores the processes kept busy;
`finishing` is how many attempts were begun and not over at the end, those on the workers included.

`--executor ray` draws through a Ray cluster of this machine, with so many logical GPUs; `ray_cores` is what its
processes and the keepers took.

The picture's side decides what the clerks have to do, and nothing else: 1024 is SDXL's; 64 leaves the clerks out.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks._bot import report
from benchmarks._stand_in import JOURNALS, LANES, SPEED, seconds_of
from benchmarks.queue import DATABASES
from bot.builder import Builder, Tools
from config.settings import Ray, Settings, load_settings
from db.images import FolderStore
from db.jobs import Job, NewJob
from db.session import Database
from inference.executor import Executor, WorkerState
from inference.local import LocalExecutor
from inference.ray import RayExecutor
from inference.request import ImageRequest, Sampler
from jobs.audience import Silence
from jobs.clerk import Clerk
from jobs.dispatcher import Dispatcher

STEPS = 30
PEOPLE, GUILDS = 64, 8
START_SECONDS = 300.0
WARM_UP = 4.0  # seconds, until the first pictures are finished and every lane is taken
EXECUTORS: dict[str, type[LocalExecutor] | type[RayExecutor]] = {"local": LocalExecutor, "ray": RayExecutor}
ENGINES = {1: "benchmarks._stand_in:OneLane", LANES: "benchmarks._stand_in:StandIn"}


@dataclass
class Demand(Silence):
    """Asks again whenever a job is over, so that so many always wait or run."""

    dispatcher: Dispatcher
    side: int
    ended_at: list[float] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    asking: set[asyncio.Task[Any]] = field(default_factory=set)

    def ended(self, job: Job) -> None:
        """Ask for the next one."""
        self.ended_at.append(time.monotonic())
        self.ask()

    def ask(self) -> None:
        """Ask for a picture."""
        number = next(self.numbers)
        request = ImageRequest(
            checkpoint="demo",
            prompt="a red circle",
            seed=number,
            width=self.side,
            height=self.side,
            num_inference_steps=STEPS,
            guidance_scale=5.0,
            sampler=Sampler.EULER,
        )
        new = NewJob(
            interaction_id=number,
            action="imagine",
            request=request.to_dict(),
            user_id=number % PEOPLE,
            guild_id=number % PEOPLE % GUILDS,
            channel_id=1,
            pictures=1,
            cost=seconds_of(STEPS),
        )
        task = asyncio.create_task(self.dispatcher.submit(new, check=lambda _: None))
        self.asking.add(task)
        task.add_done_callback(self.asking.discard)


async def measure(
    workers: int, lanes: int, side: int, seconds: float, desks: int, store: str, kind: str
) -> dict[str, Any]:
    """Return what so many workers do in so many seconds."""
    with tempfile.TemporaryDirectory() as data:
        os.environ["IMAGINE_DATA"] = data  # for keepers, whose machine's settings say where they write
        devices = tuple(f"stand-in:{number}" for number in range(workers))
        settings = load_settings(devices=devices).model_copy(update={"ray": Ray(address="local")})
        executor = EXECUTORS[kind](settings, {}, engine=ENGINES[lanes])
        async with DATABASES[store]() as database, at_work(settings, database, executor, desks, side) as demand:
            await _until_ready(executor, workers)
            for _ in range(3 * lanes * workers):
                demand.ask()
            await asyncio.sleep(WARM_UP + seconds_of(STEPS))
            figures = await _watch(demand, Path(data), workers, seconds)
    what = {"executor": kind, "workers": workers, "lanes": lanes, "side": side, "desks": desks, "database": store}
    return what | figures


@asynccontextmanager
async def at_work(
    settings: Settings, database: Database, executor: Executor, desks: int, side: int
) -> AsyncIterator[Demand]:
    """Run the product's dispatcher, and give those who ask of it."""
    await database.migrate()
    store = FolderStore(settings.data / "pictures")
    async with Clerk(desks=desks) as pictures, Clerk() as prompts:
        builder = Builder(settings, Tools(database, store, executor, pictures, prompts, None))
        await builder.screen.prepare()
        await executor.start()
        demand = Demand(builder.dispatcher, side)
        serving = asyncio.create_task(builder.dispatcher.run(demand))
        try:
            yield demand
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await builder.dispatcher.drain()
            await executor.close(1.0)


async def _until_ready(executor: Executor, workers: int) -> None:
    async with asyncio.timeout(START_SECONDS):
        while [worker.state for worker in executor.workers()] != [WorkerState.READY] * workers:
            await executor.changed()


async def _watch(demand: Demand, data: Path, workers: int, seconds: float) -> dict[str, Any]:
    began, busy = time.monotonic(), _busy()
    await asyncio.sleep(seconds)
    until, spent = time.monotonic(), _busy()
    finished = sum(began <= ended < until for ended in demand.ended_at)
    journals = await asyncio.to_thread(_read_all, data, began, until)
    possible = workers * (until - began) / seconds_of(STEPS)
    idle = sum(journal.idle for journal in journals) / (workers * (until - began))
    drawn = sum(journal.drawn for journal in journals)
    return {
        "pictures_per_s": round(finished / (until - began), 2),
        "of_linear": round(finished / possible, 3),
        "drawn_of_linear": round(drawn / possible, 3),
        "idle": round(idle, 3),
        "late": round(1 - idle - drawn / possible, 3),
        "overhead": _milliseconds([gap for journal in journals for gap in journal.gaps]),
        "finishing": demand.dispatcher.counts()[0],
    } | {name: round((spent[name] - busy[name]) / (until - began), 3) for name in busy}


@dataclass
class Journal:
    """What a worker wrote down within the window: how much it drew, and how long it had nothing in hand."""

    drawn: float
    idle: float
    gaps: list[float]  #: from an end that left it with nothing in hand to the next beginning


def _read_all(data: Path, began: float, until: float) -> list[Journal]:
    return [_read(file, began, until) for file in sorted(data.glob(JOURNALS))]


def _read(file: Path, began: float, until: float) -> Journal:
    """Read a worker's journal."""
    notes = [(float(at), what == "begin") for what, _, at in map(str.split, file.read_text().splitlines())]
    in_hand, idle, gaps = 0, 0.0, []
    for (before, begins), (at, _) in pairwise(notes):
        in_hand += 1 if begins else -1
        if in_hand == 0 and at > began and before < until:
            gaps.append(at - before)
            idle += min(at, until) - max(before, began)
    return Journal(sum(began <= at < until for at, begins in notes if not begins), idle, gaps)


def _busy() -> dict[str, float]:
    """Return the processor seconds that the bot's process, its clerks, its workers and Ray have had so far."""
    own = psutil.Process()  # type: ignore[no-untyped-call]
    spent = {"bot_cores": sum(own.cpu_times()[:2]), "clerks_cores": 0.0, "workers_cores": 0.0, "ray_cores": 0.0}
    for child in own.children():  # type: ignore[no-untyped-call]
        is_driver = "inference.ray_driver" in child.cmdline()
        for process in (child, *child.children(recursive=True)):
            others = "ray_cores" if is_driver else "clerks_cores"
            kind = "workers_cores" if "inference.worker" in process.cmdline() else others
            spent[kind] += sum(process.cpu_times()[:2])
    return spent


def _milliseconds(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    p50, p99 = np.quantile(seconds, (0.5, 0.99)) * 1e3
    return {"p50_ms": round(float(p50), 1), "p99_ms": round(float(p99), 1), "of": len(seconds)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--executor", choices=sorted(EXECUTORS), default="local")
    parser.add_argument("--lanes", type=int, choices=sorted(ENGINES), default=LANES)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--desks", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0, help="of the device; 10 for a few-step model")
    parser.add_argument("--databases", nargs="+", choices=sorted(DATABASES), default=sorted(DATABASES))
    arguments = parser.parse_args()
    os.environ[SPEED] = str(arguments.speed)
    # the clerks' processes import this module, and numpy with it, before they can ask for one thread as in the product
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    for store in arguments.databases:
        for number in arguments.workers:
            sizes = number, arguments.lanes, arguments.side, arguments.seconds, arguments.desks
            report(asyncio.run(measure(*sizes, store, arguments.executor)), arguments.json)
