"""Trains the detectors on drawn pictures."""

import numpy as np
import torch
from torch.nn import functional

from demo_model.detect.detector import prepare
from demo_model.detect.loss import loss, targets_of
from demo_model.detect.network import SIDE, Network
from demo_model.train.drawn import drawn_target
from demo_model.train.learner import Learner
from demo_model.train.plan import Plan
from demo_model.train.stage import LearningStage
from demo_model.train.stream import Stream

SOFT = 0.5  #: the share of pictures that are seen with less detail
NOISE = 0.12


class DetectorStage(LearningStage):
    """Learns to say what pictures show, also where they are a little blurred or noisy, as made pictures are."""

    name = "detector"

    def __init__(self, plan: Plan, device: torch.device, seed: tuple[int, ...]) -> None:
        self.learner = Learner(Network().to(device), plan.detector_rate)
        self._device = device
        self._stream = Stream(drawn_target, plan.detector_batch, plan.workers, seed)

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""
        batch = self._stream.next()
        pictures = prepare(torch.from_numpy(np.stack([picture for picture, _ in batch])).to(self._device))
        wrong = loss(self.learner.network(disturb(pictures)), targets_of([wanted for _, wanted in batch], self._device))
        self.learner.learn(wrong, progress)
        return wrong.detach()


def disturb(pictures: torch.Tensor) -> torch.Tensor:
    """Return pictures that are noisier and of other light, and of which some have lost detail."""
    rows = (len(pictures), 1, 1, 1)
    side = int(torch.randint(SIDE // 2, SIDE, ()))
    small = functional.interpolate(pictures, (side, side), mode="area")
    soft = functional.interpolate(small, (SIDE, SIDE), mode="bilinear", align_corners=False)
    pictures = torch.where(torch.rand(rows, device=pictures.device) < SOFT, soft, pictures)
    noise = torch.randn_like(pictures) * NOISE * torch.rand(rows, device=pictures.device)
    light = 1 + 0.1 * torch.randn(len(pictures), 3, 1, 1, device=pictures.device).clamp(-1, 1)
    return pictures * light + noise
