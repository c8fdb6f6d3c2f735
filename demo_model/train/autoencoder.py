"""Trains the autoencoder, on small pictures first."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from demo_model.pixels import to_unit
from demo_model.train.drawn import DrawnPicture
from demo_model.train.learner import Learner
from demo_model.train.networks import make_vae
from demo_model.train.plan import Plan
from demo_model.train.precision import mixed
from demo_model.train.stage import LearningStage
from demo_model.train.stream import Stream
from demo_model.world.drawer import Picture, draw
from demo_model.world.sampler import sample

KL_WEIGHT = 3e-8  #: keeps the latents bounded; from ten times more on, detail drowned in the sampled noise for long
EDGE_WEIGHT = 1.0
SCALES = 3
STANDARD_SAMPLE = 64


class AutoencoderStage(LearningStage):
    """Learns to keep colours, and edges sharp."""

    name = "autoencoder"

    def __init__(self, plan: Plan, device: torch.device, seed: tuple[int, ...]) -> None:
        network = make_vae(plan).to(device, memory_format=torch.channels_last)
        self.learner = Learner(network, plan.autoencoder_rate)
        self._plan, self._device, self._seed = plan, device, seed
        self._side = plan.first_side
        self._stream = self._open()

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""
        pictures = to_unit(torch.from_numpy(np.stack(self._drawn(progress))).to(self._device))
        vae: Any = self.learner.network
        with mixed(self._device):
            posterior = vae.encode(pictures).latent_dist
            made = vae.decode(posterior.sample()).sample
        # The library's KL is a sum over the picture, not a mean: as many latents count as the picture has.
        area = (self._plan.side / self._side) ** 2
        loss: torch.Tensor = difference(made.float(), pictures) + KL_WEIGHT * area * posterior.kl().float().mean()
        self.learner.learn(loss, progress)
        return loss.detach()

    def _drawn(self, progress: float) -> list[Picture]:
        """Return fresh pictures: many small ones at first, then fewer large ones."""
        side = self._plan.first_side if progress < self._plan.autoencoder_first_share else self._plan.side
        if side != self._side:
            self.close()
            self._side = side
            self._stream = self._open()
        return self._stream.next()

    def _open(self) -> Stream[Picture]:
        batch = self._plan.autoencoder_batch * (self._plan.side // self._side) ** 2
        return Stream(DrawnPicture(self._side), batch, self._plan.workers, (*self._seed, self._side))


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
def standardise(vae: Any, side: int, device: torch.device) -> None:
    """Bring every channel of the latents to mean 0 and variance 1, measured on the same pictures every time.

    The change goes into the last layer before the latents and is undone in the first after them.
    """
    dice = np.random.default_rng(0)
    pictures = [torch.from_numpy(draw(sample(dice), side)) for _ in range(STANDARD_SAMPLE)]
    latents = torch.cat([vae.encode(to_unit(picture[None].to(device))).latent_dist.mode() for picture in pictures])
    middle, spread = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    before, after = vae.quant_conv, vae.post_quant_conv
    means, log_variances = before.bias.chunk(2)
    before.weight[: len(spread)] /= spread[:, None, None, None]
    means.sub_(middle).div_(spread)
    log_variances.sub_(2 * spread.log())
    after.bias += after.weight[:, :, 0, 0] @ middle
    after.weight *= spread[:, None, None]
