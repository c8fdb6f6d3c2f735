"""One bot per data folder: a lock that the system lets go of however the process ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.settings import ConfigError


@contextmanager
def data_lock(folder: Path, *, wait: bool) -> Iterator[None]:
    """Hold the folder for this process. Raises ConfigError where another bot holds it and `wait` is off."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise ConfigError(
                f"another bot is using {folder}: stop it, or give this one a folder of its own (IMAGINE_DATA)"
            ) from None
        yield
