"""An engine that takes the time of a GPU and draws nothing: the worker process loads it by its name.

It stands for one H100 with SDXL at 1024², guidance and float16, compiled: 18.5 steps a second (the README of
stable-fast, for torch 2.1 with compile), and a decode of 10.47 TFLOP at 250 TFLOP/s, which those steps come to. So 30
steps take 1.66 s. As on the real engine each call is for one attempt (SDXL's canonical call has two rows), whoever has
the least left goes first, and eight attempts are taken at once. A GPU has its next kernels queued when its host is late
by a few milliseconds: so the device's clock goes on from where it was, as long as it has work.
`STAND_IN_SPEED=10` in the environment makes the device ten times as fast, as with a few-step model.

The picture is a texture of the size that was asked for; the time does not depend on it. When attempts begin and end is
written into a file of the cache folder, on the machine's monotonic clock.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._textures import draw_texture
from inference.checkpoints import Checkpoint
from inference.contract import Cancelled, Choices, Drawing, Ending, Watch
from inference.protocol import Attempt, Counts, Loaded, Pixels
from inference.request import Adapters

SPEED = "STAND_IN_SPEED"
STEP_SECONDS = 1 / 18.5
DECODE_SECONDS = 10.47 / 250
LANES = 8
JOURNALS = "stand-in-*.log"


def seconds_of(steps: int) -> float:
    """Return what a picture takes of the device."""
    return (steps * STEP_SECONDS + DECODE_SECONDS) / float(os.environ.get(SPEED, 1))


@dataclass
class Begun:
    """An attempt on its way."""

    attempt: Attempt
    watch: Watch
    steps: int = 0

    @property
    def left(self) -> int:
        """How many steps are still to be done."""
        return self.attempt.request.num_inference_steps - self.steps


class StandIn:
    """Sleeps as long as the GPU would draw."""

    lanes = LANES
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
        self._begun: list[Begun] = []
        self._pictures: dict[tuple[int, int], NDArray[np.uint8]] = {}
        self._speed = float(os.environ.get(SPEED, 1))
        self._until = 0.0  #: when the device has done what it was given
        self._fingerprint = {"engine": "stand-in", "weights": "0" * 64, "pid": str(os.getpid())}
        self._held: dict[Loaded, dict[str, str]] = {}
        self._steps = 0
        self._journal = (cache / JOURNALS.replace("*", f"{device.replace(':', '-')}-{os.getpid()}")).open(
            "a", buffering=1
        )

    def load(self, checkpoint: str, adapters: Adapters = ()) -> dict[str, str]:
        """Have it already."""
        self._held[checkpoint, adapters] = self._fingerprint
        return self._fingerprint

    def held(self) -> Mapping[Loaded, dict[str, str]]:
        """Return all that was asked for: it has room."""
        return self._held

    def begin(self, attempt: Attempt, watch: Watch, *, thrifty: bool) -> None:
        """Take an attempt in."""
        self._note("begin", attempt)
        self._begun.append(Begun(attempt, watch))

    def tick(self) -> list[Ending]:
        """Take a step of the attempt that has the least left."""
        if not self._begun:
            return []
        due = min(self._begun, key=lambda each: each.left)
        if due.steps == 0:
            due.watch.started()
        self._work(STEP_SECONDS)
        due.steps += 1
        self._steps += 1
        due.watch.step(due.steps, due.attempt.request.num_inference_steps)
        wanted = due.watch.wanted()
        if wanted and due.left:
            return []
        self._begun.remove(due)
        outcome = self._drawn(due) if wanted else Cancelled()
        self._note("end", due.attempt)
        return [(due.attempt.id, outcome)]

    def free(self) -> None:
        """Have nothing to give back."""

    def counts(self) -> Counts:
        """Return how many steps it took: each draws one row, and uses it."""
        return Counts(rows_called=self._steps, rows_used=self._steps)

    def _work(self, seconds: float) -> None:
        self._until = max(self._until + seconds / self._speed, time.monotonic())
        time.sleep(max(0.0, self._until - time.monotonic()))

    def _drawn(self, begun: Begun) -> Drawing:
        request, path = begun.attempt.request, Path(begun.attempt.spool) / "0.npy"
        size = request.height, request.width
        if size not in self._pictures:
            self._pictures[size] = draw_texture(0, *size)
        np.save(path, self._pictures[size])
        self._work(DECODE_SECONDS)
        picture = Pixels(
            path=str(path),
            seed=request.seed,
            width=request.width,
            height=request.height,
            seen=None,
            fingerprint=self._fingerprint,
        )
        return Drawing(pictures=(picture,), seconds=seconds_of(request.num_inference_steps), truncated="")

    def _note(self, what: str, attempt: Attempt) -> None:
        self._journal.write(f"{what} {attempt.id} {time.monotonic()}\n")


class OneLane(StandIn):
    """Takes one attempt at a time, so that it is idle until it has the next."""

    lanes = 1
