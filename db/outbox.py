"""What still has to be told to Discord: sent at least once, by a nonce that lets Discord drop doubles."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update

from db.base import utc_now, value_of
from db.history import shown_by
from db.session import Database
from db.tables.job import JobRow
from db.tables.outbox import Backlog, DeliveryState, Message, Notice, OutboxRow
from db.tables.record import RecordRow

__all__ = ["Backlog", "DeliveryState", "Message", "Notice", "Outbox"]


class Outbox:
    """The messages on their way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime, limit: int, *, besides: Collection[int] = ()) -> list[Message]:
        """Return what is to be sent by now, the longest overdue first, besides those with these ids."""
        query = due_by(now).where(OutboxRow.id.not_in(besides)).limit(limit)
        async with self._database.reading() as session:
            return [value_of(Message, row) for row in await session.scalars(query)]

    async def next_due(self, *, besides: Collection[int] = ()) -> datetime | None:
        """Return when the next message is to be sent, besides those with these ids; None if none waits."""
        async with self._database.reading() as session:
            return await session.scalar(earliest().where(OutboxRow.id.not_in(besides)))

    async def backlog(self, now: datetime) -> Backlog:
        """Return what waits."""
        waiting = OutboxRow.state == DeliveryState.WAITING
        query = select(func.count(), func.min(OutboxRow.next_try_at)).select_from(OutboxRow).where(waiting)
        async with self._database.reading() as session:
            messages, earliest_try = (await session.execute(query)).one()
        overdue = 0.0 if earliest_try is None else max(0.0, (now - earliest_try).total_seconds())
        return Backlog(messages=messages, overdue=overdue)

    async def awaits_answer(self, job_id: int) -> bool:
        """Say whether the job's answer itself is still to be sent."""
        waiting = (OutboxRow.job_id == job_id, OutboxRow.record_id == "", OutboxRow.state == DeliveryState.WAITING)
        async with self._database.reading() as session:
            return await session.scalar(select(OutboxRow.id).where(*waiting)) is not None

    async def posting(self, outbox_id: int) -> None:
        """Write down, before it is posted for the first time, that from now on it may be."""
        waiting = (OutboxRow.id == outbox_id, OutboxRow.posting_since.is_(None))
        async with self._database.transaction() as session:
            await session.execute(update(OutboxRow).where(*waiting).values(posting_since=utc_now()))

    async def posted(self, outbox_id: int, message_id: int) -> None:
        """Write down which message says it, while there is more to do: no later try posts another one."""
        waiting = (OutboxRow.id == outbox_id, OutboxRow.state == DeliveryState.WAITING)
        async with self._database.transaction() as session:
            await session.execute(update(OutboxRow).where(*waiting).values(message_id=message_id))

    async def sent(self, outbox_id: int, message_id: int) -> None:
        """Write down that Discord has it: on the message, on the job and on its records, or on the one released."""
        changes = {"state": DeliveryState.SENT, "message_id": message_id, "sent_at": utc_now()}
        async with self._database.transaction() as session:
            row = await session.scalar(_change(outbox_id, changes))
            if row is None:
                return
            if row.record_id:
                released = update(RecordRow).where(RecordRow.id == row.record_id)
                await session.execute(released.values(message_id=message_id))
                return
            told = {"message_id": message_id, "token": None}  # the token has done its work
            await session.execute(update(JobRow).where(JobRow.id == row.job_id).values(told))
            await session.execute(shown_by(row.job_id, message_id))

    async def retry(self, outbox_id: int, at: datetime, note: str) -> None:
        """Try again at that time; `note` says what went wrong."""
        async with self._database.transaction() as session:
            await session.execute(_change(outbox_id, {"next_try_at": at, "note": note}))

    async def put_off(self, outbox_id: int, at: datetime, note: str) -> None:
        """Try again at that time as if nothing had been tried: the message is not to blame."""
        async with self._database.transaction() as session:
            await session.execute(_change(outbox_id, {"next_try_at": at, "note": note}, tries=0))

    async def abandon(self, outbox_id: int, note: str) -> None:
        """Give up; `note` says why there is no way."""
        async with self._database.transaction() as session:
            await session.execute(_change(outbox_id, {"state": DeliveryState.ABANDONED, "note": note}))


def due_by(now: datetime) -> Select[OutboxRow]:
    """Select what waits and is due."""
    due = select(OutboxRow).where(OutboxRow.state == DeliveryState.WAITING, OutboxRow.next_try_at <= now)
    return due.order_by(OutboxRow.next_try_at, OutboxRow.id)


def earliest() -> Select[datetime | None]:
    """Select the time of the next try of all that waits."""
    return select(func.min(OutboxRow.next_try_at)).where(OutboxRow.state == DeliveryState.WAITING)


def _change(outbox_id: int, values: dict[str, Any], *, tries: int = 1) -> Any:
    waiting = (OutboxRow.id == outbox_id, OutboxRow.state == DeliveryState.WAITING)
    return update(OutboxRow).where(*waiting).values(tries=OutboxRow.tries + tries, **values).returning(OutboxRow)
