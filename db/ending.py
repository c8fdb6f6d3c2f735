"""How a job ends: its status, the news of it, its records and what they were made from."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import utc_now
from db.full_text import words_of
from db.tables.job import JobRow, JobStatus
from db.tables.lineage import LineageRow
from db.tables.outbox import Notice, OutboxRow
from db.tables.person import PersonRow
from db.tables.record import NewRecord, RecordRow, Sharing

FREE: dict[str, Any] = {"worker": None, "lease_until": None}


async def end(
    session: AsyncSession, where: Iterable[ColumnElement[bool]], status: JobStatus, notice: Notice, **values: Any
) -> JobRow | None:
    """End the job if it is still as `where` says, and put the news into the outbox."""
    change = update(JobRow).where(*where).values(status=status, finished_at=utc_now(), **FREE, **values)
    job = await session.scalar(change.returning(JobRow))
    if job is not None:
        session.add(OutboxRow(job_id=job.id, kind=notice))
    return job


async def sharing_of(session: AsyncSession, user_id: int) -> Sharing:
    """Return what others may do with the person's new pictures."""
    return await session.scalar(select(PersonRow.sharing).where(PersonRow.user_id == user_id)) or Sharing.OPEN


def record_of(job: JobRow, new: NewRecord, seconds: float, sharing: Sharing) -> RecordRow:
    """Return the row of a picture that the job made in so many seconds."""
    inherited = ("user_id", "guild_id", "channel_id", "age_restricted", "publishes_prompt")
    moments = ("started_at", "finished_at")
    return RecordRow(
        job_id=job.id,
        seconds=seconds,
        private=job.private or sharing is Sharing.PRIVATE,
        closed=sharing is not Sharing.OPEN,
        words=words_of(new.prompt, new.negative_prompt),
        **vars(new),
        **{name: getattr(job, name) for name in inherited + moments},
    )


async def lineage_of(session: AsyncSession, job: JobRow, records: Sequence[NewRecord]) -> list[LineageRow]:
    """Return what the job's pictures were made from."""
    further = select(RecordRow.id).where(RecordRow.id.in_(job.further_parents))
    parents = {parent for parent in (job.parent_id, job.reproduces) if parent is not None}
    parents |= set(await session.scalars(further)) if job.further_parents else set()
    return [LineageRow(child_id=new.id, parent_id=parent, kind=job.action) for new in records for parent in parents]
