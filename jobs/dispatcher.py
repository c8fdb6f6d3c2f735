"""The one who hands out work: the line, the loop that serves it, and what becomes of every attempt."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

from config.settings import Times
from config.words import UserError
from db.base import utc_now
from db.images import PictureStore
from db.jobs import Jobs
from db.tables.job import Job, JobStatus
from inference.checkpoints import Checkpoint
from inference.executor import Executor, WorkerInfo, WorkerState
from inference.request import ImageRequest
from jobs.attempt import Attempts, Drawn, GivenUp, Lost, Outcome, Running, Stop
from jobs.audience import Audience, Silence
from jobs.calibration import Calibration
from jobs.cost import CostModel
from jobs.fair_share import FairShare
from jobs.finish import Finisher
from jobs.place import Place, place_of
from jobs.settlement import ATTEMPTS, Fate, Settlement

PUT_BACK_SECONDS = 2.0  # after the drain time, for what was told to stop
KEEP_SECONDS = 1.0  # after that, to put back what did not
DATABASE_REST = 1.0  # seconds, after a failure
LOOKED_AHEAD = 10  # jobs
RECALLED = 256  # jobs whose timings are learnt from at the start
NOBODY = "nobody"  # who holds a job only to end it

log = logging.getLogger(__name__)


class Dispatcher:
    """Serves the job table by fair share. One per database, and one per `spool`, the folder for raw pixels."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        store: PictureStore,
        executor: Executor,
        finisher: Finisher,
        times: Times,
        spool: Path,
    ) -> None:
        self._jobs = jobs
        self._executor = executor
        self._attempts = Attempts(store=store, executor=executor, finisher=finisher, times=times, spool=spool)
        self._settlement = Settlement(jobs)
        self._audience: Audience = Silence()
        self._times = times
        self._line = FairShare()
        self._costs = CostModel()
        self._calibration = Calibration(costs=self._costs, executor=executor, spool=spool)
        self._running: dict[int, Running] = {}
        self._lost: set[int] = set()  #: pending in the database, and still to be put into the line
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._claiming = asyncio.Lock()  #: held while a job is neither in the line nor among the running
        self._draining = False

    # What others ask of it

    @property
    def broken(self) -> bool:
        """Whether nothing can be drawn at present: every worker died too often, and none has come back."""
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
        return sum(entry.cost for entry in islice(self._line.order(), LOOKED_AHEAD)) / self._lanes()

    async def cancel(self, job: Job) -> bool:
        """Cancel a job that waits or runs; say whether there was something to cancel."""
        async with self._claiming:
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

    async def run(self, audience: Audience, calibrated: Checkpoint | None = None) -> None:
        """Serve until cancelled. What an earlier process left behind is taken up first.

        The checkpoint that workers start with, if it is named, is timed before anybody asks for it.
        """
        self._audience = audience
        await self._attempts.clear()
        async with asyncio.TaskGroup() as group:
            await _until_done(self._take_up)
            group.create_task(self._watch_workers())
            group.create_task(self._keep_leases())
            if calibrated is not None:
                group.create_task(self._calibration.run(calibrated, self._idle))
            while True:
                await self._wake.wait()
                self._wake.clear()
                await _until_done(self._serve)

    async def drain(self) -> None:
        """Claim nothing more; let what runs end within the drain time, then put it back, whatever its worker does.

        Once that is done, another call returns at once.
        """
        self._draining = True
        await self._rest(self._times.drain)
        for running in list(self._running.values()):
            await self._attempts.stop(running, Stop.DRAINED)
        await self._rest(PUT_BACK_SECONDS)
        await self._abandon()

    async def _rest(self, seconds: float) -> None:
        """Return when nothing runs, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async with self._claiming:
                    tasks = set(self._tasks)
                if tasks:
                    await asyncio.wait(tasks)

    async def _abandon(self) -> None:
        """Put back what still runs, without waiting for its worker."""
        stuck, tasks = list(self._running.values()), list(self._tasks)
        for task in tasks:
            task.cancel()
        try:
            async with asyncio.timeout(KEEP_SECONDS):
                await asyncio.gather(*tasks, return_exceptions=True)
                for running in stuck:
                    self._conclude(running.job, await self._settle(running, Lost()))
        except Exception:
            log.exception("what ran could not be put back; the next start does it")

    async def _take_up(self) -> None:
        self._calibration.recall(await self._jobs.timings(RECALLED))
        await self._jobs.recover()
        for job in await self._jobs.pending():
            if job.attempts < ATTEMPTS:
                self.enqueue(job)
            else:
                await self._give_up(job)

    async def _give_up(self, job: Job) -> None:
        """Fail a job that waits, and whose every attempt ended without a word: it may be what ends us."""
        if (held := await self._jobs.claim(job.id, NOBODY, self._times.lease)) is not None:
            log.error("job %s: none of its attempts came to an end; it is given up", job.id)
            await self._settle(Running(held, NOBODY), GivenUp(UserError("jobs.failed_inside")))
            self._audience.ended(job)

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
        self._lost.update(await self._jobs.requeue_lost(utc_now(), besides=list(self._running)))
        for job_id in sorted(self._lost):
            await self._take_back(job_id)
            self._lost.discard(job_id)

    async def _take_back(self, job_id: int) -> None:
        job = await self._jobs.get(job_id)
        if job is None or job.status is not JobStatus.PENDING:
            return
        if job.attempts < ATTEMPTS:
            log.warning("job %s: its lease ran out; it waits again", job_id)
            self._return(job)
        else:
            await self._give_up(job)
            self._line.refund(_path(job), job.cost)

    # The line

    def _idle(self) -> bool:
        """Say whether nobody's job waits, runs, or is being handed out."""
        return self.counts() == (0, 0) and not self._claiming.locked() and not self._draining

    async def _serve(self) -> None:
        if self.broken:
            await self._turn_away()
        for worker in self._executor.workers():
            for _ in range(self._lanes_free(worker)):
                if not await self._hand_out(worker.id):
                    return

    async def _hand_out(self, worker: str) -> bool:
        """Begin with the job that is due; say whether there was one."""
        async with self._claiming:
            job = await self._claim(worker)
            if job is not None:
                self._begin(Running(job, worker))
            return job is not None

    async def _turn_away(self) -> None:
        """Fail all that waits: nobody knows whether a worker will come for it."""
        problems = "; ".join(f"{worker.id}: {worker.problem}" for worker in self._executor.workers())
        async with self._claiming:
            while (job := await self._claim(NOBODY)) is not None:
                log.error("job %s: nothing can be drawn: %s", job.id, problems)
                outcome = GivenUp(UserError("jobs.nothing_can_be_drawn"))
                self._conclude(job, await self._settle(Running(job, NOBODY), outcome))

    async def _claim(self, worker: str) -> Job | None:
        """Lease the job that is due, if there is one. Where the database fails, the line stays as it was."""
        while not self._draining and (entry := self._line.claim()) is not None:
            try:
                job = await self._jobs.claim(entry.job, worker, self._times.lease)
            except BaseException:
                self._line.put_back(entry.job, entry.path, entry.cost)
                raise
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
        fate = Fate.ELSEWHERE
        try:
            fate = await self._try(running)
        except Exception:
            log.exception("job %s: the end of attempt %s was not kept; its lease runs out", running.job.id, running.id)
        finally:
            del self._running[running.job.id]  # before anybody hears that it waits again
        self._conclude(running.job, fate)

    async def _try(self, running: Running) -> Fate:
        try:
            return await self._settle(running, await self._attempts.carry_out(running, self._audience))
        except Exception:
            log.exception("job %s: attempt %s broke", running.job.id, running.id)
            return await self._settle(running, Lost())

    async def _settle(self, running: Running, outcome: Outcome) -> Fate:
        if isinstance(outcome, Drawn):
            self._costs.observe(outcome.request, outcome.done.seconds)
        return await self._settlement.settle(running, outcome, draining=self._draining)

    def _conclude(self, job: Job, fate: Fate) -> None:
        match fate:
            case Fate.SERVED:
                self._audience.ended(job)
            case Fate.CLOSED:
                self._line.refund(_path(job), job.cost)
                self._audience.ended(job)
            case Fate.WAITING:
                self._return(job)
            case Fate.ELSEWHERE:
                pass
        self._wake.set()


async def _until_done(work: Callable[[], Awaitable[None]]) -> None:
    """Do the work, again and again where the database fails meanwhile."""
    while True:
        try:
            return await work()
        except Exception:
            log.exception("the queue could not be served; it will be in %g s", DATABASE_REST)
            await asyncio.sleep(DATABASE_REST)


def _path(job: Job) -> tuple[int, int]:
    """Return guild and user; everybody's direct messages share one guild's share each."""
    return (job.user_id if job.guild_id is None else job.guild_id, job.user_id)
