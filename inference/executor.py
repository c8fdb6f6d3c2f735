"""The interface of whatever runs attempts: processes on this machine, or actors on many."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Protocol

from inference.protocol import Attempt, Counts, Event, Loaded


@unique
class WorkerState(StrEnum):
    """The life of a worker."""

    STARTING = "starting"  #: loading; takes no attempts yet
    READY = "ready"  #: takes attempts while it has lanes free
    RESTARTING = "restarting"  #: died, and waits out its back-off
    BROKEN = "broken"  #: died too often in a row; somebody should look, though it tries again slowly


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerInfo:
    """A worker as the dispatcher sees it. What it holds it has told itself, since the executor started.

    `fingerprint` is that of the checkpoint that it begins with, `fingerprints` has those of all that it has loaded, by
    their names.
    """

    id: str
    state: WorkerState
    device: str
    lanes_free: int
    fingerprint: dict[str, str]
    problem: str | None = None  #: why it is not ready, for the operator
    host: str = ""  #: the machine that it is on
    memory: int | None = None  #: bytes of its device; None where that is not known
    warm: tuple[Loaded, ...] = ()  #: what is in its memory now
    fingerprints: dict[str, dict[str, str]] = field(default_factory=dict)
    deaths: int = 0  #: of its process, in all
    steps: int = 0  #: since its process started, as are the counts
    counts: Counts = field(default_factory=Counts)


class Executor(Protocol):
    """Runs attempts and never orders them: it has no queue."""

    async def start(self) -> None:
        """Start every worker; returns before they are ready. Raises ConfigError where that cannot be done at all."""

    def workers(self) -> Sequence[WorkerInfo]:
        """Return the workers as they are now."""

    async def changed(self) -> None:
        """Wait until a worker's state or free lanes change."""

    def run(self, worker_id: str, attempt: Attempt) -> AsyncIterator[Event]:
        """Yield the attempt's events; exactly one terminal event (Done or Failed) ends them."""

    async def cancel(self, attempt_id: str) -> None:
        """Ask for an attempt's end; its stream ends with Failed(CANCELLED), unless it was done already."""

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - the deadline is the contract
        """Let running attempts end within `timeout` seconds, then end every worker that is not to outlive the bot."""
