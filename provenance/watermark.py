"""The invisible watermark that other tools read: the method dwtDctSvd of the package invisible-watermark.

One bit sits in each 4 x 4 block of the Haar approximation of the colour plane U: the place of the
block's largest singular value within a step of 36, below or above the middle. The cosine transform
of the method leaves singular values as they are, so it is not computed; and as only the
approximation changes, its inverse is half of the change on each of the four pixels. The stock
encoder exchanges two detail bands and lets colours wrap around; both would only do harm.
"""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]

MESSAGE = b"StableDiffusionV1"
BITS = np.unpackbits(np.frombuffer(MESSAGE, np.uint8))
FOUND_AT = 96  #: bits that agree by chance in fewer than one of a million unmarked pictures
STEP = np.float32(36)
GREY = np.float32(1024)  # the value of a block without colour
TILE = 8  # pixels of a block's side: 4 Haar coefficients
ROUNDS = 12  # of the power iteration

U_OF_RGB = np.array([-0.147108, -0.288804, 0.435912], np.float32)
GREEN_OF_U, BLUE_OF_U = np.float32(-0.394650), np.float32(2.032110)
DITHER = np.array([[0.125, 0.625], [0.875, 0.375]], np.float32)  # in place of 0.5: flat areas keep fractions


def embed(pixels: Pixels) -> Pixels:
    """Return a marked copy of H x W x 3 RGB pixels. Edges beyond a multiple of 8 stay as they are."""
    marked = np.array(pixels, order="C")
    area = _tiled(marked)
    value, left, right = _dominant(_blocks(area))
    wanted = _nearest(value, np.resize(BITS, value.shape))
    _move(area, (wanted - value) * left[:, None] * right[None])
    value, left, right = _dominant(_blocks(area))
    missed = np.abs(wanted - value) > STEP / 8
    if missed.any():  # pure yellow and pure blue can only move towards grey
        other = wanted + np.where(value < GREY, STEP, -STEP)
        _move(area, np.where(missed, other - value, 0) * left[:, None] * right[None])
    return marked


def detect(pixels: Pixels) -> int:
    """Return how many of the 136 bits agree with the message: about 68 by chance, FOUND_AT is proof.

    Each block votes by how far its value lies from the two borders between 0 and 1.
    """
    value = _dominant(_blocks(_tiled(pixels)))[0]
    votes = -np.sin(value * (2 * np.pi / STEP))
    sums = np.bincount(np.arange(value.size) % BITS.size, votes, BITS.size)
    return int(np.count_nonzero(np.where(BITS, sums > 0, sums < 0)))


def _tiled(pixels: Pixels) -> Pixels:
    height, width, _ = pixels.shape
    return pixels[: height // TILE * TILE, : width // TILE * TILE]


def _blocks(area: Pixels) -> Plane:
    """Return the Haar approximation of U as 4 x 4 x (number of blocks), blocks in reading order."""
    corners = [area[row::2, column::2].astype(np.float32) for row in (0, 1) for column in (0, 1)]
    approximation: Plane = np.add.reduce(corners) @ (U_OF_RGB / 2) + np.float32(256)
    height, width = approximation.shape
    return approximation.reshape(height // 4, 4, width // 4, 4).transpose(1, 3, 0, 2).reshape(4, 4, -1)


def _plane(blocks: Plane, shape: tuple[int, ...]) -> Plane:
    """Return 4 x 4 x n blocks laid out as the half-size plane of an area of this shape."""
    rows, columns = shape[0] // TILE, shape[1] // TILE
    return blocks.reshape(4, 4, rows, columns).transpose(2, 0, 3, 1).reshape(rows * 4, columns * 4)


def _dominant(blocks: Plane) -> tuple[Plane, Plane, Plane]:
    """Return each block's largest singular value and its two unit vectors, by power iteration.

    U is positive everywhere, so the first vectors are too and lie near the start (Perron).
    """
    right = np.full(blocks.shape[1:], 0.5, np.float32)
    for _ in range(ROUNDS):
        left = np.einsum("ijn,jn->in", blocks, right)
        left /= np.linalg.norm(left, axis=0)
        right = np.einsum("ijn,in->jn", blocks, left)
        value = np.linalg.norm(right, axis=0)
        right /= value
    return value, left, right


def _nearest(value: Plane, bits: Pixels) -> Plane:
    """Return the value nearest to each that says its bit as clearly as can be."""
    place = (0.25 + 0.5 * bits.astype(np.float32)) * STEP
    return value + STEP / 2 - (value - place + STEP / 2) % STEP


def _move(area: Pixels, change: Plane) -> None:
    """Add the change of the blocks to U, in place, keeping red and, but for clipping, V."""
    plane = _plane(change, area.shape) / 2
    for row in (0, 1):
        for column in (0, 1):
            dither = DITHER[row, column]
            green, blue = (np.floor(plane * of_u + dither).astype(np.int16) for of_u in (GREEN_OF_U, BLUE_OF_U))
            _add(area[row::2, column::2], green, blue)


def _add(view: Pixels, green: NDArray[np.int16], blue: NDArray[np.int16]) -> None:
    """Add in place. Colours that would leave 0..255 move along grey, which U does not see."""
    green += view[..., 1]
    blue += view[..., 2]
    over, under = np.maximum(np.maximum(green, blue) - 255, 0), np.minimum(np.minimum(green, blue), 0)
    if over.any() or under.any():
        grey = over + under
        view[..., 0] = np.clip(view[..., 0] - grey, 0, 255)
        green, blue = np.clip(green - grey, 0, 255), np.clip(blue - grey, 0, 255)
    view[..., 1] = green
    view[..., 2] = blue
