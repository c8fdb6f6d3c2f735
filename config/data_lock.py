"""One bot per data folder: a lock that the system lets go of however the process ends."""

import asyncio
import fcntl
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from config.settings import ConfigError

POLL_SECONDS = 0.2

log = logging.getLogger(__name__)


@asynccontextmanager
async def data_lock(folder: Path, *, patience: float = 0.0) -> AsyncIterator[None]:
    """Hold the folder for this process; wait up to `patience` seconds for another that holds it.

    Raises ConfigError where the other one does not let go in time.
    """
    with _open(folder) as file:
        deadline = asyncio.get_running_loop().time() + patience
        if patience and not _try_to_hold(file):
            log.warning("waiting for the bot that uses %s", folder)
        while not _try_to_hold(file):
            if asyncio.get_running_loop().time() >= deadline:
                advice = "stop it, or give this one a folder of its own (IMAGINE_DATA)"
                raise ConfigError(f"another bot is using {folder}: {advice}")
            await asyncio.sleep(POLL_SECONDS)
        yield


def _open(folder: Path) -> TextIO:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / ".lock").open("w")


def _try_to_hold(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
