"""The one who hands out work: the line, the loop that serves it, and what becomes of every attempt."""

import asyncio
import logging

from config.settings import Times
from config.words import UserError
from db.base import utc_now
from db.images import PictureStore
from db.jobs import Jobs
from db.tables.job import Job, JobStatus
from inference.executor import Executor, WorkerInfo, WorkerState
from inference.request import ImageRequest
from jobs.attempt import Attempts, Drawn, GivenUp, Lost, Outcome, Running, Stop
from jobs.audience import Audience, Silence
from jobs.cost import CostModel
from jobs.fair_share import FairShare
from jobs.finish import Finisher
from jobs.place import Place, place_of
from jobs.settlement import Fate, Settlement

PUT_BACK_SECONDS = 3.0  # after the drain time, for what was told to stop
LOOKED_AHEAD = 10  # jobs

log = logging.getLogger(__name__)


class Dispatcher:
    """Serves the job table by fair share. One per database."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        store: PictureStore,
        executor: Executor,
        finisher: Finisher,
        times: Times,
    ) -> None:
        self._jobs = jobs
        self._executor = executor
        self._attempts = Attempts(store=store, executor=executor, finisher=finisher, times=times)
        self._settlement = Settlement(jobs)
        self._audience: Audience = Silence()
        self._times = times
        self._line = FairShare()
        self._costs = CostModel()
        self._running: dict[int, Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._draining = False

    # What others ask of it

    @property
    def broken(self) -> bool:
        """Whether nothing can be drawn until the operator has seen to it: every worker was given up."""
        workers = self._executor.workers()
        return bool(workers) and all(worker.state is WorkerState.BROKEN for worker in workers)

    def enqueue(self, job: Job) -> None:
        """Take a committed job into the line; one that is there already stays where it is."""
        if job.id in self._line:
            return
        self._line.submit(job.id, _path(job), job.cost)
        self._audience.queued(job)
        self._wake.set()

    def estimate(self, request: ImageRequest) -> float:
        """Return the expected cost of a request, in seconds of the device."""
        return self._costs.estimate(request)

    def place(self, job: Job) -> Place:
        """Return where a job stands now."""
        return place_of(job, self._running, self._line.order(), self._lanes())

    def counts(self) -> tuple[int, int]:
        """Return how many jobs are running and how many wait."""
        return len(self._running), len(self._line)

    def seconds_until_room(self) -> float:
        """Return when, by what is known, a job of the line will have been served."""
        return sum(entry.cost for entry in self._line.order()[:LOOKED_AHEAD]) / self._lanes()

    async def cancel(self, job: Job) -> bool:
        """Cancel a job that waits or runs; say whether there was something to cancel."""
        running = self._running.get(job.id)
        if running is not None and not running.settling:
            await self._attempts.stop(running, Stop.CANCELLED)
            return True
        if not await self._jobs.cancel(job.id):
            return False
        self._line.cancel(job.id)
        self._audience.ended(job)
        self._wake.set()
        return True

    # Its life

    async def run(self, audience: Audience) -> None:
        """Serve until cancelled. What an earlier process left behind is taken up first."""
        self._audience = audience
        await self._jobs.recover()
        for job in await self._jobs.pending():
            self.enqueue(job)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_workers())
            group.create_task(self._keep_leases())
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._serve()

    async def drain(self) -> None:
        """Claim nothing more; let what runs end within the drain time, then put it back."""
        self._draining = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._times.drain)
        for running in list(self._running.values()):
            await self._attempts.stop(running, Stop.DRAINED)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PUT_BACK_SECONDS)

    async def _watch_workers(self) -> None:
        while True:
            await self._executor.changed()
            self._wake.set()

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._times.lease / 3)
            try:
                held = [(each.job.id, each.job.fence) for each in self._running.values()]
                await self._jobs.extend(held, self._times.lease)
                await self._take_back_lost()
            except Exception:
                log.exception("the leases could not be looked after; they will be in %g s", self._times.lease / 3)

    async def _take_back_lost(self) -> None:
        """Put into the line what was leased to an attempt that ended, and could not say so."""
        for job_id in await self._jobs.requeue_lost(utc_now(), besides=list(self._running)):
            log.warning("job %s: its lease ran out; it waits again", job_id)
            job = await self._jobs.get(job_id)
            if job is not None and job.status is JobStatus.PENDING:
                self._return(job)

    # The line

    async def _serve(self) -> None:
        if self.broken:
            await self._turn_away()
        for worker in self._executor.workers():
            for _ in range(self._lanes_free(worker)):
                job = await self._claim(worker.id)
                if job is None:
                    return
                self._begin(Running(job, worker.id))

    async def _turn_away(self) -> None:
        """Fail all that waits: no worker will come for it."""
        problems = "; ".join(f"{worker.id}: {worker.problem}" for worker in self._executor.workers())
        while (job := await self._claim("nobody")) is not None:
            log.error("job %s: nothing can be drawn: %s", job.id, problems)
            await self._settle(Running(job, "nobody"), GivenUp(UserError("jobs.nothing_can_be_drawn")))

    async def _claim(self, worker: str) -> Job | None:
        """Lease the job that is due, if there is one."""
        while not self._draining and (entry := self._line.claim()) is not None:
            job = await self._jobs.claim(entry.job, worker, self._times.lease)
            if job is not None:
                return job
            self._line.refund(entry.path, entry.cost)  # somebody cancelled it in the meantime
        return None

    def _begin(self, running: Running) -> None:
        self._running[running.job.id] = running
        task = asyncio.create_task(self._attend(running), name=f"job {running.job.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _return(self, job: Job) -> None:
        """Put a job whose attempt was lost to where it waited."""
        self._line.put_back(job.id, _path(job), job.cost)
        self._audience.queued(job)
        self._wake.set()

    def _lanes(self) -> int:
        return max(1, sum(worker.state is WorkerState.READY for worker in self._executor.workers()))

    def _lanes_free(self, worker: WorkerInfo) -> int:
        about_to_begin = sum(not each.begun and each.worker == worker.id for each in self._running.values())
        return worker.lanes_free - about_to_begin if worker.state is WorkerState.READY else 0

    # What becomes of an attempt

    async def _attend(self, running: Running) -> None:
        try:
            await self._try(running)
        except Exception:
            log.exception("job %s: the end of attempt %s was not kept; its lease runs out", running.job.id, running.id)
        finally:
            self._running.pop(running.job.id, None)
            self._wake.set()

    async def _try(self, running: Running) -> None:
        try:
            outcome = await self._attempts.carry_out(running, self._audience)
            await self._settle(running, outcome)
        except Exception:
            log.exception("job %s: attempt %s broke", running.job.id, running.id)
            await self._settle(running, Lost())

    async def _settle(self, running: Running, outcome: Outcome) -> None:
        job = running.job
        if isinstance(outcome, Drawn):
            self._costs.observe(outcome.request, outcome.done.seconds)
        match await self._settlement.settle(running, outcome, draining=self._draining):
            case Fate.SERVED:
                self._audience.ended(job)
            case Fate.CLOSED:
                self._line.refund(_path(job), job.cost)
                self._audience.ended(job)
            case Fate.WAITING:
                self._return(job)
            case Fate.ELSEWHERE:
                pass


def _path(job: Job) -> tuple[int, int]:
    """Return guild and user; everybody's direct messages share one guild's share each."""
    return (job.user_id if job.guild_id is None else job.guild_id, job.user_id)
