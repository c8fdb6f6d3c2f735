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
TOLERANCE = 0.05  # of an aspect: sides are multiples of a few pixels
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
    """A window over a picture, and the size in which it is drawn; `asked` is the one that was meant."""

    window: Window
    size: Size
    asked: Size


def extended(checkpoint: Checkpoint, size: Size, left: int, top: int, right: int, bottom: int) -> Frame:
    """Return the frame of a picture that goes on by so many pixels at each side, or a few more."""
    multiple = checkpoint.side_multiple
    width, height = size.width + left + right, size.height + top + bottom
    whole = Size(ceil(width / multiple) * multiple, ceil(height / multiple) * multiple)
    # what makes the sides whole goes where the picture is continued anyway
    left += (whole.width - width) * (left > 0 and right == 0)
    top += (whole.height - height) * (top > 0 and bottom == 0)
    return _frame(checkpoint, Window(left=-left, top=-top, width=whole.width, height=whole.height), whole)


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
    across, down = (max(1, round(side * (factor - 1) / 2)) for side in size)
    window = Window(left=-across, top=-down, width=size.width + 2 * across, height=size.height + 2 * down)
    return _frame(checkpoint, window, size)


def panned(checkpoint: Checkpoint, size: Size, side: Side) -> Frame:
    """Return the frame of a picture of the same size, seen half a side farther on: the other half is left behind."""
    across, down = max(1, int(size.width * PAN)), max(1, int(size.height * PAN))
    left = {Side.LEFT: -across, Side.RIGHT: across}.get(side, 0)
    top = {Side.UP: -down, Side.DOWN: down}.get(side, 0)
    return _frame(checkpoint, Window(left=left, top=top, width=size.width, height=size.height), size)


def around(checkpoint: Checkpoint, size: Size, box: tuple[int, int, int, int]) -> Frame | None:
    """Return the frame in which a part of a picture is drawn anew; None where the checkpoint draws all of it as it is.

    A picture of another size stays as it is, and only what is around the `box` (left, top, right, bottom) is drawn.
    """
    if snap(checkpoint, size) == size:
        return None
    left, top, right, bottom = box
    least = max(right - left, bottom - top) * checkpoint.min_side // checkpoint.max_side  # less would be squashed
    left, right = _span(checkpoint, left, right, size.width, least)
    top, bottom = _span(checkpoint, top, bottom, size.height, least)
    window = Window(left=left, top=top, width=right - left, height=bottom - top)
    return Frame(window, snap(checkpoint, Size(window.width, window.height)), size)


def _span(checkpoint: Checkpoint, start: int, end: int, length: int, least: int) -> tuple[int, int]:
    """Return a span around another within a length, with a margin, and not below the size that is drawn best."""
    multiple = checkpoint.side_multiple
    wanted = round(max(checkpoint.native_side, (end - start) * (1 + 2 * MARGIN), least * (1 + 2 * MARGIN)))
    wanted = min(ceil(wanted / multiple) * multiple, length)
    first = min(max(0, (start + end - wanted) // 2), length - wanted)
    return first, first + wanted


def _frame(checkpoint: Checkpoint, window: Window, asked: Size) -> Frame:
    """Return the frame in which a window is drawn. Raises UserError where the checkpoint draws nothing so long."""
    drawn = snap(checkpoint, asked)
    squashed = (drawn.width / window.width) / (drawn.height / window.height)
    if max(squashed, 1 / squashed) > 1 + TOLERANCE:
        limit = checkpoint.max_side / checkpoint.min_side
        raise UserError("bot.frame_too_long", size=Size(window.width, window.height), limit=limit)
    return Frame(window, drawn, asked)
