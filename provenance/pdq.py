"""The perceptual hash PDQ: 256 bits that stay nearly the same when a picture is scaled, recompressed or recoloured.

The algorithm is Facebook's: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (2019).
"""

from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.carrier import Pixels

SIDE = 64  # of the small picture that is looked at
WAVES = 16  # cosines in each direction
QUALITY = 50  # of 100; below it a picture has too little in it to be told from others
STRIPE = 64  # rows of pixels looked at together
ROUNDING = 1e-12  # sums that should be 0
_LUMA = np.array([0.299, 0.587, 0.114])

Plane = NDArray[np.float64]


def pdq_of_file(data: bytes) -> str | None:
    """Return the hash of a PNG or WebP file as 64 hex digits; None where the picture is too plain to have one."""
    image = Image.open(BytesIO(data), formats=["PNG", "WEBP"])
    return pdq(np.asarray(image.convert("RGB")))


def pdq_of_array(path: str) -> str | None:
    """Return the hash of the raw pixels in an .npy file; None where they are too plain to have one."""
    return pdq(np.load(Path(path), allow_pickle=False))


def pdq(pixels: Pixels) -> str | None:
    """Return the hash of RGB pixels as 64 hex digits; None where they are too plain to have one."""
    small = _reduced(pixels)
    if _quality(small) < QUALITY:
        return None
    waves = _cosines() @ small @ _cosines().T
    middle = np.partition(waves, waves.size // 2 - 1, axis=None)[waves.size // 2 - 1]
    bits = (waves > middle).ravel()
    return f"{sum(1 << int(place) for place in np.flatnonzero(bits)):064x}"


def _reduced(pixels: Pixels) -> Plane:
    """Return the picture's luma blurred, then sampled in 64 by 64 places."""
    height, width, _ = pixels.shape
    rows, columns = _weights(height), _weights(width)
    small = np.zeros((SIDE, width))
    for top in range(0, height, STRIPE):
        stripe = slice(top, top + STRIPE)
        reached = rows[:, stripe].any(axis=1)
        small[reached] += rows[reached, stripe] @ (pixels[stripe] @ _LUMA)
    return small @ columns.T


@lru_cache(maxsize=16)
def _weights(length: int) -> Plane:
    """Return how much each of so many pixels in a row counts in each of 64 samples, after two blurs.

    A blur is an average over a window of a 128th of the length; at the ends over what there is of it.
    """
    window = -(-length // (2 * SIDE))
    right = (window + 2) // 2
    ends = np.minimum(np.arange(length) + right, length)
    starts = np.maximum(np.arange(length) - (window - right), 0)
    weights = np.zeros((length, SIDE))
    weights[((np.arange(SIDE) + 0.5) * length / SIDE).astype(int), np.arange(SIDE)] = 1
    for _ in range(2):
        changes, shares = np.zeros((length + 1, SIDE)), weights / (ends - starts)[:, None]
        np.add.at(changes, starts, shares)
        np.subtract.at(changes, ends, shares)
        weights = changes.cumsum(axis=0)[:length]
        weights[np.abs(weights) < ROUNDING] = 0
    return np.ascontiguousarray(weights.T)


def _quality(small: Plane) -> float:
    """Return how much there is to see, up to 100."""
    steps = sum(float(np.abs(np.trunc(np.diff(small, axis=axis) * 100 / 255)).sum()) for axis in (0, 1))
    return min(100.0, steps // 90)


@cache
def _cosines() -> Plane:
    waves, places = np.arange(1, WAVES + 1)[:, None], 2 * np.arange(SIDE)[None, :] + 1
    cosines: Plane = np.sqrt(2 / SIDE) * np.cos(np.pi / (2 * SIDE) * waves * places)
    return cosines
