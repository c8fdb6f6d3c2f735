"""Draws over pictures as a model that is not sure of its lines would: bent, and soft at the edges."""

import torch
from torch.nn import functional

WAVES = (4, 8, 16)  #: how many bends lie along a side: whole things lean, and their edges wobble
BEND = 0.1  #: the standard deviation of a move where chance will most, as a share of the length of the bend


def misdrawn(pictures: torch.Tensor) -> torch.Tensor:
    """Return the pictures, of shape [pictures, channels, side, side], each bent and softened as much as chance will."""
    soft = functional.avg_pool2d(pictures, 3, stride=1, padding=1, count_include_pad=False)
    softened = torch.lerp(pictures, soft, by_lot(pictures))
    return functional.grid_sample(softened, _grid(pictures), padding_mode="reflection", align_corners=False)


def by_lot(pictures: torch.Tensor) -> torch.Tensor:
    """Return a number between 0 and 1 for each of the pictures, four dimensions like theirs."""
    return torch.rand(len(pictures), 1, 1, 1, device=pictures.device)


def _grid(pictures: torch.Tensor) -> torch.Tensor:
    """Return where each pixel comes from, of shape [pictures, side, side, 2]; a side goes from -1 to 1."""
    side = pictures.shape[-1]
    centres = (torch.arange(side, device=pictures.device) + 0.5) * 2 / side - 1
    straight = torch.stack(torch.meshgrid(centres, centres, indexing="xy"), dim=-1)
    moves = torch.stack([_moves(pictures, waves) for waves in WAVES]).sum(0)
    return straight + moves.movedim(1, -1)


def _moves(pictures: torch.Tensor, waves: int) -> torch.Tensor:
    """Return smooth moves of shape [pictures, 2, side, side]."""
    coarse = torch.randn(len(pictures), 2, waves, waves, device=pictures.device)
    smooth = functional.interpolate(coarse, pictures.shape[-2:], mode="bicubic", align_corners=False)
    return smooth * by_lot(pictures) * BEND * 2 / waves
