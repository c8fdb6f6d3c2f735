"""The lock by which one bot serves a PostgreSQL database: taken, and taken again where its server restarted."""

import asyncio
import logging
import time
from contextlib import suppress

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.errors import DatabaseInUse

ONE_BOT = 0x1A61F  #: the advisory lock of the bot that serves a PostgreSQL database
LOOK_EVERY = 5.0  # seconds
TRY_EVERY = 0.5  # seconds
WATCHED = {  # how the server finds out that we are gone: within 25 seconds, not the two hours that are usual
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
PATIENCE = 35.0  # seconds
LOST = (DBAPIError, OSError)  # what a server that is not there comes to

HOLDER = text(
    "SELECT pid, coalesce(host(client_addr), 'its own machine') AS host FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND objid = :lock AND datname = current_database()"
)

log = logging.getLogger(__name__)


class Hold:
    """The lock on a database. It is a connection's: the server lets go of it when that ends, however it ends.

    Where a machine or a network went away without a word, the server knows only once nothing has answered for some
    time. So much patience, in seconds, has who wants the lock.
    """

    def __init__(self, engine: AsyncEngine, patience: float) -> None:
        self._engine = engine
        self._patience = patience
        self._connection: AsyncConnection | None = None

    async def take(self) -> None:
        """Take the lock. Raises DatabaseInUse where another bot has it, and keeps it."""
        connection = await self._engine.connect()
        try:
            await connection.execute(select(*(func.set_config(*each, False) for each in WATCHED.items())))
            is_ours = await self._tried(connection)
        except BaseException:
            await connection.close()
            raise
        if not is_ours:
            await connection.close()
            raise DatabaseInUse("database: another bot is using it; stop that one, or give this one its own")
        self._connection = connection

    async def _tried(self, connection: AsyncConnection) -> bool:
        """Try to take the lock until the patience is at its end; say whether it is ours."""
        deadline, told = time.monotonic() + self._patience, False
        while not await _lock(connection):
            if time.monotonic() >= deadline:
                return False
            if not told:
                holder = await _holder(connection)
                log.warning("database: %s has it; if that is gone, it is ours within %g s", holder, self._patience)
                told = True
            await asyncio.sleep(TRY_EVERY)
        return True

    async def keep(self) -> None:
        """Look again and again whether it is still ours, and take it where it is not, until cancelled.

        Raises DatabaseInUse where another bot was quicker.
        """
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self._look()
            except LOST as error:
                log.warning("the database is not ours at present, again in %g s: %s", LOOK_EVERY, type(error).__name__)

    async def let_go(self) -> None:
        """Give the lock back, if the server is there to take it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*LOST, PendingRollbackError):  # a look that was cancelled has ended its session already
                await connection.execute(select(func.pg_advisory_unlock(ONE_BOT)))
            await connection.close()

    async def _look(self) -> None:
        if self._connection is not None:
            try:
                await self._connection.execute(text("SELECT 1"))
                await self._connection.commit()
            except LOST:
                await self._drop(self._connection)
        if self._connection is None:
            await self.take()
            log.warning("the database's server had let go of us; it is ours again")

    async def _drop(self, connection: AsyncConnection) -> None:
        """Close a connection that is lost: SQLAlchemy would quietly give it another one, which has no lock."""
        self._connection = None
        await connection.invalidate()
        await connection.close()


async def _lock(connection: AsyncConnection) -> bool:
    is_ours = await connection.scalar(select(func.pg_try_advisory_lock(ONE_BOT)))
    await connection.commit()  # the lock is the session's, and outlives the transaction
    return bool(is_ours)


async def _holder(connection: AsyncConnection) -> str:
    """Say which session has the lock, for the operator."""
    found = (await connection.execute(HOLDER, {"lock": ONE_BOT})).first()
    await connection.commit()
    return "another bot" if found is None else f"another bot (from {found.host}, process {found.pid} of the server)"
