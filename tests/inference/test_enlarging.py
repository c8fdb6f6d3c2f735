"""Learned upscalers: diffusers' own numbers, tiles without seams, memory that does not grow, and no way around it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_upscalers
import torch
from comparison import TOLERANCE, a_picture, distance
from diffusers import StableDiffusionLatentUpscalePipeline, StableDiffusionUpscalePipeline
from inference_kit import Bystander, an_attempt

from inference.contract import Drawing
from inference.engine.engine import DiffusersEngine
from inference.engine.enlarging import enlarge
from inference.engine.loading import load
from inference.engine.press import Press
from inference.engine.schedulers import make_scheduler
from inference.request import ImageRequest, Sampler, Task
from inference.upscalers import UpscalerCheckpoint

PIPELINES = {"diffusion": StableDiffusionUpscalePipeline, "latent": StableDiffusionLatentUpscalePipeline}


@pytest.fixture(scope="module")
def upscalers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, UpscalerCheckpoint]:
    folder = tmp_path_factory.mktemp("upscalers")
    return {
        "diffusion": tiny_upscalers.make_diffusion(folder / "diffusion"),
        "latent": tiny_upscalers.make_latent(folder / "latent"),
    }


def a_request(upscaler: UpscalerCheckpoint, width: int, height: int, **values: Any) -> ImageRequest:
    defaults: dict[str, Any] = {
        "task": Task.UPSCALE,
        "checkpoint": upscaler.name,
        "prompt": "a red circle",
        "negative_prompt": "blue",
        "seed": 3,
        "width": width * upscaler.factor,
        "height": height * upscaler.factor,
        "num_inference_steps": 3,
        "guidance_scale": 7.5,
        "sampler": upscaler.sampler,
        "source": "0" * 64,
        "strength": 1.0,
        "factor": upscaler.factor,
    }
    return ImageRequest(**defaults | values)


@pytest.mark.parametrize(
    ("kind", "sampler", "guidance"),
    [
        ("diffusion", Sampler.DDIM, 9.0),
        ("diffusion", Sampler.EULER, 9.0),
        ("diffusion", Sampler.DPMPP_2M, 1.0),
        ("latent", Sampler.EULER, 7.5),
        ("latent", Sampler.EULER, 1.0),
    ],
)
@torch.inference_mode()
def test_a_picture_of_one_tile_is_enlarged_as_by_diffusers_own_pipeline(
    upscalers: dict[str, UpscalerCheckpoint], tmp_path: Path, kind: str, sampler: Sampler, guidance: float
) -> None:
    upscaler, picture = upscalers[kind], a_picture(64)
    picture.save(tmp_path / "small.png")
    model, press = load(upscaler, torch.device("cpu"), tmp_path), Press(tmp_path)
    request = a_request(upscaler, 64, 64, sampler=sampler, guidance_scale=guidance)
    (canvas,) = enlarge(model, request, str(tmp_path / "small.png"))
    (painting,) = canvas.paintings
    while painting.left:
        painting.advance(press.predict(model, [painting.rows()])[0])

    pipeline = PIPELINES[kind].from_pretrained(upscaler.weights.folder)
    pipeline.set_progress_bar_config(disable=True)
    config = json.loads((upscaler.weights.folder / "scheduler" / "scheduler_config.json").read_text())
    pipeline.scheduler = make_scheduler(sampler, config)
    start: Any = picture
    if kind == "latent":  # from the pipeline's own generator they would be drawn, not taken as they are
        pixels = pipeline.image_processor.preprocess(picture)
        start = pipeline.vae.encode(pixels).latent_dist.mode() * pipeline.vae.config.scaling_factor
    theirs = pipeline(
        request.prompt,
        image=start,
        negative_prompt=request.negative_prompt,
        num_inference_steps=request.num_inference_steps,
        guidance_scale=guidance,
        generator=torch.Generator("cpu").manual_seed(request.seed),
        output_type="latent",
    ).images

    assert distance(painting.latents, theirs) < TOLERANCE
    assert float(theirs.std()) > 0.01


def draw(upscaler: UpscalerCheckpoint, folder: Path, width: int, height: int, **values: Any) -> Drawing:
    a_picture(max(width, height)).crop((0, 0, width, height)).save(folder / "small.png")
    engine = DiffusersEngine("cpu", {upscaler.name: upscaler}, folder)
    request = a_request(upscaler, width, height, **values)
    attempt = an_attempt(folder / "spool", source=folder / "small.png", **_without(request))
    return engine.draw(attempt, Bystander())


def _without(request: ImageRequest) -> dict[str, Any]:
    return {name: value for name, value in request.to_dict().items() if name not in ("source", "mask")}


@pytest.mark.parametrize(("kind", "width", "height"), [("diffusion", 100, 76), ("latent", 200, 136)])
def test_a_larger_picture_is_enlarged_in_tiles_and_the_same_again(
    upscalers: dict[str, UpscalerCheckpoint], tmp_path: Path, kind: str, width: int, height: int
) -> None:
    upscaler = upscalers[kind]
    first, again, other = (draw(upscaler, tmp_path, width, height, seed=seed) for seed in (3, 3, 4))
    made = [np.load(each.pictures[0].path) for each in (first,)]
    assert made[0].shape == (height * upscaler.factor, width * upscaler.factor, 3)
