"""Cost models fitted to the cards here: by the jobs they have done, else by a few small pictures nobody asked for."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

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
        """Wait for a worker; where no job has told yet how fast it draws with a checkpoint, time some pictures.

        The first checkpoint is the one that workers load at the start. It gives way at the next step once `idle` says
        that somebody's job is there, comes back to what it did not get to know, and never raises.
        """
        await self._first_ready()
        first, *others = checkpoints
        gave_way = not self._knows(first) and await self._try(first, idle)
        unknown = [each for each in others if not self._knows(each)]
        for checkpoint in [first, *unknown] if gave_way else unknown:
            await self._learn(checkpoint, idle)
        if unknown:  # they may have taken the first one's place in the device's memory
            await self._quiet_time(idle)
            await self._try(first, idle)

    async def _learn(self, checkpoint: Checkpoint, idle: Callable[[], bool]) -> None:
        """Time some pictures in a quiet time, unless jobs have told more by then."""
        gave_way = True
        while gave_way and not self._knows(checkpoint):
            await self._quiet_time(idle)
            gave_way = await self._try(checkpoint, idle)

    def _knows(self, checkpoint: Checkpoint) -> bool:
        """Say whether it is known how fast a worker that is here draws with the checkpoint."""
        ready = [worker for worker in self._executor.workers() if worker.state is WorkerState.READY]
        return self._costs.knows(checkpoint.name, [kind_of(worker.fingerprint) for worker in ready])

    async def _quiet_time(self, idle: Callable[[], bool]) -> None:
        """Return once nobody's job was there for a while."""
        calm = 0.0
        while calm < self._quiet:
            pause = min(LOOK_EVERY, self._quiet)
            await asyncio.sleep(pause)
            calm = calm + pause if idle() else 0.0

    async def _try(self, checkpoint: Checkpoint, idle: Callable[[], bool]) -> bool:
        """Time some pictures; say whether it had to give way."""
        try:
            worker = await self._first_ready()
            return await self._time(worker.id, checkpoint, idle)
        except Exception:
            log.exception("the speed of %s was not measured; jobs will tell it", checkpoint.name)
            return False

    async def _first_ready(self) -> WorkerInfo:
        while True:
            for worker in self._executor.workers():
                if worker.state is WorkerState.READY:
                    return worker
            await self._executor.changed()

    async def _time(self, worker: str, checkpoint: Checkpoint, idle: Callable[[], bool]) -> bool:
        async with spool_folder(self._spool) as spool:
            for index, request in enumerate(requests(checkpoint)):
                if not idle():
                    return True
                attempt = Attempt(id=f"calibration:{index}", request=request, source_path=None, spool=spool)
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
