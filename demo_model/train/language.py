"""Teaches the text encoder what captions mean, before it sees a picture.

Words alone are learned a hundred times quicker than words through pictures. The text encoder says at its last tokens,
which padding always leaves free and from which it sees the whole caption, what the scene and its groups are like; heads
that are thrown away afterwards read it there. The UNet then finds every caption's meaning in the same places.
"""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import CLIPTokenizer

from demo_model.train.drawn import caption_with_facts
from demo_model.train.facts import GROUP_FACTS, GROUPS, SCENE_FACTS
from demo_model.train.learner import Learner
from demo_model.train.networks import make_text_encoder
from demo_model.train.plan import Plan
from demo_model.train.precision import mixed
from demo_model.train.stage import LearningStage
from demo_model.train.stream import Stream
from demo_model.train.tokens import tokens_of

SILENT = 0.03  #: the share of captions that are empty: their meaning is what is usual


class Reader(nn.Module):
    """A text encoder with the heads that say what it understood."""

    def __init__(self, text_encoder: Any, width: int) -> None:
        super().__init__()
        self.text_encoder = text_encoder
        self.scene = nn.Linear(width, sum(SCENE_FACTS.values()))
        self.group = nn.Linear(width, sum(GROUP_FACTS.values()))

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits of the scene's facts, [captions, classes], and of the groups', [captions, groups, classes]."""
        words = self.text_encoder(tokens)[0]
        return self.scene(words[:, -1]), self.group(words[:, -1 - GROUPS : -1])


class LanguageStage(LearningStage):
    """Learns to read captions."""

    name = "language"

    def __init__(self, plan: Plan, device: torch.device, seed: tuple[int, ...], tokenizer: CLIPTokenizer) -> None:
        text_encoder = make_text_encoder(plan, len(tokenizer))
        self.learner = Learner(Reader(text_encoder, plan.text_width).to(device), plan.language_rate)
        self._device, self._tokenizer = device, tokenizer
        self._stream = Stream(caption_with_facts, plan.language_batch, plan.workers, seed)

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""
        batch = self._stream.next()
        silent = (torch.rand(len(batch)) < SILENT).tolist()
        texts = ["" if unsaid else text for unsaid, (text, _) in zip(silent, batch, strict=True)]
        wanted = torch.from_numpy(np.stack([facts for _, facts in batch])).to(self._device)
        with mixed(self._device):
            scene, groups = self.learner.network(tokens_of(self._tokenizer, texts).to(self._device))
        loss = reading_loss(scene.float(), groups.float(), wanted)
        self.learner.learn(loss, progress)
        return loss.detach()


def reading_loss(scene: torch.Tensor, groups: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return how wrong the logits are; the groups may be told in either order, but each as a whole."""
    count = len(SCENE_FACTS)
    told = wanted[:, count:].reshape(len(wanted), GROUPS, len(GROUP_FACTS))
    straight = _wrong(groups, told, GROUP_FACTS).sum(1)
    crossed = _wrong(groups, told.flip(1), GROUP_FACTS).sum(1)
    alone = wanted[:, list(SCENE_FACTS).index("groups")] == 0
    best = torch.where(alone, straight, torch.minimum(straight, crossed))
    return (_wrong(scene, wanted[:, :count], SCENE_FACTS) + best).mean()


def _wrong(logits: torch.Tensor, wanted: torch.Tensor, facts: dict[str, int]) -> torch.Tensor:
    """Return the cross entropy of all facts together, of the shape of the logits less their last axis."""
    parts = torch.split(logits, list(facts.values()), dim=-1)
    each = [
        functional.cross_entropy(part.movedim(-1, 1), wanted[..., index], reduction="none")
        for index, part in enumerate(parts)
    ]
    return torch.stack(each).sum(0)
