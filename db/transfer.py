"""Everything in one database put into another one that is empty: the way from SQLite to PostgreSQL, and back."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, Table, delete, exists, func, insert, inspect, make_url, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.schema import AddConstraint, DropConstraint

from config.data_lock import data_lock
from config.settings import ConfigError
from db.base import Base
from db.session import Database
from db.tables.audit import AuditHeadRow

PART = 1_000  # rows in memory at once
MIGRATED: Table = Base.metadata.tables[AuditHeadRow.__tablename__]  #: the one table into which a migration puts a row


async def transfer(source: str, target: str, data: Path) -> dict[str, int]:
    """Copy every table from one address to the other while no bot uses them; return how many rows of each.

    `data` is the folder whose bot is meant. Raises ConfigError where one of them is in use, the source is not a bot's,
    or the target has rows.
    """
    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(Database(address)) for address in (source, target)]
        for folder in _folders(data, databases):
            await stack.enter_async_context(data_lock(folder))
        for database in databases:
            await stack.enter_async_context(database.held(patience=0))
        return await copy(*databases)


def _folders(data: Path, databases: Iterable[Database]) -> set[Path]:
    """Return the folders whose locks a bot may have that uses one of the databases: its data's, or a SQLite file's."""
    files = (Path(make_url(each.url).database or "") for each in databases if each.is_sqlite)
    return {data.resolve(), *(file.resolve().parent for file in files)}


async def copy(source: Database, target: Database) -> dict[str, int]:
    """Copy every table, all or nothing, and return how many rows of each; both get this program's schema first.

    Raises ConfigError where the source is not a bot's, or the target has rows.
    """
    await _check(source, target)
    for database in (source, target):
        await database.migrate()
    async with source.reading() as session, target.writing() as connection:
        await connection.execute(delete(MIGRATED))
        async with _circles_open(connection):
            counts = {table.name: await _copy(table, session, connection) for table in Base.metadata.sorted_tables}
        if not target.is_sqlite:  # there, the next number follows from the rows
            await _set_sequences(connection)
    return counts


async def _check(source: Database, target: Database) -> None:
    if await source.revision() is None:
        raise ConfigError(f"database: no bot has used {_name(source)}, so there is nothing to copy")
    async with target.reading() as session:
        filled = await (await session.connection()).run_sync(_filled)
    if filled:
        raise ConfigError(
            f"database: {_name(target)} has rows ({', '.join(filled)}); what is copied needs an empty one"
        )


def _name(database: Database) -> str:
    return make_url(database.url).render_as_string(hide_password=True)


def _filled(connection: Connection) -> list[str]:
    """Return the tables with rows, of those that are there and to be filled."""
    there = inspect(connection).get_table_names()
    tables = [table for table in Base.metadata.sorted_tables if table.name in there and table is not MIGRATED]
    # not by its columns, which it need not have yet
    return [table.name for table in tables if connection.scalar(select(exists().select_from(table)))]


@asynccontextmanager
async def _circles_open(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let tables that point at each other be filled one after the other: their keys are checked at the end."""
    if connection.dialect.name == "sqlite":
        await connection.execute(text("PRAGMA defer_foreign_keys=ON"))  # until the transaction ends
        yield
        return
    keys = [key for table in Base.metadata.sorted_tables for key in table.foreign_key_constraints if key.use_alter]
    for key in keys:
        await connection.execute(DropConstraint(key))
    yield
    for key in keys:
        await connection.execute(AddConstraint(key, isolate_from_table=False))


async def _copy(table: Table, source: AsyncSession, target: AsyncConnection) -> int:
    """Copy a table a part at a time, by the types of its columns; return how many rows it has."""
    count = 0
    async for rows in (await source.stream(select(table))).mappings().partitions(PART):
        await target.execute(insert(table), [dict(row) for row in rows])
        count += len(rows)
    return count


async def _set_sequences(connection: AsyncConnection) -> None:
    """Let PostgreSQL count on from the rows that came with their numbers."""
    for table in Base.metadata.sorted_tables:
        if (column := table.autoincrement_column) is not None:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            await connection.execute(select(func.setval(sequence, func.coalesce(func.max(column), 0) + 1, False)))
