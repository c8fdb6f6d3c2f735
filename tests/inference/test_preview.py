"""Previews: a linear map from latents to colours."""

import numpy as np
import torch

from inference.engine.preview import PreviewMap


def test_a_look_is_a_linear_map_of_each_latent() -> None:
    matrix = torch.tensor([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.5], [0.1, 0.2, 0.3], [0.0, 0.1, -0.1]])
    latents = torch.randn(1, 4, 6, 5, generator=torch.Generator().manual_seed(1)) / 4
    looked = PreviewMap(matrix).look(latents)
    colours = latents[0].permute(1, 2, 0) @ matrix[:4] + matrix[4]
    expected = ((colours / 2 + 0.5).clamp(0, 1) * 255).numpy()

    assert looked.shape == (6, 5, 3)
    assert np.abs(looked - expected).max() <= 1
