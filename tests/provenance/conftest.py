from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from provenance.picture import Facts

Pixels = NDArray[np.uint8]


def draw_texture(seed: int, height: int = 512, width: int = 512) -> Pixels:
    """Return colour noise over all scales, as photographs have it."""
    random = np.random.default_rng(seed)
    pixels = np.full((height, width, 3), 128.0)
    for octave in range(2, 8):
        coarse = random.normal(size=(2**octave, 2**octave, 3)) * 90 / octave**1.3
        for channel in range(3):
            layer = Image.fromarray(coarse[..., channel].astype(np.float32))
            pixels[..., channel] += np.asarray(layer.resize((width, height), Image.Resampling.BICUBIC))
    return np.clip(pixels + random.normal(size=pixels.shape) * 2, 0, 255).astype(np.uint8)


@pytest.fixture
def texture() -> Callable[..., Pixels]:
    return draw_texture


@pytest.fixture
def facts() -> Facts:
    return Facts(
        record_id="7KQ2",
        prompt="a lighthouse, oil on canvas",
        negative_prompt="fog",
        num_inference_steps=20,
        sampler="DPM++ 2M Karras",
        guidance_scale=7.5,
        seed=0,
        width=512,
        height=512,
        checkpoint="demo, first",
        checkpoint_hash="ab" * 32,
        version="imagine-bot 0.1.0",
    )
