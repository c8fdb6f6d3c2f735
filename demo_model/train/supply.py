"""Encoded examples at hand, of which some are fresh in every batch."""

from dataclasses import dataclass, fields

import numpy as np
import torch

from demo_model.detect.loss import Targets, targets_of
from demo_model.detect.targets import Target
from demo_model.train.drawn import DrawnExample, Example
from demo_model.train.encoder import Encoder
from demo_model.train.plan import Plan
from demo_model.train.pool import Pool
from demo_model.train.stream import Stream

FIELDS = tuple(field.name for field in fields(Target))
FILL = 16  #: batches of pictures in the pool before learning starts


@dataclass(frozen=True)
class Batch:
    """Examples as the networks see them: latents, words, the weights of the latents' cells, what is to be seen."""

    latents: torch.Tensor
    words: torch.Tensor
    weights: torch.Tensor
    targets: Targets


class Supply:
    """Draws and encodes examples of one side, and gives each of them `reuse` times on average."""

    def __init__(self, plan: Plan, side: int, batch: int, reuse: int, encoder: Encoder, seed: tuple[int, ...]) -> None:
        self._batch, self._encoder, self._device = batch, encoder, encoder.device
        self._enough = min(plan.pool, FILL * batch)
        self._pool = Pool(plan.pool)
        drawn = DrawnExample(side, side // plan.shrunk)
        self._stream: Stream[Example] = Stream(drawn, max(1, batch // reuse), plan.workers, (*seed, side))

    def next(self) -> Batch:
        """Return the next batch."""
        self._add_fresh()
        while len(self._pool) < self._enough:
            self._add_fresh()
        latents, words, weights, *seen = self._pool.draw(self._batch)
        return Batch(latents, words, weights, dict(zip(FIELDS, (one.long() for one in seen), strict=True)))

    def close(self) -> None:
        """Stop drawing."""
        self._stream.close()

    def _add_fresh(self) -> None:
        fresh = self._stream.next()
        targets = targets_of([one.target for one in fresh], self._device)
        self._pool.add(
            self._encoder.latents([one.picture for one in fresh]),
            self._encoder.words([one.caption for one in fresh]),
            torch.from_numpy(np.stack([one.weights for one in fresh])).to(self._device),
            *(targets[name] for name in FIELDS),
        )
