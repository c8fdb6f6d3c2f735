"""What a guild's moderators have set, each change with its entry in the audit log."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete

from db.audit import Act, append, take_turn
from db.session import Database
from db.tables.guild import GuildPolicy, GuildRow, MemberRow

__all__ = ["GuildPolicy", "Guilds"]


class Guilds:
    """The guilds' own settings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def policy(self, guild_id: int) -> GuildPolicy:
        """Return what is set for the guild; all rules hold where nothing is."""
        async with self._database.reading() as session:
            row = await session.get(GuildRow, guild_id)
            if row is None:
                return GuildPolicy()
            return GuildPolicy(review_channel_id=row.review_channel_id, rules_off=tuple(row.rules_off))

    async def set_review_channel(self, guild_id: int, channel_id: int, by: int) -> None:
        """Let the guild's cases be posted in that channel."""
        await self._set(guild_id, by, "review_channel_id", channel_id)

    async def set_rules_off(self, guild_id: int, names: Collection[str], by: int) -> None:
        """Let exactly these rules of the server rest in the guild."""
        await self._set(guild_id, by, "rules_off", sorted(names))

    async def weight(self, guild_id: int, user_id: int) -> float | None:
        """Return the share that was set for a member; None where none was."""
        async with self._database.reading() as session:
            row = await session.get(MemberRow, (guild_id, user_id))
            return None if row is None else row.weight

    async def set_weight(self, guild_id: int, user_id: int, weight: float | None, by: int) -> None:
        """Set a member's share; None takes it back."""
        key = {"guild_id": guild_id, "user_id": user_id}
        async with self._database.transaction() as session:
            await take_turn(session)
            if weight is None:
                await session.execute(delete(MemberRow).filter_by(**key))
            else:
                await session.merge(MemberRow(**key, weight=weight))
            act = Act(action="weight", actor=by, subject=user_id, guild_id=guild_id, details={"weight": weight})
            await append(session, act)

    async def _set(self, guild_id: int, by: int, name: str, value: Any) -> None:
        async with self._database.transaction() as session:
            await take_turn(session)
            row = await session.get(GuildRow, guild_id) or GuildRow(guild_id=guild_id, rules_off=[])
            setattr(row, name, value)
            session.add(row)
            await append(session, Act(action="set", actor=by, guild_id=guild_id, details={name: value}))
