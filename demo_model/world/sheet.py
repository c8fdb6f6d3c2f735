"""Contact sheets: many pictures on one, each with its words below it where it has any."""

import textwrap
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from demo_model.world.drawer import Picture

GAP = 8
TEXT_SIZE, LINE, LINES = 14, 17, 3
CHARACTER = 7.2  #: the mean width of a letter, in pixels


def contact_sheet(pictures: Sequence[Picture], columns: int, words: Sequence[str] | None = None) -> Image.Image:
    """Return the pictures, all of one size, in rows on white."""
    side = pictures[0].shape[0]
    row = side + GAP + (0 if words is None else LINES * LINE)
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (side + GAP) + GAP, rows * row + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT_SIZE)
    for index, picture in enumerate(pictures):
        left, top = GAP + index % columns * (side + GAP), GAP + index // columns * row
        sheet.paste(Image.fromarray(picture), (left, top))
        if words is not None:
            lines = textwrap.wrap(words[index], int(side / CHARACTER), max_lines=LINES, placeholder=" …")
            pen.multiline_text((left, top + side + 2), "\n".join(lines), "black", font, spacing=LINE - TEXT_SIZE)
    return sheet
