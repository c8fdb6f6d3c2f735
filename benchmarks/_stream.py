"""Requests that come one by one, to one way of drawing them, and each picture marked and encoded by a clerk."""

import math
import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from statistics import median

import numpy as np

from benchmarks._ways import Way
from inference.engine.pictures import Picture
from inference.request import ImageRequest
from provenance.picture import Facts
from provenance.stamp import stamp

WARM_SIDE = 256
Arrival = tuple[float, ImageRequest]  #: when it comes, in seconds since the start


@dataclass
class Served:
    """What came of a line of requests. Times are in seconds, of a clock that leaves out when nothing was to do."""

    latencies: list[float] = field(default_factory=list)
    busy: float = 0.0  #: while something was drawn
    total: float = 0.0  #: from the first arrival to the last picture

    def figures(self) -> dict[str, float]:
        """Return what is reported."""
        ordered = sorted(self.latencies)
        return {
            "images_per_s": round(len(ordered) / self.total, 3),
            "p50_s": round(median(ordered), 2),
            "p99_s": round(ordered[math.ceil(0.99 * len(ordered)) - 1], 2),
            "busy_share": round(self.busy / self.total, 3),
        }


def poisson(requests: list[ImageRequest], rate: float, dice: random.Random) -> list[Arrival]:
    """Let the requests come at random, `rate` of them a second."""
    now, arrivals = 0.0, []
    for request in requests:
        now += dice.expovariate(rate)
        arrivals.append((now, request))
    return arrivals


def at_once(requests: list[ImageRequest]) -> list[Arrival]:
    """Let all requests come together."""
    return [(0.0, request) for request in requests]


class Line:
    """A line of requests on its way through a way of drawing, and then through the clerks. `clock` is for drawing."""

    def __init__(self, way: Way, clerks: ProcessPoolExecutor, clock: Callable[[], float]) -> None:
        self._way = way
        self._clerks = clerks
        self._clock = clock
        self._now = 0.0
        self._stamping: dict[Future[int], int] = {}

    def serve(self, arrivals: list[Arrival]) -> Served:
        """Return what comes of the arrivals. Whenever there is nothing to do, the next is there at once."""
        coming, served = deque(enumerate(arrivals)), Served()
        while coming or self._way.busy or self._stamping:
            if not (self._way.busy or self._stamping):
                self._now = max(self._now, coming[0][1][0])
            while coming and coming[0][1][0] <= self._now:
                number, (_, request) = coming.popleft()
                self._way.take(number, request)
            served.busy += self._work()
            served.latencies += [self._now - arrivals[number][0] for number in self._stamped()]
        served.total = self._now - arrivals[0][0]
        return served

    def _work(self) -> float:
        """Draw, or wait for the clerks; return the seconds that were spent drawing."""
        if not self._way.busy:
            began = time.perf_counter()
            wait(self._stamping, timeout=0.01, return_when=FIRST_COMPLETED)
            self._now += time.perf_counter() - began
            return 0.0
        began = self._clock()
        made = self._way.work()
        spent = self._clock() - began
        self._now += spent
        for number, picture in made:
            self._stamping[self._clerks.submit(mark_and_encode, picture)] = number
        return spent

    def _stamped(self) -> list[int]:
        done = [future for future in self._stamping if future.done()]
        for future in done:
            future.result()
        return [self._stamping.pop(future) for future in done]


def mark_and_encode(picture: Picture) -> int:
    """Do with a picture what the product does; return the bytes of its file."""
    height, width, _ = picture.shape
    facts = Facts(
        record_id="0123456789",
        prompt="a red circle",
        num_inference_steps=30,
        sampler="DDIM",
        guidance_scale=7.5,
        seed=1,
        width=width,
        height=height,
        checkpoint="random",
        version="benchmark",
    )
    return len(stamp(picture, facts).png)


@contextmanager
def clerks(count: int) -> Iterator[ProcessPoolExecutor]:
    """Open a pool of processes that mark and encode, all of them started and warm."""
    blank = np.zeros((WARM_SIDE, WARM_SIDE, 3), np.uint8)
    with ProcessPoolExecutor(count, get_context("spawn"), mark_and_encode, (blank,)) as pool:
        list(pool.map(abs, range(count)))
        yield pool
