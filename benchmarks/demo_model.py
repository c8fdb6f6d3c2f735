"""How long does the demo model take for a picture, at default settings, and how much memory?

The aims are under 4 s and under 1 GB on 2 CPU cores. This process is what a worker is then: the engine, and no more.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from functools import partial

from benchmarks._bot import report
from benchmarks._engine import demo_studio

PROMPTS = ("a red star", "a blue cat on a meadow", "two green trees in the snow", "a yellow boat at sea, neon")
ROUNDS = 3


def measure() -> dict[str, float]:
    """Return seconds to load and for a picture once warm, and the most memory in bytes that the process ever had."""
    with demo_studio() as studio:
        loaded = _seconds(lambda: studio.engine.load(studio.checkpoint.name))
        seconds = [_seconds(partial(studio.draw, prompt)) for _ in range(ROUNDS) for prompt in PROMPTS]
    return {
        "load_s": loaded,
        "first_picture_s": seconds[0],
        "median_picture_s": statistics.median(seconds[1:]),
        "slowest_picture_s": max(seconds[1:]),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    report(measure(), parser.parse_args().json)
