"""One attempt, drawn picture by picture: each depends on its own seed and request only, never on its neighbours."""

import torch

from inference.contract import Drawing, Unfeasible, Watch
from inference.engine import pictures
from inference.engine.denoise import Schedule, condition, denoise, draw_noise
from inference.engine.loading import Model
from inference.engine.pictures import Picture
from inference.engine.preview import to_jpeg
from inference.engine.refine import refine, tiles_of
from inference.protocol import Attempt, Pixels
from inference.request import Task


class Draughtsman:
    """Draws one attempt."""

    def __init__(self, model: Model, attempt: Attempt, watch: Watch) -> None:
        self._model = model
        self._attempt = attempt
        self._request = attempt.request
        self._watch = watch
        self._strength = 1.0 if attempt.request.strength is None else attempt.request.strength
        self._check()
        self._conditioning = condition(model, attempt.request)
        self._source = self._read_source()
        self._of = self._count_steps()
        self._done = 0

    def draw(self) -> Drawing:
        """Draw every picture of the attempt."""
        drawn = tuple(self._draw_one(index, seed) for index, seed in enumerate(self._request.seeds))
        truncated = self._model.encoders[0].overflow(self._request.prompt)
        return Drawing(pictures=drawn, fingerprint=self._model.fingerprint, truncated=truncated)

    def _check(self) -> None:
        checkpoint, request = self._model.checkpoint, self._request
        if request.sampler not in checkpoint.samplers:
            raise Unfeasible(f"{checkpoint.name} does not draw with {request.sampler}")
        if request.width * request.height > checkpoint.max_pixels and request.task is not Task.UPSCALE:
            raise Unfeasible(f"{checkpoint.name} draws at most {checkpoint.max_pixels} pixels")

    def _read_source(self) -> Picture | None:
        if self._request.task is Task.TEXT_TO_IMAGE:
            return None
        if self._attempt.source_path is None:
            raise Unfeasible("the attempt names no source picture")
        path, size = self._attempt.source_path, (self._request.width, self._request.height)
        upscaler, factor = self._model.upscaler, self._request.factor
        if self._request.task is not Task.UPSCALE or upscaler is None or factor is None:
            return pictures.read(path, *size)
        return upscaler.enlarge(pictures.read(path, *(side // factor for side in size)), factor)

    def _count_steps(self) -> int:
        if self._source is not None and self._strength == 0:
            return 0
        steps = len(Schedule(self._model, self._request, self._strength).timesteps)
        tiles = 1
        if self._request.task is Task.UPSCALE:
            tiles = len(tiles_of(self._request.width, self._request.height, self._model.checkpoint.native_side))
        return steps * tiles * self._request.count

    def _draw_one(self, index: int, seed: int) -> Pixels:
        picture = self._paint(seed)
        safety = self._model.safety
        return Pixels(
            path=pictures.write(picture, self._attempt.spool, index),
            seed=seed,
            width=self._request.width,
            height=self._request.height,
            concern=safety.concern(picture) if safety is not None else None,
        )

    def _paint(self, seed: int) -> Picture:
        if self._source is None:
            return self._from_noise(self._request.width, self._request.height, seed)
        if self._strength == 0:
            return self._source
        if self._request.task is Task.UPSCALE:
            return refine(self._source, self._model.checkpoint.native_side, seed, self._redraw)
        return self._redraw(self._source, seed)

    def _from_noise(self, width: int, height: int, seed: int) -> Picture:
        generator = torch.Generator("cpu").manual_seed(seed)
        schedule = Schedule(self._model, self._request, 1.0)
        noise = draw_noise(self._model, width, height, generator)
        return self._finish(schedule, noise * schedule.scheduler.init_noise_sigma, generator)

    def _redraw(self, source: Picture, seed: int) -> Picture:
        """Redraw a source as far as the strength says; at 1 nothing of it is left."""
        height, width, _ = source.shape
        if self._strength == 1:
            return self._from_noise(width, height, seed)
        generator = torch.Generator("cpu").manual_seed(seed)
        schedule = Schedule(self._model, self._request, self._strength)
        noise = draw_noise(self._model, width, height, generator)
        latents = schedule.scheduler.add_noise(self._encode(source), noise, schedule.timesteps[:1])
        return self._finish(schedule, latents, generator)

    def _finish(self, schedule: Schedule, latents: torch.Tensor, generator: torch.Generator) -> Picture:
        latents = denoise(self._model, schedule, latents, self._conditioning, generator, self._on_step)
        vae = self._model.vae
        decoded = vae.decode((latents / vae.config.scaling_factor).to(vae.dtype), return_dict=False)[0]
        return pictures.to_picture(decoded)

    def _encode(self, picture: Picture) -> torch.Tensor:
        vae = self._model.vae
        pixels = pictures.to_tensor(picture).to(self._model.device, vae.dtype)
        latents: torch.Tensor = vae.encode(pixels).latent_dist.mode().float()
        return latents * float(vae.config.scaling_factor)

    def _on_step(self, latents: torch.Tensor) -> None:
        self._done += 1
        self._watch.step(self._done, self._of)
        if self._watch.wants_preview():
            self._watch.preview(to_jpeg(self._model.preview.look(latents)))
