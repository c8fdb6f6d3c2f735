"""The standings of the fair share, kept in the transactions that change them."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db.base import value_of
from db.session import Database
from db.tables.share import ShareRow, Standing

__all__ = ["Shares", "Standing"]


COLUMNS = tuple(field.name for field in fields(Standing))
FORGET = delete(ShareRow).where(ShareRow.path == bindparam("gone"))


class Shares:
    """What is remembered of everybody's turn."""

    def __init__(self, database: Database) -> None:
        self._database = database
        insert = database.insert(ShareRow)
        changes = {name: insert.excluded[name] for name in COLUMNS}
        self._upsert = insert.on_conflict_do_update(index_elements=["path"], set_=changes)

    async def all(self) -> list[Standing]:
        """Return every standing."""
        async with self._database.reading() as session:
            return [value_of(Standing, row) for row in await session.scalars(select(ShareRow))]

    async def keep(self, connection: AsyncConnection, standings: Sequence[Standing]) -> None:
        """Write standings, in the transaction of what changed them."""
        if standings:
            rows = [{name: getattr(standing, name) for name in COLUMNS} for standing in standings]
            # a statement without values, so that it is compiled once and not for every number of rows
            await connection.execute(self._upsert, rows)

    async def forget(self, paths: Sequence[str]) -> None:
        """Keep no longer what stands at these paths."""
        if paths:
            async with self._database.writing() as connection:
                await connection.execute(FORGET, [{"gone": path} for path in paths])
