"""How far off is the estimate of a request's seconds? Half of the requests are learnt from, the other half judged.

Errors are relative to what a request took: by the wall's clock, and by the processor's, which other work on the
machine disturbs less. `one rate`: seconds over megapixels times steps times rows, the rate moved
by 0.3 of the difference with each request. `calibrated`: the fit after the pictures of a first start alone.
The pictures of the first start come before the others in what `one rate` and `fit` learn from.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks._bot import report
from benchmarks._engine import Nobody, Studio, demo_studio
from inference.protocol import Attempt
from inference.request import ImageRequest
from jobs.calibration import requests
from jobs.cost import CostModel

SIDES = (256, 320, 384, 512)
STEPS = (1, 25)
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.monotonic, "processor": time.process_time}
Timed = list[tuple[ImageRequest, float]]


class OneRate:
    """A rate per work, corrected by every request; FIXED_STEPS stand for what does not depend on the steps."""

    FIXED_STEPS = 3
    LEARNING_RATE = 0.3

    def __init__(self) -> None:
        self._rate: float | None = None

    def estimate(self, request: ImageRequest) -> float:
        """Return the expected seconds."""
        assert self._rate is not None
        return self._rate * self._work(request)

    def observe(self, request: ImageRequest, seconds: float) -> None:
        """Move the rate towards the one seen."""
        seen = seconds / self._work(request)
        self._rate = seen if self._rate is None else self._rate + self.LEARNING_RATE * (seen - self._rate)

    def _work(self, request: ImageRequest) -> float:
        rows = 1 if request.guidance_scale == 1 else 2
        return request.width * request.height * (request.num_inference_steps + self.FIXED_STEPS) * rows * request.count


def measure(number: int, seed: int) -> dict[str, Any]:
    """Return the errors of every way to estimate, by either clock."""
    with demo_studio() as studio:
        start = list(_timed(studio, requests(studio.checkpoint)))
        timed = list(_timed(studio, _spread(studio, number, seed)))
    figures: dict[str, Any] = {"learnt from": number // 2, "judged": number - number // 2}
    for clock in CLOCKS:
        first, others = ([(request, took[clock]) for request, took in part] for part in (start, timed))
        figures[clock] = {"calibration_s": round(sum(seconds for _, seconds in first), 2)}
        figures[clock] |= _compare(first, others[: number // 2], others[number // 2 :])
    return figures


def _compare(first: Timed, learnt: Timed, judged: Timed) -> dict[str, dict[str, float]]:
    ways: dict[str, tuple[OneRate | CostModel, Timed]] = {
        "first guess": (CostModel(), []),
        "calibrated": (CostModel(), first),
        "one rate": (OneRate(), first + learnt),
        "fit": (CostModel(), first + learnt),
    }
    for model, lessons in ways.values():
        for request, seconds in lessons:
            model.observe(request, seconds)
    return {way: _errors(model.estimate, judged) for way, (model, _) in ways.items()}


def _spread(studio: Studio, number: int, seed: int) -> Iterator[ImageRequest]:
    dice = np.random.default_rng(seed)
    for _ in range(number):
        yield ImageRequest(
            checkpoint=studio.checkpoint.name,
            prompt="a red circle",
            seed=0,
            width=int(dice.choice(SIDES)),
            height=int(dice.choice(SIDES)),
            num_inference_steps=int(dice.integers(*STEPS)),
            guidance_scale=float(dice.choice([1.0, 3.0])),
            sampler=studio.checkpoint.sampler,
            count=int(dice.integers(1, 3)),
        )


def _timed(studio: Studio, wanted: Iterator[ImageRequest]) -> Iterator[tuple[ImageRequest, dict[str, float]]]:
    for request in wanted:
        attempt = Attempt(id="1", request=request, source_path=None, spool=str(studio.folder))
        studio.engine.load(request.checkpoint)
        began = {clock: read() for clock, read in CLOCKS.items()}
        studio.engine.draw(attempt, Nobody())
        yield request, {clock: read() - began[clock] for clock, read in CLOCKS.items()}


def _errors(estimate: Callable[[ImageRequest], float], judged: Timed) -> dict[str, float]:
    errors = [abs(estimate(request) / seconds - 1) for request, seconds in judged]
    return {"median": round(float(np.median(errors)), 3), "p90": round(float(np.quantile(errors, 0.9)), 3)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    report(measure(arguments.requests, arguments.seed), arguments.json)
