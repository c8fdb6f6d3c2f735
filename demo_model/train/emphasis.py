"""How much every cell of a picture's latents weighs in learning: a small thing as much as a large one."""

import numpy as np
from numpy.typing import NDArray

from demo_model.world.scene import Scene, Spot

SHARE = 1.5  #: what a thing weighs, in whole pictures
REACH = 1.3  #: how far around its centre a thing weighs, in radii: its edge is what tells it from others


def emphasis(scene: Scene, cells: int) -> NDArray[np.float32]:
    """Return the weights of shape [cells, cells]: 1 where nothing is, more at things, most at small ones.

    Without them a small thing is a twentieth of the loss, and the network long takes it for another.
    """
    centres = (np.arange(cells) + 0.5) / cells
    weights = np.ones((cells, cells))
    for spot in (spot for group in scene.groups for spot in group.spots):
        near = _near(spot, centres)
        weights += SHARE * near * near.size / max(1, near.sum())
    return weights.astype(np.float32)


def _near(spot: Spot, centres: NDArray[np.float64]) -> NDArray[np.bool_]:
    distance = np.hypot(centres[None, :] - spot.x, centres[:, None] - spot.y)
    near: NDArray[np.bool_] = distance <= REACH * spot.radius
    return near
