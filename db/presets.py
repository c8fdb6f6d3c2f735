"""The styles that people and guilds keep."""

from sqlalchemy import ColumnElement, delete, func, select

from db.audit import Act, append, take_turn
from db.base import utc_now, value_of
from db.session import Database
from db.tables.preset import NOBODY, Owner, Preset, PresetRow

__all__ = ["Owner", "Preset", "Presets"]


class Presets:
    """The presets by their owner and name. What a moderator does with a guild's stands in the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, owner: Owner) -> list[Preset]:
        """Return all that the owner has, by name."""
        query = select(PresetRow).where(*_belongs_to(owner)).order_by(PresetRow.name)
        async with self._database.reading() as session:
            return [value_of(Preset, row) for row in await session.scalars(query)]

    async def save(self, owner: Owner, preset: Preset, by: int, limit: int) -> bool:
        """Keep a preset instead of the one of that name; False where the owner has `limit` others already."""
        others = select(func.count()).where(*_belongs_to(owner), PresetRow.name != preset.name)
        async with self._database.transaction() as session:
            await take_turn(session)
            if (await session.scalar(others) or 0) >= limit:
                return False
            await session.merge(
                PresetRow(guild_id=owner.guild_id, user_id=owner.user_id, **vars(preset), changed_at=utc_now())
            )
            if owner.guild_id != NOBODY:
                await append(session, Act(action="preset", actor=by, guild_id=owner.guild_id))
            return True

    async def delete(self, owner: Owner, name: str, by: int) -> bool:
        """Forget a preset; say whether there was one."""
        gone = delete(PresetRow).where(*_belongs_to(owner), PresetRow.name == name).returning(PresetRow.name)
        async with self._database.transaction() as session:
            await take_turn(session)
            found = await session.scalar(gone) is not None
            if found and owner.guild_id != NOBODY:
                await append(session, Act(action="preset removed", actor=by, guild_id=owner.guild_id))
            return found


def _belongs_to(owner: Owner) -> tuple[ColumnElement[bool], ...]:
    return PresetRow.guild_id == owner.guild_id, PresetRow.user_id == owner.user_id
