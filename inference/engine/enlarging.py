"""A picture made larger by a network that was trained for it: tile by tile, each a painting like any other.

The noise of all tiles is cut from one field, so that they agree where they overlap; a source that fits into one tile
becomes what diffusers' own pipelines make of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from inference.contract import Unfeasible
from inference.engine import pictures
from inference.engine.canvas import Canvas
from inference.engine.model import Model
from inference.engine.noise import Noise
from inference.engine.painting import Painting, Schedule
from inference.engine.pictures import Picture
from inference.engine.refine import Tile, blend, tile_seed, tiles_of
from inference.engine.rows import Rows
from inference.engine.text import Conditioning
from inference.request import ImageRequest, Task
from inference.upscalers import UpscalerCheckpoint, UpscalerKind


class Grid(NamedTuple):
    """What a picture is cut along: `unit` of its pixels are `latents` latents of the larger one, along a side.

    Its sides are filled up to a multiple of `multiple` pixels, which the network can halve as often as it has to.
    """

    unit: int
    latents: int
    multiple: int


GRIDS: Mapping[UpscalerKind, Grid] = {
    UpscalerKind.DIFFUSION: Grid(unit=1, latents=1, multiple=8),
    UpscalerKind.LATENT: Grid(unit=8, latents=2, multiple=64),
    UpscalerKind.ESRGAN: Grid(unit=1, latents=1, multiple=8),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A tile of the source, with its noise: for the latents, and for the source itself."""

    small: Picture
    noise: torch.Tensor
    small_noise: torch.Tensor | None = None


class Enlargement(Painting):
    """A part of the source on its way to a tile `factor` times as large."""

    def __init__(self, model: Model, schedule: Schedule, told: Conditioning, seed: int, part: Part) -> None:
        height, width, _ = part.small.shape
        factor = _upscaler(model).factor
        super().__init__(model, schedule, told, Noise(seed), size=(width * factor, height * factor))
        self._part = part

    @property
    def _noise(self) -> torch.Tensor:
        return self._part.noise.to(self._model.device)


class DiffusionEnlargement(Enlargement):
    """Drawn from noise beside the source's pixels, which are noised a little, as the UNet is told."""

    @property
    def _beside(self) -> torch.Tensor:
        level = torch.tensor([_upscaler(self._model).noise_level])
        noised = self._model.low_res.add_noise(pictures.to_tensor(self._part.small), self._part.small_noise, level)
        return torch.as_tensor(noised).to(self._model.device, self._model.dtype)

    def rows(self) -> Rows:
        """Return what the UNet shall see next."""
        level = torch.tensor([_upscaler(self._model).noise_level], device=self._model.device)
        return replace(super().rows(), levels=level.repeat(self.row_count))


class LatentEnlargement(Enlargement):
    """Drawn from noise beside the source's latents; the UNet answers as Karras et al. 2022 (arXiv 2206.00364) have it.

    It is told of no noise in the source, as the pipeline's authors advise.
    """

    LEVEL = 64  #: numbers that tell it of the noise, twice: ones, then zeros

    @property
    def _beside(self) -> torch.Tensor:
        latents = self._encode(pictures.to_tensor(self._part.small))
        return functional.interpolate(latents, scale_factor=2, mode="nearest").to(self._model.dtype)

    def rows(self) -> Rows:
        """Return what the UNet shall see next."""
        rows, timestep = super().rows(), self._sigma.log() * 0.25
        assert rows.pooled is not None, "its encoder gives pooled states"
        level = rows.pooled.new_tensor([1.0] * self.LEVEL + [0.0] * self.LEVEL).repeat(self.row_count, 1)
        timesteps = timestep.to(rows.timesteps).repeat(self.row_count)
        return replace(rows, timesteps=timesteps, guidance=torch.cat([level, rows.pooled], dim=1))

    def advance(self, prediction: torch.Tensor) -> None:
        """Take the step that the UNet's answer to `rows` leads to; its last channel is not used."""
        sigma = self._sigma.to(self._model.device)
        kept, made = 1 / (sigma**2 + 1), sigma / (sigma**2 + 1).sqrt()
        super().advance(kept * self.latents + made * prediction[:, :-1].float())

    @property
    def _sigma(self) -> torch.Tensor:
        sigma: torch.Tensor = self._schedule.scheduler.sigmas[self._taken]
        return sigma


class NetworkEnlargement(Enlargement):
    """Made by one call of a network that sees pixels and answers with more of them."""

    def rows(self) -> Rows:
        """Return what the network shall see: one row, without words."""
        small = pictures.to_tensor(self._part.small).to(self._model.device, self._model.dtype)
        return Rows(small, torch.zeros(1, device=self._model.device), self._conditioning.tokens)

    def advance(self, prediction: torch.Tensor) -> None:
        """Take the network's answer; there is no other step."""
        self._latents = prediction.float()
        self._taken = self.steps


PAINTINGS: Mapping[UpscalerKind, type[Enlargement]] = {
    UpscalerKind.DIFFUSION: DiffusionEnlargement,
    UpscalerKind.LATENT: LatentEnlargement,
    UpscalerKind.ESRGAN: NetworkEnlargement,
}


def check_enlarging(checkpoint: UpscalerCheckpoint, request: ImageRequest) -> None:
    """Raise Unfeasible where an upscaler is asked for anything but its own enlargement."""
    if request.task is not Task.UPSCALE or request.factor != checkpoint.factor:
        raise Unfeasible(f"{checkpoint.name} enlarges {checkpoint.factor} times, and does nothing else")


def enlarge(model: Model, request: ImageRequest, path: str | None) -> list[Canvas]:
    """Return the canvases of a request to an upscaler, for the source picture of a file. Raises Unfeasible."""
    if path is None:
        raise Unfeasible("the attempt names no source picture")
    factor = _upscaler(model).factor
    small = pictures.read(path, request.width // factor, request.height // factor)
    return [_canvas(model, single, small) for single in request.singles()]


def _canvas(model: Model, single: ImageRequest, small: Picture) -> Canvas:
    upscaler, seed = _upscaler(model), single.seed
    schedule, told = Schedule(model, single, 1.0), model.reader.condition(single)
    factor, grid, kind = upscaler.factor, GRIDS[upscaler.kind], PAINTINGS[upscaler.kind]
    (height, width, _), filled = small.shape, _fill_up(small, grid.multiple)
    down, across = (side // grid.unit for side in filled.shape[:2])
    tiles = tiles_of(across, down, upscaler.native_side // factor // grid.unit)
    generator = torch.Generator("cpu").manual_seed(seed)
    is_noised = upscaler.kind is UpscalerKind.DIFFUSION
    small_noise = torch.randn(1, 3, *filled.shape[:2], generator=generator) if is_noised else None
    field = torch.randn(1, model.latent_channels, down * grid.latents, across * grid.latents, generator=generator)

    def part(tile: Tile) -> Part:
        pixels = _times(tile, grid.unit).area
        noise = field[..., *_times(tile, grid.latents).area]
        return Part(filled[pixels], noise, None if small_noise is None else small_noise[..., *pixels])

    paintings = [kind(model, schedule, told, tile_seed(seed, n), part(tile)) for n, tile in enumerate(tiles)]
    made = [_times(tile, grid.unit * factor) for tile in tiles]
    return Canvas(paintings, lambda painted: blend(made, painted)[: height * factor, : width * factor])


def _fill_up(picture: Picture, multiple: int) -> Picture:
    """Return the picture with its last row and column repeated until the sides are multiples."""
    down, across = (-side % multiple for side in picture.shape[:2])
    return np.pad(picture, ((0, down), (0, across), (0, 0)), mode="edge")


def _times(tile: Tile, factor: int) -> Tile:
    return Tile(tile.left * factor, tile.top * factor, tile.width * factor, tile.height * factor)


def _upscaler(model: Model) -> UpscalerCheckpoint:
    assert isinstance(model.checkpoint, UpscalerCheckpoint), "others draw pictures of their own"
    return model.checkpoint
