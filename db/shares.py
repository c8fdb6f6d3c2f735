"""The standings of the fair share, kept in the transactions that change them."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import value_of
from db.session import Database
from db.tables.share import ShareRow, Standing

__all__ = ["Shares", "Standing"]


class Shares:
    """What is remembered of everybody's turn."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Standing]:
        """Return every standing."""
        async with self._database.reading() as session:
            return [value_of(Standing, row) for row in await session.scalars(select(ShareRow))]

    async def keep(self, session: AsyncSession, standings: Sequence[Standing]) -> None:
        """Write standings, in the transaction of what changed them."""
        if not standings:
            return
        insert = self._database.insert(ShareRow)
        changes = {column.name: insert.excluded[column.name] for column in ShareRow.__table__.columns}
        values = [asdict(standing) for standing in standings]
        await session.execute(insert.values(values).on_conflict_do_update(index_elements=["path"], set_=changes))
