"""A larger and sharper picture: enlarged, then drawn over tile by tile, so that memory does not grow with the area."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.engine.pictures import Picture
from inference.request import SEEDS

OVERLAP = 0.25  # of a tile's side: enough for the feathered edges to hide the seams


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def area(self) -> tuple[slice, slice]:
        """The tile as an index into a picture."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def tiles_of(width: int, height: int, side: int) -> list[Tile]:
    """Return overlapping tiles that cover the picture, none larger than a square of `side`."""
    columns, rows = _starts(width, side), _starts(height, side)
    return [Tile(left, top, min(side, width), min(side, height)) for top in rows for left in columns]


def blend(tiles: Sequence[Tile], painted: Sequence[Picture]) -> Picture:
    """Return the picture whose tiles were painted, their edges feathered into each other."""
    width, height = max(tile.left + tile.width for tile in tiles), max(tile.top + tile.height for tile in tiles)
    total = np.zeros((height, width, 3), np.float32)
    weights = np.zeros((height, width, 1), np.float32)
    for tile, picture in zip(tiles, painted, strict=True):
        weight = _feather(tile)
        total[tile.area] += picture * weight
        weights[tile.area] += weight
    return np.asarray((total / weights).round(), dtype=np.uint8)


def tile_seed(seed: int, index: int) -> int:
    """Return the seed of a tile: equal noise in every tile would show as a pattern."""
    digest = hashlib.sha256(f"{seed}:{index}".encode()).digest()
    return int.from_bytes(digest[:8]) % SEEDS


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    overlap = round(side * OVERLAP)
    count = math.ceil((length - overlap) / (side - overlap))
    return [round(index * (length - side) / (count - 1)) for index in range(count)]


def _feather(tile: Tile) -> NDArray[np.float32]:
    """Return the tile's weights, of shape [height, width, 1]: falling towards its edges, nowhere zero."""
    return np.outer(_ramp(tile.height), _ramp(tile.width)).astype(np.float32)[..., None]


def _ramp(length: int) -> NDArray[np.float64]:
    nearest_edge = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1
    return np.minimum(nearest_edge / max(1, round(length * OVERLAP)), 1.0)
