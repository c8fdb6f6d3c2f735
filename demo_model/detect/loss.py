"""How wrong the network is."""

import torch
from torch.nn import functional

from demo_model.detect.network import Reading
from demo_model.detect.targets import NEAR


def loss(reading: Reading, targets: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return how far the reading is from the targets, a batch of them."""
    kind, colour = targets["kind"], targets["colour"]
    there = kind > 0
    told = (kind != NEAR).float()
    wrong = functional.binary_cross_entropy_with_logits(reading.thing, there.float(), weight=told, reduction="sum")
    things = there.sum().clamp(min=1)
    total = wrong / things
    for logits, wanted in ((reading.kind, kind), (reading.colour, colour)):
        total = total + functional.cross_entropy(logits.movedim(1, -1)[there], wanted[there] - 1)
    total = total + functional.cross_entropy(reading.backdrop, targets["backdrop"])
    return total + 0.3 * functional.cross_entropy(reading.style, targets["style"])
