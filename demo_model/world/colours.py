"""The colours in numbers: red, green and blue from 0 to 255."""

import numpy as np
from numpy.typing import NDArray

from demo_model.world.scene import Colour

RGB: dict[Colour, tuple[int, int, int]] = {
    Colour.RED: (218, 36, 38),
    Colour.ORANGE: (246, 128, 22),
    Colour.YELLOW: (250, 214, 44),
    Colour.GREEN: (44, 158, 62),
    Colour.BLUE: (42, 84, 216),
    Colour.PURPLE: (132, 52, 180),
    Colour.PINK: (250, 142, 190),
    Colour.BROWN: (124, 74, 36),
    Colour.BLACK: (30, 30, 34),
    Colour.WHITE: (244, 244, 242),
    Colour.GREY: (136, 138, 142),
    Colour.TEAL: (22, 168, 166),
}
INK = np.array((28, 28, 34), np.float32)
PAPER = np.array((252, 249, 240), np.float32)


def rgb(colour: Colour) -> NDArray[np.float32]:
    """Return the colour as three numbers."""
    return np.array(RGB[colour], np.float32)


def mix(first: NDArray[np.float32], second: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Return the mixture that holds `share` of the second."""
    return np.asarray(first * (1 - share) + second * share, np.float32)
