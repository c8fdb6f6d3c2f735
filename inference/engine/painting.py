"""One picture's latents on their way from noise, with a schedule, a generator and a guidance of its own."""

from collections.abc import Sequence
from copy import deepcopy
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch

from inference.engine import pictures
from inference.engine.mask import Mask
from inference.engine.model import Model
from inference.engine.noise import Noise, middle
from inference.engine.pictures import Picture
from inference.engine.rows import Rows, Shape
from inference.engine.schedulers import Scheduler, step_arguments
from inference.engine.text import Conditioning
from inference.request import ImageRequest


class Schedule:
    """The steps of a picture, from the strength's share of the way on. Every painting takes a copy of its own."""

    def __init__(self, model: Model, request: ImageRequest, strength: float) -> None:
        steps = request.num_inference_steps
        taken = steps
        if strength < 1:
            # A few-step model asked for a small strength would have no step to take: make its steps finer.
            steps = steps if steps * strength >= 1 else round(1 / strength)
            taken = max(1, int(steps * strength))
        self.from_noise = strength >= 1  #: nothing of a source is left at the start
        self.scheduler: Scheduler = model.schedulers.take(request.sampler, steps)
        begin = max(0, steps - taken) * self.scheduler.order
        if hasattr(self.scheduler, "set_begin_index"):
            self.scheduler.set_begin_index(begin)
        self.timesteps = self.scheduler.timesteps[begin:]

    def copy(self) -> Self:
        """Return the same steps, none of them taken."""
        return deepcopy(self)


class Painting:
    """A picture that is being denoised, a step at a time, in whatever company.

    `size` is its width and height in pixels, `over` what it is drawn over, of several pictures the middle between them,
    and `mask` where; what lies outside is kept. Latents and scheduler stay in float32.
    """

    def __init__(
        self,
        model: Model,
        schedule: Schedule,
        conditioning: Conditioning,
        noise: Noise,
        *,
        size: tuple[int, int],
        over: Sequence[Picture] = (),
        mask: Mask | None = None,
    ) -> None:
        self._model = model
        self._drawn_from = noise
        self._schedule = schedule.copy()
        self._conditioning = conditioning
        self._size = size
        self._over = over
        self._mask = mask
        self._generator = noise.generator()
        self._arguments = step_arguments(self._schedule.scheduler, self._generator)
        self._taken = 0
        self._latents: torch.Tensor | None = None
        self._rows: Rows | None = None

    @property
    def steps(self) -> int:
        """The number of its steps."""
        return len(self._schedule.timesteps)

    @property
    def left(self) -> int:
        """The number of steps that it has not taken."""
        return self.steps - self._taken

    @property
    def row_count(self) -> int:
        """The number of rows that it has in a call: two under guidance."""
        return self._conditioning.rows

    @property
    def shape(self) -> Shape:
        """The shape of its rows."""
        (width, height), scale = self._size, self._model.latent_scale
        return Shape(height // scale, width // scale, self._conditioning.tokens.shape[1])

    @property
    def latents(self) -> torch.Tensor:
        """Its latents so far, of shape [1, channels, height, width]; they are made when they are first asked for."""
        if self._latents is None:
            self._latents = self._first_latents()
        return self._latents

    def rows(self) -> Rows:
        """Return what the UNet shall see next: one row, or two (the negative one first) under guidance."""
        if self._rows is None:
            timestep = self._schedule.timesteps[self._taken]
            told = self._conditioning
            latents = self.latents.repeat(told.rows, 1, 1, 1)
            scaled = self._schedule.scheduler.scale_model_input(latents, timestep).to(self._model.dtype)
            if self._beside is not None:
                scaled = torch.cat([scaled, self._beside.repeat(told.rows, 1, 1, 1)], dim=1)
            timesteps = timestep.to(self._model.device, torch.float32).repeat(told.rows)
            self._rows = Rows(scaled, timesteps, told.tokens, told.pooled, told.sizes(*self._size), told.guidance)
        return self._rows

    def advance(self, prediction: torch.Tensor) -> None:
        """Take the step that the UNet's answer to `rows` leads to."""
        timestep = self._schedule.timesteps[self._taken]
        step = self._schedule.scheduler.step
        guided = self._conditioning.guide(prediction.float())
        self._latents = step(guided, timestep, self.latents, return_dict=False, **self._arguments)[0]
        self._taken += 1
        self._rows = None
        if self._mask is not None and self._beside is None:
            self._latents = self._keep(self._latents)

    def decode(self) -> torch.Tensor:
        """Return the pixels that the latents stand for, uint8 of shape [height, width, 3], on the device.

        The VAE sees one picture at a time, whatever the company was.
        """
        vae = self._model.vae
        decoded = vae.decode((self.latents / vae.config.scaling_factor).to(vae.dtype), return_dict=False)[0]
        return pictures.to_pixels(decoded)

    def _first_latents(self) -> torch.Tensor:
        scheduler: Any = self._schedule.scheduler
        if not self._over or self._schedule.from_noise:
            started: torch.Tensor = self._noise * scheduler.init_noise_sigma
        else:
            started = scheduler.add_noise(self._base, self._noise, self._schedule.timesteps[:1])
        return started

    @cached_property
    def _noise(self) -> torch.Tensor:
        """The noise that it starts from."""
        shape = (1, self._model.latent_channels, self.shape.height, self.shape.width)
        return self._drawn_from.first(shape, self._generator).to(self._model.device)

    @cached_property
    def _base(self) -> torch.Tensor:
        """The latents of what it is drawn over."""
        return middle([self._encode(pictures.to_tensor(each)) for each in self._over])

    @cached_property
    def _beside(self) -> torch.Tensor | None:
        """What an inpainting UNet sees beside the latents: the mask, and the source outside of it, grey inside.

        Where there is no mask, all is drawn anew. An ordinary UNet sees nothing of it.
        """
        if not self._model.inpaints:
            return None
        kept = torch.zeros(1, 3, *self._size[::-1])
        if self._mask is not None:
            kept = pictures.to_tensor(self._over[0]) * ~torch.from_numpy(self._mask)
        return torch.cat([self._drawn, self._encode(kept)], dim=1).to(self._model.dtype)

    @cached_property
    def _drawn(self) -> torch.Tensor:
        """The mask for latents, of shape [1, 1, height, width]: of the pixels under one, the first decides.

        A mask so thin that it slips through is every latent under it.
        """
        scale = self._model.latent_scale
        mask = np.ones(self._size[::-1], bool) if self._mask is None else self._mask
        cells = mask.reshape(mask.shape[0] // scale, scale, mask.shape[1] // scale, scale)
        drawn = cells[:, 0, :, 0] if cells[:, 0, :, 0].any() else cells.max(axis=(1, 3))
        return torch.from_numpy(drawn.astype(np.float32))[None, None].to(self._model.device)

    def _keep(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the latents with the source's outside the mask, which are noised as far as the others are now."""
        kept = self._base
        if self.left:
            now = self._schedule.timesteps[self._taken : self._taken + 1]
            kept = self._schedule.scheduler.add_noise(kept, self._noise, now)
        return (1 - self._drawn) * kept + self._drawn * latents

    def _encode(self, pixels: torch.Tensor) -> torch.Tensor:
        vae = self._model.vae
        latents: torch.Tensor = vae.encode(pixels.to(self._model.device, vae.dtype)).latent_dist.mode().float()
        return latents * float(vae.config.scaling_factor)
