"""The ways to make a picture larger: by the checkpoint that draws, or by an upscaler."""

from dataclasses import replace
from typing import Any

from bot.catalogue import Catalogue
from bot.fitting import plain_request
from config.words import UserError
from inference.checkpoints import Checkpoint
from inference.request import FACTORS, ImageRequest, InvalidRequest, Task
from inference.upscalers import UpscalerCheckpoint, UpscalerKind

REDRAWING = "model"  #: the first of the ways, beside the upscalers by their names

Changes = dict[str, Any]


def way_of(catalogue: Catalogue, checkpoint: Checkpoint, method: str | None, factor: int | None) -> Changes:
    """Return what a request needs to enlarge in one of the ways. Raises UserError."""
    if method is None or method == REDRAWING:
        return _redrawing(checkpoint, FACTORS[0] if factor is None else factor)
    upscaler = catalogue.upscalers.get(method)
    if upscaler is None:
        raise UserError("bot.no_such_method", given=method[:50], methods=", ".join((REDRAWING, *catalogue.upscalers)))
    if factor not in (None, upscaler.factor):
        raise UserError("bot.another_factor", method=upscaler.title, factor=upscaler.factor, given=factor)
    return _by(upscaler)


def as_drawn(request: ImageRequest, catalogue: Catalogue) -> ImageRequest:
    """Return a request as it would be drawn: what an upscaler made has its words and seed, but other settings."""
    if request.checkpoint not in catalogue.upscalers:
        return request
    plain = plain_request(catalogue.choose())
    return replace(plain, prompt=request.prompt, negative_prompt=request.negative_prompt, seed=request.seed)


def _redrawing(checkpoint: Checkpoint, factor: int) -> Changes:
    if factor not in FACTORS:
        raise InvalidRequest("inference.factor", given=factor)
    return {"task": Task.UPSCALE, "factor": factor, "strength": checkpoint.upscale_strength}


def _by(upscaler: UpscalerCheckpoint) -> Changes:
    """Return what an upscaler needs; one of a single call takes no step, the others begin with noise."""
    return {
        "task": Task.UPSCALE,
        "factor": upscaler.factor,
        "strength": 0.0 if upscaler.kind is UpscalerKind.ESRGAN else 1.0,
        "checkpoint": upscaler.name,
        "num_inference_steps": upscaler.num_inference_steps,
        "guidance_scale": upscaler.guidance_scale,
        "sampler": upscaler.sampler,
        "adapters": (),
    }
