"""Pictures as a labelled grid, drawn in a clerk's process."""

from collections.abc import Sequence
from io import BytesIO
from itertools import product
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from provenance import metadata, png
from provenance.credentials import sign_composite
from provenance.identity import Identity
from provenance.thumbnails import shrink_to_fit

SIDE = 3_000  # pixels, of all pictures beside each other
GAP, MARGIN, LINE = 8, 16, 8
PAPER, INK, FAINT = "#f4f5f7", "#1b1b1f", "#d3d7de"
TEXT = 0.07  # of a cell's width
SMALLEST_TEXT, LARGEST_TEXT = 12, 40
TITLE = "imagine-comparison"


class Labels(NamedTuple):
    """What stands above the columns and beside the rows; one row may have none."""

    columns: tuple[str, ...]
    rows: tuple[str, ...]


class Grid(NamedTuple):
    """Where everything stands, in pixels: a cell's size, and how much the labels take."""

    width: int
    height: int
    left: int
    top: int


def draw_sheet(
    files: Sequence[bytes | None], labels: Labels, version: str, identity: Identity, limit: int
) -> tuple[bytes, str]:
    """Return the signed file, PNG or where that is too large WebP, and its suffix; the pictures are given row by row.

    One that may not be shown leaves its place empty.
    """
    cells = [None if file is None else Image.open(BytesIO(file)).convert("RGB") for file in files]
    grid, font = _measure(cells, labels)
    size = (
        grid.left + len(labels.columns) * (grid.width + GAP) - GAP + MARGIN,
        grid.top + max(1, len(labels.rows)) * (grid.height + GAP) - GAP + MARGIN,
    )
    sheet = Image.new("RGB", size, PAPER)
    places = list(product(range(max(1, len(labels.rows))), range(len(labels.columns))))
    for (row, column), cell in zip(places, cells, strict=True):
        _place(sheet, grid, row, column, cell)
    _label(sheet, grid, labels, font)
    file = png.encode(np.asarray(sheet), {metadata.XMP: metadata.composite_xmp(version, TITLE)})
    small, kind = shrink_to_fit(file, limit)
    return sign_composite(small, TITLE, version, identity), f".{kind}"


def _measure(cells: Sequence[Image.Image | None], labels: Labels) -> tuple[Grid, ImageFont.FreeTypeFont]:
    """Return the grid, in which the largest picture fits a cell, and the letters for it."""
    shown = [cell for cell in cells if cell is not None]
    width = max((cell.width for cell in shown), default=256)
    height = max((cell.height for cell in shown), default=256)
    columns, rows = len(labels.columns), max(1, len(labels.rows))
    scale = min(1.0, SIDE / (width * columns), SIDE / (height * rows))
    width, height = max(1, int(width * scale)), max(1, int(height * scale))
    font = ImageFont.load_default(round(min(LARGEST_TEXT, max(SMALLEST_TEXT, width * TEXT))))
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow comes with one"
    beside = max(
        (round(font.getlength(line)) for label in labels.rows for line in _wrapped(label, width, font)), default=0
    )
    above = max(len(_wrapped(label, width, font)) for label in labels.columns)
    left = MARGIN + (beside + MARGIN if labels.rows else 0)
    return Grid(width, height, left, MARGIN + above * (round(font.size) + LINE) + LINE), font


def _place(sheet: Image.Image, grid: Grid, row: int, column: int, cell: Image.Image | None) -> None:
    """Draw a picture in the middle of its cell; a cross where there is none."""
    x, y = grid.left + column * (grid.width + GAP), grid.top + row * (grid.height + GAP)
    if cell is None:
        draw = ImageDraw.Draw(sheet)
        draw.rectangle((x, y, x + grid.width - 1, y + grid.height - 1), outline=FAINT, width=2)
        draw.line((x, y, x + grid.width, y + grid.height), FAINT, 2)
        draw.line((x + grid.width, y, x, y + grid.height), FAINT, 2)
        return
    scale = min(grid.width / cell.width, grid.height / cell.height)
    size = max(1, round(cell.width * scale)), max(1, round(cell.height * scale))
    small = cell if cell.size == size else cell.resize(size, Image.Resampling.LANCZOS)
    sheet.paste(small, (x + (grid.width - size[0]) // 2, y + (grid.height - size[1]) // 2))


def _label(sheet: Image.Image, grid: Grid, labels: Labels, font: ImageFont.FreeTypeFont) -> None:
    draw, height = ImageDraw.Draw(sheet), round(font.size) + LINE
    for column, label in enumerate(labels.columns):
        middle = grid.left + column * (grid.width + GAP) + grid.width // 2
        for number, line in enumerate(reversed(_wrapped(label, grid.width, font))):
            draw.text((middle, grid.top - LINE - number * height), line, INK, font, anchor="ms")
    for row, label in enumerate(labels.rows):
        lines = _wrapped(label, grid.width, font)
        middle = grid.top + row * (grid.height + GAP) + grid.height // 2 - (len(lines) - 1) * height // 2
        for number, line in enumerate(lines):
            draw.text((grid.left - MARGIN, middle + number * height), line, INK, font, anchor="rm")


def _wrapped(text: str, width: int, font: ImageFont.FreeTypeFont, most: int = 3) -> list[str]:
    """Return the text in lines that fit the width, at most so many."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]}…"]
    return [_cut(line, width, font) for line in lines]


def _cut(line: str, width: int, font: ImageFont.FreeTypeFont) -> str:
    """Return a line that fits the width, its end left out where it does not."""
    if font.getlength(line) <= width:
        return line
    while len(line) > 1 and font.getlength(f"{line}…") > width:
        line = line[:-1]
    return f"{line}…"
