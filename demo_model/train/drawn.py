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

WeighedPicture = tuple[Picture, NDArray[np.float32]]


def drawn_target(dice: np.random.Generator) -> tuple[Picture, Target]:
    """Return a fresh picture and what should be said of it."""
    scene = sample(dice)
    return draw(scene, SIDE), target(scene)


def caption_with_facts(dice: np.random.Generator) -> tuple[str, NDArray[np.int64]]:
    """Return a fresh caption and what it tells of."""
    scene = sample(dice)
    return caption(scene, dice), facts(scene)


@dataclass(frozen=True)
class DrawnWeighed:
    """Makes pictures with what each of their pixels weighs."""

    side: int

    def __call__(self, dice: np.random.Generator) -> WeighedPicture:
        """Return a fresh picture and the weights of shape [side, side]."""
        scene = sample(dice)
        return draw(scene, self.side), emphasis(scene, self.side)


@dataclass(frozen=True)
class Example:
    """A picture, what it is called, what each of the cells of its latents weighs, and what should be seen in it."""

    picture: Picture
    caption: str
    weights: NDArray[np.float32]
    target: Target


@dataclass(frozen=True)
class DrawnExample:
    """Makes pictures to learn drawing from; the weights have the shape [cells, cells]."""

    side: int
    cells: int

    def __call__(self, dice: np.random.Generator) -> Example:
        """Return a fresh example."""
        scene = sample(dice)
        return Example(draw(scene, self.side), caption(scene, dice), emphasis(scene, self.cells), target(scene))


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
