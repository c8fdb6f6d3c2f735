"""Searches of the history, kept so that the buttons under a page need only their keys."""

import json
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, update

from db.base import utc_now
from db.search import Criteria
from db.session import Database
from db.tables.search import SearchRow

KEY_LENGTH = 12


class Searches:
    """What people looked for lately."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, user_id: int, criteria: Criteria) -> str:
        """Keep a person's search, and return the key by which they find it again."""
        stored, now = criteria.to_dict(), utc_now()
        key = sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()[:KEY_LENGTH]
        insert = self._database.insert(SearchRow).values(user_id=user_id, key=key, criteria=stored, used_at=now)
        async with self._database.transaction() as session:
            await session.execute(
                insert.on_conflict_do_update(index_elements=["user_id", "key"], set_={"used_at": now})
            )
        return key

    async def get(self, user_id: int, key: str) -> Criteria | None:
        """Return a person's search, which is used again by that; None where it is kept no longer."""
        theirs = (SearchRow.user_id == user_id, SearchRow.key == key)
        use = update(SearchRow).where(*theirs).values(used_at=utc_now()).returning(SearchRow.criteria)
        async with self._database.transaction() as session:
            stored = await session.scalar(use)
        return None if stored is None else Criteria.from_dict(stored)

    async def forget(self, before: datetime) -> int:
        """Forget what nobody used since then; return how many."""
        gone = delete(SearchRow).where(SearchRow.used_at < before).returning(SearchRow.key)
        async with self._database.transaction() as session:
            return len(list(await session.scalars(gone)))
