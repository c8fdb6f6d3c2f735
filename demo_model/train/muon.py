"""Muon (Jordan et al. 2024): steps of momentum, made orthogonal, for the matrices of a network."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from demo_model.train.precision import mixed

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.775, 2.0315)  #: of Newton and Schulz's step: all singular values soon lie near 1
STEPS = 5
#: An orthogonal step times this and the root of the longer side is as large as Adam's usual one (Liu et al. 2025, Muon
#: is Scalable for LLM Training): both take the same rate.
LIKE_ADAM = 0.2


class Muon(torch.optim.Optimizer):
    """Learns weights of any shape of two or more dimensions, convolutions' as matrices of a row per output.

    The library's own takes matrices only, and one after another; here those of one shape are made orthogonal at once,
    in half the time.
    """

    def __init__(self, weights: Iterable[nn.Parameter], rate: float) -> None:
        super().__init__(weights, {"lr": rate})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:  # the library's own can take a closure
        """Take a step down the gradients."""
        for group in self.param_groups:
            for alike in _by_shape(group["params"]):
                moves = orthogonal(torch.stack([self._momentum(weight) for weight in alike]))
                for weight, move in zip(alike, moves, strict=True):
                    size = LIKE_ADAM * max(move.shape) ** 0.5
                    weight.add_(move.reshape(weight.shape), alpha=-group["lr"] * size)

    def _momentum(self, weight: nn.Parameter) -> torch.Tensor:
        """Return Nesterov's momentum of the gradients so far, of shape [outputs, everything else]."""
        assert weight.grad is not None
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        momentum: torch.Tensor = state["momentum"]
        momentum.lerp_(weight.grad, 1 - MOMENTUM)
        return weight.grad.lerp(momentum, MOMENTUM).flatten(1)


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """Return for matrices of shape [matrices, rows, columns] the orthogonal ones nearest to them, roughly.

    Their singular values come out between 0.7 and 1.2, for which half precision is enough.
    """
    if matrices.shape[1] > matrices.shape[2]:
        return orthogonal(matrices.mT).mT
    a, b, c = COEFFICIENTS
    unit = functional.normalize(matrices.flatten(1)).view_as(matrices)
    with mixed(matrices.device):
        for _ in range(STEPS):
            square = torch.bmm(unit, unit.mT)
            unit = torch.baddbmm(unit, torch.baddbmm(square, square, square, beta=b, alpha=c), unit, beta=a)
    return unit.to(matrices.dtype)


def _by_shape(weights: Sequence[nn.Parameter]) -> Iterable[list[nn.Parameter]]:
    """Return the weights that are matrices of one shape together."""
    alike = defaultdict(list)
    for weight in weights:
        alike[len(weight), weight.numel() // len(weight)].append(weight)
    return alike.values()
