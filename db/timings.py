"""What jobs took: of a person's day, beside what was expected, and by what was asked for."""

from datetime import datetime

from sqlalchemy import Select, func, select

from db.base import Json
from db.session import Database
from db.tables.job import JobRow, JobStatus, Timing
from db.tables.record import RecordRow

__all__ = ["Timing", "Timings"]


class Timings:
    """The time that the jobs in the table took."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spent(self, user_id: int, since: datetime) -> float:
        """Return the GPU-seconds that the person's jobs took which were asked for since then and are over."""
        spent = func.sum(JobRow.seconds)
        counted = (JobRow.user_id == user_id, JobRow.created_at >= since)
        async with self._database.reading() as session:
            return float(await session.scalar(select(spent).where(*counted)) or 0.0)

    async def forecasts(self, limit: int) -> list[tuple[float, float]]:
        """Return in how many seconds the last jobs that are done were expected to be, and were; oldest first."""
        async with self._database.reading() as session:
            rows = await session.execute(forecasts().limit(limit))
            known = [
                (expected, (finished - created).total_seconds())
                for expected, created, finished in rows
                if expected is not None and finished is not None
            ]
        return known[::-1]

    async def latest(self, limit: int) -> list[Timing]:
        """Return what the last jobs that were done took, the latest of them first."""
        async with self._database.reading() as session:
            rows = await session.execute(timings().limit(limit))
            return [
                Timing(request=asked, seconds=took, fingerprint=there)
                for asked, took, there in rows
                if took is not None
            ]


def timings() -> Select[Json, float | None, Json]:
    """Select request, seconds and fingerprint of the jobs that were done, the latest first."""
    first = select(func.min(RecordRow.id)).where(RecordRow.job_id == JobRow.id).correlate(JobRow).scalar_subquery()
    asked = select(JobRow.request, JobRow.seconds, RecordRow.fingerprint).join(RecordRow, RecordRow.id == first)
    return asked.where(JobRow.status == JobStatus.DONE).order_by(JobRow.id.desc())


def forecasts() -> Select[float | None, datetime, datetime | None]:
    """Select what was expected of the jobs that are done, with their beginning and end, the latest first."""
    known = select(JobRow.expected, JobRow.created_at, JobRow.finished_at).where(JobRow.expected.is_not(None))
    return known.where(JobRow.status == JobStatus.DONE).order_by(JobRow.id.desc())
