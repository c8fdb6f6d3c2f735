"""What does an executor add to an attempt? Both kinds on this machine, by turns; a step of the engine is a millisecond.

In milliseconds: from the call to the first event (`started`), from a cancel to the end (`cancelled`), and the whole of
an attempt of one 1024 x 1024 picture, whose 3 MB Ray carries (`whole`).
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks._bot import report
from benchmarks._instant import INSTANT
from config.settings import Ray, load_settings
from inference.executor import Executor, WorkerState
from inference.local import LocalExecutor
from inference.protocol import Attempt, Done
from inference.ray import RayExecutor
from inference.request import ImageRequest, Sampler

WARM_UP = 5  # attempts that do not count
_numbers = count(1)


@asynccontextmanager
async def ready(executor: Executor) -> AsyncIterator[Executor]:
    """Start an executor and wait for its worker; close it at the end."""
    try:
        await executor.start()
        while not executor.workers() or executor.workers()[0].state is not WorkerState.READY:
            await executor.changed()
        yield executor
    finally:
        await executor.close(0)


async def measure(attempts: int) -> dict[str, Any]:
    """Return the figures of each kind of executor."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data=Path(folder), devices=("cpu",)).model_copy(update={"ray": Ray(address="local")})
        async with (
            ready(LocalExecutor(settings, {}, engine=INSTANT)) as local,
            ready(RayExecutor(settings, {}, engine=INSTANT)) as ray,
        ):
            kinds = {"local": local, "ray": ray}
            seconds: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
            for _ in range(attempts):
                for kind, executor in kinds.items():
                    seconds[kind].append(await _times(executor, Path(folder)))
    return {kind: _figures(measured[WARM_UP:]) for kind, measured in seconds.items()}


async def _times(executor: Executor, spool: Path) -> dict[str, float]:
    """Draw a picture, and cancel another; return the seconds of each part."""
    began = time.perf_counter()
    events = executor.run(executor.workers()[0].id, _attempt(spool, steps=1))
    await anext(events)
    started = time.perf_counter()
    (end,) = [event async for event in events]
    whole = time.perf_counter()
    assert isinstance(end, Done)

    endless = _attempt(spool, steps=2)
    events = executor.run(executor.workers()[0].id, endless)
    await anext(events)
    asked = time.perf_counter()
    await executor.cancel(endless.id)
    assert [event async for event in events]
    return {"started": started - began, "whole": whole - began, "cancelled": time.perf_counter() - asked}


def _attempt(spool: Path, steps: int) -> Attempt:
    request = ImageRequest(
        checkpoint="demo",
        prompt="a red circle",
        seed=0,
        width=1024,
        height=1024,
        num_inference_steps=steps,
        guidance_scale=1.0,
        sampler=Sampler.DDIM,
    )
    return Attempt(id=f"{next(_numbers)}:1", request=request, source_path=None, spool=str(spool))


def _figures(measured: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    return {part: _summary([each[part] for each in measured]) for part in measured[0]}


def _summary(seconds: list[float]) -> dict[str, float]:
    return {"p50": round(median(seconds) * 1e3, 1), "p99": round(quantiles(seconds, n=100)[-1] * 1e3, 1)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--attempts", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report(asyncio.run(measure(arguments.attempts)), arguments.json)
