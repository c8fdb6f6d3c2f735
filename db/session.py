"""The database as the rest sees it: open, transaction, close."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from types import TracebackType
from typing import Any, Self

from sqlalchemy import ColumnElement, SQLColumnExpression, Text, cast, func, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from db.base import Base
from db.engine import WRITES, make_engine, unreachable
from db.errors import HoldLost
from db.hold import PACE, PATIENCE, Hold, Pace
from db.migration import check_known, current_revision, upgrade

Insert = sqlite.Insert | postgresql.Insert


class Database:
    """A database by its SQLAlchemy address: sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME.

    An async context manager; entering it raises DatabaseUnreachable where nobody answers.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = make_engine(url)
        self._writes = self._engine.execution_options(**{WRITES: True})
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        # SQLite's readers see the database as it was at one moment; PostgreSQL's have to ask for it
        steady = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reads = self._engine.execution_options(**steady)
        # SQLite has one writer: who queues for it here waits in order and takes no connection from the readers
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._hold: Hold | None = None  #: of a bot on PostgreSQL; who has none is no bot, or has the data folder's lock

    async def __aenter__(self) -> Self:
        try:
            async with self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception as error:
            await self._engine.dispose()
            if (problem := unreachable(self.url, error)) is not None:
                raise problem from error
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Give a session that writes: committed at the end, rolled back on an exception.

        Do nothing slow inside: on SQLite every other writer waits. Raises HoldLost, with nothing written, while
        another bot may serve the database.
        """
        self._check_hold()
        async with self._turn, self._session(self._writes) as session:
            yield session
            self._check_hold()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that writes as `transaction` does, for statements that are due too often for a session."""
        self._check_hold()
        async with self._turn, self._writes.begin() as connection:
            yield connection
            self._check_hold()

    def _check_hold(self) -> None:
        """Raise HoldLost where another bot may serve the database: what is in memory here is no longer the truth."""
        if self._hold is not None and not self._hold.is_ours:
            raise HoldLost

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Give a session that only reads, all of it as of one moment; it waits for no writer."""
        async with self._session(self._reads) as session:
            yield session

    @staticmethod
    @asynccontextmanager
    async def _session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        # a session that took its connection itself would give it back where a cancellation can come in between
        async with (
            engine.connect() as connection,
            AsyncSession(connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def insert(self, table: type[Base]) -> Insert:
        """Return an insert that can say ON CONFLICT in this database's dialect."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    @asynccontextmanager
    async def held(self, patience: float = PATIENCE, pace: Pace = PACE) -> AsyncIterator[None]:
        """Be the only bot on a PostgreSQL database, as long as the block lasts; nothing is written but under it.

        Raises DatabaseUnreachable, and DatabaseInUse where another bot holds it for longer than the patience, in
        seconds, or has taken it since. The server lets go however the process ends. A SQLite file is guarded by the
        lock of its data folder.
        """
        if self.is_sqlite:
            yield
            return
        hold = Hold(self._engine, patience, pace)
        with self.needed():
            await hold.take()
        self._hold = hold
        try:
            async with asyncio.TaskGroup() as group:
                keeping = group.create_task(hold.keep(), name="hold on the database")
                yield
                keeping.cancel()
        finally:
            await hold.let_go()

    def telling(self, channel: str, payload: SQLColumnExpression[Any]) -> list[ColumnElement[Any]]:
        """Return what a statement returns to tell all who listen on the channel, once it is committed.

        SQLite has no such thing.
        """
        return [] if self.is_sqlite else [func.pg_notify(channel, cast(payload, Text))]

    @asynccontextmanager
    async def listening(self, channel: str, hear: Callable[[str], None]) -> AsyncIterator[Callable[[], bool]]:
        """Call `hear` with the payload of every notification on the channel, as long as the block lasts.

        Gives a function that says whether the connection still lives. On SQLite nothing is ever heard.
        """
        if self.is_sqlite:
            yield lambda: True
            return
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection

            def listener(_driver: Any, _pid: int, _channel: str, payload: str) -> None:
                hear(payload)

            await driver.add_listener(channel, listener)
            try:
                yield lambda: not driver.is_closed()
            finally:
                if not driver.is_closed():
                    await driver.remove_listener(channel, listener)

    async def migrate(self) -> None:
        """Bring the schema to this program's version; several processes may do so at once.

        Raises DatabaseTooNew where a newer program was here before, DatabaseUnreachable where nobody answers any more.
        """
        with self.needed():
            await asyncio.to_thread(upgrade, self.url)

    @contextmanager
    def needed(self) -> Iterator[None]:
        """Raise DatabaseUnreachable where nobody answers any more within the block."""
        try:
            yield
        except (OSError, DBAPIError) as error:
            if isinstance(error, DatabaseError) and not isinstance(error, OperationalError):
                raise  # it answers, and does not like what it hears
            raise unreachable(self.url, error) or error from error

    async def check_version(self) -> None:
        """Raise DatabaseTooNew where a newer program was here before."""
        async with self._engine.connect() as connection:
            await connection.run_sync(check_known)

    async def revision(self) -> str | None:
        """Return the schema's revision, None for an empty database."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(current_revision)
