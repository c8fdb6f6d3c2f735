"""Pictures to measure with where no photograph can be shipped."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def draw_texture(seed: int, height: int = 512, width: int = 512) -> NDArray[np.uint8]:
    """Return H x W x 3 RGB colour noise over all scales, as photographs have it, with fine grain."""
    random = np.random.default_rng(seed)
    pixels = np.full((height, width, 3), 128.0)
    for octave in range(2, 8):
        coarse = random.normal(size=(2**octave, 2**octave, 3)) * 90 / octave**1.3
        for channel in range(3):
            layer = Image.fromarray(coarse[..., channel].astype(np.float32))
            pixels[..., channel] += np.asarray(layer.resize((width, height), Image.Resampling.BICUBIC))
    return np.clip(pixels + random.normal(size=pixels.shape) * 2, 0, 255).astype(np.uint8)
