"""A cost model fitted to this machine: by the jobs it has done, else by a few small pictures that nobody asked for."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from config.words import UserError
from db.jobs import Timing
from inference.checkpoints import Checkpoint
from inference.executor import Executor, WorkerInfo, WorkerState
from inference.protocol import Attempt, Done, Event, Failed, FailureKind
from inference.request import ImageRequest
from jobs.attempt import spool_folder
from jobs.cost import CostModel

STEPS = 2, 6  # at the native size: apart enough to tell a step from what comes once
STEPS_AT_HALF = 4

log = logging.getLogger(__name__)


class Calibration:
    """Teaches a cost model the speed of one machine. Its pictures lie under `spool` while they are drawn."""

    def __init__(self, *, costs: CostModel, executor: Executor, spool: Path) -> None:
        self._costs = costs
        self._executor = executor
        self._spool = spool
        self._device: str | None = None  #: whose timings are recalled

    def recall(self, timings: Sequence[Timing]) -> None:
        """Learn from finished jobs, the latest first: from those of the device that did the latest."""
        self._costs.forget()
        self._device = timings[0].fingerprint.get("device") if timings else None
        for timing in reversed(timings):
            if timing.fingerprint.get("device") == self._device:
                with suppress(UserError, TypeError, ValueError, KeyError):  # what an earlier version understood
                    self._costs.observe(ImageRequest.from_dict(timing.request), timing.seconds)

    async def run(self, checkpoint: Checkpoint, idle: Callable[[], bool]) -> None:
        """Wait for the first worker; where no job has told yet how fast it draws, time some pictures.

        It gives way at the next step once `idle` says that somebody's job is there, and never raises.
        """
        try:
            worker = await self._first_ready()
            if worker.fingerprint.get("device") != self._device:
                self._costs.forget()
            if not self._costs.knows(checkpoint.name):
                await self._time(worker.id, checkpoint, idle)
        except Exception:
            log.exception("the speed of %s was not measured; jobs will tell it", checkpoint.name)

    async def _first_ready(self) -> WorkerInfo:
        while True:
            for worker in self._executor.workers():
                if worker.state is WorkerState.READY:
                    return worker
            await self._executor.changed()

    async def _time(self, worker: str, checkpoint: Checkpoint, idle: Callable[[], bool]) -> None:
        async with spool_folder(self._spool) as spool:
            for index, request in enumerate(requests(checkpoint)):
                if not idle():
                    return
                attempt = Attempt(id=f"calibration:{index}", request=request, source_path=None, spool=spool)
                match await self._draw(worker, attempt, idle):
                    case Done(seconds=seconds):
                        self._costs.observe(request, seconds)
                    case Failed(kind=kind, detail=detail) if kind is not FailureKind.CANCELLED:
                        log.warning("the speed of %s was not measured: %s %s", checkpoint.name, kind, detail)
                        return

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
