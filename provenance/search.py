"""The watermark in pictures that were rescaled, lit otherwise, mirrored or cropped: every try has its price.

A cropped picture keeps the message's rhythm but not its beginning nor the length of its lines. Both
are unknown, so each of the 136 x 136 rhythms is compared with the message at each of the 8 x 8
offsets of the blocks; the two-dimensional Fourier transform of the votes holds all rhythms at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.carrier import TILE, Pixels, U
from provenance.watermark import BITS, FOUND_AT, Method, detect

BOUND = 2.5e-8  #: of chance finds in each search: with those of `detect`, five stay below one in a million
LENGTH = BITS.size
CROP_SIDE = 1024  # pixels; the middle of a larger picture says enough, and trying all of it takes long
CROP_TRIALS = TILE * TILE * LENGTH * LENGTH
LIGHTS = tuple(1.0125**power for power in range(-20, 21) if power)  #: 0.78 to 1.28; colours bear half a step between


@unique
class Way(StrEnum):
    """How a picture was looked at."""

    AS_IS = "as is"
    DCT = "dwtDct"  #: by the package's other method, which other programs write
    SCALED = "scaled"
    MIRRORED = "mirrored"
    LIT = "lit"  #: lighter or darker
    CROPPED = "cropped"  #: as a part of a larger one


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The best agreement, how much of it is proof after so many trials, and where it was met.

    `size` is the width and height at which it was read, `offset` that of the blocks, in pixels; `light` is by how much
    it was made brighter for that.
    """

    way: Way
    agreement: int
    needed: int
    size: tuple[int, int]
    offset: tuple[int, int] = (0, 0)
    light: float = 1.0

    @property
    def found(self) -> bool:
        """Whether the agreement is proof."""
        return self.agreement >= self.needed


def look(pixels: Pixels, sizes: Sequence[tuple[int, int]] = ()) -> Sighting:
    """Return the first proof, or the last search's best: as it is, at each size (w, h), mirrored, lit, cropped."""
    for sighting in _searches(pixels, sizes):
        if sighting.found:
            break
    return sighting


def _searches(pixels: Pixels, sizes: Sequence[tuple[int, int]]) -> Iterator[Sighting]:
    """Yield the best of each search, the cheap ones first."""
    size = (pixels.shape[1], pixels.shape[0])
    yield Sighting(way=Way.AS_IS, agreement=detect(pixels), needed=FOUND_AT, size=size)
    yield Sighting(way=Way.DCT, agreement=detect(pixels, Method.DCT), needed=needed(1), size=size)
    if sizes:
        yield max((_at_size(pixels, other, len(sizes)) for other in sizes), key=lambda seen: seen.agreement)
    yield Sighting(way=Way.MIRRORED, agreement=detect(pixels[:, ::-1]), needed=needed(1), size=size)
    yield _in_other_light(pixels)
    if min(size) > TILE:
        yield _as_crop(pixels)


@cache
def needed(trials: int) -> int:
    """Return the agreement that chance reaches in a share of BOUND of searches of so many trials, at most."""
    ways, bits = 0, LENGTH
    while (ways + comb(LENGTH, bits)) * trials < BOUND * 2**LENGTH:
        ways += comb(LENGTH, bits)
        bits -= 1
    return bits + 1


def _at_size(pixels: Pixels, size: tuple[int, int], trials: int) -> Sighting:
    return Sighting(way=Way.SCALED, agreement=detect(scaled(pixels, size)), needed=needed(trials), size=size)


def scaled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Return the picture at another size (w, h)."""
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def restored(pixels: Pixels, sighting: Sighting) -> Pixels:
    """Return the picture as it was when the mark was read; one that was cropped stays so."""
    if sighting.way is Way.MIRRORED:
        return pixels[:, ::-1]
    return _lit(pixels, sighting.light) if sighting.way is Way.LIT else scaled(pixels, sighting.size)


def _in_other_light(pixels: Pixels) -> Sighting:
    """Return the best of all lights; the upper rows of a large picture say enough."""
    height, width, _ = pixels.shape
    top = pixels[: max(TILE, CROP_SIDE**2 // width)]
    agreement, light = max((detect(_lit(top, light)), light) for light in LIGHTS)
    size = (width, height)
    return Sighting(way=Way.LIT, agreement=agreement, needed=needed(len(LIGHTS)), size=size, light=light)


def _lit(pixels: Pixels, light: float) -> Pixels:
    return np.asarray(np.clip(np.rint(pixels * np.float32(light)), 0, 255), np.uint8)


def _as_crop(pixels: Pixels) -> Sighting:
    """Return the best of all offsets; where neighbours agree alike, the one of the clearest votes."""
    middle = _middle(pixels)
    agreement, _, offset = max(_at_offset(middle, *divmod(place, TILE)) for place in range(TILE * TILE))
    size = (pixels.shape[1], pixels.shape[0])
    return Sighting(way=Way.CROPPED, agreement=agreement, needed=needed(CROP_TRIALS), size=size, offset=offset)


def _middle(pixels: Pixels) -> Pixels:
    """Return the middle of a large picture, begun at a whole number of blocks so that offsets stay what they are."""
    top, left = (max(0, side - CROP_SIDE) // (2 * TILE) * TILE for side in pixels.shape[:2])
    return pixels[top : top + CROP_SIDE, left : left + CROP_SIDE]


def _at_offset(pixels: Pixels, y: int, x: int) -> tuple[int, float, tuple[int, int]]:
    sums = _rhythms(U.ballot(pixels[y:, x:]))
    agreement = (round(_best_match(np.sign(sums))) + LENGTH) // 2
    return agreement, _best_match(sums), (x, y)


def _rhythms(ballot: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of the votes for each bit, 136 x 136: a row for each length of a line modulo 136."""
    rows, columns = ballot.shape
    folded = np.zeros((LENGTH, LENGTH))
    np.add.at(folded, np.ix_(np.arange(rows) % LENGTH, np.arange(columns) % LENGTH), ballot)
    waves, line = np.arange(LENGTH), np.arange(LENGTH)[:, None]
    return np.ascontiguousarray(np.fft.ifft(np.fft.fft2(folded)[waves * line % LENGTH, waves], axis=1).real)


def _best_match(rhythms: NDArray[np.float64]) -> float:
    """Return the greatest product of any rhythm with the message begun at any of its bits."""
    message = np.fft.fft(2.0 * BITS - 1)
    return float(np.fft.ifft(np.fft.fft(rhythms, axis=1).conj() * message, axis=1).real.max())
