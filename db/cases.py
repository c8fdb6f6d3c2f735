"""The moderators' queue: opened, posted, decided, each with its entry in the audit log."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.audit import Act, append, take_turn
from db.base import utc_now, value_of
from db.session import Database
from db.tables.case import Case, CaseKind, CaseRow, NewCase, Outcome

__all__ = ["Case", "CaseKind", "Cases", "NewCase", "Outcome", "add_case"]

Consequence = Callable[[AsyncSession], Awaitable[None]]


class Cases:
    """What waits for moderators, and what they decided."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, new: NewCase) -> Case | None:
        """Open a case; None where the same person has the same one open already."""
        async with self._database.transaction() as session:
            await take_turn(session)
            same = still_open().where(CaseRow.kind == new.kind, CaseRow.opened_by == new.opened_by)
            if new.kind is CaseKind.REPORT:
                same = same.where(CaseRow.record_id == new.record_id)
            if await session.scalar(same.limit(1)) is not None:
                return None
            return value_of(Case, await add_case(session, new))

    async def get(self, case_id: int) -> Case | None:
        """Return the case."""
        async with self._database.reading() as session:
            row = await session.get(CaseRow, case_id)
            return None if row is None else value_of(Case, row)

    async def unposted(self) -> list[Case]:
        """Return the open cases that no moderators' channel shows yet, oldest first."""
        return await self._all(still_open().where(CaseRow.message_id.is_(None)))

    async def posted(self, case_id: int, channel_id: int, message_id: int) -> None:
        """Write down which message shows the case."""
        await self._change(case_id, channel_id=channel_id, message_id=message_id)

    async def note(self, case_id: int, text: str, by: int) -> None:
        """Add a moderator's words; the audit log says only that there are some."""
        async with self._database.transaction() as session:
            await take_turn(session)
            row = await session.get_one(CaseRow, case_id)
            row.note = f"{row.note}\n{text}".strip()
            await append(session, Act(action="note", actor=by, subject=row.user_id, guild_id=row.guild_id))

    async def decide(self, case_id: int, outcome: Outcome, by: int, consequence: Consequence) -> Case | None:
        """Close an open case and do what follows, in one transaction; None where somebody was quicker."""
        closed = {"outcome": outcome, "closed_at": utc_now(), "closed_by": by}
        is_open = (CaseRow.id == case_id, CaseRow.outcome == Outcome.OPEN)
        async with self._database.transaction() as session:
            await take_turn(session)
            row = await session.scalar(update(CaseRow).where(*is_open).values(closed).returning(CaseRow))
            if row is None:
                return None
            await consequence(session)
            decided = {"case": row.id, "kind": row.kind.value, "outcome": outcome.value, "record": row.record_id}
            who = {"actor": by, "subject": row.user_id, "guild_id": row.guild_id}
            await append(session, Act(action="decide", **who, details={**decided, "strike": row.strike_id}))
            return value_of(Case, row)

    async def about(self, user_id: int, guild_id: int | None = None) -> list[Case]:
        """Return the cases about the person, in one guild where it is named; the newest first."""
        query = select(CaseRow).where(CaseRow.user_id == user_id).order_by(CaseRow.id.desc())
        return await self._all(query if guild_id is None else query.where(CaseRow.guild_id == guild_id))

    async def opened_by(self, user_id: int) -> list[Case]:
        """Return the cases that the person opened, the newest first."""
        return await self._all(select(CaseRow).where(CaseRow.opened_by == user_id).order_by(CaseRow.id.desc()))

    async def tally(self, guild_id: int, since: datetime) -> dict[str, int]:
        """Return how many cases of each kind were opened in the guild since then."""
        query = select(CaseRow.kind, func.count()).where(CaseRow.guild_id == guild_id, CaseRow.opened_at >= since)
        async with self._database.reading() as session:
            return {kind.value: count for kind, count in await session.execute(query.group_by(CaseRow.kind))}

    async def forget_words(self, before: datetime) -> int:
        """Forget what was written in cases that were closed before; returns in how many."""
        old = (CaseRow.closed_at < before, (CaseRow.text != "") | (CaseRow.note != ""))
        async with self._database.transaction() as session:
            gone = update(CaseRow).where(*old).values(text="", note="").returning(CaseRow.id)
            return len(list(await session.scalars(gone)))

    async def _all(self, query: Select[CaseRow]) -> list[Case]:
        async with self._database.reading() as session:
            return [value_of(Case, row) for row in await session.scalars(query)]

    async def _change(self, case_id: int, **values: Any) -> None:
        async with self._database.transaction() as session:
            await session.execute(update(CaseRow).where(CaseRow.id == case_id).values(values))


async def add_case(session: AsyncSession, new: NewCase) -> CaseRow:
    """Open a case in the transaction of what it is about."""
    row = CaseRow(**vars(new))
    session.add(row)
    await session.flush()
    opened = {"case": row.id, "kind": new.kind.value, "record": new.record_id, "strike": new.strike_id}
    await append(
        session,
        Act(action="open", actor=new.opened_by, subject=new.user_id, guild_id=new.guild_id, details=opened),
    )
    return row


def still_open() -> Select[CaseRow]:
    """Select the cases that nobody has decided, oldest first."""
    return select(CaseRow).where(CaseRow.outcome == Outcome.OPEN).order_by(CaseRow.id)
