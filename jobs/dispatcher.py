"""The one who hands out work: claim -> executor -> image check -> provenance -> store -> outbox."""

import asyncio
import logging
import tempfile
import time
from dataclasses import dataclass
from typing import Protocol

from config.settings import Times
from config.words import UserError
from db.images import PictureStore
from db.jobs import Jobs
from db.tables.job import Job, JobStatus
from inference.executor import Executor, WorkerInfo, WorkerState
from inference.protocol import Attempt, Done, Event, Failed, FailureKind, Preview, Progress, Started
from inference.request import ImageRequest
from jobs.cost import CostModel
from jobs.fair_share import FairShare
from jobs.finish import Finisher

ATTEMPTS = 3
PUT_BACK_SECONDS = 3.0  # after the drain time, for what was told to stop

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job stands: how many are served before it (0: it is running or next), and the expected seconds."""

    ahead: int
    people: int
    seconds: float
    running: bool


class Audience(Protocol):
    """Who wants to know how jobs fare. Called on the event loop; must not block."""

    def queued(self, job: Job) -> None:
        """The job is in the line: new, put back, or found there at the start."""

    def started(self, job: Job) -> None:
        """A worker has the job."""

    def progress(self, job: Job, step: int, of: int) -> None:
        """`step` of `of` steps are done."""

    def preview(self, job: Job, jpeg: bytes) -> None:
        """The pictures so far."""

    def ended(self, job: Job) -> None:
        """The job is over, and what is to be said of it lies in the outbox."""


class Silence:
    """An audience that is not there yet."""

    def queued(self, job: Job) -> None:
        """Ignore it."""

    def started(self, job: Job) -> None:
        """Ignore it."""

    def progress(self, job: Job, step: int, of: int) -> None:
        """Ignore it."""

    def preview(self, job: Job, jpeg: bytes) -> None:
        """Ignore it."""

    def ended(self, job: Job) -> None:
        """Ignore it."""


@dataclass(slots=True)
class Running:
    """An attempt on a worker."""

    job: Job
    attempt_id: str
    worker: str
    since: float
    begun: bool = False
    late: bool = False
    cancelled: bool = False


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
        self._store = store
        self._executor = executor
        self._finisher = finisher
        self._audience: Audience = Silence()
        self._times = times
        self._line = FairShare()
        self._costs = CostModel()
        self._waiting: dict[int, Job] = {}
        self._running: dict[int, Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._draining = False

    # What others ask of it

    def enqueue(self, job: Job) -> None:
        """Take a committed job into the line; one that is there already stays where it is."""
        if job.id in self._waiting:
            return
        self._waiting[job.id] = job
        self._line.submit(job.id, _path(job), job.cost)
        self._audience.queued(job)
        self._wake.set()

    def estimate(self, request: ImageRequest) -> float:
        """Return the expected cost of a request, in seconds of the device."""
        return self._costs.estimate(request)

    def place(self, job: Job) -> Place:
        """Return where a job stands now."""
        now = time.monotonic()
        busy = sum(max(0.0, each.job.cost - (now - each.since)) for each in self._running.values())
        if job.id in self._running:
            mine = self._running[job.id]
            return Place(0, 0, max(0.0, job.cost - (now - mine.since)), running=True)
        before = []
        for entry in self._line.order():
            if entry.job == job.id:
                break
            before.append(entry)
        seconds = (busy + sum(entry.cost for entry in before)) / self._lanes() + job.cost
        others = {entry.path[-1] for entry in before} - {job.user_id}
        return Place(len(before) + (len(self._running) >= self._lanes()), len(others), seconds, running=False)

    def counts(self) -> tuple[int, int]:
        """Return how many jobs are running and how many wait."""
        return len(self._running), len(self._line)

    def seconds_until_room(self) -> float:
        """Return when, by what is known, a job of the line will have been served."""
        return sum(entry.cost for entry in self._line.order()[:10]) / self._lanes()

    async def cancel(self, job: Job) -> bool:
        """Cancel a job that waits or runs; say whether there was something to cancel."""
        running = self._running.get(job.id)
        if running is not None:
            running.cancelled = True
            await self._executor.cancel(running.attempt_id)
            return True
        if not await self._jobs.cancel(job.id):
            return False
        self._line.cancel(job.id)
        self._waiting.pop(job.id, None)
        self._audience.ended(job)
        self._wake.set()
        return True

    # Its life

    async def run(self, audience: Audience) -> None:
        """Serve until cancelled. What an earlier process left behind is taken up first."""
        self._audience = audience
        await self._jobs.recover("")  # one bot per database: whoever held something is gone
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
            await self._executor.cancel(running.attempt_id)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PUT_BACK_SECONDS)

    async def _watch_workers(self) -> None:
        while True:
            await self._executor.changed()
            self._wake.set()

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._times.lease / 3)
            leases = [(each.job.id, each.job.fence) for each in self._running.values()]
            if leases:
                await self._jobs.extend(leases, self._times.lease)

    async def _serve(self) -> None:
        for worker in self._executor.workers():
            for _ in range(self._lanes_free(worker)):
                if not await self._claim_for(worker):
                    return

    async def _claim_for(self, worker: WorkerInfo) -> bool:
        entry = None if self._draining else self._line.claim()
        if entry is None:
            return False
        self._waiting.pop(entry.job, None)
        job = await self._jobs.claim(entry.job, worker.id, self._times.lease)
        if job is None:  # somebody cancelled it in the meantime
            self._line.refund(entry.path, entry.cost)
            return True
        running = Running(job, f"{job.id}:{job.fence}", worker.id, time.monotonic())
        self._running[job.id] = running
        task = asyncio.create_task(self._attend(running), name=f"job {job.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    # One attempt

    async def _attend(self, running: Running) -> None:
        job = running.job
        try:
            await self._attempt(running)
        except UserError as error:
            await self._give_up(running, JobStatus.FAILED, error)
        except Exception:
            log.exception("job %s: attempt %s broke", job.id, running.attempt_id)
            await self._try_again(running, "jobs.failed_inside")
        finally:
            self._running.pop(job.id, None)
            self._wake.set()

    async def _attempt(self, running: Running) -> None:
        job, request = running.job, ImageRequest.from_dict(running.job.request)
        self._audience.started(job)
        with tempfile.TemporaryDirectory(prefix="imagine-") as spool:
            source = None if request.source is None else self._source(request.source)
            attempt = Attempt(id=running.attempt_id, request=request, source_path=source, spool=spool)
            last = await self._watch(running, attempt)
            if isinstance(last, Done):
                await self._finish(running, request, last)
            elif isinstance(last, Failed):
                await self._failed(running, last)

    async def _watch(self, running: Running, attempt: Attempt) -> Event | None:
        """Pass on what the attempt tells, and return its end; one that takes too long is stopped."""
        last: Event | None = None
        running.begun = True
        deadline = asyncio.create_task(self._stop_late(running))
        try:
            async for event in self._executor.run(running.worker, attempt):
                self._tell(running.job, event)
                last = event
        finally:
            deadline.cancel()
        return last

    async def _stop_late(self, running: Running) -> None:
        await asyncio.sleep(self._times.attempt)
        running.late = True
        await self._executor.cancel(running.attempt_id)

    def _tell(self, job: Job, event: Event) -> None:
        match event:
            case Progress(step=step, of=of):
                self._audience.progress(job, step, of)
            case Preview(jpeg=jpeg):
                self._audience.preview(job, jpeg)
            case Started() | Done() | Failed():
                pass

    def _source(self, sha256: str) -> str:
        path = self._store.path(sha256)
        if not path.exists():
            raise UserError("jobs.source_gone")
        return str(path)

    async def _finish(self, running: Running, request: ImageRequest, done: Done) -> None:
        job = running.job
        self._costs.observe(request, done.seconds)
        finished = await self._finisher.finish(job, request, done)
        if not finished.records:
            await self._give_up(running, JobStatus.REFUSED, UserError("jobs.picture_refused"))
            return
        notes = list(job.notes)
        if done.truncated:
            notes.append({"key": "jobs.note_truncated", "values": {"rest": done.truncated[:80]}})
        if len(finished.records) < request.count:
            notes.append({"key": "jobs.note_withheld", "values": {"count": request.count - len(finished.records)}})
        verdict = None if finished.verdict is None else finished.verdict.to_dict()
        await self._jobs.complete(job.id, job.fence, finished.records, done.seconds, notes=notes, verdict=verdict)
        self._audience.ended(job)

    async def _failed(self, running: Running, failed: Failed) -> None:
        log.warning("job %s: attempt %s: %s %s", running.job.id, failed.attempt_id, failed.kind, failed.detail)
        match failed.kind:
            case FailureKind.CANCELLED if running.cancelled:
                await self._give_up(running, JobStatus.CANCELLED, None)
            case FailureKind.CANCELLED if running.late:
                await self._give_up(running, JobStatus.FAILED, UserError("jobs.too_slow"))
            case FailureKind.CANCELLED:  # the drain asked for it
                await self._put_back(running)
            case FailureKind.OUT_OF_MEMORY:
                await self._give_up(running, JobStatus.FAILED, UserError("jobs.out_of_memory"))
            case FailureKind.INVALID:
                await self._give_up(running, JobStatus.FAILED, UserError("jobs.invalid_for_model"))
            case FailureKind.ENGINE | FailureKind.WORKER_LOST:
                await self._try_again(running, "jobs.failed_inside")

    async def _try_again(self, running: Running, key: str) -> None:
        if running.cancelled:
            await self._give_up(running, JobStatus.CANCELLED, None)
        elif self._draining or running.job.attempts < ATTEMPTS:
            await self._put_back(running)
        else:
            await self._give_up(running, JobStatus.FAILED, UserError(key))

    async def _put_back(self, running: Running) -> None:
        job = running.job
        if await self._jobs.release(job.id, job.fence, tried=not self._draining) and not self._draining:
            self._waiting[job.id] = job
            self._line.put_back(job.id, _path(job), job.cost)
            self._audience.queued(job)

    async def _give_up(self, running: Running, status: JobStatus, error: UserError | None) -> None:
        job = running.job
        self._line.refund(_path(job), job.cost)
        if error is None:
            await self._jobs.cancel_leased(job.id, job.fence)
        else:
            await self._jobs.fail(job.id, job.fence, status, error.key, error.values)
        self._audience.ended(job)

    def _lanes(self) -> int:
        return max(1, sum(worker.state is WorkerState.READY for worker in self._executor.workers()))

    def _lanes_free(self, worker: WorkerInfo) -> int:
        about_to_begin = sum(not each.begun and each.worker == worker.id for each in self._running.values())
        return worker.lanes_free - about_to_begin if worker.state is WorkerState.READY else 0


def _path(job: Job) -> tuple[int, int]:
    """Return guild and user; everybody's direct messages share one guild's share each."""
    return (job.user_id if job.guild_id is None else job.guild_id, job.user_id)
