"""Contact sheets: many pictures on one."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from demo_model.world.drawer import Picture

GAP = 4


def contact_sheet(pictures: Sequence[Picture], columns: int) -> Image.Image:
    """Return the pictures, all of one size, in rows on white."""
    side = pictures[0].shape[0] + GAP
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * side + GAP, columns * side + GAP, 3), 255, np.uint8)
    for index, picture in enumerate(pictures):
        top, left = GAP + index // columns * side, GAP + index % columns * side
        sheet[top : top + side - GAP, left : left + side - GAP] = picture
    return Image.fromarray(sheet)
