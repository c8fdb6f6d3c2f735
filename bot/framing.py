"""Which window over a picture is drawn, and how large: pure geometry, in pixels."""

from dataclasses import dataclass
from enum import StrEnum, unique
from math import ceil

from bot.sizing import Size, snap
from config.words import UserError
from inference.checkpoints import Checkpoint
from inference.window import Window

PAN = 0.5  # of a side: so much of what is seen is new
MARGIN = 0.5  # of a mask's sides, so that what is drawn anew fits what is around it
MOST_ZOOM = 4.0  # beyond it nothing of a picture is left to go on from


@unique
class Side(StrEnum):
    """A side of a picture."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Frame:
    """A window over a picture, and the size in which it is drawn."""

    window: Window
    size: Size


def extended(checkpoint: Checkpoint, size: Size, left: int, top: int, right: int, bottom: int) -> Frame:
    """Return the frame of a picture that goes on by so many pixels at each side, or a few more."""
    multiple = checkpoint.side_multiple
    width, height = size.width + left + right, size.height + top + bottom
    whole = Size(ceil(width / multiple) * multiple, ceil(height / multiple) * multiple)
    # what makes the sides whole goes where the picture is continued anyway
    left += (whole.width - width) * (left > 0 and right == 0)
    top += (whole.height - height) * (top > 0 and bottom == 0)
    window = Window(left=-left, top=-top, width=whole.width, height=whole.height)
    return _drawn(checkpoint, window)


def widened(checkpoint: Checkpoint, size: Size, ratio: float) -> Frame:
    """Return the frame of a picture that is continued on both sides until its width is its height times the ratio."""
    width, height = max(size.width, round(size.height * ratio)), max(size.height, round(size.width / ratio))
    across, down = width - size.width, height - size.height
    if across == down == 0:
        raise UserError("bot.has_that_aspect", size=size)
    return extended(checkpoint, size, across // 2, down // 2, across - across // 2, down - down // 2)


def zoomed(checkpoint: Checkpoint, size: Size, factor: float) -> Frame:
    """Return the frame of a picture of the same size that shows `factor` times as much along each side."""
    if not 1 < factor <= MOST_ZOOM:  # written so that NaN is refused too
        raise UserError("bot.zoom_range", limit=MOST_ZOOM, given=factor)
    drawn = snap(checkpoint, size)
    width, height = round(size.width * factor), round(size.height * factor)
    left, top = (width - size.width) // 2, (height - size.height) // 2
    return Frame(Window(left=-left, top=-top, width=width, height=height), drawn)


def panned(checkpoint: Checkpoint, size: Size, side: Side) -> Frame:
    """Return the frame of a picture of the same size, seen half a side farther on: the other half is left behind."""
    drawn = snap(checkpoint, size)
    across, down = max(1, int(size.width * PAN)), max(1, int(size.height * PAN))
    left = {Side.LEFT: -across, Side.RIGHT: across}.get(side, 0)
    top = {Side.UP: -down, Side.DOWN: down}.get(side, 0)
    return Frame(Window(left=left, top=top, width=size.width, height=size.height), drawn)


def around(checkpoint: Checkpoint, size: Size, box: tuple[int, int, int, int]) -> Frame | None:
    """Return the frame in which a part of a picture is drawn anew; None where the checkpoint draws all of it as it is.

    A picture of another size stays as it is, and only what is around the `box` (left, top, right, bottom) is drawn.
    """
    if snap(checkpoint, size) == size:
        return None
    left, right = _span(checkpoint, box[0], box[2], size.width)
    top, bottom = _span(checkpoint, box[1], box[3], size.height)
    return _drawn(checkpoint, Window(left=left, top=top, width=right - left, height=bottom - top))


def _span(checkpoint: Checkpoint, start: int, end: int, length: int) -> tuple[int, int]:
    """Return a span around another within a length, with a margin, and not below the size that is drawn best."""
    multiple = checkpoint.side_multiple
    wanted = max(checkpoint.native_side, round((end - start) * (1 + 2 * MARGIN)))
    wanted = min(ceil(wanted / multiple) * multiple, length)
    first = min(max(0, (start + end - wanted) // 2), length - wanted)
    return first, first + wanted


def _drawn(checkpoint: Checkpoint, window: Window) -> Frame:
    return Frame(window, snap(checkpoint, Size(window.width, window.height)))
