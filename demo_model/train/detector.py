"""Trains the detectors on drawn pictures, most of them bent and softened, some behind the autoencoder."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import torch

from demo_model.detect.detector import prepare
from demo_model.detect.loss import loss
from demo_model.detect.network import Network
from demo_model.detect.targets import Target
from demo_model.pixels import to_bytes, to_unit
from demo_model.train.drawn import drawn_target
from demo_model.train.learner import Learner
from demo_model.train.misdrawing import by_lot, misdrawn
from demo_model.train.networks import inner_weights
from demo_model.train.plan import Plan
from demo_model.train.pool import Pool
from demo_model.train.precision import mixed
from demo_model.train.stage import LearningStage
from demo_model.train.stream import Stream
from demo_model.world.drawer import Picture

WANTED = tuple(field.name for field in fields(Target))  #: in the order of the pool's columns
ENDS = ("stem.0.", "cells.", "picture.")  #: how the names of the first layer and the last ones start
AS_DRAWN = 0.125  #: the share of pictures that stay as they are
DECODED = 0.375  #: the share that goes through the autoencoder, which takes five times as long as to draw one
ASTRAY = 0.35  #: how far latents are moved at most: made ones are never quite those of a drawn picture
LIGHT = 0.1  #: how much brighter or darker a colour is at most


class DetectorStage(LearningStage):
    """Learns to say what pictures show, also where they are not quite as they were drawn, as made pictures are."""

    name = "detector"

    def __init__(self, plan: Plan, device: torch.device, seed: tuple[int, ...], vae: Any) -> None:
        network = Network().to(device)
        self.learner = Learner(network, plan.detector_rate, inner_weights(network, ENDS))
        self._batch, self._device, self._vae = plan.detector_batch, device, vae
        self._pool = Pool(plan.detector_pool)
        self._stream = Stream(drawn_target, max(1, self._batch // plan.detector_reuse), plan.workers, seed)

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""
        self._pool.refresh(self._fresh, self._batch)
        pictures, *wanted = _mirrored(self._pool.draw(self._batch))
        with mixed(self._device):
            reading = self.learner.network(_lit(prepare(pictures)))
        wrong = loss(reading, dict(zip(WANTED, wanted, strict=True)))
        self.learner.learn(wrong, progress)
        return wrong.detach()

    def _fresh(self) -> list[torch.Tensor]:
        """Return freshly drawn pictures and, in the order of WANTED, what should be said of them."""
        pictures, targets = zip(*self._stream.next(), strict=True)
        columns = (np.stack([getattr(one, name) for one in targets]) for name in WANTED)
        return [self._as_made(pictures), *(torch.from_numpy(values).to(self._device) for values in columns)]

    @torch.no_grad()
    def _as_made(self, pictures: Sequence[Picture]) -> torch.Tensor:
        """Return the pictures, of shape [pictures, side, side, 3] from 0 to 255: some as drawn, most as if made."""
        unit = to_unit(torch.from_numpy(np.stack(pictures)).to(self._device))
        decoded, drawn = round(DECODED * len(unit)), round(AS_DRAWN * len(unit))
        bent = misdrawn(unit[drawn:])
        return to_bytes(torch.cat([unit[:drawn], self._decoded(bent[:decoded]), bent[decoded:]]))

    def _decoded(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the pictures as they come from latents that are not quite theirs."""
        with mixed(self._device):
            latents = self._vae.encode(pictures.contiguous(memory_format=torch.channels_last)).latent_dist.mode()
            astray = ASTRAY * by_lot(latents) * torch.randn_like(latents)
            made: torch.Tensor = self._vae.decode(latents + astray).sample
        return made.float()


def _lit(pictures: torch.Tensor) -> torch.Tensor:
    """Return the pictures, of shape [pictures, 3, height, width], each in a light of another colour."""
    return pictures * (1 + LIGHT * torch.randn_like(pictures[:, :, :1, :1]).clamp(-1, 1))


def _mirrored(columns: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return pictures and grids as in a mirror, all or, half of the time, none; what has no width stays as it is."""
    if torch.rand(()) < 0.5:
        return columns
    return [column.flip(2) if column.dim() > 2 else column for column in columns]
