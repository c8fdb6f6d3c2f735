"""A tiny checkpoint twice: in the engine's hands and in those of diffusers' own pipelines."""

import inspect
import json
from copy import copy
from pathlib import Path
from typing import Any, Self

import numpy as np
import tiny
import torch
from inference_kit import a_checkpoint
from PIL import Image

from inference.checkpoints import Family
from inference.choices import ChoiceFile
from inference.engine.fingerprint import make_deterministic
from inference.engine.loading import load
from inference.engine.noise import Noise
from inference.engine.painting import Painting, Schedule
from inference.engine.press import Press
from inference.engine.schedulers import make_scheduler
from inference.request import Adapters, ImageRequest, Sampler

TOLERANCE = 1e-4  # of latents whose deviation is about one, in float32


class Pair:
    """The engine's parts and a pipeline over the same folder."""

    def __init__(self, folder: Path, kind: Any, family: Family, **values: Any) -> None:
        make_deterministic()
        self.folder = folder.parent
        with torch.inference_mode():
            self.model = load(a_checkpoint(folder, family=family, **values), torch.device("cpu"), self.folder)
            self.press = Press(self.folder, ChoiceFile(self.folder / "rows.json"))
            self.press.prepare(self.model)
        self.pipeline = kind.from_pretrained(folder)
        self._scheduler = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
        self.pipeline.set_progress_bar_config(disable=True)

    @classmethod
    def make(cls, folder: Path, kind: Any, family: Family = Family.SD1, **other: tiny.Options) -> "Pair":
        """Make a checkpoint with `other` options of its UNet and scheduler."""
        tiny.make(folder, family, **other)
        return cls(folder, kind, family)

    def with_adapters(self, adapters: Adapters) -> Self:
        """Return the pair with LoRAs added on our side."""
        other = copy(self)
        with torch.inference_mode():
            other.model = load(self.model.checkpoint, self.model.device, self.folder, adapters=adapters)
        return other

    def remade(self, kind: Any) -> Self:
        """Return the pair with the same parts in another kind of pipeline."""
        other = copy(self)
        other.pipeline = kind(**self.pipeline.components)
        other.pipeline.set_progress_bar_config(disable=True)
        return other

    def ours(self, request: ImageRequest, **over: Any) -> torch.Tensor:
        """Return the latents that the engine's parts come to; `over` is a painting's source and mask."""
        strength = 1.0 if request.strength is None else request.strength
        schedule, told = Schedule(self.model, request, strength), self.model.reader.condition(request)
        size = (request.width, request.height)
        painting = Painting(self.model, schedule, told, Noise.of(request), size=size, **over)
        while painting.left:
            painting.advance(self.press.predict(self.model, [painting.rows()])[0])
        return painting.latents

    def theirs(self, request: ImageRequest, **over: Any) -> torch.Tensor:
        """Return the latents that the pipeline comes to; `over` is what it takes beside what every request has."""
        checkpoint = self.model.checkpoint
        self.pipeline.scheduler = make_scheduler(request.sampler, self._scheduler, checkpoint.scheduler)
        takes_size = "width" in inspect.signature(self.pipeline.__call__).parameters
        size = {"width": request.width, "height": request.height} if takes_size else {}
        strength = {} if request.strength is None else {"strength": request.strength}
        made = self.pipeline(
            request.prompt,
            negative_prompt=request.negative_prompt or None,
            num_inference_steps=request.num_inference_steps,
            guidance_scale=request.guidance_scale,
            generator=torch.Generator("cpu").manual_seed(request.seed),
            output_type="latent",
            eta=0.3 if request.sampler is Sampler.TCD else 0.0,  # its schedulers' own defaults, which it passes over
            **size,
            **strength,
            **over,
        )
        latents: torch.Tensor = made.images
        return latents

    def encode(self, picture: torch.Tensor) -> torch.Tensor:
        """Return a picture's latents; the pipeline would draw them from the same generator as its noise."""
        vae = self.pipeline.vae
        latents: torch.Tensor = vae.encode(picture).latent_dist.mode() * vae.config.scaling_factor
        return latents


def distance(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return the largest difference, as a share of their deviation where that is above one."""
    return float((ours - theirs).abs().max()) / max(1.0, float(theirs.std()))


def a_picture(side: int = 128) -> Image.Image:
    """Return a picture of smooth colours, with an edge."""
    across, down = np.meshgrid(np.linspace(0, 255, side), np.linspace(255, 0, side))
    return Image.fromarray(np.stack([across, down, np.where(across > 128, 200, 40)], axis=-1).astype(np.uint8))
