"""Trains the proofreader, which says what latents show, and so tells the UNet whether it draws what it is told.

The squared error of a star's latents hardly changes when the star is a blot of the same colour: what a thing is lies in
a few cells at its edge. A network that reads kinds and colours notices at once. It learns from drawn pictures alone and
then stays as it is; a perceptual loss in latent space (Lin and Yang 2024, Diffusion Model with Perceptual Loss). It is
no part of the model, and other than the detectors that measure it: these look at pixels and are trained by themselves.
"""

import torch
from torch import nn
from torch.nn import functional

from demo_model.detect.loss import loss
from demo_model.detect.network import Network, Reading
from demo_model.detect.targets import GRID
from demo_model.train.encoder import Encoder
from demo_model.train.learner import Learner
from demo_model.train.networks import LATENTS
from demo_model.train.plan import Plan
from demo_model.train.stage import LearningStage
from demo_model.train.supply import Supply

REUSE = 4  #: encoding a picture takes longer than learning from it
NOISE = 0.5  #: the most noise in what it reads: what hardly anything changes, it should not heed


class Proofreader(nn.Module):
    """Reads latents of shape [pictures, LATENTS, side, side]."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network(LATENTS, strides=(1, 2, 1))

    def forward(self, latents: torch.Tensor) -> Reading:
        """Return what every cell and the whole picture show."""
        noise = NOISE * torch.rand(len(latents), 1, 1, 1, device=latents.device) * torch.randn_like(latents)
        read = self.network(functional.interpolate(latents + noise, 2 * GRID))
        return Reading(**{name: logits.float() for name, logits in vars(read).items()})


class ProofreaderStage(LearningStage):
    """Learns to read the latents of drawn pictures."""

    name = "proofreader"

    def __init__(self, plan: Plan, device: torch.device, seed: tuple[int, ...], encoder: Encoder) -> None:
        self.learner = Learner(Proofreader().to(device), plan.detector_rate)
        self._stream = Supply(plan, plan.side, plan.detector_batch, REUSE, encoder, seed)

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""
        batch = self._stream.next()
        wrong = loss(self.learner.network(batch.latents), batch.targets)
        self.learner.learn(wrong, progress)
        return wrong.detach()
