"""Pictures that a guild never wants to see again, by perceptual hash."""

from sqlalchemy import delete, select

from db.audit import Act, append
from db.base import value_of
from db.session import Database
from db.tables.never_again import Unwanted, UnwantedRow

__all__ = ["NEAR", "NeverAgain", "Unwanted", "distance"]

NEAR = 31  #: of 256 bits; so many may differ in two files of one picture


class NeverAgain:
    """The guilds' lists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, guild_id: int, pdq: str, by: int) -> None:
        """Put a picture on the guild's list; the same one again changes nothing."""
        insert = self._database.insert(UnwantedRow).values(guild_id=guild_id, pdq=pdq, added_by=by)
        async with self._database.transaction() as session:
            added = await session.scalar(insert.on_conflict_do_nothing().returning(UnwantedRow.id))
            if added is not None:
                await append(session, _changed("never again", guild_id, by, pdq))

    async def remove(self, guild_id: int, unwanted_id: int, by: int) -> bool:
        """Take a picture off the guild's list; False where it is not on it."""
        there = (UnwantedRow.guild_id == guild_id, UnwantedRow.id == unwanted_id)
        async with self._database.transaction() as session:
            pdq = await session.scalar(delete(UnwantedRow).where(*there).returning(UnwantedRow.pdq))
            if pdq is not None:
                await append(session, _changed("again", guild_id, by, pdq))
            return pdq is not None

    async def of(self, guild_id: int) -> list[Unwanted]:
        """Return the guild's list, the newest first."""
        query = select(UnwantedRow).where(UnwantedRow.guild_id == guild_id).order_by(UnwantedRow.id.desc())
        async with self._database.reading() as session:
            return [value_of(Unwanted, row) for row in await session.scalars(query)]

    async def stops(self, guild_id: int, user_id: int, pdq: str) -> bool:
        """Say whether a person's picture is one of the guild's list, and write it down where it is."""
        found = [(distance(pdq, each.pdq), each) for each in await self.of(guild_id)]
        bits, nearest = min(found, key=lambda each: each[0], default=(NEAR + 1, None))
        if nearest is None or bits > NEAR:
            return False
        details = {"pdq": nearest.pdq, "distance": bits}
        async with self._database.transaction() as session:
            await append(session, Act(action="withhold", subject=user_id, guild_id=guild_id, details=details))
        return True


def distance(one: str, other: str) -> int:
    """Return in how many of 256 bits two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _changed(action: str, guild_id: int, by: int, pdq: str) -> Act:
    return Act(action=action, actor=by, guild_id=guild_id, details={"pdq": pdq})
