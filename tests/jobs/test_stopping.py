"""How long a stop takes with the real workers, when they do not help."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from fakes import IDENTITY, FakeAudience, FakeScreening, InThreadClerk
from jobs_kit import ADA, new_job

from bot.house import CLOSE_SECONDS
from config.settings import load_settings
from db.history import History
from db.images import FolderStore
from db.jobs import Job, Jobs, JobStatus
from db.session import Database
from db.shares import Shares
from db.timings import Timings
from inference.checkpoints import load_checkpoints
from inference.local import LocalExecutor
from jobs.dispatcher import Dispatcher
from jobs.finish import Finisher
from jobs.queue import Queue

SCRIPTED = "tests.fakes_inference:ScriptedEngine"


def worker() -> psutil.Process:
    """Return the only worker that this process has."""
    (found,) = [child for child in psutil.Process().children() if "inference.worker" in child.cmdline()]
    return found


class Stage:
    """A dispatcher over a real worker, with the times that operators get."""

    def __init__(self, database: Database, folder: Path) -> None:
        settings = load_settings(data=folder, checkpoint="demo", checkpoints=("demo",), devices=("cpu",))
        checkpoints = load_checkpoints(settings.models)
        store = FolderStore(folder / "pictures")
        self.jobs = Jobs(database)
        self.executor = LocalExecutor(settings, checkpoints, engine=SCRIPTED)
        self.audience = FakeAudience()
        self.dispatcher = Dispatcher(
            jobs=self.jobs,
            timings=Timings(database),
            history=History(database),
            queue=Queue(self.jobs, Shares(database), settings.fairness.levels),
            store=store,
            executor=self.executor,
            screening=FakeScreening(),
            finisher=Finisher(
                checkpoints=checkpoints,
                history=History(database),
                screening=FakeScreening(),
                store=store,
                clerk=InThreadClerk(),
                identity=IDENTITY,
            ),
            times=settings.times,
            slack=settings.fairness.slack,
            spool=folder / "spool",
            memory={},
        )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        await self.executor.start()
        task = asyncio.create_task(self.dispatcher.run(self.audience))
        try:
            yield
        finally:
            task.cancel()
            await self.executor.close(0)
            await asyncio.gather(task, return_exceptions=True)

    async def ask(self, prompt: str) -> Job:
        new = new_job(ADA, prompt=prompt, num_inference_steps=150)
        job, _ = await self.dispatcher.submit(new, check=lambda _: None)
        return job

    async def stop(self) -> float:
        """Stop as the bot does; return the seconds that took."""
        began = time.monotonic()
        await self.dispatcher.drain()
        await self.dispatcher.drain()
        await self.executor.close(CLOSE_SECONDS)
        return time.monotonic() - began


@pytest.mark.parametrize(
    ("prompt", "frozen"),
    [
        ("slow", True),
        pytest.param("hang", False, marks=pytest.mark.slow),
        pytest.param("hang", True, marks=pytest.mark.slow),
    ],
)
async def test_a_stop_takes_less_than_fifteen_seconds_whatever_the_worker_does(
    sqlite_database: Database, tmp_path: Path, prompt: str, frozen: bool
) -> None:
    stage = Stage(sqlite_database, tmp_path)
    async with stage.serving():
        asked = await stage.ask(prompt)
        await stage.audience.heard("progress", asked.id)
        process = worker()
        if frozen:
            os.kill(process.pid, signal.SIGSTOP)
        seconds = await stage.stop()

        job = await stage.jobs.get(asked.id)
        assert job is not None
        assert (job.status, job.attempts) == (JobStatus.PENDING, 0)
        assert seconds < 15
        assert not process.is_running()
