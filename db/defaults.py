"""What people and guilds draw with where a request leaves something open."""

from sqlalchemy import delete

from db.audit import Act, append, take_turn
from db.base import Json, utc_now
from db.session import Database
from db.tables.default import DefaultsRow
from db.tables.preset import NOBODY, Owner


class Defaults:
    """The defaults by their owner. What a moderator does with a guild's stands in the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, owner: Owner) -> Json:
        """Return what the owner has set; nothing where that is nothing."""
        async with self._database.reading() as session:
            row = await session.get(DefaultsRow, (owner.guild_id, owner.user_id))
            return {} if row is None else dict(row.settings)

    async def change(self, owner: Owner, changes: Json, by: int) -> Json:
        """Set these and leave the others; None takes one back. Return what is set now."""
        async with self._database.transaction() as session:
            await take_turn(session)
            row = await session.get(DefaultsRow, (owner.guild_id, owner.user_id))
            settings = (dict(row.settings) if row else {}) | changes
            settings = {name: value for name, value in settings.items() if value is not None}
            fields = {"guild_id": owner.guild_id, "user_id": owner.user_id}
            await session.merge(DefaultsRow(**fields, settings=settings, changed_at=utc_now()))
            if owner.guild_id != NOBODY:
                await append(session, Act(action="defaults", actor=by, guild_id=owner.guild_id))
            return settings

    async def reset(self, owner: Owner, by: int) -> None:
        """Forget all that the owner has set."""
        mine = (DefaultsRow.guild_id == owner.guild_id, DefaultsRow.user_id == owner.user_id)
        async with self._database.transaction() as session:
            await session.execute(delete(DefaultsRow).where(*mine))
            if owner.guild_id != NOBODY:
                await append(session, Act(action="defaults", actor=by, guild_id=owner.guild_id))
