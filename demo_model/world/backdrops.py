"""What lies behind the things: soft plain colours and landscapes."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from demo_model.world.colours import rgb
from demo_model.world.scene import Backdrop, Landscape

Stops = tuple[tuple[int, int, int], ...]
OVER = 2  #: drawn so many times larger than asked for


def draw_backdrop(backdrop: Backdrop, side: int, dice: np.random.Generator) -> Image.Image:
    """Return the backdrop as a picture of side by side pixels."""
    if isinstance(backdrop, Landscape):
        return _LANDSCAPES[backdrop](side * OVER, dice).reduce(OVER)
    return _plain(rgb(backdrop), side, dice)


def _plain(colour: NDArray[np.float32], side: int, dice: np.random.Generator) -> Image.Image:
    """Return the colour, a little lighter towards one side and darker towards the edges."""
    across = np.linspace(-1, 1, 9)
    x, y = np.meshgrid(across, across)
    angle = dice.uniform(0, 2 * np.pi)
    light = 1 + 0.05 * (x * np.cos(angle) + y * np.sin(angle)) - 0.06 * (x**2 + y**2 - 0.7)
    jittered = colour + dice.normal(0, 4, 3)
    return _spread(jittered * light[..., None], side)


def _spread(small: NDArray[np.float64], side: int) -> Image.Image:
    return Image.fromarray(small.clip(0, 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)


def _sky(stops: Stops, side: int, dice: np.random.Generator) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Return a canvas that runs through the colours from top to bottom."""
    column = np.array(stops, np.float64)[:, None] + dice.normal(0, 4, 3)
    picture = _spread(np.repeat(column, 2, axis=1), side)
    return picture, ImageDraw.Draw(picture)


def _hill(
    pen: ImageDraw.ImageDraw, side: int, height: float, swing: float, colour: Stops, dice: np.random.Generator
) -> None:
    """Fill what lies under a wavy line; the bands under it pass through the colours."""
    x = np.linspace(0, 1, 48)
    wave = np.sin(x * dice.uniform(3, 7) + dice.uniform(0, 7)) + 0.4 * np.sin(x * 11 + dice.uniform(0, 7))
    for index, fill in enumerate(colour):
        y = height + swing * wave * (1 - index / len(colour)) + (1 - height) * index / len(colour)
        line = (np.stack([x, y], axis=1) * side).ravel().tolist()
        pen.polygon([*line, side, side, 0, side], fill=fill)


def _night(side: int, dice: np.random.Generator) -> Image.Image:
    picture, pen = _sky(((10, 12, 38), (18, 24, 66), (34, 42, 98)), side, dice)
    for x, y, size in dice.random((38, 3)):
        radius = side * (0.003 + 0.005 * size**3)
        glow = tuple((np.array((255, 250, 220)) * (0.6 + 0.4 * size)).astype(int).tolist())
        pen.ellipse((x * side - radius, y * side - radius, x * side + radius, y * side + radius), fill=glow)
    return picture


def _meadow(side: int, dice: np.random.Generator) -> Image.Image:
    picture, pen = _sky(((128, 192, 240), (176, 218, 246), (214, 236, 250)), side, dice)
    _hill(pen, side, 0.48, 0.05, ((112, 176, 92),), dice)
    _hill(pen, side, 0.58, 0.03, ((98, 172, 74), (88, 162, 66), (78, 150, 60)), dice)
    for x, y, lean in dice.random((26, 3)):
        foot, height = 0.66 + 0.33 * y, 0.03 + 0.02 * y
        blade = ((x - 0.008, foot), (x + 0.02 * (lean - 0.5), foot - height), (x + 0.008, foot))
        pen.polygon([(a * side, b * side) for a, b in blade], fill=(60, 130, 48))
    return picture


def _sea(side: int, dice: np.random.Generator) -> Image.Image:
    picture, pen = _sky(((160, 206, 244), (206, 230, 250), (226, 240, 250)), side, dice)
    horizon = dice.uniform(0.4, 0.46)
    pen.rectangle((0, horizon * side, side, side), fill=(46, 120, 184))
    _hill(pen, side, horizon + 0.12, 0.008, ((40, 108, 174), (34, 96, 162), (28, 84, 148)), dice)
    for x, y in dice.random((14, 2)):
        top, reach = (horizon + 0.05 + (0.95 - horizon) * y) * side, (0.03 + 0.04 * y) * side
        pen.arc((x * side - reach, top, x * side + reach, top + reach), 200, 340, (190, 222, 240), max(1, side // 110))
    return picture


def _sunset(side: int, dice: np.random.Generator) -> Image.Image:
    picture, pen = _sky(((86, 52, 120), (190, 76, 110), (244, 132, 84), (252, 196, 110)), side, dice)
    _hill(pen, side, 0.76, 0.04, ((92, 46, 84),), dice)
    _hill(pen, side, 0.85, 0.03, ((54, 30, 62),), dice)
    return picture


def _desert(side: int, dice: np.random.Generator) -> Image.Image:
    picture, pen = _sky(((150, 208, 226), (206, 228, 220), (246, 236, 206)), side, dice)
    _hill(pen, side, 0.52, 0.06, ((226, 184, 118),), dice)
    _hill(pen, side, 0.66, 0.05, ((214, 166, 98), (206, 156, 88)), dice)
    _hill(pen, side, 0.84, 0.04, ((196, 144, 78),), dice)
    return picture


def _snow(side: int, dice: np.random.Generator) -> Image.Image:
    picture, pen = _sky(((138, 164, 192), (170, 190, 212), (198, 212, 228)), side, dice)
    _hill(pen, side, 0.56, 0.06, ((216, 226, 238),), dice)
    _hill(pen, side, 0.7, 0.04, ((236, 241, 248), (246, 249, 252)), dice)
    for x, y, size in dice.random((36, 3)):
        radius = side * (0.004 + 0.006 * size)
        pen.ellipse((x * side - radius, y * side - radius, x * side + radius, y * side + radius), fill=(252, 253, 255))
    return picture


_LANDSCAPES: dict[Landscape, Callable[[int, np.random.Generator], Image.Image]] = {
    Landscape.NIGHT: _night,
    Landscape.MEADOW: _meadow,
    Landscape.SEA: _sea,
    Landscape.SUNSET: _sunset,
    Landscape.DESERT: _desert,
    Landscape.SNOW: _snow,
}
