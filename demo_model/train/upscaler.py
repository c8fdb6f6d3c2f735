"""Trains the upscaler: drawn pictures, and what the autoencoder makes of them, towards the same drawn larger."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from demo_model.pixels import to_unit
from demo_model.train.drawn import DrawnTwice
from demo_model.train.learner import Learner
from demo_model.train.plan import Plan
from demo_model.train.precision import mixed
from demo_model.train.stage import LearningStage
from demo_model.train.stream import Stream
from inference.engine.upscaler import FACTOR, HALO, Upscaler


class UpscalerStage(LearningStage):
    """Learns where edges are, and what the autoencoder blurs."""

    name = "upscaler"

    def __init__(self, plan: Plan, device: torch.device, seed: tuple[int, ...], vae: Any) -> None:
        self.learner = Learner(Upscaler().to(device), plan.upscaler_rate)
        self._plan, self._device, self._vae = plan, device, vae
        self._stream = Stream(DrawnTwice(plan.side), plan.upscaler_batch, plan.workers, seed)

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""
        drawn = self._stream.next()
        small, large = self._cut(
            *(to_unit(torch.from_numpy(np.stack([pair[index] for pair in drawn])).to(self._device)) for index in (0, 1))
        )
        small, large = torch.cat([small, self._made(small)]), torch.cat([large, large])
        with mixed(self._device):
            made = self.learner.network(small)
        # Nearer to a cut's edge the network sees padding, which it never does when it is used.
        inner = slice(FACTOR * HALO, -FACTOR * HALO)
        loss = functional.l1_loss(made.float()[..., inner, inner], large[..., inner, inner])
        self.learner.learn(loss, progress)
        return loss.detach()

    @torch.no_grad()
    def _made(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the pictures as the autoencoder gives them back."""
        with mixed(self._device):
            made = self._vae.decode(self._vae.encode(pictures).latent_dist.mode()).sample
        given: torch.Tensor = made.float().clamp(-1, 1)
        return given

    def _cut(self, small: torch.Tensor, large: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the same square cut out of every picture, small and large."""
        side = self._plan.upscaler_cut
        cuts = []
        for index in range(len(small)):
            top, left = torch.randint(self._plan.side - side + 1, (2,)).tolist()
            y, x = FACTOR * top, FACTOR * left
            cuts.append(
                (
                    small[index, :, top : top + side, left : left + side],
                    large[index, :, y : y + FACTOR * side, x : x + FACTOR * side],
                )
            )
        before, after = zip(*cuts, strict=True)
        return torch.stack(before), torch.stack(after)
