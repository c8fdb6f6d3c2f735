"""Pictures that people sent to start from."""

from datetime import datetime

from sqlalchemy import Select, delete, select

from db.session import Database
from db.tables.upload import UploadRow


class Uploads:
    """Which uploaded pictures there are, and who sent them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, sha256: str, user_id: int, width: int, height: int) -> None:
        """Write down an upload, sizes in pixels; the same one from the same person again changes nothing."""
        insert = self._database.insert(UploadRow).values(sha256=sha256, user_id=user_id, width=width, height=height)
        async with self._database.transaction() as session:
            await session.execute(insert.on_conflict_do_nothing())

    async def forget(self, before: datetime) -> list[str]:
        """Forget who sent what before; return the SHA-256 of the pictures, which others may have sent, too."""
        gone = delete(UploadRow).where(UploadRow.created_at < before).returning(UploadRow.sha256)
        async with self._database.transaction() as session:
            return list(await session.scalars(gone))

    async def senders(self, sha256: str) -> list[int]:
        """Return the user ids of those who sent this picture, the first one first."""
        async with self._database.reading() as session:
            return list(await session.scalars(senders_of(sha256)))


def senders_of(sha256: str) -> Select[int]:
    """Select who sent the picture, in order of time."""
    return select(UploadRow.user_id).where(UploadRow.sha256 == sha256).order_by(UploadRow.created_at)
