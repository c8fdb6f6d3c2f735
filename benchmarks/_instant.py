"""An engine that takes next to no time: what is left of an attempt's is the executor's."""

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from inference.checkpoints import Checkpoint
from inference.contract import Cancelled, Choices, Drawing, Ending, Watch
from inference.protocol import Attempt, Counts, Loaded, Pixels
from inference.request import Adapters

STEP_SECONDS = 0.001
INSTANT = "benchmarks._instant:InstantEngine"


class InstantEngine:
    """Draws a grey picture at the first step; with more than one step it draws until it is cancelled."""

    lanes = 1
    memory = None

    def __init__(
        self,
        device: str,
        checkpoints: Mapping[str, Checkpoint],
        cache: Path,
        *,
        choices: Choices | None = None,
        low_memory: bool | None = None,
    ) -> None:
        self._begun: dict[str, tuple[Attempt, Watch]] = {}
        self._held: dict[Loaded, dict[str, str]] = {}

    def load(self, checkpoint: str, adapters: Adapters = ()) -> dict[str, str]:
        """Have everything ready."""
        self._held[checkpoint, adapters] = {"engine": "instant"}
        return self._held[checkpoint, adapters]

    def held(self) -> Mapping[Loaded, dict[str, str]]:
        """Return all that was asked for."""
        return self._held

    def begin(self, attempt: Attempt, watch: Watch, *, thrifty: bool) -> None:
        """Take it in, and say so."""
        self._begun[attempt.id] = attempt, watch
        watch.started()

    def tick(self) -> list[Ending]:
        """End what has one step, or is not wanted."""
        time.sleep(STEP_SECONDS)
        endings: list[Ending] = []
        for attempt, watch in list(self._begun.values()):
            if not watch.wanted():
                endings.append((attempt.id, Cancelled()))
            elif attempt.request.num_inference_steps == 1:
                endings.append((attempt.id, _grey(attempt)))
        for attempt_id, _ in endings:
            del self._begun[attempt_id]
        return endings

    def free(self) -> None:
        """Have nothing to give back."""

    def counts(self) -> Counts:
        """Count nothing."""
        return Counts()


def _grey(attempt: Attempt) -> Drawing:
    request, path = attempt.request, Path(attempt.spool) / "0.npy"
    np.save(path, np.full((request.height, request.width, 3), 128, np.uint8))
    picture = Pixels(
        path=str(path), seed=0, width=request.width, height=request.height, fingerprint={"engine": "instant"}, seen=None
    )
    return Drawing(pictures=(picture,), seconds=0.0, truncated="")
