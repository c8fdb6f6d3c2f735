"""Where a source picture is drawn anew and where it stays: arrays of shape [height, width], true where it is drawn."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from inference.engine.pictures import Picture

Mask = NDArray[np.bool_]

HALF = 128  #: of 255; what is as light or lighter is drawn anew
SEAM = 8  #: the pixels from the mask's edge inwards over which the new picture fades in


def read_mask(shade: Image.Image) -> Mask:
    """Return the mask that a grey picture means."""
    return np.asarray(shade) >= HALF


def paste(painted: Picture, source: Picture, mask: Mask) -> Picture:
    """Return the source with what was painted inside the mask; outside it stays as it is, to the bit."""
    joined, around = source.copy(), _box(mask)
    before, share = source[around].astype(np.float32), _share(mask[around])[..., None]
    joined[around] = (before + (painted[around] - before) * share).round()
    return joined


def _box(mask: Mask) -> tuple[slice, slice]:
    """Return what holds the mask, with an edge of what is outside of it."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(max(0, rows[0] - 1), rows[-1] + 2), slice(max(0, columns[0] - 1), columns[-1] + 2)


def _share(mask: Mask) -> NDArray[np.float32]:
    """Return how much of the new picture each pixel gets: none outside the mask, all of it SEAM pixels inside.

    Where the mask is nowhere so deep, all of it where it is deepest.
    """
    inner = Image.fromarray(mask.astype(np.uint8))
    share = np.zeros(mask.shape, np.float32)
    for _ in range(SEAM):
        share += np.asarray(inner)
        inner = inner.filter(ImageFilter.MinFilter(3))
    return np.asarray(share / max(1.0, float(share.max(initial=0))), np.float32)
