from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks._textures import draw_texture
from provenance.picture import Facts


@pytest.fixture
def texture() -> Callable[..., NDArray[np.uint8]]:
    return draw_texture


@pytest.fixture
def facts() -> Facts:
    return Facts(
        record_id="7KQ2ZD4M0X",
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
