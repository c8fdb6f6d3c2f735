"""A network that learns: Adam or Muon, a cosine schedule, clipped gradients and a running average of the weights."""

import copy
import math
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from demo_model.train.muon import Muon

WARM_UP = 0.02  #: the share of the run in which the rate rises
CLIP = 1.0
DECAY = 0.999
Net = TypeVar("Net", bound=nn.Module)


class Learner(Generic[Net]):
    """Changes `network` by its loss; `average` follows it and is what gets used.

    Muon learns the `inner` weights, which are those between hidden layers, and Adam all others.
    """

    def __init__(self, network: Net, rate: float, inner: Sequence[nn.Parameter] = ()) -> None:
        self.network = network
        self.average = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        self.steps = 0
        self._rate = rate
        known = {id(weight) for weight in inner}
        others = [weight for weight in network.parameters() if id(weight) not in known]
        adam = torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.99), weight_decay=1e-3, fused=True)
        self._optimisers: list[torch.optim.Optimizer] = [adam, Muon(inner, rate)] if inner else [adam]

    def learn(self, loss: torch.Tensor, progress: float) -> None:
        """Take one step down the loss; `progress` is the share of the run that is over."""
        self.network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        if norm.isfinite():  # now and then, in very small networks, it is not; one such step would undo all others
            self._step(self._rate * schedule(progress))
        self.steps += 1
        self._follow()

    def state(self) -> dict[str, Any]:
        """Return everything that `load` needs to go on."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
            "steps": self.steps,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.steps = state["steps"]

    def _step(self, rate: float) -> None:
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.step()

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(DECAY, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.network.parameters()), 1 - keep)


def schedule(progress: float) -> float:
    """Return the share of the full rate: up in a line, then down along a cosine to a fiftieth."""
    if progress < WARM_UP:
        return max(progress / WARM_UP, 0.02)
    over = min(1.0, (progress - WARM_UP) / (1 - WARM_UP))
    return 0.02 + 0.98 * (1 + math.cos(math.pi * over)) / 2
