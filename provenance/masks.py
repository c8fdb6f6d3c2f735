"""Masks: which part of a picture is drawn anew, as grey PNG files of the picture's size, white there and else black."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from config.settings import Limits
from config.words import UserError
from provenance.intake import RefusedPicture, decode, refusing, to_grey

Size = tuple[int, int]  #: width and height in pixels
Box = tuple[int, int, int, int]  #: left, top, right, bottom in pixels
Area = NDArray[np.bool_]  #: [height, width], true where the picture is drawn anew

HALF = 128  #: of 255; what is as light or lighter, or less opaque, is drawn anew
SAME_SHAPE = 0.01  #: by which a mask's aspect may differ from its picture's
SURE = 0.4  #: the probability from which on a pixel is taken to show what was named
MARGIN = 1 / 64  #: of each side, by which what was named is grown: its edge, which the network sees coarsely, goes too


@dataclass(frozen=True, slots=True)
class MadeMask:
    """A mask's file, the box that holds all of what is drawn anew, and how much of the picture that is."""

    png: bytes
    box: Box
    share: float


def mask_of_file(data: bytes, size: Size, limits: Limits) -> MadeMask:
    """Return the mask that somebody sent for a picture of that size: what is transparent in it, or else what is white.

    Raises RefusedPicture, and UserError where it does not fit.
    """
    image = _upright(data, limits)
    transparent = _transparent(image)
    with refusing():
        area = transparent if transparent.any() else np.asarray(to_grey(image)) >= HALF
    return _made(_fit(area, size))


def mask_of_transparency(data: bytes, limits: Limits) -> MadeMask | None:
    """Return the mask of what is transparent in a picture that somebody sent; None where nothing is. Raises UserError.

    It has the size of the picture as it is taken in: upright.
    """
    area = _transparent(_upright(data, limits, moves=True))
    return _made(area) if area.any() else None


def mask_of_boxes(boxes: Sequence[Box], size: Size, inverted: bool) -> MadeMask:
    """Return the mask of rectangles, or of all but them. Raises UserError where nothing or everything is in them."""
    area = np.zeros(size[::-1], np.bool_)
    for left, top, right, bottom in boxes:
        area[top:bottom, left:right] = True
    return _made(~area if inverted else area)


def mask_of_probabilities(seen: NDArray[np.float32], size: Size) -> MadeMask | None:
    """Return the mask of what a network sees with some certainty; None where that is nothing. Raises UserError.

    `seen` are probabilities of shape [rows, columns], of a picture that was squeezed to it.
    """
    margin = round(MARGIN * max(seen.shape))
    grown = Image.fromarray(np.asarray(seen, np.float32)).filter(ImageFilter.MaxFilter(2 * margin + 1))
    area = np.asarray(grown.resize(size, Image.Resampling.BILINEAR)) >= SURE
    return _made(area) if area.any() else None


def _upright(data: bytes, limits: Limits, *, moves: bool = False) -> Image.Image:
    image = decode(data, limits)
    if not moves and image.format != "JPEG" and getattr(image, "is_animated", False):
        raise RefusedPicture("provenance.mask_moves")
    with refusing():
        return ImageOps.exif_transpose(image)


def _transparent(image: Image.Image) -> Area:
    if not image.has_transparency_data:
        return np.zeros(image.size[::-1], np.bool_)
    with refusing():
        return np.asarray(image.convert("RGBA"))[..., 3] < HALF


def _fit(area: Area, size: Size) -> Area:
    """Return the area at the picture's size. Raises UserError where it has another shape."""
    height, width = area.shape
    if (width, height) == size:
        return area
    across, down = width * size[1], height * size[0]
    # a mask that was made smaller in the same shape is off by less than a pixel of its own
    if abs(across / down - 1) > SAME_SHAPE and abs(across - down) >= max(size):
        raise UserError(
            "provenance.mask_size", width=width, height=height, picture_width=size[0], picture_height=size[1]
        )
    return np.asarray(Image.fromarray(area).resize(size, Image.Resampling.NEAREST))


def _made(area: Area) -> MadeMask:
    if not area.any():
        raise UserError("provenance.mask_empty")
    if area.all():
        raise UserError("provenance.mask_full")
    image = Image.fromarray(area.astype(np.uint8) * np.uint8(255))
    file = BytesIO()
    image.save(file, "PNG")
    box = image.getbbox()
    assert box is not None, "it is not empty"
    return MadeMask(file.getvalue(), box, float(area.mean()))
