"""The schema brought to the program's version, by Alembic."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, text

from db.engine import WRITES, make_engine
from db.errors import DatabaseTooNew

SCRIPTS = Path(__file__).with_name("migrations")
TURN = 0x1A61E  #: the advisory lock that PostgreSQL hands to one migrating process at a time


def upgrade(url: str) -> None:
    """Migrate to the newest revision, blocking; not to be called on an event loop."""
    asyncio.run(_upgrade(url))


async def _upgrade(url: str) -> None:
    engine = make_engine(url, poolclass=NullPool, execution_options={WRITES: True})
    try:
        async with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                # a table made anew under its old name must not take along the rows that point at it
                await connection.run_sync(_switch_off_foreign_keys)
            async with connection.begin():
                await connection.run_sync(_to_head)
    finally:
        await engine.dispose()


def _switch_off_foreign_keys(connection: Connection) -> None:
    cursor = connection.connection.cursor()  # below SQLAlchemy, for within a transaction the pragma does nothing
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()


def _to_head(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
    check_known(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def check_known(connection: Connection) -> None:
    """Raise DatabaseTooNew where the database's revision is none of this program's."""
    revision = current_revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise DatabaseTooNew(f"database: its schema ({revision}) is newer than this program; update the program")


def current_revision(connection: Connection) -> str | None:
    """Return the revision written in the database, None where there is none."""
    return MigrationContext.configure(connection).get_current_revision()
