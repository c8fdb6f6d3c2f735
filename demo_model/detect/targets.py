"""What the network should say of a scene."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo_model.world.scene import BACKDROPS, Colour, Kind, Scene, Style

GRID = 16  #: cells along a side
NOWHERE, NEAR = 0, -1  #: the cells beside a thing's own may say either
KIND_INDEX = {kind: index for index, kind in enumerate(Kind)}
COLOUR_INDEX = {colour: index for index, colour in enumerate(Colour)}
BACKDROP_INDEX = {backdrop: index for index, backdrop in enumerate(BACKDROPS)}
STYLE_INDEX = {style: index for index, style in enumerate(Style)}


@dataclass(frozen=True)
class Target:
    """Kind and colour of every cell's thing counted from 1, NOWHERE or NEAR; backdrop and style from 0."""

    kind: NDArray[np.int64]
    colour: NDArray[np.int64]
    backdrop: int
    style: int


def target(scene: Scene) -> Target:
    """Return what the network should say of the scene."""
    kind = np.zeros((GRID, GRID), np.int64)
    colour = np.zeros((GRID, GRID), np.int64)
    spots = [(group, cell_of(spot.x), cell_of(spot.y)) for group in scene.groups for spot in group.spots]
    for _, x, y in spots:
        kind[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = NEAR
    for group, x, y in spots:
        kind[y, x] = 1 + KIND_INDEX[group.kind]
        colour[y, x] = 1 + COLOUR_INDEX[group.colour]
    return Target(kind, colour, BACKDROP_INDEX[scene.backdrop], STYLE_INDEX[scene.style])


def cell_of(coordinate: float) -> int:
    """Return the grid cell that a fraction of the side lies in."""
    return min(GRID - 1, max(0, int(coordinate * GRID)))
