"""Migrations: they make what the models say, once, however many start at the same time."""

import asyncio
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from db import tables
from db.base import Base
from db.errors import DatabaseTooNew, DatabaseUnreachable
from db.session import Database

assert tables
HEAD = "0008"


def difference(connection: Connection) -> list[object]:
    options = {"include_name": lambda name, kind, _: not is_for_full_text(name, kind)}
    return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def is_for_full_text(name: str | None, kind: str) -> bool:
    """Say whether it is what each database has in its own way, which tests of the full text look at."""
    return name is not None and (name.startswith("record_words") or name.endswith("words_vector"))


async def test_migrations_make_what_the_models_say(empty_url):
    async with Database(empty_url) as database:
        assert await database.revision() is None

        await database.migrate()

        assert await database.revision() == HEAD
        async with database.reading() as session:
            connection = await session.connection()
            assert await connection.run_sync(difference) == []


async def test_a_missing_column_would_be_noticed(database):
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE people DROP COLUMN licence_version"))
        connection = await session.connection()
        assert [change[0] for change in await connection.run_sync(difference)] == ["add_column"]


async def test_constraints_have_the_names_of_the_convention(database):
    async with database.reading() as session:
        connection = await session.connection()
        names = await connection.run_sync(foreign_key_names)

    assert names == {
        constraint.name for table in Base.metadata.tables.values() for constraint in table.foreign_key_constraints
    }


def foreign_key_names(connection: Connection) -> set[str | None]:
    inspector = inspect(connection)
    return {key["name"] for table in inspector.get_table_names() for key in inspector.get_foreign_keys(table)}


async def test_migrating_again_changes_nothing(database):
    await database.migrate()

    assert await database.revision() == HEAD


MIGRATE = "import sys; from db.migration import upgrade; upgrade(sys.argv[1])"


async def test_processes_that_start_at_once_migrate_once(empty_url):
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", MIGRATE, empty_url, stderr=asyncio.subprocess.PIPE)
        for _ in range(3)
    ]
    ends = [await asyncio.wait_for(process.communicate(), 60) for process in processes]

    assert [(process.returncode, error) for process, (_, error) in zip(processes, ends, strict=True)] == [(0, b"")] * 3
    async with Database(empty_url) as database:
        assert await database.revision() == HEAD


async def test_a_schema_of_a_newer_program_is_left_alone(database):
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseTooNew, match="9999"):
        await database.check_version()
    with pytest.raises(DatabaseTooNew, match="9999"):
        await database.migrate()

    assert await database.revision() == "9999"


async def test_migrating_leaves_the_event_loop_free(empty_url):
    async with Database(empty_url) as database:
        ticks = 0
        migration = asyncio.create_task(database.migrate())
        while not migration.done():
            await asyncio.sleep(0.005)
            ticks += 1
        await migration

    assert ticks > 3


async def test_a_database_that_is_gone_before_its_schema_was_looked_at_is_named():
    with pytest.raises(DatabaseUnreachable, match="does not answer"):
        await Database("postgresql+asyncpg://bot@127.0.0.1:1/imagine").migrate()
