"""What was made: who may see it, and how it is found again."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, Update, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.audit import Act, append, take_turn
from db.base import utc_now, value_of
from db.full_text import matching
from db.ids import tidy_record_id
from db.search import Criteria, meeting
from db.session import Database
from db.tables.case import CaseKind, CaseRow, Outcome
from db.tables.job import JobRow
from db.tables.lineage import LineageRow
from db.tables.outbox import Notice, OutboxRow
from db.tables.record import NewRecord, Record, RecordRow, Sharing, Showing
from db.tables.removal import RemovalRow

__all__ = ["History", "NewRecord", "Page", "Record", "Relative", "Showing"]

Channels = Collection[int]
ALL = Criteria()


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some records, the newest first, out of `total`."""

    records: tuple[Record, ...]
    total: int


@dataclass(frozen=True, kw_only=True)
class Relative:
    """A record, and the action by which it is parent or child of another."""

    record: Record
    kind: str


class History:
    """The records of finished pictures.

    `viewer` is the user id of who looks and `channels` are those into which that person may look where
    they are, none in a direct message. One sees one's own pictures everywhere and other people's public
    ones that were made in these channels; nobody sees deleted ones, nor those that a moderator has still to look at.
    Lists leave out age-restricted pictures, one's own too, unless `age_restricted` says that the place
    is meant for them, and sexual ones, unless `flagged` says so.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, record_id: str) -> Record | None:
        """Return the record, whoever may see it and even if it was deleted. The id may be typed by hand."""
        return next(iter(await self._records(with_id(record_id))), None)

    async def visible(self, record_id: str, viewer: int, channels: Channels) -> Record | None:
        """Return the record if the viewer, looking into these channels, may see it. The id may be typed by hand."""
        query = with_id(record_id).where(seen_by(viewer, channels))
        return next(iter(await self._records(query)), None)

    async def search(
        self,
        viewer: int,
        channels: Channels,
        *,
        criteria: Criteria = ALL,
        age_restricted: bool = False,
        flagged: bool = False,
        limit: int = 10,
        offset: int = 0,
    ) -> Page:
        """Return a page of what meets the criteria and the viewer may see."""
        query = listed_for(viewer, channels, age_restricted, flagged)
        query = query.where(*meeting(criteria, viewer, is_sqlite=self._database.is_sqlite))
        async with self._database.reading() as session:
            total = await session.scalar(query.with_only_columns(func.count())) or 0
            # first which, by columns of one index, then what: only these rows are read
            which = newest_first(query.with_only_columns(RecordRow.id)).limit(limit).offset(offset)
            ids = list(await session.scalars(which))
            rows = await session.scalars(newest_first(select(RecordRow).where(RecordRow.id.in_(ids))))
            return Page(records=tuple(value_of(Record, row) for row in rows), total=total)

    async def suggestions(
        self,
        viewer: int,
        channels: Channels,
        typed: str,
        limit: int = 25,
        *,
        age_restricted: bool = False,
        flagged: bool = False,
    ) -> list[Record]:
        """Return the newest visible records whose id starts with what was typed, or whose prompts have its words."""
        query = listed_for(viewer, channels, age_restricted, flagged)
        if typed.strip():
            starts = RecordRow.id.startswith(tidy_record_id(typed), autoescape=True)
            query = query.where(or_(starts, matching(typed, is_sqlite=self._database.is_sqlite)))
        return await self._records(newest_first(query).limit(limit))

    async def of_file(self, sha256: str, viewer: int, channels: Channels) -> list[Record]:
        """Return the records whose file has that hash and which the viewer may see, the oldest first."""
        return await self.of_files([sha256], viewer, channels)

    async def of_files(self, hashes: Collection[str], viewer: int, channels: Channels) -> list[Record]:
        """Return the records whose files have these hashes and which the viewer may see, the oldest first."""
        query = select(RecordRow).where(RecordRow.sha256.in_(hashes), seen_by(viewer, channels))
        return await self._records(query.order_by(RecordRow.job_id, RecordRow.index))

    async def with_file(self, sha256: str) -> list[Record]:
        """Return the records whose file has that hash, whoever may see them and even if they were deleted."""
        return await self._records(select(RecordRow).where(RecordRow.sha256 == sha256))

    async def among(self, record_ids: Collection[str], viewer: int, channels: Channels) -> list[Record]:
        """Return those of the records which the viewer may see."""
        return await self._records(select(RecordRow).where(RecordRow.id.in_(record_ids), seen_by(viewer, channels)))

    async def by_message(self, message_id: int) -> list[Record]:
        """Return the records shown by a message, in their order, the deleted ones too."""
        query = select(RecordRow).where(RecordRow.message_id == message_id)
        return await self._records(query.order_by(RecordRow.job_id, RecordRow.index))

    async def of_job(self, job_id: int) -> list[Record]:
        """Return the records of a job in their order, the deleted ones too."""
        return await self._records(select(RecordRow).where(RecordRow.job_id == job_id).order_by(RecordRow.index))

    async def parents(self, record_id: str, viewer: int, channels: Channels, limit: int = 25) -> list[Relative]:
        """Return what the record was made from, as far as the viewer may see it."""
        query = select(RecordRow, LineageRow.kind).join(LineageRow, LineageRow.parent_id == RecordRow.id)
        seen = query.where(LineageRow.child_id == record_id, seen_by(viewer, channels))
        return await self._relatives(seen.limit(limit))

    async def children(self, record_id: str, viewer: int, channels: Channels, limit: int = 25) -> list[Relative]:
        """Return what was made from the record, as far as the viewer may see it."""
        query = select(RecordRow, LineageRow.kind).join(LineageRow, LineageRow.child_id == RecordRow.id)
        seen = query.where(LineageRow.parent_id == record_id, seen_by(viewer, channels))
        return await self._relatives(seen.limit(limit))

    async def original(self, record: Record) -> Record:
        """Return the record of which this one is a reproduction, through as many as there are between; or itself."""
        while (original := await self._reproduced_by(record)) is not None:
            record = original
        return record

    async def share(self, record_id: str, sharing: Sharing) -> None:
        """Say what others may do with a picture; what was made in a direct message stays private."""
        change = update(RecordRow).where(RecordRow.id == record_id)
        values = {"closed": sharing is not Sharing.OPEN, "private": RecordRow.guild_id.is_(None)}
        if sharing is Sharing.PRIVATE:
            values["private"] = true()
        async with self._database.transaction() as session:
            await session.execute(change.values(values))

    async def delete(self, record_id: str, by: int) -> bool:
        """Take the record out of everybody's sight; False if it was already. Whether `by` may is not asked here."""
        async with self._database.transaction() as session:
            return await delete_record(session, record_id, by)

    async def released(self, job_id: int) -> set[str]:
        """Return the records of a job that messages of their own show, or will."""
        query = select(OutboxRow.record_id).where(OutboxRow.job_id == job_id, OutboxRow.kind == Notice.RELEASED)
        async with self._database.reading() as session:
            return set(await session.scalars(query))

    async def is_shown(self, sha256: str) -> bool:
        """Tell whether a record that is not deleted still shows the picture."""
        query = select(RecordRow.id).where(RecordRow.sha256 == sha256, RecordRow.deleted_at.is_(None)).limit(1)
        async with self._database.reading() as session:
            return await session.scalar(query) is not None

    async def _reproduced_by(self, record: Record) -> Record | None:
        query = select(RecordRow).join(JobRow, JobRow.reproduces == RecordRow.id).where(JobRow.id == record.job_id)
        return next(iter(await self._records(query)), None)

    async def _records(self, query: Select[RecordRow]) -> list[Record]:
        async with self._database.reading() as session:
            return [value_of(Record, row) for row in await session.scalars(query)]

    async def _relatives(self, query: Select[RecordRow, str]) -> list[Relative]:
        ordered = query.order_by(RecordRow.job_id, RecordRow.index)
        async with self._database.reading() as session:
            return [Relative(record=value_of(Record, row), kind=kind) for row, kind in await session.execute(ordered)]


async def release_record(session: AsyncSession, record_id: str) -> None:
    """Let a record that was held be shown, in the transaction of who decided so, and put the news into the outbox."""
    held = (RecordRow.id == record_id, RecordRow.showing == Showing.HELD, RecordRow.deleted_at.is_(None))
    open_ = update(RecordRow).where(*held).values(showing=Showing.OPEN).returning(RecordRow.job_id)
    if (job_id := await session.scalar(open_)) is not None:
        session.add(OutboxRow(job_id=job_id, kind=Notice.RELEASED, record_id=record_id))


async def withdraw_from_moderators(session: AsyncSession, record_ids: Collection[str], by: int) -> None:
    """Close the open cases about pictures that are held, as these are gone; what shows them there is to be removed."""
    theirs = (CaseRow.kind == CaseKind.HELD, CaseRow.outcome == Outcome.OPEN, CaseRow.record_id.in_(record_ids))
    closed = {"outcome": Outcome.DELETED, "closed_at": utc_now(), "closed_by": by}
    for case in await session.scalars(update(CaseRow).where(*theirs).values(closed).returning(CaseRow)):
        if case.channel_id is not None and case.message_id is not None:
            await session.merge(RemovalRow(channel_id=case.channel_id, message_id=case.message_id))


async def delete_record(session: AsyncSession, record_id: str, by: int) -> bool:
    """Take the record out of sight, in the transaction of who decided so; somebody else's goes into the audit log."""
    gone = {"deleted_at": utc_now(), "deleted_by": by}
    there = (RecordRow.id == record_id, RecordRow.deleted_at.is_(None))
    await take_turn(session)
    row = await session.scalar(update(RecordRow).where(*there).values(gone).returning(RecordRow))
    if row is not None:
        await withdraw_from_moderators(session, [row.id], by)
    if row is not None and row.user_id != by:
        who = {"actor": by, "subject": row.user_id, "guild_id": row.guild_id}
        await append(session, Act(action="delete", **who, details={"record": row.id}))
    return row is not None


def with_id(record_id: str) -> Select[RecordRow]:
    """Select the record of an id as somebody may have typed it."""
    return select(RecordRow).where(RecordRow.id == tidy_record_id(record_id))


def seen_by(viewer: int, channels: Channels) -> ColumnElement[bool]:
    """Return the condition under which the viewer, looking into these channels, sees a record."""
    public = RecordRow.private.is_(False) & RecordRow.channel_id.in_(channels)
    there = RecordRow.deleted_at.is_(None) & (RecordRow.showing != Showing.HELD)
    return there & or_(RecordRow.user_id == viewer, public)


def listed_for(viewer: int, channels: Channels, age_restricted: bool, flagged: bool) -> Select[RecordRow]:
    """Select what the viewer, looking into these channels, may see listed."""
    query = select(RecordRow).where(seen_by(viewer, channels))
    query = query if age_restricted else query.where(RecordRow.age_restricted.is_(False))
    return query if flagged else query.where(RecordRow.showing == Showing.OPEN)


def newest_first(query: Select[RecordRow]) -> Select[RecordRow]:
    """Return the query in the order of a history: later jobs first, a job's pictures in their order."""
    return query.order_by(RecordRow.job_id.desc(), RecordRow.index)


def shown_by(job_id: int, message_id: int) -> Update:
    """Return the change that ties a job's records to the message which shows them: none held, none released since."""
    apart = select(OutboxRow.record_id).where(OutboxRow.job_id == job_id, OutboxRow.kind == Notice.RELEASED)
    shown = (RecordRow.job_id == job_id, RecordRow.showing != Showing.HELD, RecordRow.id.not_in(apart))
    return update(RecordRow).where(*shown).values(message_id=message_id)
