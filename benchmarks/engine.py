"""Does it pay to draw everybody's requests at once? In one run, beside diffusers' own pipeline on the same weights.

Eight mixed requests that come together: `engine` (step by step together, as the worker does), `alone` (the same engine,
one after another) and `diffusers` (the plain pipeline, one after another). `total_s` is until the last picture is
there, `shortest_s` until that of the shortest request is, and `first_in_first_out_s` when it is done if it came last.

Lines of requests, each picture marked and encoded by a clerk: `full_load`, where all come at once and ask for the same
settings, and `poisson_0.7` and `poisson_1.2`, where mixed ones come at random, at that share of what the plain pipeline
can draw. The ways: `engine`; `diffusers`, one by one; `compiled`, the same with torch.compile; `batches`, the oldest
request with those beside it that have its settings. The clock leaves out when there is nothing to do, so latencies are
right and `busy_share` is of the same clock; drawing on a CPU is timed by the processor's. Ratios are to diffusers'.
`warm_up_s` has what compiling took.

`rows`: of a call; `lone_padding`: how much longer a lone row takes because of those that fill up;
`padding_at_full_load`: the share of rows that were filled up. `previews_cost`: the most of the time that previews take.

With `--full`, the true architectures with random weights instead of the demo model: on a large GPU
`python -m benchmarks.engine --json --full --device cuda`. `aims` are the project's on an H200, `profile` says what took
the time.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._architectures import ARCHITECTURES, FULL
from benchmarks._bot import report
from benchmarks._checkpoints import make
from benchmarks._engine import Nobody
from benchmarks._profile import busiest
from benchmarks._requests import SHORTEST, eight
from benchmarks._ways import Pipeline, pipeline_of
from benchmarks._workload import Workload, loads, opened, padding, previews
from config.settings import load_settings
from inference.checkpoints import load_checkpoints
from inference.protocol import Attempt
from inference.request import ImageRequest

AIMS = {
    "sd15": {"images_per_s": 7.8, "of_diffusers": 3.0},
    "sdxl": {"images_per_s": 0.95},
    "sd-turbo": {"of_diffusers": 5.0},
}


def measure(device: str, runs: int, images: int) -> dict[str, Any]:
    """Return the figures of the demo model; those of the eight requests are medians over the runs."""
    with opened(load_checkpoints(load_settings().models)["demo"], device) as workload:
        return {"eight": _eight(workload, runs)} | _all_of(workload, images)


def measure_full(names: list[str], device: str, images: int) -> dict[str, Any]:
    """Return the figures of the architectures."""
    figures = {}
    for name in names:
        with TemporaryDirectory() as folder:
            checkpoint = make(ARCHITECTURES[name], Path(folder) / name, device=device)
            with opened(checkpoint, device) as workload:
                profile = busiest(workload.engine, checkpoint, workload.folder, device)
                figures[name] = _all_of(workload, images) | {"aims": AIMS.get(name, {}), "profile": profile}
    return figures


def _all_of(workload: Workload, images: int) -> dict[str, Any]:
    return loads(workload, images) | padding(workload) | previews(workload)


def _eight(workload: Workload, runs: int) -> dict[str, Any]:
    requests = eight(workload.checkpoint)
    pipeline = Pipeline(pipeline_of(workload.model), workload.checkpoint)
    ways: dict[str, Callable[[], list[float]]] = {
        "engine": lambda: _together(workload, requests),
        "alone": lambda: _one_by_one(lambda request: _draw(workload, request), requests, workload.clock),
        "diffusers": lambda: _one_by_one(lambda request: pipeline.draw([request]), requests, workload.clock),
    }
    for way in ways.values():
        way()
    return _figures({name: [way() for _ in range(runs)] for name, way in ways.items()})


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


def _together(workload: Workload, requests: list[ImageRequest]) -> list[float]:
    began = workload.clock()
    for index, request in enumerate(requests):
        workload.engine.begin(_attempt(workload, str(index), request), Nobody())
    ends: dict[int, float] = {}
    while len(ends) < len(requests):
        for name, _ in workload.engine.tick():
            ends[int(name)] = workload.clock() - began
    return [ends[index] for index in range(len(requests))]


def _one_by_one(
    draw: Callable[[ImageRequest], object], requests: list[ImageRequest], clock: Callable[[], float]
) -> list[float]:
    began, ends = clock(), []
    for request in requests:
        draw(request)
        ends.append(clock() - began)
    return ends


def _draw(workload: Workload, request: ImageRequest) -> None:
    workload.engine.draw(_attempt(workload, "alone", request), Nobody())


def _attempt(workload: Workload, name: str, request: ImageRequest) -> Attempt:
    return Attempt(id=name, request=request, source_path=None, spool=str(workload.folder))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--images", type=int, default=10, help="requests of each line")
    parser.add_argument(
        "--full", nargs="*", choices=ARCHITECTURES, metavar="NAME", help="architectures; all large ones"
    )
    given = parser.parse_args()
    if given.full is None:
        report(measure(given.device, given.runs, given.images), given.json)
    else:
        report(measure_full(given.full or list(FULL), given.device, given.images), given.json)
