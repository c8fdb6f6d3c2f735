"""Which size a picture gets: what was asked for, snapped to what the checkpoint can draw."""

from math import sqrt
from typing import NamedTuple

from bot.aspects import ratio_of
from inference.checkpoints import Checkpoint

FAR_FROM_NATIVE = 1.6  # in area or, squared, in aspect; beyond it limbs and horizons double


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}×{self.height}"


def choose_size(checkpoint: Checkpoint, width: int | None, height: int | None, aspect: str | None) -> Size:
    """Return the size asked for: by sides (a missing one is native), by aspect at the native area, or native.

    Raises UserError for an aspect that means nothing.
    """
    native = checkpoint.native_side
    if aspect is not None and width is None and height is None:
        ratio = ratio_of(aspect)
        return Size(round(native * sqrt(ratio)), round(native * sqrt(1 / ratio)))
    return Size(native if width is None else width, native if height is None else height)


def snap(checkpoint: Checkpoint, size: Size) -> Size:
    """Return the nearest size that the checkpoint can draw, the aspect kept where the sides allow it."""
    scale = min(1.0, sqrt(checkpoint.max_pixels / (size.width * size.height)))
    scale = min(scale, checkpoint.max_side / max(size))
    scale = max(scale, checkpoint.min_side / min(size)) if max(size) * scale < checkpoint.max_side else scale
    width, height = (_snap_side(checkpoint, side * scale) for side in size)
    while width * height > checkpoint.max_pixels:
        # The longer side gives way; where both are equal now, the one that was not longer when it was asked for.
        if width > height or (width == height and size.width <= size.height):
            width -= checkpoint.side_multiple
        else:
            height -= checkpoint.side_multiple
    return Size(width, height)


def _snap_side(checkpoint: Checkpoint, side: float) -> int:
    multiple = checkpoint.side_multiple
    return max(checkpoint.min_side, min(checkpoint.max_side, round(side / multiple) * multiple))


def far_from_native(checkpoint: Checkpoint, size: Size) -> bool:
    """Say whether quality will suffer, because the checkpoint never saw such a size."""
    area = size.width * size.height / checkpoint.native_side**2
    aspect = max(size) / min(size)
    return not 1 / FAR_FROM_NATIVE <= area <= FAR_FROM_NATIVE or aspect > FAR_FROM_NATIVE**2
