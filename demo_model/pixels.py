"""Pictures as people see them, and as networks do."""

import torch


def to_unit(pictures: torch.Tensor) -> torch.Tensor:
    """Return pictures of shape [pictures, height, width, 3] from 0 to 255 as [pictures, 3, height, width], -1 to 1."""
    return pictures.movedim(-1, 1).float() / 127.5 - 1


def to_bytes(pictures: torch.Tensor) -> torch.Tensor:
    """Return what `to_unit` was given, of what it returned."""
    return ((pictures.movedim(1, -1) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
