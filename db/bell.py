"""Who looks after the job table is woken when somebody commits a job, by the database's own notification."""

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from db.jobs import NEWS
from db.session import Database

CHECK_SECONDS = 10.0

log = logging.getLogger(__name__)


async def listen(database: Database, heard: Callable[[int], None], *, check: float = CHECK_SECONDS) -> None:
    """Call `heard` with the id of every job that is committed, by whatever process; never returns.

    It is a wake-up and no more: notifications are lost with their connection, so who listens must look, too. `check`:
    the seconds between looks whether the connection still lives.
    """
    while True:
        try:
            async with database.listening(NEWS, lambda payload: heard(int(payload))) as alive:
                while alive():  # noqa: ASYNC110 - nobody tells of a connection's end
                    await asyncio.sleep(check)
        except (SQLAlchemyError, OSError) as error:
            log.warning("the database tells no news, again in %g s: %r", check, error)
        await asyncio.sleep(check)
