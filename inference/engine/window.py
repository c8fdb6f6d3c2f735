"""A window over a source picture: what is seen through it, what lies beyond the edges, and the way back."""

import numpy as np
from PIL import Image

from inference.engine.mask import SEAM, Mask, paste
from inference.engine.pictures import Picture
from inference.window import Window


def look_through(window: Window, image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the part of an image under a window that lies in it, scaled to a size."""
    part = image.crop(window.box)
    return part if part.size == size else part.resize(size, Image.Resampling.LANCZOS)


def put_back(painted: Picture, window: Window, source: Picture, mask: Mask) -> Picture:
    """Return the source with what was painted under the window, inside the mask; outside it stays as it is."""
    left, top, right, bottom = window.box
    under, whole = (slice(top, bottom), slice(left, right)), source.copy()
    whole[under] = paste(_scaled(painted, (window.width, window.height)), source[under], mask[under])
    return whole


def beyond(window: Window, image: Image.Image, size: tuple[int, int]) -> tuple[Picture, Mask]:
    """Return what is seen through a window, scaled to a size, and where the picture is to be continued.

    Beyond its edges the picture is continued by its outermost pixels. The mask reaches SEAM pixels into the picture:
    there the old fades into the new.
    """
    (width, height), (across, down) = size, (size[0] / window.width, size[1] / window.height)
    left, top, right, bottom = window.box
    shown = max(0, left), max(0, top), min(image.width, right), min(image.height, bottom)
    x0, x1 = (round((edge - left) * across) for edge in (shown[0], shown[2]))
    y0, y1 = (round((edge - top) * down) for edge in (shown[1], shown[3]))
    part = image.crop(shown)
    place = max(1, x1 - x0), max(1, y1 - y0)
    small = np.asarray(part if part.size == place else part.resize(place, Image.Resampling.LANCZOS))
    x0, y0 = min(x0, width - place[0]), min(y0, height - place[1])
    edges = (y0, height - y0 - place[1]), (x0, width - x0 - place[0])
    return np.pad(small, (*edges, (0, 0)), mode="edge"), _outside(*edges, size)


def _outside(down: tuple[int, int], across: tuple[int, int], size: tuple[int, int]) -> Mask:
    """Return where a picture is to be continued that lies so far from the edges; at one that it reaches is no seam."""
    (width, height), (top, bottom), (left, right) = size, down, across
    mask = np.ones((height, width), bool)
    top, bottom, left, right = (edge + SEAM if edge else 0 for edge in (top, bottom, left, right))
    mask[top : height - bottom, left : width - right] = False
    return mask


def _scaled(picture: Picture, size: tuple[int, int]) -> Picture:
    if picture.shape[1::-1] == size:
        return picture
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
