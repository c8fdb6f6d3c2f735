"""What workers draw with, found out once: it outlives them, the bot and its machine."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from db.session import Database
from db.tables.choice import ChoiceRow


class Choices:
    """Numbers by their names. Whoever was first with a name is right."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, values: Mapping[str, int]) -> dict[str, int]:
        """Keep what nobody has chosen yet, and return all that counts. Raises OSError where it cannot be kept."""
        rows = [{"name": name, "value": value} for name, value in values.items()]
        try:
            async with self._database.transaction() as session:
                if rows:
                    await session.execute(self._database.insert(ChoiceRow).on_conflict_do_nothing(), rows)
                return {row.name: row.value for row in await session.scalars(select(ChoiceRow))}
        except DBAPIError as error:
            raise OSError("the database did not keep what was chosen") from error
