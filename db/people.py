"""Who has accepted the licence."""

from sqlalchemy import Select, select

from db.base import utc_now
from db.session import Database
from db.tables.person import PersonRow


class People:
    """What the bot remembers about persons."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept_licence(self, user_id: int, version: str) -> None:
        """Write down that the person accepts this version of the licence, now."""
        insert = self._database.insert(PersonRow)
        accepted = {"licence_version": version, "licence_accepted_at": utc_now()}
        async with self._database.transaction() as session:
            await session.execute(
                insert.values(user_id=user_id, **accepted).on_conflict_do_update(
                    index_elements=["user_id"], set_=accepted
                )
            )

    async def has_accepted(self, user_id: int, version: str) -> bool:
        """Tell whether the person has accepted exactly this version."""
        async with self._database.reading() as session:
            return await session.scalar(accepted_version(user_id)) == version


def accepted_version(user_id: int) -> Select[str]:
    """Select the version that the person accepted last."""
    return select(PersonRow.licence_version).where(PersonRow.user_id == user_id)
