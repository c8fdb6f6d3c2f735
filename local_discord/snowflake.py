"""Discord's ids: 42 bits of time, 22 bits that keep them apart."""

import time
from collections.abc import Callable

EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Makes ids of the time that `now` tells in seconds, each larger than the one before.

    The moved clock is left out on purpose: client libraries compare an id's time with their own clock.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._last = 0

    def make(self) -> int:
        """The next id."""
        stamp = (int(self._now() * 1000) - EPOCH_MS) << 22
        self._last = max(stamp, self._last + 1)
        return self._last


def created_at(snowflake: int) -> float:
    """The time in an id, in seconds since the Unix epoch."""
    return ((snowflake >> 22) + EPOCH_MS) / 1000


def parse(text: object) -> int | None:
    """An id out of a path, a query or a body; None when it is not one."""
    if isinstance(text, bool) or not isinstance(text, str | int):
        return None
    digits = str(text)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 20 else None
