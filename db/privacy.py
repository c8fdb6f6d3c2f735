"""What is kept about a person: collected, and forgotten."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, delete, func, or_, select, text, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.audit import Act, append
from db.base import Base, Json, utc_now
from db.history import withdraw_from_moderators
from db.session import Database
from db.tables.audit import AuditRow
from db.tables.case import CaseRow
from db.tables.conduct import RefusalRow, SanctionRow, StrikeRow
from db.tables.default import DefaultsRow
from db.tables.erasure import ErasureRow
from db.tables.favourite import FavouriteRow
from db.tables.guild import MemberRow
from db.tables.job import OPEN, JobRow
from db.tables.lineage import LineageRow
from db.tables.offer import OfferRow
from db.tables.outbox import DeliveryState, OutboxRow
from db.tables.person import PersonRow
from db.tables.preset import PresetRow
from db.tables.record import RecordRow, Showing
from db.tables.removal import RemovalRow
from db.tables.search import SearchRow
from db.tables.upload import UploadRow

NOBODY = 0  #: in place of a person's id
#: SQLite's index has words of rows that are gone, though nobody finds them, until its parts are merged.
FORGET_INDEXED = "INSERT INTO record_words (record_words) VALUES ('optimize')"
OTHERS = {"actor", "subject", "opened_by", "closed_by", "by", "deleted_by"}  # may be somebody else's id
FILES = [("source",), ("mask",), *(("blended", index, "source") for index in range(4))]  # in a request
#: None tells when each of its words was written: they are forgotten the moment that it is asked for, and not later.
UNDATED = (MemberRow, SearchRow, DefaultsRow)
NOT_TOLD = {"token", "note"}  # whoever holds a token can answer in the bot's name; notes are the moderators'


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure came to: files that may be needed no more, and whether rows are left for later."""

    files: frozenset[str]
    complete: bool


class Privacy:
    """The rows about one person, in every table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def collect(self, user_id: int) -> dict[str, list[Json]]:
        """Return all rows about the person, by table, as plain values for JSON."""
        async with self._database.reading() as session:
            return {
                table.__tablename__: [_plain(row, user_id) for row in await session.scalars(query)]
                for table, query in about(user_id).items()
            }

    async def count(self, user_id: int) -> dict[str, int]:
        """Return how many rows there are about the person, by table."""
        async with self._database.reading() as session:
            return {
                table.__tablename__: await session.scalar(query.with_only_columns(func.count()).order_by(None)) or 0
                for table, query in about(user_id).items()
            }

    async def ask(self, user_id: int) -> datetime:
        """Write down that the person wants to be forgotten, with all that was made up to this moment."""
        now = utc_now()
        insert = self._database.insert(ErasureRow).values(user_id=user_id, asked_at=now)
        async with self._database.transaction() as session:
            await session.execute(insert.on_conflict_do_update(index_elements=["user_id"], set_={"asked_at": now}))
            for table in UNDATED:
                await session.execute(delete(table).where(table.user_id == user_id))
            await append(session, Act(action="erase", actor=user_id, subject=user_id))
        return now

    async def note_export(self, user_id: int) -> None:
        """Write into the audit log that what is kept about the person was sent to them."""
        async with self._database.transaction() as session:
            await append(session, Act(action="export", actor=user_id, subject=user_id))

    async def asked(self) -> list[tuple[int, datetime]]:
        """Return who wants to be forgotten, and since when, where something is left."""
        async with self._database.reading() as session:
            rows = await session.scalars(select(ErasureRow))
            return [(row.user_id, row.asked_at) for row in rows]

    async def erase(self, user_id: int, asked_at: datetime, today: datetime) -> Erased:
        """Forget the person, with all that was made up to then and that nobody else's record rests on.

        The messages that show it are to be removed from then on.

        The numbers of jobs since `today` began stay for the daily budget, without their words; so does what is still
        to be delivered. Strikes and sanctions stay: they would be worth nothing otherwise.
        """
        async with self._database.transaction() as session:
            files = set(await session.scalars(files_of(user_id, asked_at)))
            await _forget_words(session, user_id, asked_at)
            await _forget_records(session, user_id, asked_at)
            if self._database.is_sqlite:
                await session.execute(text(FORGET_INDEXED))
            await _forget_jobs(session, user_id, asked_at, today)
            left = select(JobRow.id).where(JobRow.user_id == user_id, JobRow.created_at <= asked_at).limit(1)
            complete = await session.scalar(left) is None
            if complete:
                await session.execute(delete(ErasureRow).where(ErasureRow.user_id == user_id))
            return Erased(frozenset(files), complete)

    async def needed(self) -> set[str]:
        """Return the SHA-256 of every picture that somebody's record shows or was made from, or that was sent."""
        async with self._database.reading() as session:
            return {sha256 for sha256 in await session.scalars(needed_files()) if sha256 is not None}

    async def span(self) -> tuple[datetime, datetime] | None:
        """Return when the first and the last of all pictures that this database knows was made; None where none was."""
        async with self._database.reading() as session:
            made = select(func.min(RecordRow.created_at), func.max(RecordRow.created_at))
            first, last = (await session.execute(made)).one()
        return None if first is None else (first, last)

    async def shown(self) -> set[str]:
        """Return the SHA-256 of every picture that somebody's record shows, or that was sent."""
        async with self._database.reading() as session:
            return set(await session.scalars(shown_files()))


def about(user_id: int) -> dict[type[Base], Select[Any]]:
    """Return for each table the query for its rows about a person."""
    conditions: dict[type[Base], ColumnElement[bool]] = {
        PersonRow: PersonRow.user_id == user_id,
        JobRow: JobRow.user_id == user_id,
        RecordRow: RecordRow.user_id == user_id,
        UploadRow: UploadRow.user_id == user_id,
        PresetRow: PresetRow.user_id == user_id,
        DefaultsRow: DefaultsRow.user_id == user_id,
        OfferRow: OfferRow.user_id == user_id,
        FavouriteRow: FavouriteRow.user_id == user_id,
        SearchRow: SearchRow.user_id == user_id,
        RefusalRow: RefusalRow.user_id == user_id,
        StrikeRow: StrikeRow.user_id == user_id,
        SanctionRow: SanctionRow.user_id == user_id,
        CaseRow: or_(CaseRow.user_id == user_id, CaseRow.opened_by == user_id),
        MemberRow: MemberRow.user_id == user_id,
        AuditRow: or_(AuditRow.subject == user_id, AuditRow.actor == user_id),
    }
    return {
        table: select(table).where(mine).order_by(*table.__table__.primary_key) for table, mine in conditions.items()
    }


def files_of(user_id: int, until: datetime) -> Select[str]:
    """Select the pictures of the person that were made or sent up to then."""
    made = select(RecordRow.sha256).where(RecordRow.user_id == user_id, RecordRow.created_at <= until)
    sent = select(UploadRow.sha256).where(UploadRow.user_id == user_id, UploadRow.created_at <= until)
    return select(union_all(made, sent).subquery().c.sha256)


def needed_files() -> Select[str | None]:
    """Select what live records show and were made from, what open jobs are made from, and what people sent."""
    live = RecordRow.deleted_at.is_(None)
    begun = [
        select(column[path].as_string()).where(which)
        for column, which in ((RecordRow.request, live), (JobRow.request, JobRow.status.in_(OPEN)))
        for path in FILES
    ]
    found = union_all(shown_files(), *begun).subquery()
    return select(found.c.sha256).distinct()


def shown_files() -> Select[str]:
    """Select what live records show, and what people sent."""
    shown = select(RecordRow.sha256).where(RecordRow.deleted_at.is_(None))
    return select(union_all(shown, select(UploadRow.sha256)).subquery().c.sha256)


async def _forget_words(session: AsyncSession, user_id: int, until: datetime) -> None:
    """Forget what the person wrote, accepted, sent and liked up to then."""
    written = (RefusalRow.user_id == user_id, RefusalRow.at <= until)
    await session.execute(update(RefusalRow).where(*written).values(words=None))
    opened = (CaseRow.opened_by == user_id, CaseRow.opened_at <= until)
    await session.execute(update(CaseRow).where(*opened).values(text=""))
    accepted = (PersonRow.user_id == user_id, PersonRow.licence_accepted_at <= until)
    sent = (UploadRow.user_id == user_id, UploadRow.created_at <= until)
    liked = (FavouriteRow.user_id == user_id, FavouriteRow.created_at <= until)
    await session.execute(delete(PersonRow).where(*accepted))
    await session.execute(delete(FavouriteRow).where(*liked))
    await session.execute(delete(UploadRow).where(*sent))
    kept = (PresetRow.user_id == user_id, PresetRow.changed_at <= until)
    await session.execute(delete(PresetRow).where(*kept))
    await session.execute(delete(OfferRow).where(OfferRow.user_id == user_id, OfferRow.created_at <= until))


async def _forget_records(session: AsyncSession, user_id: int, until: datetime) -> None:
    """Delete the person's records; blank those that others' records descend from."""
    mine = (RecordRow.user_id == user_id, RecordRow.created_at <= until)
    shown = select(RecordRow.channel_id, RecordRow.message_id).where(*mine, RecordRow.message_id.is_not(None))
    for channel_id, message_id in await session.execute(shown.distinct()):
        await session.merge(RemovalRow(channel_id=channel_id, message_id=message_id))
    held = select(RecordRow.id).where(*mine, RecordRow.showing == Showing.HELD)
    await withdraw_from_moderators(session, list(await session.scalars(held)), user_id)
    others = _named_by_others(user_id)
    for row in await session.scalars(select(RecordRow).where(*mine, RecordRow.id.in_(others))):
        row.prompt = row.negative_prompt = row.words = ""
        row.request = _wordless(row.request)
        row.deleted_at, row.deleted_by, row.user_id = row.deleted_at or utc_now(), NOBODY, NOBODY
    await session.flush()
    gone = select(RecordRow.id).where(*mine)
    lines = or_(LineageRow.child_id.in_(gone), LineageRow.parent_id.in_(gone))
    await session.execute(delete(LineageRow).where(lines))
    await session.execute(delete(FavouriteRow).where(FavouriteRow.record_id.in_(gone)))
    for column in (JobRow.parent_id, JobRow.reproduces):
        await session.execute(update(JobRow).where(column.in_(gone)).values({column: None}))
    await session.execute(delete(RecordRow).where(*mine))


async def _forget_jobs(session: AsyncSession, user_id: int, until: datetime, today: datetime) -> None:
    """Delete the person's jobs that are over; blank those that are needed for a while, or by others' records."""
    over = (JobRow.user_id == user_id, JobRow.created_at <= until, JobRow.status.not_in(OPEN))
    waits = select(OutboxRow.job_id).where(OutboxRow.state == DeliveryState.WAITING)
    done_with = (*over, JobRow.created_at < today, JobRow.id.not_in(waits))
    gone = select(JobRow.id).where(*done_with, JobRow.id.not_in(select(RecordRow.job_id)))
    await session.execute(delete(OutboxRow).where(OutboxRow.job_id.in_(gone)))
    await session.execute(delete(JobRow).where(JobRow.id.in_(gone)))
    for row in await session.scalars(select(JobRow).where(*over)):
        row.request, row.notes, row.sheet = _wordless(row.request), [], None
    await session.flush()
    await session.execute(update(JobRow).where(*done_with).values(user_id=NOBODY))


def _named_by_others(user_id: int) -> CompoundSelect[str | None]:
    """Select the records that others' records or jobs name as their origin."""
    theirs = select(RecordRow.id).where(RecordRow.user_id != user_id)
    origins = select(LineageRow.parent_id).where(LineageRow.child_id.in_(theirs))
    named = (
        select(column).where(JobRow.user_id != user_id, column.is_not(None))
        for column in (JobRow.parent_id, JobRow.reproduces)
    )
    return union_all(origins, *named)


def _wordless(request: Json) -> Json:
    """Return the request without words; in `blended` and `variants` stand some of each part's own."""
    parts = {name: [part | {"prompt": ""} for part in request.get(name, ())] for name in ("blended", "variants")}
    return request | {"prompt": "", "negative_prompt": ""} | parts


def _plain(row: Base, user_id: int) -> Json:
    """Return a row's values for JSON, with nobody else's words or ids."""
    values = {column.key: _told(getattr(row, column.key)) for column in row.__table__.columns}
    hidden = {name for name in OTHERS if values.get(name) not in (None, user_id)}
    if values.get("opened_by", user_id) != user_id:
        hidden |= {"text"}
    return {name: value for name, value in values.items() if name not in hidden | NOT_TOLD}


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
