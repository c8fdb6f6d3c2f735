"""What a worker asks of an engine, and how an engine says that it cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from inference.checkpoints import Checkpoint
from inference.protocol import Attempt, Pixels


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
    fingerprint: dict[str, str]
    truncated: str


class Watch(Protocol):
    """Looks over an engine's shoulder while it draws."""

    def step(self, done: int, of: int) -> None:
        """Take note of a finished denoising step. Raises Cancelled where the attempt shall end."""

    def wants_preview(self) -> bool:
        """Say whether a preview is due."""

    def preview(self, jpeg: bytes) -> None:
        """Pass a preview on."""


class Engine(Protocol):
    """Draws. One thread uses it, one attempt at a time."""

    def __init__(self, device: str, checkpoints: Mapping[str, Checkpoint], cache: Path) -> None:
        """Take the device; `cache` is a folder for what is costly to find out again."""

    def load(self, checkpoint: str) -> dict[str, str]:
        """Make a checkpoint ready and return its fingerprint. Raises CheckpointUnusable."""

    def draw(self, attempt: Attempt, watch: Watch, *, thrifty: bool) -> Drawing:
        """Draw the attempt's pictures into its spool folder, with the least memory where `thrifty`.

        Raises Cancelled, Unfeasible, OutOfMemory or DeviceBroken.
        """

    def free(self) -> None:
        """Give back the memory that nobody uses."""
