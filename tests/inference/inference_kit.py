"""What the tests of the inference room share: checkpoints, requests, a watch, and one running executor."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from config.settings import Settings, load_settings
from inference.checkpoints import Checkpoint, Weights
from inference.executor import WorkerInfo, WorkerState
from inference.local import LocalExecutor
from inference.protocol import Attempt, Done, Event, Failed
from inference.request import ImageRequest, Sampler
from inference.supervisor import Patience

QUICK = Patience(load=60, ping_every=0.1, silence=10, stall=2, cancel=2)


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


async def until(executor: LocalExecutor, state: WorkerState) -> WorkerInfo:
    while executor.workers()[0].state is not state:
        await executor.changed()
    return executor.workers()[0]


@asynccontextmanager
async def until_ready(executor: LocalExecutor) -> AsyncIterator[LocalExecutor]:
    """Start the executor, and give it once every worker is ready."""
    await executor.start()
    try:
        async with asyncio.timeout(90):
            while any(worker.state is not WorkerState.READY for worker in executor.workers()):
                await executor.changed()
        yield executor
    finally:
        await executor.close(0)


async def run(executor: LocalExecutor, attempt: Attempt) -> list[Event]:
    """Return every event of the attempt; that exactly one of them is terminal, and the last, always holds."""
    events = [event async for event in executor.run(executor.workers()[0].id, attempt)]
    assert [isinstance(event, Done | Failed) for event in events] == [False] * (len(events) - 1) + [True]
    return events


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
