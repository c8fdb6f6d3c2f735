"""The one who hands out work: the line, the loop that serves it, and what becomes of every attempt."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path

from config.logs import about
from config.settings import Times
from db.base import Json
from db.history import History
from db.images import PictureStore
from db.jobs import Jobs, NewJob
from db.tables.job import Job
from db.timings import Timings
from inference.checkpoints import Checkpoint
from inference.executor import Executor
from inference.request import ImageRequest
from jobs.attempt import Attempts, Drawn, Lost, NoRoom, Outcome, Running, Stop, Unkept
from jobs.audience import Audience, Silence
from jobs.calibration import Calibration
from jobs.caretaker import Caretaker, until_done
from jobs.costs import Costs, kind_of
from jobs.finish import Finisher
from jobs.forecast import REMEMBERED, Forecasts
from jobs.notes import Note
from jobs.originals import UNLIKE, Originals
from jobs.outage import Outage
from jobs.place import Place, Situation
from jobs.queue import Queue
from jobs.screening import Screening
from jobs.settlement import ATTEMPTS, Fate, Settlement
from jobs.workers import Workers

PUT_BACK_SECONDS = 2.0  # after the drain time, for what was told to stop
KEEP_SECONDS = 1.0  # after that, to put back what did not
RECALLED = 256  # jobs whose timings are learnt from at the start

log = logging.getLogger(__name__)


class Dispatcher:
    """Serves the job table by fair share. One per database, and one per `spool`, the folder for raw pixels.

    `memory` is what checkpoints need of a device's, in bytes.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        timings: Timings,
        history: History,
        queue: Queue,
        store: PictureStore,
        executor: Executor,
        screening: Screening,
        finisher: Finisher,
        times: Times,
        slack: float,
        spool: Path,
        memory: Mapping[str, int],
    ) -> None:
        self._jobs = jobs
        self._timings = timings
        self._queue = queue
        self._executor = executor
        self._attempts = Attempts(
            store=store, executor=executor, screening=screening, finisher=finisher, times=times, spool=spool
        )
        self._settlement = Settlement(jobs, queue)
        self._audience: Audience = Silence()
        self._times = times
        self._slack = slack
        self._costs = Costs()
        self._forecasts = Forecasts()
        self._calibration = Calibration(costs=self._costs, executor=executor, spool=spool)
        self._running: dict[int, Running] = {}
        self._originals = Originals(history)
        self._workers = Workers(executor, self._running, memory, self._originals)
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._outage = Outage(store, over=self._wake.set)
        self._draining = False
        self._caretaker = Caretaker(
            jobs=jobs,
            queue=queue,
            originals=self._originals,
            running=self._running,
            lease=times.lease,
            wait=self._wait,
            ended=self._ended,
        )

    # What others ask of it

    @property
    def broken(self) -> bool:
        """Whether nothing can be drawn at present: every worker died too often, and none has come back."""
        return self._workers.broken

    async def submit(self, new: NewJob, check: Callable[[Place], None], *, horizon: float = inf) -> tuple[Job, Place]:
        """Commit a job and take it into the line, once per interaction; return it with its place.

        `check` sees the place that it would have, and refuses it by raising; nothing comes in between. The horizon, in
        seconds, is how late a job may begin: to know that of one that may, no more has to be looked at.
        """
        async with self._queue.turn:
            situation = self._situation()
            ahead = self._queue.ahead_of(new, horizon * situation.workers)
            place = situation.after(ahead, new.user_id, new.cost)
            if place.begins > horizon:  # it will be refused, and the person be told when to come back
                place = situation.after(self._queue.ahead_of(new, inf), new.user_id, new.cost)
            check(place)
            original = await self._originals.look_up(new)
            notes = [*new.notes, *self._warnings(new, original)]
            expected = replace(new, expected=place.seconds, notes=notes)
            try:
                job, created = await self._queue.submit(expected)
            except Exception:
                self._caretaker.doubt()  # it may be committed all the same, and its person would wait out of the line
                raise
            if created:
                self._originals.remember(job, original)
        if not created:
            return job, self.place(job)
        self._audience.queued(job, place)
        self._wake.set()
        return job, place

    def _warnings(self, new: NewJob, original: Mapping[str, str]) -> list[Json]:
        """Return the note for a reproduction that no worker here is like the one that drew its original, if so."""
        names = self._workers.unlike(original, new.request["checkpoint"])
        return [Note(UNLIKE, {"names": ", ".join(names)}).to_dict()] if names else []

    def estimate(self, request: ImageRequest) -> float:
        """Return the expected cost of a request, in seconds of the device."""
        return self._costs.estimate(request, [kind_of(each.fingerprint) for each in self._workers.ready()])

    def place(self, job: Job) -> Place:
        """Return where a job stands now."""
        situation = self._situation()
        if job.id in self._running:
            return situation.of_running(job.id)
        if job.id not in self._queue:  # it is being handed to a worker right now
            return situation.after((), job.user_id, job.cost)
        return next(place for job_id, place in situation.of_waiting(self._queue) if job_id == job.id)

    def places(self) -> dict[int, Place]:
        """Return where every open job stands now."""
        situation = self._situation()
        running = {job_id: situation.of_running(job_id) for job_id in self._running}
        return running | dict(situation.of_waiting(self._queue))

    def open_jobs(self) -> list[Job]:
        """Return all that waits or runs."""
        return [*self.waiting(), *(running.job for running in self.running())]

    def waiting(self) -> list[Job]:
        """Return all that waits, in no order that means anything."""
        return self._queue.waiting()

    def running(self) -> list[Running]:
        """Return every attempt."""
        return list(self._running.values())

    def lead(self) -> float:
        """Return by how many GPU-seconds somebody who waits was served more than who is due."""
        return self._queue.lead()

    async def open_of(self, user_id: int) -> list[Job]:
        """Return what the person has open, with all that was being let in when this was asked."""
        async with self._queue.turn:
            return await self._jobs.open_of(user_id)

    def counts(self) -> tuple[int, int]:
        """Return how many jobs are running and how many wait."""
        return len(self._running), len(self._queue)

    async def cancel(self, job: Job) -> bool:
        """Cancel a job that waits or runs; say whether there was something to cancel."""
        async with self._queue.turn:
            running = self._running.get(job.id)
            if running is not None and not running.settling:
                await self._attempts.stop(running, Stop.CANCELLED)
                return True
            if not await self._queue.withdraw(job, self._jobs.cancel):
                return False
        self._ended(job)
        return True

    def heard(self, job_id: int) -> None:
        """Look for a job that somebody committed, unless it is known."""
        self._caretaker.heard(job_id)

    # Its life

    async def run(self, audience: Audience, calibrated: Sequence[Checkpoint] = ()) -> None:
        """Serve until cancelled. What an earlier process left behind is taken up first.

        Checkpoints that are named are timed while nobody asks for anything: first the one that workers start with.
        """
        self._audience = audience
        await self._attempts.clear()
        async with asyncio.TaskGroup() as group:
            await until_done(self._take_up)
            group.create_task(self._watch_workers())
            group.create_task(self._outage.watch())
            group.create_task(self._caretaker.keep_leases())
            group.create_task(self._caretaker.find_unknown())
            if calibrated:
                group.create_task(self._calibration.run(calibrated, self._idle))
            while True:
                await self._wake.wait()
                self._wake.clear()
                await until_done(self._serve)

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
                async with self._queue.turn:
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
                    self._conclude(running, lost := Lost(), await self._settle(running, lost))
        except Exception:
            log.exception("what ran could not be put back; the next start does it")

    async def _take_up(self) -> None:
        self._calibration.recall(await self._timings.latest(RECALLED))
        self._forecasts = Forecasts(await self._timings.forecasts(REMEMBERED))
        await self._caretaker.take_up()

    async def _watch_workers(self) -> None:
        while True:
            await self._executor.changed()
            self._wake.set()

    # The line

    def _idle(self) -> bool:
        """Say whether nobody's job waits, runs, or is being handed out."""
        return self.counts() == (0, 0) and not self._queue.turn.locked() and not self._draining

    async def _serve(self) -> None:
        if self.broken:
            await self._turn_away()
        while await self._hand_out():
            pass

    async def _hand_out(self) -> bool:
        """Begin with the job that is due; say whether there was one, and a worker for it."""
        async with self._queue.turn:
            job = None if self._draining or self._outage.lasts else await self._claim()
            if job is not None:
                assert job.worker is not None, "it is leased"
                self._begin(Running(job, job.worker))
            return job is not None

    async def _claim(self) -> Job | None:
        """Lease the job that is due, rather one for a checkpoint that a free worker has loaded."""
        placement = self._workers.placement()
        if placement.full:  # the line may be long, and this is asked at every change
            return None
        return await self._queue.claim(
            lambda job: placement.where(job) if job.attempts < ATTEMPTS else None,
            self._times.lease,
            best=placement.is_warm,
            slack=self._slack,
        )

    async def _turn_away(self) -> None:
        """Fail all that waits: nobody knows whether a worker will come for it."""
        async with self._queue.turn:
            await self._caretaker.give_up(
                self._queue.waiting(), "jobs.nothing_can_be_drawn", f"nothing can be drawn: {self._workers.problems}"
            )

    def _begin(self, running: Running) -> None:
        self._running[running.job.id] = running
        self._workers.takes(running.job)
        task = asyncio.create_task(self._attend(running), name=f"job {running.job.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _situation(self) -> Situation:
        return Situation.now(self._running, self._executor.workers(), self._forecasts.doubt, self._workers.waits)

    def _wait(self, jobs: Sequence[Job]) -> None:
        """Tell of jobs that came into the line: many at a start, so that all places are found out at once."""
        places = self.places() if jobs else {}
        for job in jobs:
            self._audience.queued(job, places[job.id])
        self._wake.set()

    def _ended(self, job: Job) -> None:
        """Tell of a job that is over."""
        self._forget(job)
        self._audience.ended(job)
        self._wake.set()

    def _forget(self, job: Job) -> None:
        """Remember nothing of where a job should go that is no longer ours."""
        self._workers.forget(job)
        self._originals.forget(job)

    # What becomes of an attempt

    async def _attend(self, running: Running) -> None:
        job, fate = running.job, Fate.ELSEWHERE
        outcome: Outcome | None = None
        with about(job=job.id, attempt=running.id, worker=running.worker, guild=job.guild_id):
            try:
                outcome, fate = await self._try(running)
            except Exception:
                log.exception("job %s: the end of attempt %s was not kept; its lease runs out", job.id, running.id)
            finally:
                self._leaves(running)  # before anybody hears that it waits again
            self._conclude(running, outcome, fate)

    def _leaves(self, running: Running) -> None:
        """Let an attempt run no more; the job's next one may have begun."""
        if self._running.get(running.job.id) is running:
            del self._running[running.job.id]

    async def _try(self, running: Running) -> tuple[Outcome, Fate]:
        try:
            outcome = await self._attempts.carry_out(running, self._audience)
            return outcome, await self._settle(running, outcome)
        except Exception:
            log.exception("job %s: attempt %s broke", running.job.id, running.id)
            return (lost := Lost()), await self._settle(running, lost)

    async def _settle(self, running: Running, outcome: Outcome) -> Fate:
        if isinstance(outcome, Drawn):
            done = outcome.done
            self._costs.observe(outcome.request, done.seconds, kind_of(done.pictures[0].fingerprint))
            if outcome.finished.records:
                self._outage.kept()
        if isinstance(outcome, Unkept):
            self._outage.begin()  # before the job waits again
        elsewhere = bool(self._workers.untried(running.job) - {running.worker})
        async with self._queue.turn:
            return await self._settlement.settle(running, outcome, elsewhere=elsewhere, draining=self._draining)

    def _conclude(self, running: Running, outcome: Outcome | None, fate: Fate) -> None:
        """Tell what is kept already, so that nobody who hears of it can undo it; without an outcome, nothing is."""
        job = running.job
        if outcome is not None:
            self._audience.settled(running, outcome)
        match fate:
            case Fate.SERVED | Fate.CLOSED:
                self._ended(job)
            case Fate.WAITING:
                if isinstance(outcome, Lost | NoRoom):
                    self._workers.failed(running.worker, job)
                self._wait([job])
            case Fate.ELSEWHERE:
                if job.id not in self._queue and job.id not in self._running:
                    self._forget(job)
                self._wake.set()
        if fate is Fate.SERVED and job.expected is not None:
            self._forecasts.observe(job.expected, job.lasted)
