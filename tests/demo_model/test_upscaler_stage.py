"""The upscaler's training: it learns from the same place, small and large."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d, l1_loss

from demo_model.pixels import to_unit
from demo_model.train.drawn import DrawnTwice
from demo_model.train.networks import make_vae
from demo_model.train.plan import TINY
from demo_model.train.upscaler import UpscalerStage


def test_the_same_square_is_cut_out_of_the_small_and_the_large_picture() -> None:
    torch.manual_seed(1)
    stage = UpscalerStage(TINY, torch.device("cpu"), (1,), make_vae(TINY))
    dice = np.random.default_rng(2)
    drawn = [DrawnTwice(TINY.side)(dice) for _ in range(4)]
    small, large = stage._cut(
        *(to_unit(torch.from_numpy(np.stack([pair[index] for pair in drawn]))) for index in (0, 1))
    )

    assert small.shape == (4, 3, TINY.upscaler_cut, TINY.upscaler_cut)
    assert (avg_pool2d(large, 2) - small).abs().mean() < 0.01


class Perfect:
    """An autoencoder that gives back what it got."""

    def encode(self, pictures: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: pictures))

    def decode(self, latents: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(sample=latents)


@pytest.mark.slow
def test_it_learns() -> None:
    torch.manual_seed(2)
    stage = UpscalerStage(replace(TINY, upscaler_cut=48), torch.device("cpu"), (1,), Perfect())
    dice = np.random.default_rng(3)
    drawn = [DrawnTwice(TINY.side)(dice) for _ in range(8)]
    small, large = (to_unit(torch.from_numpy(np.stack([pair[index] for pair in drawn]))) for index in (0, 1))
    with torch.no_grad():
        before = l1_loss(stage.learner.network(small), large)
    for step in range(120):
        stage.step(step / 120)
    with torch.no_grad():
        after = l1_loss(stage.learner.network(small), large)

    assert after < before
