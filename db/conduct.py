"""What the policy refused, what came of it for the person, and who is shut out; all of it audited."""

from collections.abc import Callable
from datetime import datetime
from math import inf

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.audit import Act, append, take_turn
from db.base import utc_now, value_of
from db.cases import add_case
from db.session import Database
from db.tables.case import CaseRow, NewCase, Outcome
from db.tables.conduct import (
    EVERYWHERE,
    Bar,
    NewRefusal,
    Refusal,
    RefusalRow,
    Sanction,
    SanctionRow,
    Strike,
    StrikeRow,
)

__all__ = ["EVERYWHERE", "Bar", "Conduct", "NewRefusal", "Refusal", "Sanction", "Strike"]

Step = Callable[[int], Sanction | None]  # from the number of strikes that count to what follows


class Conduct:
    """Refusals, strikes and sanctions; `heard` is called with every refusal that is kept."""

    def __init__(self, database: Database, heard: Callable[[NewRefusal], None] = lambda _: None) -> None:
        self._database = database
        self._heard = heard

    async def refuse(self, new: NewRefusal, case: NewCase | None = None) -> None:
        """Keep a refusal that has no consequence, but perhaps a case for the moderators."""
        async with self._database.transaction() as session:
            await take_turn(session)
            row = await _keep(session, new)
            await append(session, _refused(new, row.id))
            if case is not None:
                await add_case(session, case)
        self._heard(new)

    async def strike(self, new: NewRefusal, since: datetime, step: Step) -> tuple[int, Sanction | None]:
        """Keep a refusal and a strike for it; return how many count now, from `since` on, and what follows."""
        assert new.label is not None
        async with self._database.transaction() as session:
            await take_turn(session)
            refusal = await _keep(session, new)
            struck = {"user_id": new.user_id, "guild_id": new.guild_id, "refusal_id": refusal.id, "label": new.label}
            session.add(StrikeRow(**struck))
            await session.flush()
            count = await session.scalar(counting(new.user_id, since)) or 0
            sanction = step(count)
            if sanction is not None:
                sanction = await _impose(session, sanction)
            await append(session, _refused(new, refusal.id), _struck(new, refusal.id, count, sanction))
        self._heard(new)
        return count, sanction

    async def lock(self, new: NewRefusal, alert: NewCase) -> Sanction:
        """Keep a refusal for which the account is locked, and call the moderators."""
        sanction = Sanction(user_id=new.user_id, guild_id=EVERYWHERE, bar=Bar.LOCK, until=None, by=None)
        async with self._database.transaction() as session:
            await take_turn(session)
            refusal = await _keep(session, new)
            await _impose(session, sanction)
            await append(session, _refused(new, refusal.id), _struck(new, refusal.id, 0, sanction))
            await add_case(session, alert)
        self._heard(new)
        return sanction

    async def impose(self, sanction: Sanction) -> Sanction:
        """Shut somebody out; return what holds now, which is the lock where there is one."""
        async with self._database.transaction() as session:
            await take_turn(session)
            return await impose(session, sanction)

    async def lift(self, user_id: int, guild_id: int, by: int) -> bool:
        """Let somebody in again; False where they were not shut out there. A lock is not lifted."""
        async with self._database.transaction() as session:
            await take_turn(session)
            lifted = await lift(session, user_id, guild_id)
            if lifted:
                await append(session, Act(action="unban", actor=by, subject=user_id, guild_id=guild_id))
            return lifted

    async def sanctions(self, now: datetime) -> list[Sanction]:
        """Return every sanction that is in force."""
        async with self._database.reading() as session:
            return [value_of(Sanction, row) for row in await session.scalars(in_force(now))]

    async def strikes(self, user_id: int) -> list[Strike]:
        """Return all strikes of the person, the newest first."""
        query = select(StrikeRow).where(StrikeRow.user_id == user_id).order_by(StrikeRow.id.desc())
        async with self._database.reading() as session:
            return [value_of(Strike, row) for row in await session.scalars(query)]

    async def refusals(
        self, *, guild_id: int | None = None, user_id: int | None = None, limit: int | None = None
    ) -> list[Refusal]:
        """Return refusals in a guild, or of a person, or both; the newest first."""
        wanted = {RefusalRow.guild_id: guild_id, RefusalRow.user_id: user_id}
        where = [column == value for column, value in wanted.items() if value is not None]
        query = select(RefusalRow).where(*where).order_by(RefusalRow.id.desc()).limit(limit)
        async with self._database.reading() as session:
            return [value_of(Refusal, row) for row in await session.scalars(query)]

    async def tally(self, guild_id: int, since: datetime) -> dict[str, int]:
        """Return how many requests were refused in the guild since then, by clause or rule."""
        label = func.coalesce(RefusalRow.label, "")
        here = (RefusalRow.guild_id == guild_id, RefusalRow.at >= since)
        async with self._database.reading() as session:
            rows = await session.execute(_counted(label, *here))
            return dict(rows.tuples().all())

    async def forget_words(self, before: datetime) -> int:
        """Forget what was asked in refused requests from before; their keyed hashes stay. Returns how many."""
        old = (RefusalRow.at < before, RefusalRow.words.is_not(None))
        async with self._database.transaction() as session:
            gone = update(RefusalRow).where(*old).values(words=None).returning(RefusalRow.id)
            return len(list(await session.scalars(gone)))

    async def forget_old(self, before: datetime) -> int:
        """Delete strikes and refusals from before, and sanctions that are over. Returns how many refusals.

        What somebody still has to decide about stays.
        """
        pending = select(CaseRow.strike_id).where(CaseRow.outcome == Outcome.OPEN, CaseRow.strike_id.is_not(None))
        old = select(StrikeRow.id).where(StrikeRow.at < before, StrikeRow.id.not_in(pending))
        struck = select(StrikeRow.refusal_id)
        async with self._database.transaction() as session:
            await session.execute(update(CaseRow).where(CaseRow.strike_id.in_(old)).values(strike_id=None))
            await session.execute(delete(StrikeRow).where(StrikeRow.id.in_(old)))
            await session.execute(delete(SanctionRow).where(SanctionRow.until < utc_now()))
            gone = delete(RefusalRow).where(RefusalRow.at < before, RefusalRow.id.not_in(struck))
            return len(list(await session.scalars(gone.returning(RefusalRow.id))))


async def impose(session: AsyncSession, sanction: Sanction) -> Sanction:
    """Shut somebody out by a moderator's will, in the transaction of who decided so; return what holds now."""
    held = await _impose(session, sanction)
    until = None if held.until is None else held.until.isoformat()
    details = {"bar": held.bar.value, "until": until}
    user_id, guild_id = sanction.user_id, sanction.guild_id
    await append(session, Act(action="ban", actor=sanction.by, subject=user_id, guild_id=guild_id, details=details))
    return held


async def overturn(session: AsyncSession, strike_id: int, since: datetime, step: Step) -> None:
    """Take a strike back, in the transaction of who decided so; what the policy imposed shrinks to what is left."""
    row = await session.get_one(StrikeRow, strike_id)
    row.overturned_at = utc_now()
    await session.flush()
    owed = step(await session.scalar(counting(row.user_id, since)) or 0)
    held = await session.get(SanctionRow, (row.user_id, EVERYWHERE))
    if held is None or held.bar is Bar.LOCK or held.by is not None:  # what a moderator imposed rests on no strike
        return
    if owed is None:
        await session.delete(held)
    else:
        held.bar, held.until = owed.bar, None if owed.until is None else held.since + (owed.until - owed.since)


async def lift(session: AsyncSession, user_id: int, guild_id: int) -> bool:
    """Remove a sanction that is no lock; say whether there was one."""
    theirs = (SanctionRow.user_id == user_id, SanctionRow.guild_id == guild_id, SanctionRow.bar != Bar.LOCK)
    return await session.scalar(delete(SanctionRow).where(*theirs).returning(SanctionRow.user_id)) is not None


def counting(user_id: int, since: datetime) -> Select[int]:
    """Count the person's strikes that are not overturned and not older."""
    mine = (StrikeRow.user_id == user_id, StrikeRow.overturned_at.is_(None), StrikeRow.at >= since)
    return select(func.count()).select_from(StrikeRow).where(*mine)


def in_force(now: datetime) -> Select[SanctionRow]:
    """Select the sanctions that hold at that moment."""
    return select(SanctionRow).where(SanctionRow.until.is_(None) | (SanctionRow.until > now))


async def _keep(session: AsyncSession, new: NewRefusal) -> RefusalRow:
    row = RefusalRow(**vars(new))
    session.add(row)
    await session.flush()
    return row


def _refused(new: NewRefusal, refusal_id: int) -> Act:
    told = {"label": new.label, "verdict": new.verdict, "policy": new.policy_version, "scores": new.scores}
    details = {"refusal": refusal_id, **told}
    return Act(action="refuse", subject=new.user_id, guild_id=new.guild_id, details=details)


async def _impose(session: AsyncSession, sanction: Sanction) -> Sanction:
    """Let the sanction hold, unless one that is as hard holds there already; return the one that holds."""
    held = await session.get(SanctionRow, (sanction.user_id, sanction.guild_id))
    if held is not None and not _is_harder(sanction, value_of(Sanction, held)):
        return value_of(Sanction, held)
    await session.merge(SanctionRow(**vars(sanction)))
    return sanction


def _is_harder(new: Sanction, held: Sanction) -> bool:
    def key(sanction: Sanction) -> tuple[bool, float]:
        return sanction.bar is Bar.LOCK, inf if sanction.until is None else sanction.until.timestamp()

    return key(new) > key(held)


def _struck(new: NewRefusal, refusal_id: int, count: int, sanction: Sanction | None) -> Act:
    until = None if sanction is None or sanction.until is None else sanction.until.isoformat()
    bar = None if sanction is None else sanction.bar.value
    details = {"refusal": refusal_id, "label": new.label, "strikes": count, "bar": bar, "until": until}
    return Act(action="strike", subject=new.user_id, guild_id=new.guild_id, details=details)


def _counted(label: ColumnElement[str], *where: ColumnElement[bool]) -> Select[str, int]:
    return select(label, func.count()).where(*where).group_by(label).order_by(func.count().desc(), label)
