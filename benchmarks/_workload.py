"""A checkpoint under load: how fast each way of drawing is, and what the engine's promises cost."""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks._requests import mixed, usual, work
from benchmarks._stream import Arrival, Line, at_once, clerks, poisson
from benchmarks._ways import Pipeline, Together, Way, compiled, pipeline_of
from config.settings import load_settings
from inference.checkpoints import Checkpoint
from inference.engine.capture import Recorder
from inference.engine.engine import DiffusersEngine
from inference.engine.model import Model
from inference.engine.press import native_shape, sample_rows
from inference.engine.preview import to_jpeg
from inference.engine.rows import Rows
from inference.request import ImageRequest

RATES = (0.7, 1.2)  #: arrivals, by what the plain pipeline can draw
CALLS = 10
Figures = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """An engine with one checkpoint."""

    engine: DiffusersEngine
    checkpoint: Checkpoint
    folder: Path

    @property
    def model(self) -> Model:
        """The checkpoint in memory."""
        return self.engine._shelf.take(self.checkpoint.name)

    @property
    def clock(self) -> Callable[[], float]:
        """What work is timed by: on a CPU the processor's time, so that other programs do not count."""
        return time.perf_counter if self.model.device.type == "cuda" else time.thread_time

    @property
    def width(self) -> int:
        """The number of rows of a call."""
        return self.engine._press.width(self.model, native_shape(self.model))


@contextmanager
def opened(checkpoint: Checkpoint, device: str) -> Iterator[Workload]:
    """Open an engine for a checkpoint, all that is chosen once chosen anew."""
    with TemporaryDirectory() as folder:
        engine = DiffusersEngine(device, {checkpoint.name: checkpoint}, Path(folder))
        engine.load(checkpoint.name)
        yield Workload(engine, checkpoint, Path(folder))


def loads(workload: Workload, images: int) -> Figures:
    """Return what each way comes to: so many usual requests at once, and mixed ones that come at random."""
    checkpoint, dice = workload.checkpoint, random.Random(6)
    alike, various = [usual(checkpoint, number) for number in range(images)], mixed(checkpoint, images, dice)
    ways, count = _ways(workload), max(1, len(os.sched_getaffinity(0)) // 4)
    with clerks(count) as pool:

        def serve(arrivals: list[Arrival]) -> Figures:
            return {name: Line(way, pool, workload.clock).serve(arrivals).figures() for name, way in ways.items()}

        kinds = list({(request.guidance_scale, request.sampler): request for request in various}.values())
        warm_up = {name: round(_seconds(partial(_warm_up, way, kinds)), 1) for name, way in ways.items()}
        press = workload.engine._press
        press.used = press.called = 0
        figures: Figures = {"warm_up_s": warm_up, "clerks": count, "full_load": serve(at_once(alike))}
        figures["padding_at_full_load"] = round(1 - press.used / press.called, 3)
        capacity = figures["full_load"]["diffusers"]["images_per_s"] * work(alike) / work(various)
        for rate in RATES:
            figures[f"poisson_{rate}"] = serve(poisson(various, rate * capacity, random.Random(7)))
    return _with_ratios(figures)


def _ways(workload: Workload) -> dict[str, Way]:
    most = max(2, workload.width // 2)
    checkpoint, model = workload.checkpoint, workload.model
    return {
        "engine": Together(workload.engine, workload.folder),
        "diffusers": Pipeline(pipeline_of(model), checkpoint),
        "compiled": Pipeline(compiled(pipeline_of(model)), checkpoint),
        "batches": Pipeline(pipeline_of(model), checkpoint, most),
    }


def _warm_up(way: Way, kinds: list[ImageRequest]) -> None:
    """Let the way meet whatever it may be compiled for."""
    for request in kinds:
        way.take(0, replace(request, num_inference_steps=2))
        while way.busy:
            way.work()


def _with_ratios(figures: Figures) -> Figures:
    for load in (load for load in figures.values() if isinstance(load, dict) and "diffusers" in load):
        for found in load.values():
            if isinstance(found, dict):
                found["of_diffusers"] = round(found["images_per_s"] / load["diffusers"]["images_per_s"], 2)
    return figures


@torch.inference_mode()
def padding(workload: Workload) -> Figures:
    """Return how much longer a lone row takes because of the rows that fill up, and how many there are."""
    model = workload.model
    row = sample_rows(model, native_shape(model), 1, seed=0)
    full = Rows.join([row], workload.width)
    recorder = Recorder(workload.folder)
    asks = [(recorder.eager(model, rows), rows) for rows in (row, full)]
    alone, padded = (_seconds_of_calls(partial(ask, rows), workload) for ask, rows in asks)
    return {"rows": workload.width, "lone_padding": round(padded / alone, 2)}


@torch.inference_mode()
def previews(workload: Workload) -> Figures:
    """Return what a preview takes, and its share of the time where every lane wants one as often as it may."""
    model = workload.model
    latents = sample_rows(model, native_shape(model), 1, seed=0).latents
    seconds = median(_seconds(lambda: to_jpeg(model.preview.look(latents)), workload.clock) for _ in range(CALLS))
    share = workload.engine.lanes * seconds / load_settings().times.preview_every
    return {"preview_ms": round(1000 * seconds, 2), "previews_cost": round(share, 4)}


def _seconds_of_calls(work: Callable[[], object], workload: Workload) -> float:
    def calls() -> None:
        for _ in range(CALLS):
            work()
        if workload.model.device.type == "cuda":
            torch.cuda.synchronize()

    calls()
    return _seconds(calls, workload.clock)


def _seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    began = clock()
    work()
    return clock() - began
