"""The lock by which one bot serves a PostgreSQL database: taken, and taken again where its server restarted."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.errors import DatabaseInUse

ONE_BOT = 0x1A61F  #: the advisory lock of the bot that serves a PostgreSQL database
LOOK_SECONDS = 5.0  # after which a server that has not answered is as good as gone
TRY_EVERY = 0.5  # seconds
PATIENCE = 35.0  # seconds
LOST = (DBAPIError, OSError)  # what a server that is not there comes to

HOLDER = text(
    "SELECT pid, coalesce(host(client_addr), 'its own machine') AS host FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND objid = :lock AND datname = current_database()"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Holder:
    """The session that has the lock: its process of the server, and the machine it comes from."""

    pid: int
    host: str

    def __str__(self) -> str:
        return f"another bot has it (from {self.host}, process {self.pid} of the server)"


@dataclass(frozen=True, slots=True)
class Pace:
    """How a hold is looked after, in seconds."""

    look_every: float = 5.0
    good_for: float = 15.0  #: after a look; the server lets go of who is silent for 25, not sooner


PACE = Pace()


class Hold:
    """The lock on a database. It is a connection's: the server lets go of it when that ends, however it ends.

    Where a machine or a network went away without a word, the server knows only once nothing has answered for some
    time. So much patience, in seconds, has who wants the lock; a standby's has no end.
    """

    def __init__(self, engine: AsyncEngine, patience: float, pace: Pace = PACE) -> None:
        self._engine = engine
        self._patience = patience
        self._pace = pace
        self._ended = asyncio.Event()  #: set by the driver of the connection where that ends
        self._connection: AsyncConnection | None = None
        self._driver: Any = None  #: the connection's own, which hears at once where the server closes it
        self._session = 0  #: the process of the server that has the lock for us, or had it last
        self._seen = 0.0  #: when it was last known to be ours

    @property
    def is_ours(self) -> bool:
        """Whether nobody else can have the lock: its connection stands, and the server has answered on it lately."""
        stands = self._connection is not None and not self._driver.is_closed()
        return stands and time.monotonic() - self._seen < self._pace.good_for

    async def take(self) -> None:
        """Take the lock; a standby outlasts the server's restarts, too.

        Raises DatabaseInUse where another bot has it, and keeps it.
        """
        while True:
            try:
                return await self._take(self._patience)
            except LOST as error:
                if isfinite(self._patience):
                    raise
                log.warning("database: does not answer, again in %g s: %s", self._pace.look_every, type(error).__name__)
                await asyncio.sleep(self._pace.look_every)

    async def keep(self) -> None:
        """Look again and again whether it is still ours, and take it where it is not, until cancelled.

        Raises DatabaseInUse where another bot was quicker.
        """
        while True:
            await self._rest()
            try:
                await self._look()
            except LOST as error:
                pause = self._pace.look_every
                log.warning("the database is not ours at present, again in %g s: %s", pause, type(error).__name__)

    async def let_go(self) -> None:
        """Give the lock back, if the server is there to take it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*LOST, PendingRollbackError):  # a look that was cancelled has ended its session already
                await connection.execute(select(func.pg_advisory_unlock(ONE_BOT)))
            await connection.close()

    async def _rest(self) -> None:
        """Wait until the next look, or until the connection ends: nothing is written from then on until it is back."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.look_every):
                await self._ended.wait()

    async def _take(self, patience: float) -> None:
        connection = await self._engine.connect()
        try:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await self._win(connection, patience)
        except BaseException:
            await connection.close()
            raise
        self._connection, self._driver, self._session = connection, driver, driver.get_server_pid()
        ended = self._ended = asyncio.Event()
        driver.add_termination_listener(lambda _: ended.set())

    async def _win(self, connection: AsyncConnection, patience: float) -> None:
        """Try to get the lock until the patience is at its end."""
        deadline, told = time.monotonic() + patience, False
        while not await self._locked(connection):
            holder = await _holder(connection)
            if time.monotonic() >= deadline or self._has_lost_to(holder):
                raise DatabaseInUse("database: another bot is using it; stop that one, or give this one its own")
            if holder is not None and not told:
                log.warning("database: %s; %s", holder, _prospect(patience))
                told = True
            await asyncio.sleep(TRY_EVERY)

    async def _locked(self, connection: AsyncConnection) -> bool:
        asked = time.monotonic()
        is_ours = await connection.scalar(select(func.pg_try_advisory_lock(ONE_BOT)))
        await connection.commit()  # the lock is the session's, and outlives the transaction
        if is_ours:
            self._seen = asked
        return bool(is_ours)

    def _has_lost_to(self, holder: Holder | None) -> bool:
        """Say whether we had the lock, and now another bot has it: not the session that we left behind."""
        return self._session != 0 and holder is not None and holder.pid != self._session

    async def _look(self) -> None:
        if self._connection is not None:
            asked = time.monotonic()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._connection.execute(text("SELECT 1"))
                    await self._connection.commit()
                self._seen = asked
            except LOST:
                await self._drop(self._connection)
        if self._connection is None:
            await self._take_again(self._seen)
            log.warning("the database's server had let go of us; it is ours again")

    async def _take_again(self, seen: float) -> None:
        """Take the lock that was ours before. Another bot, a standby or not, may have served and gone meanwhile.

        What is in memory here would be out of date then; a new start reads it anew.
        """
        await self._take(min(self._patience, PATIENCE))
        if self._seen - seen > self._pace.good_for:
            raise DatabaseInUse("database: another bot may have used it while it was out of reach; start anew")

    async def _drop(self, connection: AsyncConnection) -> None:
        """Close a connection that is lost: SQLAlchemy would quietly give it another one, which has no lock."""
        self._connection, self._ended = None, asyncio.Event()
        await connection.invalidate()
        await connection.close()


async def _holder(connection: AsyncConnection) -> Holder | None:
    """Return who has the lock; None where it was let go of just now."""
    found = (await connection.execute(HOLDER, {"lock": ONE_BOT})).first()
    await connection.commit()
    return None if found is None else Holder(found.pid, found.host)


def _prospect(patience: float) -> str:
    """Say when the lock may be ours, for the operator."""
    if isfinite(patience):
        return f"if that is gone, it is ours within {patience:g} s"
    return "this one stands by, and takes over when that is gone"
