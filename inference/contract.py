"""What a worker asks of an engine, and how an engine says that it cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from inference.checkpoints import Checkpoint
from inference.protocol import Attempt, Counts, Loaded, Pixels
from inference.request import Adapters


class Cancelled(Exception):
    """Somebody asked for the attempt's end."""


class CheckpointUnusable(Exception):
    """A checkpoint cannot be loaded; the text names what is wrong, for the operator."""


class Unfeasible(Exception):
    """This checkpoint cannot carry out the request; trying again will not help."""


class OutOfMemory(Exception):
    """The device has no room left."""


class DeviceBroken(Exception):
    """The device is in a state that only a new process can leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What an engine made of an attempt."""

    pictures: tuple[Pixels, ...]
    seconds: float  #: of the device, shared out among those who were drawn at once
    truncated: str


class Watch(Protocol):
    """Looks over an engine's shoulder while it draws."""

    def wanted(self) -> bool:
        """Say whether somebody still waits for the attempt."""

    def started(self) -> None:
        """Take note that the first step begins."""

    def step(self, done: int, of: int) -> None:
        """Take note of a finished denoising step."""

    def wants_preview(self) -> bool:
        """Say whether a preview is due."""

    def preview(self, jpeg: bytes, seen: dict[str, float] | None) -> None:
        """Pass a preview on."""


class Choices(Protocol):
    """Numbers that decide bytes: tried out by one worker, then the same for all of its kind."""

    def get(self, name: str) -> int | None:
        """Return what was chosen, None where nothing was."""

    def keep(self, name: str, value: int) -> int:
        """Propose a value; return the one that counts: that of whoever was first."""


Ending = tuple[str, Drawing | Exception]  #: an attempt's id and what it came to


class Engine(Protocol):
    """Draws many attempts at once, a step at a time. One thread uses it."""

    lanes: int  #: how many attempts it takes at once
    memory: int | None  #: bytes of its device; None where that is not known

    def __init__(
        self,
        device: str,
        checkpoints: Mapping[str, Checkpoint],
        cache: Path,
        *,
        choices: Choices | None = None,
        low_memory: bool | None = None,
    ) -> None:
        """Take the device; `cache` is a folder for what is costly to find out again.

        Without `choices` it keeps its own there. With `low_memory` it makes do with as little of the device's as it
        can; None leaves that to the engine.
        """

    def load(self, checkpoint: str, adapters: Adapters = ()) -> dict[str, str]:
        """Make a checkpoint ready, with adapters or without, and return its fingerprint.

        Raises CheckpointUnusable and, where it has no such adapter, Unfeasible.
        """

    def held(self) -> Mapping[Loaded, dict[str, str]]:
        """Return what is in memory, each with its fingerprint."""

    def begin(self, attempt: Attempt, watch: Watch, *, thrifty: bool) -> None:
        """Take an attempt in, to be drawn into its spool folder; with the least memory, and alone, where `thrifty`.

        Raises Unfeasible, CheckpointUnusable, OutOfMemory or DeviceBroken.
        """

    def tick(self) -> list[Ending]:
        """Take a step of what is the most urgent; return what ended: drawn, or with Cancelled, OutOfMemory or a fault.

        Raises DeviceBroken.
        """

    def free(self) -> None:
        """Give back the memory that nobody uses."""

    def counts(self) -> Counts:
        """Return what it has done so far."""
