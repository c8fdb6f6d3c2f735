"""The engine and its thread, in a worker's process: what comes is begun, and what is begun gets step after step."""

import logging
import time
from collections import deque
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue

from pydantic import BaseModel

from inference.checkpoints import Checkpoint
from inference.contract import Cancelled, CheckpointUnusable, DeviceBroken, Drawing, Engine, OutOfMemory, Unfeasible
from inference.protocol import Attempt, Done, Failed, FailureKind, Message, Preview, Progress, Ready, Started

ENGINE = "inference.engine.engine:DiffusersEngine"
KINDS: dict[type[Exception], FailureKind] = {
    Cancelled: FailureKind.CANCELLED,
    Unfeasible: FailureKind.INVALID,
    CheckpointUnusable: FailureKind.UNUSABLE,
    OutOfMemory: FailureKind.OUT_OF_MEMORY,
}

log = logging.getLogger("inference.worker")


class WorkerConfig(BaseModel):
    """What a worker is told on its command line. `fd` is its end of the socket pair."""

    fd: int = -1
    device: str
    checkpoint: str
    checkpoints: dict[str, Checkpoint]
    cache: Path
    preview_every: float
    engine: str = ENGINE


class AttemptWatch:
    """Turns what the engine reports of one attempt into messages."""

    def __init__(self, easel: "Easel", attempt_id: str, preview_every: float) -> None:
        self._easel = easel
        self._id = attempt_id
        self._every = preview_every
        self._last_preview = time.monotonic()

    def wanted(self) -> bool:
        """Say whether nobody has cancelled it."""
        return self._id in self._easel.wanted

    def step(self, done: int, of: int) -> None:
        """Report progress."""
        self._easel.steps += 1
        self._easel.post(Progress(attempt_id=self._id, step=done, of=of))

    def wants_preview(self) -> bool:
        """Say whether the last preview is old enough."""
        return time.monotonic() - self._last_preview >= self._every

    def preview(self, jpeg: bytes) -> None:
        """Send a preview."""
        self._last_preview = time.monotonic()
        self._easel.post(Preview(attempt_id=self._id, jpeg=jpeg))


class Easel:
    """The engine and its thread: begins attempts as they come, and takes step after step of those it has begun.

    `post` sends a message to the bot. An attempt that found no room in memory is tried once more, alone and with the
    least memory, before it fails.
    """

    def __init__(self, config: WorkerConfig, post: Callable[[Message], None]) -> None:
        self.post = post
        self.inbox: SimpleQueue[Attempt] = SimpleQueue()
        self.wanted: set[str] = set()  #: the attempts that came and that nobody has cancelled
        self.steps = 0  #: denoising steps since the start
        self.loading = True
        self._config = config
        self._begun: dict[str, Attempt] = {}
        self._again: deque[Attempt] = deque()
        self._alone: str | None = None  #: the attempt that is tried once more
        self._engine: Engine

    def work(self) -> None:
        """Load the engine, then draw for ever."""
        module, _, name = self._config.engine.partition(":")
        make: Callable[..., Engine] = getattr(import_module(module), name)
        self._engine = make(self._config.device, self._config.checkpoints, self._config.cache)
        fingerprint = self._load(self._config.checkpoint)
        self.post(Ready(fingerprint=fingerprint, lanes=self._engine.lanes))
        while True:
            self._take_in()
            for attempt_id, outcome in self._engine.tick():
                self._end(self._begun.pop(attempt_id), outcome)

    def _take_in(self) -> None:
        """Begin what has come; wait where there is nothing else to do."""
        if self._alone is not None and self._alone in self._begun:
            return
        if self._again and not self._begun:
            self._engine.free()
            attempt = self._again.popleft()
            self._alone = attempt.id
            self._begin(attempt, thrifty=True)
            return
        while not self._again and not (self._begun and self.inbox.empty()):
            self._begin(self.inbox.get(), thrifty=False)

    def _begin(self, attempt: Attempt, *, thrifty: bool) -> None:
        try:
            self._load(attempt.request.checkpoint)
            if attempt.id not in self.wanted:
                raise Cancelled  # noqa: TRY301 - the end of an attempt like any other
            if not thrifty:
                self.post(Started(attempt_id=attempt.id))
            watch = AttemptWatch(self, attempt.id, self._config.preview_every)
            self._engine.begin(attempt, watch, thrifty=thrifty)
            self._begun[attempt.id] = attempt
        except DeviceBroken:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, only this attempt ends of it
            self._end(attempt, error)

    def _load(self, checkpoint: str) -> dict[str, str]:
        self.loading = True
        try:
            return self._engine.load(checkpoint)
        finally:
            self.loading = False

    def _end(self, attempt: Attempt, outcome: Drawing | Exception) -> None:
        if isinstance(outcome, OutOfMemory) and attempt.id != self._alone:
            log.warning("attempt %s: %s; once more with the least memory", attempt.id, outcome)
            self._again.append(attempt)
            return
        self.wanted.discard(attempt.id)  # before the bot hears of the end, and may send it again
        self.post(_done(attempt, outcome) if isinstance(outcome, Drawing) else _failed(attempt, outcome))


def _done(attempt: Attempt, drawing: Drawing) -> Done:
    return Done(
        attempt_id=attempt.id,
        pictures=drawing.pictures,
        seconds=drawing.seconds,
        fingerprint=drawing.fingerprint,
        truncated=drawing.truncated,
    )


def _failed(attempt: Attempt, error: Exception) -> Failed:
    kind = next((kind for type_, kind in KINDS.items() if isinstance(error, type_)), FailureKind.ENGINE)
    if kind in (FailureKind.ENGINE, FailureKind.UNUSABLE):
        log.error("attempt %s", attempt.id, exc_info=error)
    detail = f"{type(error).__name__}: {error}" if kind is FailureKind.ENGINE else str(error) or str(kind)
    return Failed(attempt_id=attempt.id, kind=kind, detail=detail)
