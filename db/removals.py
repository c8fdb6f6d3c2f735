"""The messages that are to be taken out of their channels."""

from sqlalchemy import delete, select

from db.base import value_of
from db.session import Database
from db.tables.removal import Removal, RemovalRow

__all__ = ["Removal", "Removals"]


class Removals:
    """What is to be removed, and what is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self) -> list[Removal]:
        """Return what is to be removed, oldest message first."""
        async with self._database.reading() as session:
            rows = await session.scalars(select(RemovalRow).order_by(RemovalRow.message_id))
            return [value_of(Removal, row) for row in rows]

    async def done(self, message_id: int) -> None:
        """Write down that a message is gone, or that nobody can remove it."""
        async with self._database.transaction() as session:
            await session.execute(delete(RemovalRow).where(RemovalRow.message_id == message_id))
