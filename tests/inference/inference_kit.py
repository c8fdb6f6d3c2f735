"""What the tests of the inference room share: checkpoints, requests, a watch, and running executors."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from config.settings import Settings, load_settings
from inference.checkpoints import Checkpoint, Weights
from inference.executor import Executor, WorkerInfo, WorkerState
from inference.local import LocalExecutor
from inference.protocol import Attempt, Done, Event, Failed, FailureKind
from inference.request import ImageRequest, Sampler
from inference.supervisor import Patience

SCRIPTED = "tests.fakes_inference:ScriptedEngine"
QUICK = Patience(load=60, ping_every=0.1, silence=10, stall=5, cancel=2)
_numbers = count(1)


def a_checkpoint(folder: Path, name: str = "tiny", **values: Any) -> Checkpoint:
    defaults: dict[str, Any] = {
        "title": name,
        "weights": Weights(source=str(folder)),
        "family": "sd1",
        "native_side": 128,
        "min_side": 64,
        "max_side": 512,
        "max_pixels": 512 * 512,
        "sampler": Sampler.DDIM,
        "num_inference_steps": 4,
        "guidance_scale": 7.5,
        "licence": "MIT",
        "licence_url": "LICENSE",
        "image_check": "closed world",
    }
    return Checkpoint(name=name, **defaults | values)


def a_request(**values: Any) -> ImageRequest:
    defaults: dict[str, Any] = {
        "checkpoint": "tiny",
        "prompt": "a red circle",
        "seed": 0,
        "width": 128,
        "height": 128,
        "num_inference_steps": 4,
        "guidance_scale": 7.5,
        "sampler": Sampler.DDIM,
    }
    return ImageRequest(**defaults | values)


def an_attempt(
    spool: Path, attempt_id: str = "1", source: Path | None = None, mask: Path | None = None, **values: Any
) -> Attempt:
    spool.mkdir(parents=True, exist_ok=True)
    request = a_request(source="0" * 64 if source else None, mask="1" * 64 if mask else None, **values)
    paths = {"source_path": str(source) if source else None, "mask_path": str(mask) if mask else None}
    return Attempt(id=attempt_id, request=request, spool=str(spool), **paths)


def a_new_attempt(spool: Path, *files: Path, **values: Any) -> Attempt:
    """Return an attempt whose id no other has: where workers are shared, what was asked of one must not hit another."""
    return an_attempt(spool, f"{next(_numbers)}:1", *files, **values)


class Bystander:
    """A watch that remembers what it saw."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int]] = []
        self.previews: list[bytes] = []

    def wanted(self) -> bool:
        return True

    def started(self) -> None:
        pass

    def step(self, done: int, of: int) -> None:
        self.steps.append((done, of))

    def wants_preview(self) -> bool:
        return True

    def preview(self, jpeg: bytes, seen: dict[str, float] | None) -> None:
        self.previews.append(jpeg)


def pixels_of(event: Event) -> list[np.ndarray]:
    assert isinstance(event, Done), event
    return [np.load(picture.path) for picture in event.pictures]


def settings_for(data: Path, checkpoint: str, **times: float) -> Settings:
    settings = load_settings(data=data, checkpoint=checkpoint, checkpoints=(checkpoint,), devices=("cpu",))
    return settings.model_copy(update={"times": settings.times.model_copy(update=times)})


def worker_pids() -> list[int]:
    """Return the process ids of the workers that this process has."""
    return [child.pid for child in psutil.Process().children() if "inference.worker" in child.cmdline()]


def worker_pid() -> int:
    """Return the process id of the only worker."""
    (pid,) = worker_pids()
    return pid


async def until(executor: Executor, state: WorkerState) -> WorkerInfo:
    while executor.workers()[0].state is not state:
        await executor.changed()
    return executor.workers()[0]


async def run(executor: Executor, attempt: Attempt, worker: int = 0) -> list[Event]:
    """Return every event of the attempt; that exactly one of them is terminal, and the last, always holds."""
    return await read(begin(executor, attempt, worker))


def begin(executor: Executor, attempt: Attempt, worker: int = 0) -> AsyncIterator[Event]:
    """Start an attempt on one of the workers."""
    return executor.run(executor.workers()[worker].id, attempt)


async def read(stream: AsyncIterator[Event]) -> list[Event]:
    """Return every event of a stream that has begun; exactly one is terminal, and the last."""
    events = [event async for event in stream]
    assert [isinstance(event, Done | Failed) for event in events] == [False] * (len(events) - 1) + [True]
    return events


def failure(events: list[Event]) -> FailureKind:
    """Return how an attempt failed."""
    assert isinstance(events[-1], Failed), events[-1]
    return events[-1].kind


def pid_of(worker: WorkerInfo) -> int:
    """Return the process id of a worker with the scripted engine."""
    return int(worker.fingerprint["pid"])


def kill(worker: WorkerInfo) -> None:
    """End a worker with the scripted engine as a crash would."""
    os.kill(pid_of(worker), signal.SIGKILL)


async def until_free(executor: Executor, workers: int) -> None:
    """Wait until so many workers are there, and each is ready with all its lanes."""
    async with asyncio.timeout(60):
        while [each.lanes_free for each in executor.workers()] != [2] * workers:
            await executor.changed()


class Stage:
    """Opens executors one after another, each with `workers` workers, and keeps the latest while nobody closes it."""

    def __init__(self, make: Callable[[], Executor], workers: int, folder: Path) -> None:
        self._make = make
        self._folder = folder
        self._workers = workers
        self._open: Executor | None = None

    async def executor(self) -> Executor:
        """Give an executor whose workers are free, and as good as new: each has drawn something since it died last."""
        if self._open is None:
            self._open = self._make()
            await self._open.start()
        await until_free(self._open, self._workers)
        for worker in range(self._workers):
            assert isinstance((await run(self._open, a_new_attempt(self._folder), worker))[-1], Done)
        return self._open

    async def close(self, seconds: float) -> None:
        """Close the executor."""
        executor, self._open = self._open, None
        if executor is not None:
            await executor.close(seconds)


@asynccontextmanager
async def running(
    data: Path, checkpoint: Checkpoint, engine: str | None = None, patience: Patience = QUICK, **times: float
) -> AsyncIterator[LocalExecutor]:
    options = {"engine": engine} if engine else {}
    settings = settings_for(data, checkpoint.name, **times)
    executor = LocalExecutor(settings, {checkpoint.name: checkpoint}, patience=patience, **options)
    await executor.start()
    try:
        yield executor
    finally:
        await executor.close(0)
