"""What the drawing processes make. Nothing here needs torch: they start quickly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo_model.detect.targets import Target, target
from demo_model.train.emphasis import emphasis
from demo_model.train.facts import facts
from demo_model.world.captions import caption
from demo_model.world.drawer import SIDE, Picture, draw
from demo_model.world.sampler import sample


def drawn_target(dice: np.random.Generator) -> tuple[Picture, Target]:
    """Return a fresh picture and what should be said of it."""
    scene = sample(dice)
    return draw(scene, SIDE), target(scene)


def caption_with_facts(dice: np.random.Generator) -> tuple[str, NDArray[np.int64]]:
    """Return a fresh caption and what it tells of."""
    scene = sample(dice)
    return caption(scene, dice), facts(scene)


@dataclass(frozen=True)
class DrawnPicture:
    """Makes pictures."""

    side: int

    def __call__(self, dice: np.random.Generator) -> Picture:
        """Return a fresh picture."""
        return draw(sample(dice), self.side)


@dataclass(frozen=True)
class DrawnCaption:
    """Makes pictures with captions, and with what each of the cells of their latents weighs."""

    side: int
    cells: int

    def __call__(self, dice: np.random.Generator) -> tuple[Picture, str, NDArray[np.float32]]:
        """Return a fresh picture, what it shows, and the weights of shape [cells, cells]."""
        scene = sample(dice)
        return draw(scene, self.side), caption(scene, dice), emphasis(scene, self.cells)


@dataclass(frozen=True)
class DrawnTwice:
    """Makes pictures in two sizes."""

    side: int

    def __call__(self, dice: np.random.Generator) -> tuple[Picture, Picture]:
        """Return a fresh picture, and the same twice as large.

        The small one is the large one reduced: drawn small by itself, its lines would lie up to half a pixel
        elsewhere, and what is learned from such a pair is to blur.
        """
        large = draw(sample(dice), 2 * self.side)
        return np.asarray(Image.fromarray(large).reduce(2)), large
