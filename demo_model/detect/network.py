"""A small convolutional network that says, for every cell of a grid, what lies there."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

from demo_model.world.scene import BACKDROPS, Colour, Kind, Style

SIDE = 256  #: pictures are looked at in this size
STEM = (32, 48, 64, 96)  #: channels; every layer halves the side
DILATIONS = (1, 2, 4, 1, 2, 4, 1)  #: what lies at a cell may fill the picture


@dataclass(frozen=True)
class Reading:
    """Logits. `thing` has shape [pictures, grid, grid]; kinds and colours [pictures, classes, grid, grid]."""

    thing: torch.Tensor
    kind: torch.Tensor
    colour: torch.Tensor
    backdrop: torch.Tensor  #: [pictures, classes], as style
    style: torch.Tensor


class Network(nn.Module):
    """Reads pictures of shape [pictures, 3, SIDE, SIDE] in the range -1 to 1."""

    def __init__(self) -> None:
        super().__init__()
        width = STEM[-1]
        self.stem = nn.Sequential(*(_layer(*channels, stride=2) for channels in pairwise((3, *STEM))))
        self.body = nn.ModuleList(_layer(width, width, dilation=dilation) for dilation in DILATIONS)
        self.whole = nn.Linear(2 * width, width)
        self.cells = nn.Conv2d(width, 1 + len(Kind) + len(Colour), 1)
        self.picture = nn.Linear(2 * width, len(BACKDROPS) + len(Style))

    def forward(self, pictures: torch.Tensor) -> Reading:
        """Return what every cell and the whole picture show."""
        features = self.stem(pictures)
        for layer in self.body:
            features = features + layer(features)
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3))], dim=1)
        features = torch.relu(features + self.whole(pooled)[:, :, None, None])
        cells, picture = self.cells(features).float(), self.picture(pooled).float()
        kinds, backdrops = 1 + len(Kind), len(BACKDROPS)
        return Reading(cells[:, 0], cells[:, 1:kinds], cells[:, kinds:], picture[:, :backdrops], picture[:, backdrops:])


def _layer(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=dilation, dilation=dilation)
    return nn.Sequential(convolution, nn.GroupNorm(8, outputs), nn.SiLU())
