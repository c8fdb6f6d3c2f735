"""The lock by which one bot serves a PostgreSQL database: taken, and taken again where its server restarted."""

import asyncio
import logging
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.errors import DatabaseInUse

ONE_BOT = 0x1A61F  #: the advisory lock of the bot that serves a PostgreSQL database
LOOK_EVERY = 5.0  # seconds
LOST = (DBAPIError, OSError)  # what a server that is not there comes to

log = logging.getLogger(__name__)


class Hold:
    """The lock on a database. It is a connection's: the server lets go of it when that ends, however it ends."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def take(self) -> None:
        """Take the lock. Raises DatabaseInUse where another bot has it."""
        connection = await self._engine.connect()
        try:
            is_ours = await connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": ONE_BOT})
            await connection.commit()  # the lock is the session's, and outlives the transaction
        except BaseException:
            await connection.close()
            raise
        if not is_ours:
            await connection.close()
            raise DatabaseInUse("database: another bot is using it; stop that one, or give this one its own")
        self._connection = connection

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
            with suppress(*LOST):
                await connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": ONE_BOT})
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
