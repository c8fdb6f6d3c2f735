"""Trains the detectors on drawn pictures."""

import numpy as np
import torch

from demo_model.detect.detector import prepare
from demo_model.detect.loss import loss
from demo_model.detect.network import Network
from demo_model.detect.targets import Target
from demo_model.train.drawn import drawn_target
from demo_model.train.learner import Learner
from demo_model.train.plan import Plan
from demo_model.train.stage import LearningStage
from demo_model.train.stream import Stream


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
        noise = torch.randn_like(pictures) * 0.12 * torch.rand(len(batch), 1, 1, 1, device=self._device)
        light = 1 + 0.1 * torch.randn(len(batch), 3, 1, 1, device=self._device).clamp(-1, 1)
        wrong = loss(self.learner.network(pictures * light + noise), self._targets([wanted for _, wanted in batch]))
        self.learner.learn(wrong, progress)
        return wrong.detach()

    def _targets(self, targets: list[Target]) -> dict[str, torch.Tensor]:
        fields = {name: np.stack([getattr(one, name) for one in targets]) for name in vars(targets[0])}
        return {name: torch.from_numpy(values).to(self._device) for name, values in fields.items()}
