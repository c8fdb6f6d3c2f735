"""Which pictures people like."""

from sqlalchemy import delete, func, select

from db.session import Database
from db.tables.favourite import FavouriteRow


class Favourites:
    """Everybody's favourites. Whether somebody may see the picture is not asked here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user_id: int, record_id: str) -> None:
        """Make a picture one of the person's favourites; it may be one already."""
        insert = self._database.insert(FavouriteRow).values(user_id=user_id, record_id=record_id)
        async with self._database.transaction() as session:
            await session.execute(insert.on_conflict_do_nothing())

    async def remove(self, user_id: int, record_id: str) -> None:
        """Let a picture be none of the person's favourites."""
        theirs = (FavouriteRow.user_id == user_id, FavouriteRow.record_id == record_id)
        async with self._database.transaction() as session:
            await session.execute(delete(FavouriteRow).where(*theirs))

    async def of(self, record_id: str, user_id: int) -> tuple[int, bool]:
        """Return how many people like a picture, and whether the person does."""
        likes = select(FavouriteRow.user_id).where(FavouriteRow.record_id == record_id)
        async with self._database.reading() as session:
            count = await session.scalar(likes.with_only_columns(func.count())) or 0
            mine = await session.scalar(likes.where(FavouriteRow.user_id == user_id))
            return count, mine is not None
