"""A dispatcher at work over a fake executor and everything else real."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from fakes import IDENTITY, FakeAudience, FakeExecutor, FakeScreening, InThreadClerk

from config.settings import load_settings
from db.history import History
from db.images import FolderStore
from db.jobs import Job, Jobs, NewJob
from db.outbox import Outbox
from db.session import Database
from db.shares import Shares
from db.timings import Timings
from inference.checkpoints import Checkpoint, load_checkpoints
from inference.request import ImageRequest, Sampler
from jobs.audience import Audiences
from jobs.dispatcher import Dispatcher
from jobs.finish import Finisher
from jobs.queue import Queue
from jobs.tally import Tally
from observing.metrics import Metrics

ADA, BEN, CARL, GUILD = 11, 12, 13, 1
_interactions = count(1)


@dataclass
class Bench:
    """A dispatcher at work, and everything around it."""

    dispatcher: Dispatcher
    executor: FakeExecutor
    audience: FakeAudience
    metrics: Metrics
    jobs: Jobs
    history: History
    outbox: Outbox
    store: FolderStore
    folder: Path

    async def ask(self, user: int = ADA, *, reproduces: str | None = None, **changes: object) -> Job:
        """Commit a job and hand it to the dispatcher, as the studio does."""
        job, _ = await self.dispatcher.submit(new_job(user, reproduces=reproduces, **changes), check=lambda _: None)
        return job

    def stored(self) -> list[Path]:
        """Return the files of the picture store."""
        return list(self.folder.rglob("*.png"))

    async def ended(self, job: Job) -> Job:
        """Return the job once it is over."""
        await self.audience.heard("ended", job.id)
        after = await self.jobs.get(job.id)
        assert after is not None
        return after


def request(**changes: object) -> ImageRequest:
    values = {
        "checkpoint": "demo",
        "prompt": "a red circle",
        "seed": 0,
        "width": 256,
        "height": 256,
        "num_inference_steps": 2,
        "guidance_scale": 7.5,
        "sampler": Sampler.DDIM,
    }
    return ImageRequest(**values | changes)  # type: ignore[arg-type]


def new_job(user: int, *, reproduces: str | None = None, **changes: object) -> NewJob:
    asked = request(**changes)
    return NewJob(
        interaction_id=next(_interactions),
        action="imagine" if reproduces is None else "reproduce",
        request=asked.to_dict(),
        user_id=user,
        guild_id=GUILD,
        channel_id=2,
        cost=1.0,
        pictures=asked.count,
        reproduces=reproduces,
    )


@asynccontextmanager
async def at_work(
    database: Database,
    folder: Path,
    clerk: InThreadClerk,
    executor: FakeExecutor,
    jobs: Jobs | None = None,
    screening: FakeScreening | None = None,
    calibrated: Sequence[Checkpoint] = (),
    memory: Mapping[str, int] | None = None,
    store: FolderStore | None = None,
    history: History | None = None,
    **limits: float,
) -> AsyncIterator[Bench]:
    settings = load_settings()
    jobs, screening = jobs or Jobs(database), screening or FakeScreening()
    history, store = history or History(database), store or FolderStore(folder)
    finisher = Finisher(
        checkpoints=load_checkpoints(settings.models),
        history=history,
        screening=screening,
        store=store,
        clerk=clerk,
        identity=IDENTITY,
    )
    times = settings.times.model_copy(update={"drain": 0.2} | limits)
    spool = folder / "spool"
    dispatcher = Dispatcher(
        jobs=jobs,
        timings=Timings(database),
        history=history,
        queue=Queue(jobs, Shares(database), settings.fairness.levels),
        store=store,
        executor=executor,
        screening=screening,
        finisher=finisher,
        times=times,
        slack=settings.fairness.slack,
        spool=spool,
        memory=memory or {},
    )
    audience, metrics = FakeAudience(), Metrics()
    told = Audiences(audience, Tally(metrics))
    task = asyncio.create_task(dispatcher.run(told, calibrated))
    try:
        yield Bench(dispatcher, executor, audience, metrics, jobs, history, Outbox(database), store, folder)
    finally:
        await dispatcher.drain()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
