"""What somebody calls by words, looked for in a picture; in a process of its own, on the processor."""

import io
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from config.weights import Weights

if TYPE_CHECKING:
    from inference.engine.segmenter import Segmenter


def find_by_words(weights: Weights, png: bytes, words: str) -> NDArray[np.float32]:
    """Return how probably each point of a picture shows that: [rows, columns], the picture squeezed to it.

    Raises CheckpointUnusable, OSError or ValueError where the network is missing or another one.
    """
    return _loaded(weights.model_dump_json()).find(Image.open(io.BytesIO(png)).convert("RGB"), words)


@cache
def _loaded(weights: str) -> "Segmenter":
    # Imported here, because the bot's own process imports this module and has no use for torch.
    import torch

    from inference.engine.loading import load_segmenter

    torch.set_num_threads(1)
    return load_segmenter(Weights.model_validate_json(weights))
