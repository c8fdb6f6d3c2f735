"""How often the detectors are right on drawn pictures, where the truth is known."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from demo_model.detect.checks import check
from demo_model.detect.detector import Detector
from demo_model.world.drawer import draw
from demo_model.world.sampler import sample

BATCH = 64


def measure(detector: Detector, pictures: int, seed: int) -> dict[str, float]:
    """Return the share of fresh drawn pictures on which each fact is found."""
    dice = np.random.default_rng(seed)
    sizes = (min(BATCH, pictures - start) for start in range(0, pictures, BATCH))
    return shares(facts for size in sizes for facts in _batch(detector, size, dice))


def shares(checks: Iterable[dict[str, bool]]) -> dict[str, float]:
    """Return for every fact the share of the checks that hold, among those that speak of it."""
    found: dict[str, list[bool]] = defaultdict(list)
    for facts in checks:
        for name, holds in facts.items():
            found[name].append(holds)
    return {name: round(float(np.mean(holds)), 4) for name, holds in sorted(found.items())}


def _batch(detector: Detector, size: int, dice: np.random.Generator) -> Iterator[dict[str, bool]]:
    scenes = [sample(dice) for _ in range(size)]
    for scene, seen in zip(scenes, detector.look([draw(scene) for scene in scenes]), strict=True):
        yield check(scene, seen)
