"""The audit log: appended to in the transaction of what it tells of, and verified from its first entry on."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import utc_now, value_of
from db.session import Database
from db.tables.audit import ORIGIN, Act, AuditHeadRow, AuditRow, Entry

__all__ = ["ORIGIN", "Act", "Audit", "Entry", "Head", "append", "digest_of", "first_fault", "take_turn"]


@dataclass(frozen=True, kw_only=True)
class Head:
    """How many entries there should be, and the digest of the last."""

    entries: int
    digest: str


class Audit:
    """The log as it is read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def head(self) -> Head:
        """Return what the log should end with; an operator who notes it elsewhere can tell a forged log."""
        async with self._database.reading() as session:
            return value_of(Head, (await session.scalars(select(AuditHeadRow))).one())

    async def about(self, user_id: int) -> list[Entry]:
        """Return what was done by or to the person, oldest first."""
        theirs = or_(AuditRow.subject == user_id, AuditRow.actor == user_id)
        async with self._database.reading() as session:
            rows = await session.scalars(select(AuditRow).where(theirs).order_by(AuditRow.id))
            return [value_of(Entry, row) for row in rows]

    async def verify(self) -> str | None:
        """Return what is wrong with the log, in words; None where every entry is as it was written."""
        async with self._database.reading() as session:
            head = value_of(Head, (await session.scalars(select(AuditHeadRow))).one())
            rows = await session.scalars(select(AuditRow).order_by(AuditRow.id))
            return first_fault((value_of(Entry, row) for row in rows), head)


async def take_turn(session: AsyncSession) -> AuditHeadRow:
    """Wait until nobody else writes to the log; what hangs on what was done before can be read from then on.

    Whoever changes what others may be changing as well takes its turn first, so that none waits for the other.
    """
    return (await session.scalars(select(AuditHeadRow).with_for_update())).one()


async def append(session: AsyncSession, *acts: Act) -> None:
    """Write acts down, in the transaction of what they tell of."""
    head = await take_turn(session)
    for act in acts:
        unsigned = Entry(**vars(act), id=head.entries + 1, at=utc_now(), previous=head.digest, digest="")
        entry = replace(unsigned, digest=digest_of(unsigned))
        session.add(AuditRow(**vars(entry)))
        head.entries, head.digest = entry.id, entry.digest
    await session.flush()


def digest_of(entry: Entry) -> str:
    """Return the SHA-256 of the entry's canonical JSON, which holds the digest of the one before it."""
    told = {**vars(entry), "at": entry.at.isoformat()}
    del told["digest"]
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def first_fault(entries: Iterable[Entry], head: Head) -> str | None:
    """Return the first thing that is wrong with entries in their order, None where nothing is."""
    number, digest = 0, ORIGIN
    for number, entry in enumerate(entries, start=1):
        if entry.id != number:
            return f"entry {number} is missing, or entries are out of order"
        if entry.previous != digest:
            return f"entry {number} does not follow the one before it"
        if digest_of(entry) != entry.digest:
            return f"entry {number} was changed"
        digest = entry.digest
    if (number, digest) != (head.entries, head.digest):
        return f"the log ends with entry {number}, and should with entry {head.entries}"
    return None
