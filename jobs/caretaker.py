"""Looks after the jobs that nobody has in hand, so that none is forgotten and none is tried for ever."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from db.jobs import Job, Jobs
from jobs.attempt import Running
from jobs.originals import Originals
from jobs.queue import Queue
from jobs.settlement import ATTEMPTS

DATABASE_REST = 1.0  # seconds, after a failure

log = logging.getLogger(__name__)


class Caretaker:
    """Takes up what an earlier process left, what another one committed, and what was leased to an attempt in vain.

    `running` is what has an attempt; `wait` hears of the jobs that come into the line, `ended` of those given up.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        queue: Queue,
        originals: Originals,
        running: Mapping[int, Running],
        lease: float,
        wait: Callable[[Sequence[Job]], None],
        ended: Callable[[Job], None],
    ) -> None:
        self._jobs = jobs
        self._queue = queue
        self._originals = originals
        self._running = running
        self._lease = lease
        self._wait = wait
        self._ended = ended
        self._unknown = asyncio.Event()  #: there is something in the job table that is not in the line

    async def take_up(self) -> None:
        """Take up what an earlier process left behind."""
        async with self._queue.turn:
            await self._greet(await self._queue.restore())

    def heard(self, job_id: int) -> None:
        """Look for a job that somebody committed, unless it is known."""
        if job_id not in self._queue and job_id not in self._running:
            self._unknown.set()

    def doubt(self) -> None:
        """Look around as soon as the database answers: a job may have been committed though nobody said so."""
        self._unknown.set()

    async def find_unknown(self) -> None:
        """Look around whenever an unknown job was heard of or is likely, until cancelled."""
        while True:
            await self._unknown.wait()
            self._unknown.clear()
            await until_done(self._look_around)

    async def keep_leases(self) -> None:
        """Extend the leases of what runs, look around, and forget whom nobody has to remember, until cancelled."""
        while True:
            await asyncio.sleep(self._lease / 3)
            try:
                held = [(each.job.id, each.job.fence) for each in self._running.values()]
                await self._jobs.extend(held, self._lease)
                await self._look_around()
                async with self._queue.turn:
                    await self._queue.forget()
            except Exception:
                log.exception("the leases could not be looked after; they will be in %g s", self._lease / 3)

    async def give_up(self, jobs: Sequence[Job], error_key: str, why: str) -> None:
        """Fail jobs that wait. Whoever calls it holds the queue's turn."""
        for job in jobs:
            log.error("job %s: %s", job.id, why)
            if await self._queue.withdraw(job, lambda job_id: self._jobs.give_up(job_id, error_key)):
                self._ended(job)

    async def _look_around(self) -> None:
        async with self._queue.turn:
            for job in (lost := await self._queue.take_back_lost(besides=list(self._running))):
                log.warning("job %s: its lease ran out; it waits again", job.id)
            await self._greet(lost)
            await self._greet(await self._queue.look_around())

    async def _greet(self, jobs: Sequence[Job]) -> None:
        """Tell of jobs that came into the line, but for those whose every attempt ended without a word.

        These are given up: they may be what ends us. Of those that wait it is learnt where they should go.
        """
        self._wait([job for job in jobs if job.attempts < ATTEMPTS])
        await self._originals.learn(self._queue.waiting())
        spent = [job for job in self._queue.waiting() if job.attempts >= ATTEMPTS]
        await self.give_up(spent, "jobs.failed_inside", "none of its attempts came to an end; it is given up")


async def until_done(work: Callable[[], Awaitable[None]]) -> None:
    """Do the work, again and again where the database fails meanwhile."""
    while True:
        try:
            return await work()
        except Exception:
            log.exception("the queue could not be served; it will be in %g s", DATABASE_REST)
            await asyncio.sleep(DATABASE_REST)
