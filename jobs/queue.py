"""The waiting jobs: the job table and the order of service over it, changed together in one transaction.

Whoever changes anything holds `turn`, so that the order in memory, the rows, and the standings kept for the next
start never differ by more than what is being committed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial

from config.settings import Level
from db.base import utc_now
from db.jobs import Job, Jobs, NewJob
from db.shares import Shares, Standing
from jobs import fair_share
from jobs.fair_share import FairShare
from jobs.share import Entry, Path

Standings = Sequence[Standing]
Write = Callable[[Standings], Awaitable[bool]]
Fits = Callable[[Job], bool]
Where = Callable[[Job], str | None]  # the worker that a job goes to, None where it has to wait for one


class Queue:
    """What waits, whose turn it is, and how both are kept."""

    def __init__(self, jobs: Jobs, shares: Shares, levels: Sequence[Level]) -> None:
        self.turn = asyncio.Lock()  #: held while a job is neither in the line nor among the running, too
        self._table = jobs
        self._shares = shares
        self._levels = levels
        self._weighted = list(levels).index("user")  #: people have weights, guilds have none
        self._line = FairShare(self._weighted)
        self._waiting: dict[int, Job] = {}
        self._unsaved: dict[Path, fair_share.Standing] = {}
        self._unsure: set[int] = set()  #: claims that may have been committed though nobody said so; refunded already
        self._doubts: dict[int, tuple[Job, Callable[[], None]]] = {}  #: what to do if an end was committed after all

    # Looking

    def __len__(self) -> int:
        return len(self._line)

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._line

    def __iter__(self) -> Iterator[Job]:
        """Return what waits in the order in which it would be served, were nobody to come or go."""
        return (self._waiting[entry.job] for entry in self._line.order())

    def waiting(self) -> list[Job]:
        """Return what waits, in no order that means anything."""
        return list(self._waiting.values())

    def lead(self) -> float:
        """Return by how many GPU-seconds a guild that waits, or a person, was served more than who is due."""
        return self._line.lead()

    def ahead_of(self, new: NewJob, horizon: float) -> list[Job]:
        """Return what would be served before a job that came now, in no order that means anything.

        Where that costs more than the horizon, some of it is told that does, too.
        """
        ahead = self._line.ahead_of(self._path(new), new.cost, weight=new.weight, horizon=horizon)
        return [self._waiting[entry.job] for entry in ahead]

    # Changing

    async def restore(self) -> list[Job]:
        """Go on where an earlier process ended; what it had begun waits again.

        Returns all that waits, but for what has come in already.
        """
        known_already = set(self._waiting)
        leased, pending = await self._table.leased(), await self._table.pending()
        standings = [standing for each in await self._shares.all() if (standing := self._restored(each)) is not None]
        entries = [Entry(job.id, self._path(job), job.cost, job.weight) for job in pending]
        self._line, before = FairShare.restored(standings, entries, self._weighted), self._waiting
        self._waiting = {job.id: job for job in pending}
        self._unsaved.clear()
        self._doubts.clear()
        try:
            await self.take_back(leased)
        except BaseException:  # the next try has to know what came in before this one
            self._waiting = before
            raise
        return [self._waiting[job_id] for job_id in sorted(self._waiting.keys() - known_already)]

    async def submit(self, new: NewJob) -> tuple[Job, bool]:
        """Commit a job and take it into the line; say whether it is new."""
        await self._settle_doubts()
        entered: list[Job] = []

        def enter(job: Job) -> Standings:
            entered.append(job)
            self._enter(job)
            return self._to_keep()

        try:
            job, created = await self._table.submit(new, enter)
        except BaseException:
            for each in entered:
                self._leave(each)
            raise
        if created:
            self._unsaved.clear()
        return job, created

    async def claim(self, where: Where, lease: float, *, best: Fits, slack: float) -> Job | None:
        """Lease the job that is due to the worker `where` it goes, if there is one.

        Of those within the slack, in GPU-seconds, one that fits `best` is taken first; what can go nowhere now is
        passed over. Where the database fails, the line stays as it was.
        """
        await self._settle_doubts()
        while (entry := self._next(where, best, slack)) is not None:
            worker = where(self._waiting[entry.job])
            assert worker is not None, "it was asked for this job a moment ago"
            job = self._waiting.pop(entry.job)
            leased = None
            try:
                leased = await self._table.claim(job.id, worker, lease, self._to_keep())
            except BaseException:
                self._back(job)
                self._unsure.add(job.id)
                raise
            if leased is not None:
                self._unsaved.clear()
                self._unsure.discard(job.id)
                return leased
            self._line.refund(entry.path, entry.cost, weight=entry.weight)  # another process ended it meanwhile
        return None

    async def withdraw(self, job: Job, end: Callable[[int], Awaitable[bool]]) -> bool:
        """End a job that waits, free of charge; say whether it did."""
        await self._settle_doubts()
        if not await end(job.id):
            return False
        self._leave(job)
        await self._table.keep(self._to_keep())
        self._unsaved.clear()
        return True

    async def close(self, job: Job, refund: float, end: Write) -> bool:
        """End a job that was leased, and give back so much of its charge; say whether it was still ours to end."""
        await self._settle_doubts()
        ours = False
        self._refund(job, refund)
        try:
            if ours := await end(self._to_keep()):
                self._unsaved.clear()
        except BaseException:
            self._doubts[job.id] = job, partial(self._refund, job, refund)
            raise
        finally:
            if not ours:
                self._refund(job, -refund)
        return ours

    async def put_back(self, jobs: Sequence[Job], release: Write) -> bool:
        """Put jobs whose attempts were lost to where they waited; say whether they were still ours to put back."""
        await self._settle_doubts()
        # but for what came back already, though nobody said so
        away = [job for job in jobs if job.id not in self._line or job.id in self._unsure]
        ours = not away
        for job in away:
            self._back(job)
        try:
            if away and (ours := await release(self._to_keep())):
                self._unsaved.clear()
        except BaseException:
            self._doubts |= {job.id: (job, partial(self._back, job)) for job in away}
            raise
        finally:
            if not ours:
                for job in away:
                    self._leave(job)
                    self._refund(job, -job.cost)
        return ours

    async def take_back(self, jobs: Sequence[Job]) -> None:
        """Put back jobs that are leased, whoever holds them."""

        async def release(standings: Standings) -> bool:
            await self._table.take_back([job.id for job in jobs], standings)
            return True

        if jobs:
            await self.put_back(jobs, release)

    async def take_back_lost(self, besides: Sequence[int]) -> list[Job]:
        """Put back every job whose lease ran out, but for those with these ids; return them."""
        lost = await self._table.lost(utc_now(), besides)
        await self.take_back(lost)
        return lost

    async def look_around(self) -> list[Job]:
        """Take into the line what waits in the table and is not there yet; return it."""
        await self._settle_doubts()
        found = await self._table.waiting_besides(list(self._waiting))
        for job in found:
            self._enter(job)
        return found

    async def forget(self) -> None:
        """Forget the idle who would be served as newcomers are."""
        gone = self._line.forget()
        for path in gone:
            self._unsaved.pop(path, None)
        await self._shares.forget([_name(path) for path in gone])

    # The line

    def _next(self, where: Where, best: Fits, slack: float) -> Entry | None:
        def allowed(entry: Entry) -> bool:
            return where(self._waiting[entry.job]) is not None

        def suits(entry: Entry) -> bool:
            return best(self._waiting[entry.job])

        return self._line.claim_beside(suits, slack, allowed)

    def _enter(self, job: Job) -> None:
        self._line.submit(job.id, self._path(job), job.cost, weight=job.weight)
        self._waiting[job.id] = job

    def _back(self, job: Job) -> None:
        if job.id in self._line:  # nobody said that it had left
            return
        if job.id in self._unsure:
            self._unsure.remove(job.id)
            self._refund(job, -job.cost)
        self._line.put_back(job.id, self._path(job), job.cost, weight=job.weight)
        self._waiting[job.id] = job

    async def _settle_doubts(self) -> None:
        """Do what an end does that is committed after all, before any other standings are kept."""
        for job, follow in list(self._doubts.values()):
            if await self._table.has_ended(job.id, job.fence):
                follow()
            del self._doubts[job.id]

    def _refund(self, job: Job, cost: float) -> None:
        self._line.refund(self._path(job), cost, weight=job.weight)

    def _leave(self, job: Job) -> None:
        self._line.cancel(job.id)
        self._waiting.pop(job.id, None)

    def _path(self, job: NewJob) -> Path:
        """Return the job's place in the tree; everybody's direct messages share one guild's share each."""
        names = {"guild": job.user_id if job.guild_id is None else job.guild_id, "user": job.user_id}
        return tuple(f"{level} {names[level]}" for level in self._levels)

    # What is kept of it

    def _to_keep(self) -> list[Standing]:
        """Return the standings that no transaction has kept yet; whoever has committed them clears `_unsaved`."""
        self._unsaved |= {standing.path: standing for standing in self._line.changed()}
        return [_kept(standing) for standing in self._unsaved.values()]

    def _restored(self, kept: Standing) -> fair_share.Standing | None:
        """Return a standing that was kept, None where it was kept for another order of the levels."""
        path = tuple(kept.path.split("/")) if kept.path else ()
        if [name.partition(" ")[0] for name in path] != list(self._levels[: len(path)]):
            return None
        return fair_share.Standing(path, kept.tag, kept.clock, kept.last_served, kept.arrived)


def _kept(standing: fair_share.Standing) -> Standing:
    """Return a standing as the database keeps it."""
    return Standing(
        path=_name(standing.path),
        tag=standing.tag,
        clock=standing.clock,
        last_served=standing.last_served,
        arrived=standing.arrived,
    )


def _name(path: Path) -> str:
    """Return a path as the database keeps it."""
    return "/".join(map(str, path))
