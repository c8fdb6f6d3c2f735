"""Who has accepted the licence, and what people want of their prompts and pictures."""

from typing import Any

from sqlalchemy import Select, select

from db.base import utc_now
from db.session import Database
from db.tables.person import PersonRow
from db.tables.record import Sharing


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

    async def publish_prompts(self, user_id: int, yes: bool) -> None:
        """Let the files of the person's pictures tell their prompts from now on, or not."""
        await self._keep(user_id, publishes_prompts=yes)

    async def share(self, user_id: int, sharing: Sharing) -> None:
        """Say what others may do with the pictures that are made for the person from now on."""
        await self._keep(user_id, sharing=sharing)

    async def publishes_prompts(self, user_id: int) -> bool:
        """Tell whether the files of the person's pictures may tell their prompts: unless they said no."""
        query = select(PersonRow.publishes_prompts).where(PersonRow.user_id == user_id)
        async with self._database.reading() as session:
            return await session.scalar(query) is not False

    async def _keep(self, user_id: int, **wishes: Any) -> None:
        """Keep what a person wants, whether or not they have accepted the licence."""
        insert = self._database.insert(PersonRow).values(user_id=user_id, licence_version="", **wishes)
        async with self._database.transaction() as session:
            await session.execute(insert.on_conflict_do_update(index_elements=["user_id"], set_=wishes))


def accepted_version(user_id: int) -> Select[str]:
    """Select the version that the person accepted last."""
    return select(PersonRow.licence_version).where(PersonRow.user_id == user_id)
