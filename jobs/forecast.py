"""How wrong our expectations were lately, so that people can be told."""

from collections import deque
from collections.abc import Iterable
from statistics import median

REMEMBERED = 50  # jobs
ENOUGH = 5  # jobs, before we dare to speak of it
SHORTEST = 1.0  # second; what is expected sooner is not wrong by being a little late


class Forecasts:
    """In how many seconds jobs were expected to be done, beside how many they took."""

    def __init__(self, known: Iterable[tuple[float, float]] = ()) -> None:
        self._errors: deque[float] = deque(maxlen=REMEMBERED)
        for expected, actual in known:
            self.observe(expected, actual)

    def observe(self, expected: float, actual: float) -> None:
        """Learn what became of an expectation, both in seconds."""
        self._errors.append(abs(actual - expected) / max(expected, SHORTEST))

    @property
    def doubt(self) -> float | None:
        """By what share of themselves expectations were wrong, in the middle; None where too few are known."""
        return median(self._errors) if len(self._errors) >= ENOUGH else None
