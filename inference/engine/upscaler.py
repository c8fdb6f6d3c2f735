"""Twice as large and sharp, by a small network that a checkpoint brings along.

The network is a small EDSR (Lim et al. 2017, Enhanced Deep Residual Networks for Single Image Super-Resolution) that
adds to a bicubic enlargement, so that it only has to know about edges.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from inference.engine.pictures import Picture, to_picture, to_tensor

FACTOR = 2
WIDTH, BLOCKS = 32, 6
TILE = 256
HALO = 2 * BLOCKS + 2  #: how far a pixel of the result looks, in pixels of the source: a tile's edges never show


class Upscaler(nn.Module):
    """Doubles the sides of pictures of shape [pictures, 3, height, width] in -1..1."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, WIDTH, 3, padding=1)
        self.body = nn.ModuleList(_block() for _ in range(BLOCKS))
        self.tail = nn.Conv2d(WIDTH, 3 * FACTOR**2, 3, padding=1)
        for values in self.tail.parameters():
            nn.init.zeros_(values)

    @classmethod
    def load(cls, path: Path, device: torch.device) -> "Upscaler":
        """Read the weights of a safetensors file; they work in float32, so that every device gets nearly the same."""
        upscaler = cls()
        upscaler.load_state_dict(load_file(path))
        return upscaler.to(device).eval()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return pictures twice as high and wide."""
        features = self.head(pictures)
        start = features
        for block in self.body:
            features = features + block(features)
        detail = functional.pixel_shuffle(self.tail(features + start), FACTOR)
        return functional.interpolate(pictures, scale_factor=FACTOR, mode="bicubic") + detail

    def enlarge(self, picture: Picture, factor: int) -> Picture:
        """Return the picture larger by a power of two, tile by tile: the network's own maps stay small."""
        while factor > 1:
            picture, factor = self._double(picture), factor // FACTOR
        return picture

    def _double(self, picture: Picture) -> Picture:
        source = to_tensor(picture).to(self.tail.weight.device)
        padded = functional.pad(source, (HALO,) * 4, mode="replicate")
        made = torch.empty(1, 3, *(FACTOR * side for side in source.shape[-2:]))
        for top in range(0, source.shape[-2], TILE):
            for left in range(0, source.shape[-1], TILE):
                height, width = min(TILE, source.shape[-2] - top), min(TILE, source.shape[-1] - left)
                around = padded[..., top : top + height + 2 * HALO, left : left + width + 2 * HALO]
                inner = self(around)[..., FACTOR * HALO : -FACTOR * HALO, FACTOR * HALO : -FACTOR * HALO]
                area = slice(FACTOR * top, FACTOR * (top + height)), slice(FACTOR * left, FACTOR * (left + width))
                made[..., area[0], area[1]] = inner
        return to_picture(made)


def _block() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
    )
