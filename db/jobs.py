"""The life of a job in the database: every step one transaction, every step of a holder fenced.

A worker's claim carries a fence, which grows with each claim. Whoever comes with an older one has
lost the job meanwhile: the call changes nothing of it and says False. What a step changes in the order of
service, the `standings`, is kept in the same transaction.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.audit import take_turn
from db.base import Json, utc_now
from db.cases import add_case
from db.ending import FREE, end, lineage_of, record_of, sharing_of
from db.session import Database
from db.shares import Shares, Standing
from db.tables.case import CaseKind, NewCase
from db.tables.job import OPEN, Job, JobRow, JobStatus, NewJob
from db.tables.outbox import Notice
from db.tables.record import NewRecord, Showing

__all__ = ["Job", "JobStatus", "Jobs", "NewJob", "NewRecord"]

NEWS = "imagine_jobs"  # the channel on which PostgreSQL tells of committed jobs, by their ids
NAMES = [field.name for field in fields(Job)]
COLUMNS = [getattr(JobRow, name) for name in NAMES]
Standings = Sequence[Standing]

# the two statements that everybody waits for are made once: to make and to look them up took longer than to send them
CLAIM = (
    update(JobRow)
    .where(JobRow.id == bindparam("which"), JobRow.status == JobStatus.PENDING)
    .values(
        status=JobStatus.LEASED,
        fence=JobRow.fence + 1,
        attempts=JobRow.attempts + 1,
        worker=bindparam("holder"),
        lease_until=bindparam("until"),
        started_at=bindparam("now"),
    )
    .returning(*COLUMNS)
)


def nothing_more(_job: Job) -> Standings:
    """Return no standings: the order of service is nobody's concern."""
    return ()


class Jobs:
    """The job table: the truth about what is to be done and what was done."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shares = Shares(database)
        self._insert = (
            database.insert(JobRow)
            .on_conflict_do_nothing(index_elements=["interaction_id"])
            .returning(*COLUMNS, *database.telling(NEWS, JobRow.id))
        )

    async def submit(self, new: NewJob, enter: Callable[[Job], Standings] = nothing_more) -> tuple[Job, bool]:
        """Keep the job, once per interaction. Returns it, and whether it is new.

        `enter` takes a new job into the line before it is committed, and returns the standings that this changed.
        """
        async with self._database.writing() as connection:
            created = (await connection.execute(self._insert, vars(new))).first()
            if created is None:
                known = await connection.execute(select(*COLUMNS).where(JobRow.interaction_id == new.interaction_id))
                return _job(known.one()), False
            job = _job(created)
            await self._shares.keep(connection, enter(job))
            return job, True

    async def get(self, job_id: int) -> Job | None:
        """Return the job."""
        async with self._database.reading() as session:
            row = (await session.execute(select(*COLUMNS).where(JobRow.id == job_id))).first()
            return None if row is None else _job(row)

    async def pending(self) -> list[Job]:
        """Return what waits, in order of arrival: what was put back stands where it stood."""
        return await self._all(with_status(JobStatus.PENDING))

    async def open_of(self, user_id: int) -> list[Job]:
        """Return what the person has waiting or being made, in order of arrival."""
        return await self._all(with_status(*OPEN).where(JobRow.user_id == user_id))

    async def claim(self, job_id: int, worker: str, lease: float, standings: Standings = ()) -> Job | None:
        """Lease a pending job to the worker for `lease` seconds; None if it waits no more."""
        now = utc_now()
        held = {"which": job_id, "holder": worker, "until": now + timedelta(seconds=lease), "now": now}
        async with self._database.writing() as connection:
            row = (await connection.execute(CLAIM, held)).first()
            if row is None:
                return None
            await self._shares.keep(connection, standings)
            return _job(row)

    async def extend(self, leases: Iterable[tuple[int, int]], lease: float) -> set[int]:
        """Let leases, each a job id and its fence, last `lease` seconds from now; returns the ids still held."""
        wanted = list(leases)
        if not wanted:
            return set()
        async with self._database.transaction() as session:
            return set(
                await session.scalars(
                    update(JobRow)
                    .where(JobRow.status == JobStatus.LEASED, tuple_(JobRow.id, JobRow.fence).in_(wanted))
                    .values(lease_until=utc_now() + timedelta(seconds=lease))
                    .returning(JobRow.id)
                )
            )

    async def complete(
        self,
        job_id: int,
        fence: int,
        records: Sequence[NewRecord],
        seconds: float,
        *,
        notes: Sequence[Json] = (),
        verdict: Json | None = None,
        standings: Standings = (),
    ) -> bool:
        """End the job with its pictures, their lineage and the message about them, in one transaction.

        `seconds` is what it took in GPU-seconds, shared equally among the pictures; `notes` is all that the
        message shall mention, `verdict` what a reproduction came to. A lease that ran out counts as long as
        nobody took the job back.
        """
        outcome = {"seconds": seconds, "notes": list(notes), "verdict": verdict}
        async with self._database.transaction() as session:
            job = await end(session, _held(job_id, fence), JobStatus.DONE, Notice.RESULT, **outcome)
            if job is None:
                return False
            sharing = await sharing_of(session, job.user_id)
            session.add_all(record_of(job, record, seconds / len(records), sharing) for record in records)
            await session.flush()
            session.add_all(await lineage_of(session, job, records))
            await _put_before_moderators(session, job, records)
            await self._shares.keep(await session.connection(), standings)
            return True

    async def fail(
        self,
        job_id: int,
        fence: int,
        status: JobStatus,
        error_key: str,
        values: Json,
        standings: Standings = (),
        *,
        seconds: float | None = None,
    ) -> bool:
        """End the job as failed or refused; the error is a key of the catalogue and its values.

        `seconds` is what it took of the device all the same.
        """
        assert status in (JobStatus.FAILED, JobStatus.REFUSED)
        outcome = {"error_key": error_key, "error_values": values, "seconds": seconds}
        return await self._close(job_id, fence, standings, status, Notice.FAILURE, **outcome)

    async def cancel(self, job_id: int) -> bool:
        """Cancel a job that still waits."""
        waiting = (JobRow.id == job_id, JobRow.status == JobStatus.PENDING)
        async with self._database.transaction() as session:
            return await end(session, waiting, JobStatus.CANCELLED, Notice.CANCELLED) is not None

    async def give_up(self, job_id: int, error_key: str) -> bool:
        """Fail a job that still waits; the error is a key of the catalogue."""
        waiting = (JobRow.id == job_id, JobRow.status == JobStatus.PENDING)
        async with self._database.transaction() as session:
            return await end(session, waiting, JobStatus.FAILED, Notice.FAILURE, error_key=error_key) is not None

    async def cancel_leased(
        self, job_id: int, fence: int, standings: Standings = (), *, seconds: float | None = None
    ) -> bool:
        """Cancel a job whose attempt was stopped; `seconds` is what it had taken of the device by then."""
        return await self._close(job_id, fence, standings, JobStatus.CANCELLED, Notice.CANCELLED, seconds=seconds)

    async def release(self, job_id: int, fence: int, standings: Standings = (), *, tried: bool) -> bool:
        """Put a leased job back to where it waited; `tried` tells whether the attempt counts."""
        attempts = JobRow.attempts - int(not tried)
        return await self._put_back(standings, *_held(job_id, fence), attempts=attempts) != []

    async def take_back(self, job_ids: Collection[int], standings: Standings = ()) -> None:
        """Put leased jobs back to where they waited, whoever holds them."""
        await self._put_back(standings, JobRow.status == JobStatus.LEASED, JobRow.id.in_(job_ids))

    async def keep(self, standings: Standings) -> None:
        """Keep standings that changed by themselves."""
        async with self._database.transaction() as session:
            await self._shares.keep(await session.connection(), standings)

    async def has_ended(self, job_id: int, fence: int) -> bool:
        """Say whether a lease is over; where somebody is just ending it, wait until they have."""
        async with self._database.transaction() as session:
            return await session.scalar(select(JobRow.id).where(*_held(job_id, fence)).with_for_update()) is None

    async def leased(self) -> list[Job]:
        """Return what is leased, in order of arrival."""
        return await self._all(with_status(JobStatus.LEASED))

    async def lost(self, now: datetime, besides: Collection[int] = ()) -> list[Job]:
        """Return the jobs whose lease ran out before `now`, but for those with these ids."""
        query = with_status(JobStatus.LEASED).where(JobRow.lease_until < now, JobRow.id.not_in(besides))
        return await self._all(query)

    async def waiting_besides(self, known: Collection[int]) -> list[Job]:
        """Return what waits, but for those with these ids, in order of arrival."""
        async with self._database.reading() as session:
            ids = await session.scalars(select(JobRow.id).where(JobRow.status == JobStatus.PENDING))
            unknown = sorted(set(ids) - set(known))
        return [job for job in [await self.get(job_id) for job_id in unknown] if job is not None]

    async def _all(self, query: Select[*tuple[Any, ...]]) -> list[Job]:
        async with self._database.reading() as session:
            return [_job(row) for row in await session.execute(query)]

    async def _put_back(self, standings: Standings, *where: ColumnElement[bool], **values: Any) -> list[int]:
        change = update(JobRow).where(*where).values(status=JobStatus.PENDING, **FREE, **values)
        async with self._database.transaction() as session:
            if ids := sorted(await session.scalars(change.returning(JobRow.id))):
                await self._shares.keep(await session.connection(), standings)
            return ids

    async def _close(
        self, job_id: int, fence: int, standings: Standings, status: JobStatus, notice: Notice, **values: Any
    ) -> bool:
        """End a leased job, with the standings that this changes; say whether it was still the holder's."""
        async with self._database.transaction() as session:
            if await end(session, _held(job_id, fence), status, notice, **values) is None:
                return False
            await self._shares.keep(await session.connection(), standings)
            return True


async def _put_before_moderators(session: AsyncSession, job: JobRow, records: Sequence[NewRecord]) -> None:
    """Open a case for every picture that is held."""
    if held := [record.id for record in records if record.showing is Showing.HELD]:
        await take_turn(session)
        case = NewCase(kind=CaseKind.HELD, user_id=job.user_id, opened_by=None, guild_id=job.guild_id)
        for record_id in held:
            await add_case(session, replace(case, record_id=record_id))


def with_status(*statuses: JobStatus) -> Select[*tuple[Any, ...]]:
    """Select the jobs in one of the statuses, in order of arrival: their columns, for rows take three times as long."""
    return select(*COLUMNS).where(JobRow.status.in_(statuses)).order_by(JobRow.id)


def _job(row: Row[*tuple[Any, ...]]) -> Job:
    return Job(**dict(zip(NAMES, row, strict=False)))  # what follows them are no columns


def _held(job_id: int, fence: int) -> tuple[ColumnElement[bool], ...]:
    return JobRow.id == job_id, JobRow.fence == fence, JobRow.status == JobStatus.LEASED
