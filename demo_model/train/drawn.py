"""What the drawing processes make. Nothing here needs torch: they start quickly."""

from dataclasses import dataclass

import numpy as np

from demo_model.detect.targets import Target, target
from demo_model.world.captions import caption
from demo_model.world.drawer import SIDE, Picture, draw
from demo_model.world.sampler import sample


def drawn_target(dice: np.random.Generator) -> tuple[Picture, Target]:
    """Return a fresh picture and what should be said of it."""
    scene = sample(dice)
    return draw(scene, SIDE), target(scene)


@dataclass(frozen=True)
class DrawnCrop:
    """Makes square cuts out of fresh pictures."""

    side: int
    crop: int

    def __call__(self, dice: np.random.Generator) -> Picture:
        """Return a fresh cut."""
        top, left = dice.integers(0, self.side - self.crop + 1, 2)
        return draw(sample(dice), self.side)[top : top + self.crop, left : left + self.crop]


@dataclass(frozen=True)
class DrawnCaption:
    """Makes pictures with captions."""

    side: int

    def __call__(self, dice: np.random.Generator) -> tuple[Picture, str]:
        """Return a fresh picture and what it shows."""
        scene = sample(dice)
        return draw(scene, self.side), caption(scene, dice)
