"""Keeps one worker alive: restarts it with back-off, notices when it hangs, and never loses an attempt."""

import asyncio
import logging
import random
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from config.logs import about
from inference.choices import ChoiceFile
from inference.easel import WorkerConfig
from inference.executor import WorkerInfo, WorkerState
from inference.process import ChildProcess
from inference.protocol import (
    MESSAGES,
    Attempt,
    Cancel,
    Choice,
    Chosen,
    Counts,
    Done,
    Event,
    Holds,
    Loaded,
    Message,
    Ping,
    Pong,
    Ready,
    Run,
    Unusable,
)
from inference.streams import Streams, refused

DEATHS = 5
LONGEST_BACK_OFF = 60.0

Settle = Callable[[str, int | None], Awaitable[int | None]]  #: answers a worker's Choice, by its name and value

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds."""

    load: float
    ping_every: float = 2.0
    silence: float = 60.0  #: no sign of life at all
    stall: float = 300.0  #: busy, and no denoising step done
    cancel: float = 30.0  #: from the request to cancel to the attempt's end
    broken: float = 60.0  #: from one start to the next, for a worker that died too often in a row


def back_off(deaths: int) -> float:
    """Return the seconds to wait after so many deaths in a row: 0, 1, 1, 2, 3, 5 ... 60."""
    seconds, following = 0, 1
    for _ in range(deaths - 1):
        seconds, following = following, seconds + following
    return min(float(seconds), LONGEST_BACK_OFF)


class Supervisor:
    """One worker of the executor, through all the lives of its process.

    `settle` says what all workers draw with; without it, this machine's own choices are kept where its worker's are.
    """

    def __init__(
        self,
        worker_id: str,
        config: WorkerConfig,
        patience: Patience,
        changed: Callable[[], None],
        settle: Settle | None = None,
    ) -> None:
        self.id = worker_id
        self._process: ChildProcess[Message] | None = None
        self._config = config
        self._patience = patience
        self._changed = changed
        self._settle = settle or ChoiceFile(config.cache / "rows.json").settle
        self._answers: set[asyncio.Task[None]] = set()
        self._state = WorkerState.STARTING
        self._ready: Ready | None = None
        self._warm: tuple[Loaded, ...] = ()
        self._fingerprints: dict[str, dict[str, str]] = {}
        self._problem: str | None = None
        self._deaths = 0  #: in a row
        self._deaths_in_all = 0
        self._blamed: set[str] = set()  #: jobs that were drawn at a death, since the last attempt that was done
        self._attempts = Streams(self.cancel)
        self._heard = self._moved = time.monotonic()
        self._steps = 0
        self._counts = Counts()
        self._loading = True

    @property
    def info(self) -> WorkerInfo:
        """The worker as the dispatcher sees it."""
        return WorkerInfo(
            id=self.id,
            state=self._state,
            device=self._config.device,
            lanes_free=self._lanes_free,
            fingerprint=self._ready.fingerprint if self._ready else {},
            problem=self._problem,
            host=socket.gethostname(),
            memory=self._ready.memory if self._ready else None,
            warm=self._warm,
            fingerprints=self._fingerprints,
            deaths=self._deaths_in_all,
            steps=self._steps,
            counts=self._counts,
        )

    @property
    def busy(self) -> bool:
        """Whether an attempt runs."""
        return bool(self._attempts)

    @property
    def lanes(self) -> int:
        """How many attempts it takes at once: none while it is not ready."""
        return self._ready.lanes if self._state is WorkerState.READY and self._ready is not None else 0

    @property
    def _lanes_free(self) -> int:
        return max(0, self.lanes - len(self._attempts))

    async def live(self) -> None:
        """Run the process again and again, until it is cancelled.

        Who has died too often in a row is broken until it is ready again, which it tries ever so slowly; only an
        attempt that is done makes it as good as new. Several deaths over one and the same job count once: they are the
        job's fault, and it is given up before long.
        """
        with about(worker=self.id):
            while True:
                await self._live_and_die()
                await self._rest()

    async def _live_and_die(self) -> None:
        if self._deaths < DEATHS:
            self._move_to(WorkerState.STARTING)
        try:
            await self._live_once()
        except OSError as error:
            self._problem = f"its process cannot be started: {error}"
        finally:
            at_work = set(self._jobs_at_work())
            self._attempts.lose(self._attempts, self._problem or "the executor closes")
        self._deaths_in_all += 1
        self._deaths += not at_work or not at_work <= self._blamed
        self._blamed |= at_work

    async def _rest(self) -> None:
        if self._deaths < DEATHS:
            log.warning("worker %s died (%d in a row): %s", self.id, self._deaths, self._problem)
            self._move_to(WorkerState.RESTARTING)
            await asyncio.sleep(back_off(self._deaths) * random.uniform(1.0, 1.2))  # noqa: S311 - jitter
        else:
            log.error("worker %s is broken; what is wrong with it: %s", self.id, self._problem)
            self._move_to(WorkerState.BROKEN)
            await asyncio.sleep(self._patience.broken)

    def run(self, attempt: Attempt) -> AsyncIterator[Event]:
        """Start the attempt at once; its events come from the iterator, which must be read to its end."""
        if self._lanes_free < 1 or self._process is None:
            return refused(attempt.id)
        if not self.busy:
            self._moved = time.monotonic()
        self._process.send(Run(attempt=attempt))
        events = self._attempts.open(attempt.id)
        self._changed()
        return events

    def cancel(self, attempt_id: str) -> None:
        """Ask for the attempt's end, and kill the process where it does not come."""
        if attempt_id not in self._attempts or self._process is None:
            return
        self._process.send(Cancel(attempt_id=attempt_id))
        asyncio.get_running_loop().call_later(self._patience.cancel, self._insist, attempt_id)

    def _insist(self, attempt_id: str) -> None:
        if attempt_id not in self._attempts or self._process is None:
            return
        if self._loading:  # which has a limit of its own, and is nobody's disobedience
            asyncio.get_running_loop().call_later(self._patience.cancel, self._insist, attempt_id)
        else:
            self._process.kill("it did not heed a cancel")

    def _jobs_at_work(self) -> list[str]:
        """Return the jobs whose attempts run, by the first part of the attempts' ids."""
        return [attempt_id.partition(":")[0] for attempt_id in self._attempts]

    async def _live_once(self) -> None:
        self._heard = self._moved = time.monotonic()
        self._loading = True
        process = ChildProcess("inference.worker", self._config, MESSAGES)
        try:
            async with process:
                self._process = process
                await self._listen(process)
        finally:
            self._process = None
            self._warm = ()
        self._problem = process.epitaph()

    async def _listen(self, process: ChildProcess[Message]) -> None:
        heartbeat = asyncio.create_task(self._watch_over(process))
        try:
            async for message in process.messages():
                self._heard = time.monotonic()
                self._take(message, process)
        finally:
            for task in (heartbeat, *self._answers):
                task.cancel()

    def _take(self, message: Message, process: ChildProcess[Message]) -> None:
        match message:
            case Ready():
                self._ready, self._problem = message, None
                self._move_to(WorkerState.READY)
            case Holds(warm=warm, fingerprints=fingerprints):
                self._warm, self._fingerprints = warm, self._fingerprints | fingerprints
                self._changed()
            case Choice():
                self._begin_to_answer(message, process)
            case Unusable(problem=problem):
                process.kill(problem)
            case Pong(steps=steps, loading=loading, counts=counts):
                self._note_movement(steps, loading)
                self._counts = counts
            case Run() | Cancel() | Ping() | Chosen():
                log.error("worker %s sent a message meant for workers: %s", self.id, message)
            case _:
                self._pass_on(message)

    def _begin_to_answer(self, choice: Choice, process: ChildProcess[Message]) -> None:
        task = asyncio.create_task(self._answer(choice, process))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, choice: Choice, process: ChildProcess[Message]) -> None:
        """Tell the worker what counts for all; that it waits for this is not its fault."""
        try:
            process.send(Chosen(value=await self._settle(choice.name, choice.value)))
            self._moved = time.monotonic()
        except Exception as error:
            log.exception("worker %s: what it chose could not be kept", self.id)
            process.kill(f"what it chose could not be kept: {error}")

    def _note_movement(self, steps: int, loading: bool) -> None:
        if (steps, loading) != (self._steps, self._loading):
            self._moved = time.monotonic()
        self._steps, self._loading = steps, loading

    def _pass_on(self, event: Event) -> None:
        if self._attempts.deliver(event):
            if isinstance(event, Done):
                self._deaths = 0
                self._blamed.clear()
            self._changed()

    async def _watch_over(self, process: ChildProcess[Message]) -> None:
        while True:
            process.send(Ping())
            await asyncio.sleep(self._patience.ping_every)
            if complaint := self._complaint(time.monotonic()):
                process.kill(complaint)

    def _complaint(self, now: float) -> str:
        if now - self._heard > self._patience.silence:
            return f"it gave no sign of life for {self._patience.silence:g} s"
        if self._loading:
            late = not self._answers and now - self._moved > self._patience.load
            return f"it did not load its checkpoint within {self._patience.load:g} s" if late else ""
        stalled = self.busy and now - self._moved > self._patience.stall
        return f"it stood still for {self._patience.stall:g} s" if stalled else ""

    def _move_to(self, state: WorkerState) -> None:
        self._state = state
        self._changed()
