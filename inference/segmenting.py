"""Things in pictures, found by words in a process of its own, on the processor: no device waits for it."""

import io
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.viewers import Viewer

if TYPE_CHECKING:
    from inference.engine.finder import Finder


def find_by_words(segmenter: Viewer, png: bytes, words: str) -> NDArray[np.float32]:
    """Return how probably each point of a picture shows that: [rows, columns], the picture squeezed to it.

    Raises CheckpointUnusable, OSError or ValueError where the network is missing or another one.
    """
    return _loaded(segmenter.model_dump_json()).find(Image.open(io.BytesIO(png)).convert("RGB"), words)


@cache
def _loaded(segmenter: str) -> "Finder":
    # Imported here, because the bot's own process imports this module and has no use for torch.
    import torch

    from inference.engine.finder import Finder

    torch.set_num_threads(1)
    return Finder.load(Viewer.model_validate_json(segmenter))
