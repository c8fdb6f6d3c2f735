"""Trains the autoencoder on crops: it is convolutional, and used on whole pictures."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from demo_model.train.drawn import DrawnCrop
from demo_model.train.learner import Learner
from demo_model.train.networks import make_vae
from demo_model.train.plan import Plan
from demo_model.train.stream import Stream
from demo_model.world.drawer import draw
from demo_model.world.sampler import sample

KL_WEIGHT = 1e-6  #: keeps the latents near a unit Gaussian without costing sharpness
EDGE_WEIGHT = 1.0
SCALES = 3
SCALE_SAMPLE = 64


class AutoencoderStage:
    """Learns to keep colours, and edges sharp."""

    name = "autoencoder"

    def __init__(self, plan: Plan, device: torch.device, seed: tuple[int, ...]) -> None:
        self.learner = Learner(make_vae(plan).to(device), plan.autoencoder_rate)
        self._device = device
        self._stream = Stream(DrawnCrop(plan.side, plan.crop), plan.autoencoder_batch, plan.workers, seed)

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""
        crops = to_unit(torch.from_numpy(np.stack(self._stream.next())).to(self._device))
        vae: Any = self.learner.network
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            posterior = vae.encode(crops).latent_dist
            made = vae.decode(posterior.sample()).sample
        # The library's KL is a sum over the picture, not a mean.
        loss: torch.Tensor = difference(made.float(), crops) + KL_WEIGHT * posterior.kl().float().mean()
        self.learner.learn(loss, progress)
        return loss.detach()

    def state(self) -> dict[str, Any]:
        """Return what `load` needs to go on."""
        return self.learner.state()

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.learner.load(state)

    def close(self) -> None:
        """Stop drawing."""
        self._stream.close()


def to_unit(pictures: torch.Tensor) -> torch.Tensor:
    """Return pictures of shape [pictures, height, width, 3] from 0 to 255 as [pictures, 3, height, width], -1 to 1."""
    return pictures.movedim(-1, 1).float() / 127.5 - 1


def difference(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return how far colours and edges are apart, at full size and coarser."""
    total = functional.mse_loss(made, wanted)
    for scale in range(SCALES):
        total = total + functional.l1_loss(made, wanted) / SCALES
        for axis in (2, 3):
            edges = EDGE_WEIGHT * functional.l1_loss(made.diff(dim=axis), wanted.diff(dim=axis))
            total = total + edges / SCALES
        if scale + 1 < SCALES:
            made, wanted = functional.avg_pool2d(made, 2), functional.avg_pool2d(wanted, 2)
    return total


@torch.no_grad()
def measure_scale(vae: Any, side: int, device: torch.device) -> float:
    """Return the factor that brings latents to unit variance, measured on the same pictures every time."""
    dice = np.random.default_rng(0)
    pictures = [torch.from_numpy(draw(sample(dice), side)) for _ in range(SCALE_SAMPLE)]
    latents = [vae.encode(to_unit(picture[None].to(device))).latent_dist.mode() for picture in pictures]
    return float(1 / torch.cat(latents).std())
