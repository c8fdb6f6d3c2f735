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
    under = slice(top, bottom), slice(left, right)
    whole = source.copy()
    whole[under] = _scaled(painted, (window.width, window.height))
    return paste(whole, source, mask)


def beyond(window: Window, source: Picture, size: tuple[int, int]) -> tuple[Picture, Mask]:
    """Return what is seen through a window, scaled to a size, and where the picture is to be continued.

    Beyond its edges the picture is continued by its outermost pixels. The mask reaches SEAM pixels into the picture:
    there the old fades into the new.
    """
    height, width, _ = source.shape
    left, top, right, bottom = window.box
    rows, columns = np.arange(top, bottom), np.arange(left, right)
    seen = source[rows.clip(0, height - 1)[:, None], columns.clip(0, width - 1)[None]]
    across, down = size[0] / window.width, size[1] / window.height
    edges = round(-left * across), round(-top * down), round((width - left) * across), round((height - top) * down)
    return _scaled(seen, size), _outside(edges, size)


def _outside(edges: tuple[int, int, int, int], size: tuple[int, int]) -> Mask:
    """Return where a picture with these edges is to be continued; an edge that does not show needs no seam."""
    left, top, right, bottom = edges
    mask = np.ones(size[::-1], bool)
    inner_left, inner_top = (edge + SEAM if edge > 0 else 0 for edge in (left, top))
    inner_right, inner_bottom = (
        edge - SEAM if edge < side else side for edge, side in zip((right, bottom), size, strict=True)
    )
    mask[inner_top:inner_bottom, inner_left:inner_right] = False
    return mask


def _scaled(picture: Picture, size: tuple[int, int]) -> Picture:
    if picture.shape[1::-1] == size:
        return picture
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
