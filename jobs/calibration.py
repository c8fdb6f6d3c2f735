"""Cost models fitted to the cards here: by the jobs they have done, else by a few small pictures nobody asked for."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from config.words import UserError
from db.timings import Timing
from inference.checkpoints import Checkpoint
from inference.executor import Executor, WorkerInfo, WorkerState
from inference.protocol import Attempt, Done, Event, Failed, FailureKind
from inference.request import ImageRequest
from jobs.attempt import spool_folder
from jobs.costs import Costs, kind_of

STEPS = 2, 6  # at the native size: apart enough to tell a step from what comes once
STEPS_AT_HALF = 4
QUIET_SECONDS = 30.0  # without anybody's job, before a checkpoint is loaded that nobody asked for
LOOK_EVERY = 1.0  # seconds

log = logging.getLogger(__name__)


class Calibration:
    """Teaches cost models the speed of the workers that are there. Its pictures lie under `spool` while they are drawn.

    After the first checkpoint it waits each time until nobody's job was there for so many seconds as `quiet` says.
    """

    def __init__(self, *, costs: Costs, executor: Executor, spool: Path, quiet: float = QUIET_SECONDS) -> None:
        self._costs = costs
        self._executor = executor
        self._spool = spool
        self._quiet = quiet

    def recall(self, timings: Sequence[Timing]) -> None:
        """Learn from finished jobs, the latest first."""
        for timing in reversed(timings):
            with suppress(UserError, TypeError, ValueError, KeyError):  # what an earlier version understood
                request, kind = ImageRequest.from_dict(timing.request), kind_of(timing.fingerprint)
                self._costs.observe(request, timing.seconds, kind)

    async def run(self, checkpoints: Sequence[Checkpoint], idle: Callable[[], bool]) -> None:
        """Wait for a worker; where no job has told yet how fast its kind draws with a checkpoint, time some pictures.

        Of each kind that is ready by then one worker draws them. The first checkpoint is the one that workers load at
        the start. It gives way at the next step once `idle` says that somebody's job is there, comes back to what it
        did not get to know, and never raises.
        """
        await self._first_ready()
        first, *others = checkpoints
        gave_way = await self._try(first, self._unknown(first), idle)
        unknown = [each for each in others if self._unknown(each)]
        for checkpoint in [first, *unknown] if gave_way else unknown:
            await self._learn(checkpoint, idle)
        if unknown:  # they may have taken the first one's place in the device's memory
            await self._quiet_time(idle)
            await self._try(first, self._kinds(), idle)

    async def _learn(self, checkpoint: Checkpoint, idle: Callable[[], bool]) -> None:
        """Time some pictures in a quiet time, unless jobs have told more by then."""
        gave_way = True
        while gave_way and self._unknown(checkpoint):
            await self._quiet_time(idle)
            gave_way = await self._try(checkpoint, self._unknown(checkpoint), idle)

    def _kinds(self) -> dict[str, WorkerInfo]:
        """Return one ready worker of every kind that is here."""
        ready = [worker for worker in self._executor.workers() if worker.state is WorkerState.READY]
        return {kind_of(worker.fingerprint): worker for worker in reversed(ready)}

    def _unknown(self, checkpoint: Checkpoint) -> dict[str, WorkerInfo]:
        """Return one of every kind of which it is not known how fast it draws with the checkpoint."""
        return {kind: each for kind, each in self._kinds().items() if not self._costs.knows(checkpoint.name, kind)}

    async def _quiet_time(self, idle: Callable[[], bool]) -> None:
        """Return once nobody's job was there for a while."""
        calm = 0.0
        while calm < self._quiet:
            pause = min(LOOK_EVERY, self._quiet)
            await asyncio.sleep(pause)
            calm = calm + pause if idle() else 0.0

    async def _try(self, checkpoint: Checkpoint, workers: Mapping[str, WorkerInfo], idle: Callable[[], bool]) -> bool:
        """Have each of the workers draw some pictures; say whether it had to give way."""
        for kind, worker in workers.items():
            try:
                if await self._time(worker.id, checkpoint, idle):
                    return True
            except Exception:
                log.exception("the speed of %s on %s was not measured; jobs will tell it", checkpoint.name, kind)
        return False

    async def _first_ready(self) -> None:
        while not self._kinds():
            await self._executor.changed()

    async def _time(self, worker: str, checkpoint: Checkpoint, idle: Callable[[], bool]) -> bool:
        async with spool_folder(self._spool) as spool:
            for request in requests(checkpoint):
                if not idle():
                    return True
                # an id of its own: a worker that outlived the bot may still be ending an earlier one
                attempt = Attempt(id=f"calibration:{uuid4().hex}", request=request, source_path=None, spool=spool)
                match await self._draw(worker, attempt, idle):
                    case Done(seconds=seconds, pictures=pictures):
                        self._costs.observe(request, seconds, kind_of(pictures[0].fingerprint))
                    case Failed(kind=FailureKind.CANCELLED):
                        return True
                    case Failed(kind=kind, detail=detail):
                        log.warning("the speed of %s was not measured: %s %s", checkpoint.name, kind, detail)
                        return False
        return False

    async def _draw(self, worker: str, attempt: Attempt, idle: Callable[[], bool]) -> Event | None:
        last: Event | None = None
        async for event in self._executor.run(worker, attempt):
            if not idle():
                await self._executor.cancel(attempt.id)
            last = event
        return last


def requests(checkpoint: Checkpoint) -> Iterator[ImageRequest]:
    """Yield what tells a checkpoint's speed: the smaller size first, for the first picture warms the engine up."""
    native, multiple = checkpoint.native_side, checkpoint.side_multiple
    half = min(native, max(native // 2 // multiple * multiple, checkpoint.min_side))
    yield _request(checkpoint, half, STEPS_AT_HALF)
    for steps in STEPS:
        yield _request(checkpoint, native, steps)


def _request(checkpoint: Checkpoint, side: int, steps: int) -> ImageRequest:
    return ImageRequest(
        checkpoint=checkpoint.name,
        prompt="",
        seed=0,
        width=side,
        height=side,
        num_inference_steps=steps,
        guidance_scale=checkpoint.guidance_scale,
        sampler=checkpoint.sampler,
    )
