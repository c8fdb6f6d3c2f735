"""Does it pay to draw everybody's requests at once? Eight mixed requests that come together, drawn three ways.

`engine`: step by step together, as the worker does. `alone`: the same engine, one request after another. `diffusers`:
the plain pipeline, one request after another, with the same thread count. In each run every way draws the same
requests; `total_s` is until the last picture is there, `shortest_s` until that of the shortest request is, and
`first_in_first_out_s` when the shortest is done if it came last. Ratios are to diffusers'. `rows` is how many rows a
call has; `lone_padding`: how much longer a lone picture without guidance takes because of the rows that fill up.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from diffusers import StableDiffusionPipeline

from benchmarks._bot import report
from benchmarks._engine import Nobody
from config.settings import load_settings
from inference.checkpoints import load_checkpoints
from inference.engine.engine import DiffusersEngine
from inference.engine.press import call, native_shape, sample_rows
from inference.engine.rows import Rows
from inference.engine.schedulers import make_scheduler
from inference.protocol import Attempt
from inference.request import ImageRequest, Sampler

STEPS = (20, 12, 30, 8, 20, 16, 4, 25)
GUIDANCE = (3.0, 7.5, 1.0, 3.0, 1.0, 5.0, 3.0, 3.0)
SAMPLERS = (Sampler.DDIM, Sampler.EULER, Sampler.EULER_A, Sampler.DPMPP_2M, Sampler.UNIPC, Sampler.DDIM, Sampler.LCM)
PROMPTS = ("a red circle", "two blue stars on a meadow", "a green fish in the sea", "a striped yellow house at night")
SHORTEST = min(range(len(STEPS)), key=lambda index: STEPS[index])
CALLS = 10


def mixed(side: int) -> list[ImageRequest]:
    """Return the requests: other steps, guidance, samplers and prompts, one size."""
    return [
        ImageRequest(
            checkpoint="demo",
            prompt=PROMPTS[index % len(PROMPTS)],
            seed=index,
            width=side,
            height=side,
            num_inference_steps=steps,
            guidance_scale=GUIDANCE[index],
            sampler=SAMPLERS[index % len(SAMPLERS)],
        )
        for index, steps in enumerate(STEPS)
    ]


def measure(device: str, runs: int) -> dict[str, Any]:
    """Return the figures, medians over the runs."""
    with _engine(device) as (engine, folder):
        requests = mixed(engine._shelf.take("demo").checkpoint.native_side)
        pipeline = _pipeline(engine)
        ways: dict[str, Callable[[], list[float]]] = {
            "engine": lambda: _together(engine, requests, folder),
            "alone": lambda: _one_by_one(lambda request: _draw(engine, request, folder), requests),
            "diffusers": lambda: _one_by_one(lambda request: _plain(pipeline, request), requests),
        }
        for way in ways.values():
            way()
        ends = {name: [way() for _ in range(runs)] for name, way in ways.items()}
        return _figures(ends) | _padding(engine)


def _figures(ends: dict[str, list[list[float]]]) -> dict[str, Any]:
    totals = {name: median(max(run) for run in found) for name, found in ends.items()}
    plain = totals["diffusers"]
    figures: dict[str, Any] = {
        name: {"total_s": round(total, 2), "of_diffusers": round(total / plain, 3)} for name, total in totals.items()
    }
    shortest = median(run[SHORTEST] for run in ends["engine"])
    figures["engine"] |= {"shortest_s": round(shortest, 2)}
    figures["first_in_first_out_s"] = round(plain, 2)
    figures["shortest_sooner_by"] = round(plain / shortest, 1)
    return figures


@torch.inference_mode()
def _padding(engine: DiffusersEngine) -> dict[str, Any]:
    model = engine._shelf.take("demo")
    row = sample_rows(model, native_shape(model), 1, seed=0)
    width = engine._press.width(model, row.shape)
    full = Rows.join([row], width)
    alone, padded = (_seconds(partial(call, model, rows)) for rows in (row, full))
    return {"rows": width, "lone_padding": round(padded / alone, 2)}


def _seconds(work: Callable[[], object]) -> float:
    work()
    began = time.perf_counter()
    for _ in range(CALLS):
        work()
    return time.perf_counter() - began


def _together(engine: DiffusersEngine, requests: list[ImageRequest], folder: Path) -> list[float]:
    began = time.perf_counter()
    for index, request in enumerate(requests):
        engine.begin(Attempt(id=str(index), request=request, source_path=None, spool=str(folder)), Nobody())
    ends: dict[int, float] = {}
    while len(ends) < len(requests):
        for name, _ in engine.tick():
            ends[int(name)] = time.perf_counter() - began
    return [ends[index] for index in range(len(requests))]


def _one_by_one(draw: Callable[[ImageRequest], object], requests: list[ImageRequest]) -> list[float]:
    began, ends = time.perf_counter(), []
    for request in requests:
        draw(request)
        ends.append(time.perf_counter() - began)
    return ends


def _draw(engine: DiffusersEngine, request: ImageRequest, folder: Path) -> None:
    engine.draw(Attempt(id="alone", request=request, source_path=None, spool=str(folder)), Nobody())


def _plain(pipeline: Any, request: ImageRequest) -> None:
    pipeline.scheduler = make_scheduler(request.sampler, pipeline.scheduler.config)
    pipeline(
        request.prompt,
        width=request.width,
        height=request.height,
        num_inference_steps=request.num_inference_steps,
        guidance_scale=request.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(request.seed),
    )


def _pipeline(engine: DiffusersEngine) -> Any:
    """Return diffusers' own pipeline on the same weights, in the same precision."""
    model = engine._shelf.take("demo")
    folder = model.checkpoint.weights.folder
    kind: Any = StableDiffusionPipeline
    pipeline = kind.from_pretrained(folder, torch_dtype=model.dtype).to(model.device)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@contextmanager
def _engine(device: str) -> Iterator[tuple[DiffusersEngine, Path]]:
    checkpoint = load_checkpoints(load_settings().models)["demo"]
    with tempfile.TemporaryDirectory() as folder:
        engine = DiffusersEngine(device, {"demo": checkpoint}, Path(folder))
        engine.load("demo")
        yield engine, Path(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    report(measure(arguments.device, arguments.runs), arguments.json)
