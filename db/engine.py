"""Engines: how each kind of database is spoken to."""

import errno
import os
import time
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from config.settings import ConfigError
from db.errors import DatabaseAway, DatabaseUnreachable

WRITES = "imagine_writes"  #: execution option of a transaction that will write
BUSY_SECONDS = 30
CONNECT_SECONDS = 10
COMMAND_SECONDS = 60
RESTED_SECONDS = 1.0  #: a connection that rested longer is asked whether it still lives: three trips to the server
DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")
WATCHED = {  # how PostgreSQL finds out that we are gone: within 25 seconds, not the two hours that are usual
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
    # an open transaction is undone sooner: before the lock is let go of, so that no late COMMIT reaches a standby's
    "idle_in_transaction_session_timeout": "10000",
}


def make_engine(url: str, **options: Any) -> AsyncEngine:
    """Return an engine for the address; `options` go to SQLAlchemy. Raises ConfigError for another driver."""
    options["hide_parameters"] = True  # they are people's words and tokens, and errors go to the log
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise ConfigError(f"database: not an address: {error}") from None
    if address.drivername == "sqlite+aiosqlite":
        return _sqlite(url, options)
    if address.drivername == "postgresql+asyncpg":
        return _postgresql(url, options)
    raise ConfigError(f'database: "{address.drivername}" is not one of {", ".join(DRIVERS)}')


def _sqlite(url: str, options: dict[str, Any]) -> AsyncEngine:
    file = make_url(url).database
    if not file or file == ":memory:":
        raise ConfigError("database: SQLite needs a file here, as several connections share it")
    try:
        _check_writable(Path(file))  # its errors say more than SQLite's "unable to open"
    except OSError as error:
        raise DatabaseUnreachable(f"database: {file} cannot be written: {error.strerror}") from error
    # isolation_level None: the driver opens no transactions by itself, so that `_begin` can
    arguments = {"timeout": BUSY_SECONDS, "isolation_level": None}
    engine = create_async_engine(url, connect_args=arguments, **options)
    event.listen(engine.sync_engine, "connect", _pragmas)
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine.pool, "invalidate", _roll_back)
    return engine


def _postgresql(url: str, options: dict[str, Any]) -> AsyncEngine:
    limits = {"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS}
    engine = create_async_engine(url, connect_args=limits, **options)
    event.listen(engine.sync_engine, "do_connect", _connect)
    event.listen(engine.sync_engine, "connect", _watch)
    event.listen(engine.sync_engine.pool, "checkin", _rest)
    event.listen(engine.sync_engine.pool, "checkout", partial(_check_alive, engine.dialect))
    return engine


def _rest(_connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _check_alive(dialect: Dialect, connection: Any, record: Any, _proxy: Any) -> None:
    """Have all connections made anew where one is dead: ask the server if it rested; one that is new never did."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError
    if time.monotonic() - record.info.get("rests_since", inf) < RESTED_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except (dialect.loaded_dbapi.Error, OSError) as error:
        raise InvalidatePoolError from error


def _connect(dialect: Any, _record: Any, arguments: Any, keywords: Any) -> Any:
    try:
        return dialect.connect(*arguments, **keywords)
    except OSError as error:  # as such it could come from anywhere; timeouts have no text
        raise DatabaseAway(str(error) or type(error).__name__) from error


def _watch(connection: Any, _record: Any) -> None:
    # said once it is open: a pooler turns away who says at the start what it does not know
    settings = "; ".join(f"SET {name} = {value}" for name, value in WATCHED.items())
    connection.run_async(lambda driver: driver.execute(settings))


def _check_writable(file: Path) -> None:
    """Raise OSError where the file cannot be written or made.

    One that exists is not opened: to close it again would let go of every lock that this process holds on it, and
    another process would then take the write-ahead log away from under the open connections.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.open("ab").close()
    elif not os.access(file, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # a transaction that reads first and writes later would fail at once where another wrote in between
    begin = "BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN"
    adapted: Any = connection.connection.dbapi_connection
    adapted.run_async(lambda driver: driver.execute(begin))  # one errand to the driver's thread; a cursor makes three


def _roll_back(connection: Any, _record: Any, _error: BaseException | None) -> None:
    # a statement that was cancelled outlives its connection until it is collected, and the lock of its transaction too
    connection.run_async(lambda driver: driver.rollback())


def unreachable(url: str, error: Exception) -> DatabaseUnreachable | None:
    """Return the error in the operator's words, None where it is of another kind. Tells no password."""
    if not isinstance(error, (OSError, DBAPIError)):
        return None
    reason = error.orig if isinstance(error, DBAPIError) else error
    address = make_url(url).render_as_string(hide_password=True)
    return DatabaseUnreachable(f"database: {address} does not answer: {reason or type(error).__name__}")
