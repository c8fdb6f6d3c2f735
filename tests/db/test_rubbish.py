"""Which pictures a start may remove: those of this database's own time that no row needs."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.house import remove_rubbish
from db.images import FolderStore
from db.session import Database
from db.tables.record import RecordRow

NOW = datetime.now(UTC)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "pictures")


async def put(store: FolderStore, data: bytes, days: float) -> str:
    """Put a picture so many days ago."""
    sha256 = await store.put(data)
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(store.path(sha256), (moment, moment))
    return sha256


async def drawn(database: Database, made, days: float) -> None:
    """Let a picture have been drawn so many days ago."""
    record_id = await made()
    async with database.transaction() as session:
        moment = NOW - timedelta(days=days)
        await session.execute(update(RecordRow).where(RecordRow.id == record_id).values(created_at=moment))


async def test_a_database_that_knows_no_picture_removes_none(database, store):
    sha256 = await put(store, b"of another database", days=3)

    await remove_rubbish(store, database)

    assert await store.exists(sha256)


async def test_what_is_older_than_all_that_a_database_knows_stays_and_so_does_what_is_newer(database, store, made):
    await drawn(database, made, days=30)
    await drawn(database, made, days=10)
    before, rubbish, after = [await put(store, f"{days}".encode(), days) for days in (40, 20, 5)]

    await remove_rubbish(store, database)

    assert [await store.exists(each) for each in (before, rubbish, after)] == [True, False, True]


async def test_what_was_put_within_a_day_stays(database, store, made):
    await drawn(database, made, days=30)
    await drawn(database, made, days=0)
    sha256 = await put(store, b"its row is about to be written", days=0.5)

    await remove_rubbish(store, database)

    assert await store.exists(sha256)
