"""From noise to latents: the loop over the scheduler's timesteps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from inference.engine.loading import Model
from inference.engine.schedulers import Scheduler, make_scheduler, set_timesteps, step_arguments
from inference.engine.text import Embedding, encode
from inference.request import ImageRequest

OnStep = Callable[[torch.Tensor], None]


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What the UNet is told beside the latents: one row, or two (negative first) under guidance."""

    tokens: torch.Tensor
    pooled: torch.Tensor | None
    guidance_scale: float

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.tokens)

    def added(self, width: int, height: int) -> dict[str, torch.Tensor] | None:
        """Return what SDXL reads beside the tokens: the pooled prompt, and sizes in pixels."""
        if self.pooled is None:
            return None
        sizes = torch.tensor([[height, width, 0, 0, height, width]], device=self.pooled.device)
        return {"text_embeds": self.pooled, "time_ids": sizes.to(self.pooled.dtype).repeat(self.rows, 1)}


def condition(model: Model, request: ImageRequest) -> Conditioning:
    """Encode the request's prompts."""
    prompt = encode(model.encoders, request.prompt)
    if request.guidance_scale <= 1:
        return Conditioning(prompt.tokens, prompt.pooled, 1.0)
    if model.zeros_for_no_prompt and not request.negative_prompt:
        negative = Embedding.zeros_like(prompt)
    else:
        negative = encode(model.encoders, request.negative_prompt)
    pooled = None
    if prompt.pooled is not None and negative.pooled is not None:
        pooled = torch.cat([negative.pooled, prompt.pooled])
    return Conditioning(torch.cat([negative.tokens, prompt.tokens]), pooled, request.guidance_scale)


class Schedule:
    """The steps of one picture, from the strength's share of the way on."""

    def __init__(self, model: Model, request: ImageRequest, strength: float) -> None:
        self.scheduler: Scheduler = make_scheduler(request.sampler, model.scheduler, model.checkpoint.scheduler)
        steps = request.num_inference_steps
        taken = steps
        if strength < 1:
            # A few-step model asked for a small strength would have no step to take: make its steps finer.
            steps = steps if steps * strength >= 1 else round(1 / strength)
            taken = max(1, int(steps * strength))
        set_timesteps(self.scheduler, steps, model.device)
        begin = max(0, steps - taken) * self.scheduler.order
        if hasattr(self.scheduler, "set_begin_index"):
            self.scheduler.set_begin_index(begin)
        self.timesteps = self.scheduler.timesteps[begin:]


def draw_noise(model: Model, width: int, height: int, generator: torch.Generator) -> torch.Tensor:
    """Return the noise of a picture, drawn on the CPU so that every device gets the same."""
    scale = model.latent_scale
    shape = (1, model.unet.config.in_channels, height // scale, width // scale)
    return torch.randn(shape, generator=generator).to(model.device)


def denoise(
    model: Model,
    schedule: Schedule,
    latents: torch.Tensor,
    conditioning: Conditioning,
    generator: torch.Generator,
    on_step: OnStep,
) -> torch.Tensor:
    """Return the latents after every step of the schedule; they and the scheduler stay in float32."""
    scheduler = schedule.scheduler
    scale = model.latent_scale
    added = conditioning.added(latents.shape[-1] * scale, latents.shape[-2] * scale)
    arguments = step_arguments(scheduler, generator)
    for timestep in schedule.timesteps:
        scaled = scheduler.scale_model_input(latents.repeat(conditioning.rows, 1, 1, 1), timestep)
        prediction = _predict(model, scaled, timestep, conditioning, added)
        latents = scheduler.step(prediction, timestep, latents, return_dict=False, **arguments)[0]
        on_step(latents)
    return latents


def _predict(
    model: Model,
    latents: torch.Tensor,
    timestep: torch.Tensor,
    conditioning: Conditioning,
    added: dict[str, torch.Tensor] | None,
) -> torch.Tensor:
    arguments: dict[str, Any] = {"encoder_hidden_states": conditioning.tokens, "added_cond_kwargs": added}
    prediction: torch.Tensor = model.unet(latents.to(model.dtype), timestep, return_dict=False, **arguments)[0].float()
    if conditioning.rows == 1:
        return prediction
    negative, positive = prediction[:1], prediction[1:]
    return negative + conditioning.guidance_scale * (positive - negative)
