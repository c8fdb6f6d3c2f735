"""Where a source picture is drawn anew and where it stays: arrays of shape [height, width], true where it is drawn."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from inference.contract import Unfeasible
from inference.engine.pictures import Picture, fit, open_upright

Mask = NDArray[np.bool_]

HALF = 128  #: of 255; what is as light or lighter is drawn anew
SEAM = 8  #: the pixels from the mask's edge inwards over which the new picture fades in


def read_masked(source: str, mask: str, width: int, height: int) -> tuple[Picture, Mask]:
    """Return the picture of a file and its mask, cut and scaled alike. Raises Unfeasible."""
    picture, shade = open_upright(source), open_upright(mask, "L", "mask")
    if shade.size != picture.size:
        raise Unfeasible(f"the mask measures {shade.size} pixels and its picture {picture.size}")
    return np.asarray(fit(picture, width, height)), np.asarray(fit(shade, width, height)) >= HALF


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
