"""The engine and its thread, in a worker's process: what comes is begun, and what is begun gets step after step."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import Self

from pydantic import BaseModel

from config.logs import about
from config.settings import Settings
from inference.checkpoints import Checkpoint
from inference.contract import Cancelled, CheckpointUnusable, DeviceBroken, Drawing, Engine, OutOfMemory, Unfeasible
from inference.protocol import (
    Attempt,
    Choice,
    Counts,
    Done,
    Failed,
    FailureKind,
    Holds,
    Loaded,
    Message,
    Preview,
    Progress,
    Ready,
    Started,
)
from inference.request import Adapters
from inference.upscalers import UpscalerCheckpoint

ENGINE = "inference.engine.engine:DiffusersEngine"
KINDS: dict[type[Exception], FailureKind] = {
    Cancelled: FailureKind.CANCELLED,
    Unfeasible: FailureKind.INVALID,
    CheckpointUnusable: FailureKind.UNUSABLE,
    OutOfMemory: FailureKind.OUT_OF_MEMORY,
}

TRIES = 2  # of what found no room: alone, then with the least memory

log = logging.getLogger("inference.worker")


class WorkerConfig(BaseModel):
    """What a worker is told on its command line. `fd` is its end of the socket pair."""

    fd: int = -1
    device: str
    checkpoint: str
    checkpoints: dict[str, UpscalerCheckpoint | Checkpoint]
    cache: Path
    preview_every: float
    low_memory: bool | None = None
    engine: str = ENGINE

    @classmethod
    def of(cls, settings: Settings, checkpoints: Mapping[str, Checkpoint], device: str, engine: str) -> Self:
        """Return what a worker on the device is told by the settings."""
        return cls(
            device=device,
            checkpoint=settings.checkpoint,
            checkpoints=dict(checkpoints),
            cache=settings.data,
            preview_every=settings.times.preview_every,
            low_memory=settings.low_memory,
            engine=engine,
        )


class AgreedChoices:
    """The choices of all workers, as the bot keeps them. The engine's thread waits for its answers."""

    def __init__(self, post: Callable[[Message], None]) -> None:
        self.answers: SimpleQueue[int | None] = SimpleQueue()
        self._post = post

    def get(self, name: str) -> int | None:
        """Return what was chosen, None where nothing was."""
        return self._ask(Choice(name=name))

    def keep(self, name: str, value: int) -> int:
        """Propose a value; return the one that counts."""
        chosen = self._ask(Choice(name=name, value=value))
        return value if chosen is None else chosen

    def _ask(self, choice: Choice) -> int | None:
        self._post(choice)
        return self.answers.get()


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

    def started(self) -> None:
        """Report that its time begins, once over all its tries."""
        if self._id not in self._easel.started:
            self._easel.started.add(self._id)
            self._easel.post(Started(attempt_id=self._id))

    def step(self, done: int, of: int) -> None:
        """Report progress."""
        self._easel.steps += 1
        self._easel.post(Progress(attempt_id=self._id, step=done, of=of))

    def wants_preview(self) -> bool:
        """Say whether the last preview is old enough."""
        return time.monotonic() - self._last_preview >= self._every

    def preview(self, jpeg: bytes, seen: dict[str, float] | None) -> None:
        """Send a preview, with what the picture check saw in it."""
        self._last_preview = time.monotonic()
        self._easel.post(Preview(attempt_id=self._id, jpeg=jpeg, seen=seen))


class Easel:
    """The engine and its thread: begins attempts as they come, and takes step after step of those it has begun.

    `post` sends a message to the bot. An attempt that found no room in memory is tried again when it is alone, then
    alone and with the least memory, before it fails.
    """

    def __init__(self, config: WorkerConfig, post: Callable[[Message], None]) -> None:
        self.post = post
        self.inbox: SimpleQueue[Attempt] = SimpleQueue()
        self.wanted: set[str] = set()  #: the attempts that came and that nobody has cancelled
        self.started: set[str] = set()  #: those that the bot knows to be drawn
        self.steps = 0  #: denoising steps since the start
        self.counts = Counts()  #: as of the last step; replaced as a whole, as another thread reads it
        self.loading = True
        self.choices = AgreedChoices(post)
        self._config = config
        self._coming: deque[Attempt] = deque()
        self._begun: dict[str, Attempt] = {}
        self._again: deque[Attempt] = deque()  #: what found no room, and waits until nothing else is drawn
        self._failures: Counter[str] = Counter()  #: how often an attempt found no room
        self._told: Mapping[Loaded, dict[str, str]] = {}  #: what the bot knows to be in memory
        self._engine: Engine

    def work(self) -> None:
        """Load the engine, then draw for ever."""
        module, _, name = self._config.engine.partition(":")
        make: Callable[..., Engine] = getattr(import_module(module), name)
        config = self._config
        self._engine = make(
            config.device, config.checkpoints, config.cache, choices=self.choices, low_memory=config.low_memory
        )
        fingerprint = self._load(self._config.checkpoint)
        self.post(Ready(fingerprint=fingerprint, lanes=self._engine.lanes, memory=self._engine.memory))
        while True:
            self._take_in()
            self._draw_on()
            self.counts = self._engine.counts()

    def _draw_on(self) -> None:
        for attempt_id, outcome in self._engine.tick():
            attempt = self._begun.pop(attempt_id)
            with about_attempt(attempt):
                self._end(attempt, outcome)

    def _take_in(self) -> None:
        """Begin what has come; wait where there is nothing else to do."""
        idle = not (self._begun or self._coming or self._again)
        while idle or not self.inbox.empty():
            self._coming.append(self.inbox.get())
            idle = False
        self._dismiss()
        if self._again and not self._begun:
            self._engine.free()
            self._begin(self._again.popleft())
        while self._coming and not self._again and not any(map(self._failures.get, self._begun)):
            self._begin(self._coming.popleft())

    def _dismiss(self) -> None:
        """Let go of what nobody wants any more, though it waits only."""
        for line in (self._coming, self._again):
            for attempt in [each for each in line if each.id not in self.wanted]:
                line.remove(attempt)
                self._end(attempt, Cancelled())

    def _begin(self, attempt: Attempt) -> None:
        with about_attempt(attempt):
            try:
                self._load(attempt.request.checkpoint, attempt.request.adapters)
                watch = AttemptWatch(self, attempt.id, self._config.preview_every)
                self._engine.begin(attempt, watch, thrifty=self._failures[attempt.id] > 1)
                self._begun[attempt.id] = attempt
            except DeviceBroken:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, only this attempt ends of it
                self._end(attempt, error)

    def _load(self, checkpoint: str, adapters: Adapters = ()) -> dict[str, str]:
        self.loading = True
        try:
            return self._engine.load(checkpoint, adapters)
        finally:
            self.loading = False
            self._tell_what_is_held()

    def _tell_what_is_held(self) -> None:
        """Tell the bot what is in memory, where that has changed: what was loaded, and what had to leave for it."""
        held = dict(self._engine.held())
        if held != self._told:
            self._told = held
            plain = {name: told for (name, adapters), told in held.items() if not adapters}
            self.post(Holds(warm=tuple(held), fingerprints=plain))

    def _end(self, attempt: Attempt, outcome: Drawing | Exception) -> None:
        if isinstance(outcome, OutOfMemory) and self._failures[attempt.id] < TRIES:
            log.warning("attempt %s: %s; again when it is alone", attempt.id, outcome)
            self._failures[attempt.id] += 1
            self._again.append(attempt)
            return
        del self._failures[attempt.id]
        self.started.discard(attempt.id)
        self.wanted.discard(attempt.id)  # before the bot hears of the end, and may send it again
        self.post(_done(attempt, outcome) if isinstance(outcome, Drawing) else _failed(attempt, outcome))


def about_attempt(attempt: Attempt) -> AbstractContextManager[None]:
    """Let the lines of a block name the attempt, and the job whose it is."""
    return about(job=attempt.id.partition(":")[0], attempt=attempt.id)


def _done(attempt: Attempt, drawing: Drawing) -> Done:
    return Done(
        attempt_id=attempt.id,
        pictures=drawing.pictures,
        seconds=drawing.seconds,
        truncated=drawing.truncated,
    )


def _failed(attempt: Attempt, error: Exception) -> Failed:
    kind = next((kind for type_, kind in KINDS.items() if isinstance(error, type_)), FailureKind.ENGINE)
    if kind in (FailureKind.ENGINE, FailureKind.UNUSABLE):
        log.error("attempt %s", attempt.id, exc_info=error)
    detail = f"{type(error).__name__}: {error}" if kind is FailureKind.ENGINE else str(error) or str(kind)
    return Failed(attempt_id=attempt.id, kind=kind, detail=detail)
