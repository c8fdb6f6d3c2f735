"""What requests cost where cards of several kinds draw: each kind has a speed of its own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import harmonic_mean

from inference.request import ImageRequest
from jobs.cost import CostModel


class Costs:
    """A cost model for every kind of card."""

    def __init__(self) -> None:
        self._models: dict[str, CostModel] = {}
        self._latest = ""  #: the kind that was observed last

    def knows(self, checkpoint: str, kind: str) -> bool:
        """Say whether anything was observed of a checkpoint on that kind."""
        return self._of(kind).knows(checkpoint)

    def estimate(self, request: ImageRequest, kinds: Sequence[str]) -> float:
        """Return the expected seconds of a request where workers of these kinds, each named once a worker, draw.

        It is the harmonic mean, for the faster draw more: a line of jobs takes so many seconds by the number of
        workers. Kinds of which nothing is known yet are left out; without workers, the latest is believed.
        """
        workers = Counter(kinds or [self._latest])
        known = {kind: number for kind, number in workers.items() if self._of(kind).knows(request.checkpoint)}
        counted = known or workers
        return harmonic_mean([self._of(kind).estimate(request) for kind in counted], list(counted.values()))

    def observe(self, request: ImageRequest, seconds: float, kind: str) -> None:
        """Learn from an attempt that took `seconds` on a card of that kind."""
        self._of(kind).observe(request, seconds)
        self._latest = kind

    def _of(self, kind: str) -> CostModel:
        return self._models.setdefault(kind, CostModel())


def kind_of(fingerprint: Mapping[str, str]) -> str:
    """Return the kind of card that a fingerprint tells of; one that makes do with little memory is slower."""
    return " ".join(fingerprint[part] for part in ("device", "memory") if part in fingerprint)
