"""Bits in a colour plane, by the method dwtDctSvd of the package invisible-watermark.

One bit sits in each 4 x 4 block of the Haar approximation of the plane: the place of the block's
largest singular value within a step, below or above the middle. The cosine transform of the
method leaves singular values as they are, so it is not computed; and as only the approximation
changes, its inverse is half of the change on each of the four pixels. The stock encoder exchanges
two detail bands and lets colours wrap around; both would only do harm.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]

TILE = 8  # pixels of a block's side: 4 Haar coefficients
JITTER = 0.2  # of a step
GOLDEN = 0.618034  # its multiples spread evenly
ROUNDS = 12  # of the power iteration
SMOOTHED = 0.1  # of how far a block lies from those around it: what lossy files take from that
PASSES = 3  # of the method dwtDct
APART = 4  # by which a block's largest value is to stay above the next one
DITHER = np.array([[0.125, 0.625], [0.875, 0.375]], np.float32)  # in place of 0.5: flat areas keep fractions


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A colour plane: what each of red, green and blue adds to it, and what it adds to two of them.

    `grey` is its value where there is no colour; large enough that the plane is positive everywhere.
    A wider `step` outlives more and shows more.
    """

    of_rgb: tuple[float, float, float]
    moved: tuple[tuple[int, float], tuple[int, float]]
    still: int
    grey: float
    step: float

    def write(self, pixels: Pixels, bits: NDArray[np.uint8]) -> None:
        """Write the bits again and again over H x W x 3 RGB pixels, in place."""
        area = _tiled(pixels)
        value, left, right = _dominant(self._blocks(area))
        wanted = _nearest(value, self._places(bits, value.size), self.step)
        self._move(area, (wanted - value) * left[:, None] * right[None])
        value, left, right = _dominant(self._blocks(area))
        missed = np.abs(wanted - value) > self.step / 8
        if missed.any():  # the purest colours can only move towards grey
            other = wanted + np.where(value < TILE * self.grey, self.step, -self.step)
            self._move(area, np.where(missed, other - value, 0) * left[:, None] * right[None])

    def votes(self, pixels: Pixels, count: int) -> NDArray[np.float64]:
        """Return `count` sums: above 0 where the blocks of a bit say one, below where zero."""
        votes = self.ballot(pixels).ravel()
        return np.bincount(np.arange(votes.size) % count, votes, count).astype(np.float64)

    def ballot(self, pixels: Pixels) -> NDArray[np.float64]:
        """Return the vote of each block, -1 (zero) to 1 (one), as rows and columns of blocks.

        A vote weighs as much as the value lies far from the two borders between 0 and 1.
        """
        area = _tiled(pixels)
        value = _dominant(self._blocks(area))[0].reshape(area.shape[0] // TILE, area.shape[1] // TILE)
        votes: NDArray[np.float64] = -np.sin(_sharpened(value) * (2 * np.pi / self.step)).astype(np.float64)
        return votes

    def write_largest(self, pixels: Pixels, bits: NDArray[np.uint8]) -> None:
        """Write the bits by the method dwtDct over H x W x 3 RGB pixels, in place.

        It shifts the largest coefficient of a block but the first; here it stays the largest, so that it is found.
        """
        area = _tiled(pixels)
        for _ in range(PASSES):  # what rounding undoes is written again
            blocks = self._blocks(area).reshape(TILE * 2, -1)
            place, value, second = _largest(blocks)
            wanted = _nearest(value, np.float32(self.step) * (0.25 + 0.5 * np.resize(bits, value.size)), self.step)
            wanted = np.where(wanted < second + APART, wanted + self.step, wanted)
            change = np.zeros_like(blocks)
            np.put_along_axis(change, place[None], (wanted - value)[None], axis=0)
            self._move(area, change.reshape(4, 4, -1))

    def largest_votes(self, pixels: Pixels, count: int) -> NDArray[np.float64]:
        """Return what `votes` does, read by the method dwtDct."""
        _, value, _ = _largest(self._blocks(_tiled(pixels)).reshape(TILE * 2, -1))
        votes = np.where(value % self.step > self.step / 2, 1.0, -1.0)
        return np.bincount(np.arange(votes.size) % count, votes, count).astype(np.float64)

    def _places(self, bits: NDArray[np.uint8], blocks: int) -> Plane:
        """Return where within its step each block's value shall lie.

        Each repetition of the bits lies a little elsewhere, so that a lossy file's coarse steps do not
        round all of one colour the same way: what they take from some blocks, others keep.
        """
        centres = 0.25 + 0.5 * np.resize(bits, blocks)
        spread = np.arange(blocks) // bits.size * GOLDEN % 1 - 0.5
        return ((centres + JITTER * spread) * self.step).astype(np.float32)

    def _blocks(self, area: Pixels) -> Plane:
        """Return the Haar approximation as 4 x 4 x (number of blocks), blocks in reading order."""
        corners = [area[row::2, column::2].astype(np.float32) for row in (0, 1) for column in (0, 1)]
        approximation: Plane = np.add.reduce(corners) @ (np.array(self.of_rgb, np.float32) / 2)
        height, width = approximation.shape
        blocks = approximation.reshape(height // 4, 4, width // 4, 4).transpose(1, 3, 0, 2).reshape(4, 4, -1)
        return blocks + np.float32(2 * self.grey)

    def _move(self, area: Pixels, change: Plane) -> None:
        """Add the change of the blocks to the plane, in place; other planes keep theirs, but for clipping."""
        rows, columns = area.shape[0] // TILE, area.shape[1] // TILE
        plane = change.reshape(4, 4, rows, columns).transpose(2, 0, 3, 1).reshape(rows * 4, columns * 4) / 2
        for row in (0, 1):
            for column in (0, 1):
                view, dither = area[row::2, column::2], DITHER[row, column]
                steps = [np.floor(plane * np.float32(factor) + dither).astype(np.int16) for _, factor in self.moved]
                self._add(view, *steps)

    def _add(self, view: Pixels, *steps: NDArray[np.int16]) -> None:
        """Add in place. Colours that would leave 0..255 move along grey, which no colour plane sees."""
        one, other = (view[..., index] + step for (index, _), step in zip(self.moved, steps, strict=True))
        over, under = np.maximum(np.maximum(one, other) - 255, 0), np.minimum(np.minimum(one, other), 0)
        if over.any() or under.any():
            grey = over + under
            view[..., self.still] = np.clip(view[..., self.still] - grey, 0, 255)
            one, other = np.clip(one - grey, 0, 255), np.clip(other - grey, 0, 255)
        for (index, _), colour in zip(self.moved, (one, other), strict=True):
            view[..., index] = colour


U = Carrier(
    of_rgb=(-0.147108, -0.288804, 0.435912), moved=((1, -0.394650), (2, 2.032110)), still=0, grey=128, step=36
)  #: the plane that the stock decoder reads
V = Carrier(
    of_rgb=(0.614777, -0.514799, -0.099978), moved=((0, 1.139830), (1, -0.580600)), still=2, grey=192, step=52
)  #: one that it does not


def _tiled(pixels: Pixels) -> Pixels:
    height, width, _ = pixels.shape
    return pixels[: height // TILE * TILE, : width // TILE * TILE]


def _largest(blocks: Plane) -> tuple[NDArray[np.intp], Plane, Plane]:
    """Return where the largest of each block's 16 values but the first lies, its value, and that of the next."""
    place = blocks[1:].argmax(axis=0) + 1
    value = np.take_along_axis(blocks, place[None], axis=0)[0]
    others = blocks.copy()
    np.put_along_axis(others, place[None], -np.inf, axis=0)
    return place, value, others[1:].max(axis=0)


def _dominant(blocks: Plane) -> tuple[Plane, Plane, Plane]:
    """Return each block's largest singular value and its two unit vectors, by power iteration.

    Blocks are positive everywhere, so the vectors are too and lie near the start (Perron).
    """
    right = np.full(blocks.shape[1:], 0.5, np.float32)
    for _ in range(ROUNDS):
        left = np.einsum("ijn,jn->in", blocks, right)
        left /= np.linalg.norm(left, axis=0)
        right = np.einsum("ijn,in->jn", blocks, left)
        value = np.linalg.norm(right, axis=0)
        right /= value
    return value, left, right


def _sharpened(value: Plane) -> Plane:
    """Return the rows and columns of values, each a little further from the four around it."""
    down, across = np.diff(value, axis=0), np.diff(value, axis=1)
    apart = np.zeros_like(value)
    apart[1:] += down
    apart[:-1] -= down
    apart[:, 1:] += across
    apart[:, :-1] -= across
    return value + np.float32(SMOOTHED / 4) * apart


def _nearest(value: Plane, place: Plane, step: float) -> Plane:
    """Return the value nearest to each that lies at its place within a step."""
    wanted: Plane = value + step / 2 - (value - place + step / 2) % step
    return wanted
