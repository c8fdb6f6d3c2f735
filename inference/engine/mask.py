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
    before, share = source.astype(np.float32), _share(mask)[..., None]
    return np.asarray((before + (painted - before) * share).round(), dtype=np.uint8)


def _share(mask: Mask) -> NDArray[np.float32]:
    """Return how much of the new picture each pixel gets: none outside the mask, all of it SEAM pixels inside."""
    inner = Image.fromarray(mask.astype(np.uint8))
    share = np.zeros(mask.shape, np.float32)
    for _ in range(SEAM):
        share += np.asarray(inner)
        inner = inner.filter(ImageFilter.MinFilter(3))
    return np.asarray(share / SEAM, np.float32)
