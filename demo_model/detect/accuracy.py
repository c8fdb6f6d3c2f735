"""How often the detectors are right on drawn pictures, where the truth is known."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from demo_model.detect.checks import check
from demo_model.detect.detector import Detector
from demo_model.world.drawer import Picture, draw
from demo_model.world.sampler import sample

BATCH = 64
Lens = Callable[[list[Picture]], list[Picture]]  #: what pictures go through before they are looked at


def measure(detector: Detector, pictures: int, seed: int, seen_through: Lens = list) -> dict[str, float]:
    """Return the share of fresh drawn pictures, looked at through a lens, on which each fact is found."""
    dice = np.random.default_rng(seed)
    sizes = (min(BATCH, pictures - start) for start in range(0, pictures, BATCH))
    return shares(facts for size in sizes for facts in _batch(detector, size, dice, seen_through))


def shares(checks: Iterable[dict[str, bool]]) -> dict[str, float]:
    """Return for every fact the share of the checks that hold, among those that speak of it."""
    found: dict[str, list[bool]] = defaultdict(list)
    for facts in checks:
        for name, holds in facts.items():
            found[name].append(holds)
    return {name: round(float(np.mean(holds)), 4) for name, holds in sorted(found.items())}


def _batch(detector: Detector, size: int, dice: np.random.Generator, seen_through: Lens) -> Iterator[dict[str, bool]]:
    scenes = [sample(dice) for _ in range(size)]
    pictures = seen_through([draw(scene) for scene in scenes])
    for scene, seen in zip(scenes, detector.look(pictures), strict=True):
        yield check(scene, seen)
