"""The server's time, which a test may move forward."""

import time
from datetime import UTC, datetime


class Clock:
    """Real time plus every advance so far; tokens and addresses expire by it."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move forward; going back is refused with ValueError."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._ahead += seconds


def iso(seconds: float) -> str:
    """A time as Discord writes it, for instance 2026-01-02T03:04:05.678000+00:00."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
