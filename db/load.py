"""What was asked for and drawn lately, added up by the database: for curves, without reading rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, SQLColumnExpression, case, cast, extract, func, select

from db.session import Database
from db.tables.job import JobRow, JobStatus

LONGEST = timedelta(days=1)  # that a job waits: what was asked for before that and the window is not looked at
LEFT = case((JobRow.status != JobStatus.PENDING, func.coalesce(JobRow.started_at, JobRow.finished_at)))
BEGUN = case((JobRow.status != JobStatus.PENDING, JobRow.started_at))


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the jobs waited that began within a slice of time, in seconds: on average, and the longest."""

    jobs: int
    mean: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How many jobs came to what, and the seconds of the device that they took."""

    jobs: Mapping[JobStatus, int]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The load of some time until now, in slices of equal length, the earliest first.

    `depths` are the jobs that waited at the end of each slice, `waits` None where none began. What came of those that
    ended is told of everybody and of one guild; `guilds` is for how many guilds something was drawn.
    """

    lasts: timedelta
    depths: Sequence[int]
    waits: Sequence[Waits | None]
    everybody: Ends
    guild: Ends
    guilds: int


class Loads:
    """The job table, as its load shows in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, guild_id: int, lasts: timedelta, slices: int, now: datetime) -> Load:
        """Return the load until now, in so many slices, and the guild's part of it."""
        since, seconds = now - lasts, int(lasts.total_seconds()) // slices
        oldest = _last_before(since - LONGEST)
        waited = _epoch(JobRow.started_at) - _epoch(JobRow.created_at)
        async with self._database.reading() as session:
            depth = await session.scalar(select(func.count()).where(JobRow.status == JobStatus.PENDING))
            came = await session.execute(_by_slice(JobRow.created_at, since, seconds, oldest, func.count()))
            left = await session.execute(_by_slice(LEFT, since, seconds, oldest, func.count()))
            begun = _by_slice(BEGUN, since, seconds, oldest, func.count(), func.avg(waited), func.max(waited))
            waits = {
                number: Waits(jobs, float(mean), float(most))
                for number, jobs, mean, most in await session.execute(begun)
            }
            ends = [tuple(row) for row in await session.execute(_ends(guild_id, since, oldest))]
            guilds = await session.scalar(_guilds(since, oldest))
        return Load(
            lasts=lasts,
            depths=_depths(depth or 0, dict(map(tuple, came)), dict(map(tuple, left)), slices),
            waits=[waits.get(number) for number in range(slices)],
            everybody=_added_up(ends),
            guild=_added_up([row for row in ends if row[0]]),
            guilds=guilds or 0,
        )


def _by_slice(
    moment: SQLColumnExpression[Any], since: datetime, seconds: int, oldest: Any, *wanted: SQLColumnExpression[Any]
) -> Select[*tuple[Any, ...]]:
    """Select something of the jobs with a moment in each slice, by the slice's number."""
    number = (_epoch(moment) - int(since.timestamp())) // seconds
    return select(number, *wanted).where(moment >= since, JobRow.id > oldest).group_by(number)


def _ends(guild_id: int, since: datetime, oldest: Any) -> Select[*tuple[Any, ...]]:
    """Select what jobs came to: whether they were the guild's, the status, how many, and their seconds."""
    ours = case((JobRow.guild_id == guild_id, 1), else_=0)
    query = select(ours, JobRow.status, func.count(), func.coalesce(func.sum(JobRow.seconds), 0.0))
    return query.where(JobRow.finished_at >= since, JobRow.id > oldest).group_by(ours, JobRow.status)


def _guilds(since: datetime, oldest: Any) -> Select[int]:
    """Count the guilds for which something was drawn; all direct messages are one."""
    guild = func.count(func.coalesce(JobRow.guild_id, 0).distinct())
    return select(guild).where(JobRow.finished_at >= since, JobRow.id > oldest, JobRow.seconds > 0)


def _last_before(moment: datetime) -> Any:
    """Select the last job from before a moment, by going back through the ids: moments have no index."""
    last = select(JobRow.id).where(JobRow.created_at < moment).order_by(JobRow.id.desc()).limit(1).scalar_subquery()
    return func.coalesce(last, 0)


def _epoch(moment: SQLColumnExpression[Any]) -> ColumnElement[int]:
    return cast(extract("epoch", moment), BigInteger)


def _depths(now: int, came: Mapping[int, int], left: Mapping[int, int], slices: int) -> list[int]:
    """Return how many waited at the end of each slice, reckoned back from how many wait now."""
    changes = (left.get(number, 0) - came.get(number, 0) for number in range(slices - 1, 0, -1))
    return [max(0, depth) for depth in accumulate(changes, initial=now)][::-1]


def _added_up(rows: Sequence[tuple[Any, ...]]) -> Ends:
    jobs = {status: sum(count for _, each, count, _ in rows if each is status) for status in JobStatus}
    return Ends(jobs={status: count for status, count in jobs.items() if count}, seconds=sum(row[3] for row in rows))
