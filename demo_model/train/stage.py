"""One part of the training from start to end, across stops: budget, checkpoints, progress lines."""

import contextlib
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch

from demo_model.train.learner import Learner
from demo_model.train.stream import Stream

SAVE_EVERY_S = 180.0
TELL_EVERY_S = 15.0


class Stage(Protocol):
    """What is trained."""

    name: str

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss, left on the device: to read it is to wait for it."""

    def state(self) -> dict[str, Any]:
        """Return what `load` needs to go on."""

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""


class LearningStage(ABC):
    """A stage around a learner, whose state is the stage's, and a stream of drawn things."""

    name: str
    learner: Learner[Any]
    _stream: Stream[Any]

    @abstractmethod
    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""

    def state(self) -> dict[str, Any]:
        """Return what `load` needs to go on."""
        return self.learner.state()

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.learner.load(state)

    def close(self) -> None:
        """Stop drawing."""
        self._stream.close()


class Stopped(Exception):
    """The run was asked to stop; everything learned so far is saved."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long to train, over all runs together. The schedule depends on it: keep it when resuming."""

    seconds: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.seconds is None and self.steps is None:
            raise ValueError("a budget needs seconds or steps")

    def progress(self, seconds: float, steps: int) -> float:
        """Return the share that is over, 1 where nothing is left."""
        shares = [seconds / self.seconds] if self.seconds is not None else []
        if self.steps is not None:
            shares.append(steps / self.steps)
        return min(1.0, max(shares))


def train(stage: Stage, budget: Budget, folder: Path, tell: Callable[[str], None] = print) -> None:
    """Train the stage until the budget is spent. Raises Stopped on SIGINT or SIGTERM, after saving."""
    path = folder / f"{stage.name}.pt"
    seconds, steps = _resume(stage, path)
    with _stop_signals() as stopped:
        saved = told = time.monotonic()
        started = saved - seconds
        while (progress := budget.progress(time.monotonic() - started, steps)) < 1 and not stopped:
            loss = stage.step(progress)
            steps += 1
            now = time.monotonic()
            if now - told > TELL_EVERY_S:
                tell(f"{stage.name}: {progress:.1%}, step {steps}, {now - started:.0f} s, loss {float(loss):.4f}")
                told = now
            if now - saved > SAVE_EVERY_S:
                _save(stage, path, now - started, steps)
                saved = now
        _save(stage, path, time.monotonic() - started, steps)
        tell(
            f"{stage.name}: {'stopped' if stopped else 'done'} after {steps} steps, {time.monotonic() - started:.0f} s"
        )
    if stopped:
        raise Stopped


def load_state(path: Path) -> dict[str, Any]:
    """Return a saved state; only tensors and plain values are read."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _resume(stage: Stage, path: Path) -> tuple[float, int]:
    if not path.exists():
        return 0.0, 0
    state = load_state(path)
    stage.load(state["stage"])
    return state["seconds"], state["steps"]


def _save(stage: Stage, path: Path, seconds: float, steps: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    torch.save({"stage": stage.state(), "seconds": seconds, "steps": steps}, unfinished)
    unfinished.replace(path)


@contextlib.contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM instead of dying of them: the list stays empty until one comes."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
