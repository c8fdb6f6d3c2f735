"""Learned upscalers: diffusers' own numbers, in tiles between which others are drawn, and always the same picture."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import tiny_upscalers
import torch
from comparison import TOLERANCE, a_picture, distance
from diffusers import StableDiffusionLatentUpscalePipeline, StableDiffusionUpscalePipeline
from inference_kit import Bystander, a_checkpoint, an_attempt

from inference.choices import ChoiceFile
from inference.contract import CheckpointUnusable, Drawing, Unfeasible
from inference.engine.engine import DiffusersEngine
from inference.engine.enlarging import enlarge
from inference.engine.fingerprint import make_deterministic
from inference.engine.loading import load
from inference.engine.pictures import Picture
from inference.engine.press import Press
from inference.engine.schedulers import make_scheduler
from inference.protocol import Attempt
from inference.request import ImageRequest, Sampler, Task
from inference.upscalers import UpscalerCheckpoint

PIPELINES = {"diffusion": StableDiffusionUpscalePipeline, "latent": StableDiffusionLatentUpscalePipeline}


@pytest.fixture(scope="module")
def upscalers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, UpscalerCheckpoint]:
    make_deterministic()
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
    upscaler, side = upscalers[kind], {"diffusion": 32, "latent": 64}[kind]
    picture = a_picture(side)
    picture.save(tmp_path / "small.png")
    model, press = load(upscaler, torch.device("cpu"), tmp_path), Press(tmp_path, ChoiceFile(tmp_path / "rows.json"))
    request = a_request(upscaler, side, side, sampler=sampler, guidance_scale=guidance)
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


def an_attempt_at(upscaler: UpscalerCheckpoint, folder: Path, width: int, height: int, **values: Any) -> Attempt:
    a_picture(max(width, height)).crop((0, 0, width, height)).save(folder / "small.png")
    told = a_request(upscaler, width, height, **values).to_dict()
    request = {name: value for name, value in told.items() if name not in ("source", "mask")}
    return an_attempt(folder / "spool", source=folder / "small.png", **request)


@pytest.mark.parametrize(
    ("kind", "width", "height", "tiles"), [("diffusion", 52, 38, 4), ("latent", 200, 100, 3), ("latent", 40, 32, 1)]
)
def test_a_larger_picture_is_enlarged_in_tiles_and_always_into_the_same(
    upscalers: dict[str, UpscalerCheckpoint], tmp_path: Path, kind: str, width: int, height: int, tiles: int
) -> None:
    upscaler, watch = upscalers[kind], Bystander()
    engine = DiffusersEngine("cpu", {upscaler.name: upscaler}, tmp_path)

    def draw(seed: int) -> tuple[Picture, Drawing]:
        drawing = engine.draw(an_attempt_at(upscaler, tmp_path, width, height, seed=seed), watch)
        return np.load(drawing.pictures[0].path), drawing

    (first, drawing), (again, _), (other, _) = draw(3), draw(3), draw(4)

    assert first.shape == (height * upscaler.factor, width * upscaler.factor, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert watch.steps[-1] == (3 * tiles, 3 * tiles)
    assert len(drawing.pictures[0].fingerprint["weights"]) == 64
    assert drawing.pictures[0].fingerprint.get("noise level") == {"diffusion": "20", "latent": None}[kind]


def test_others_are_drawn_between_the_tiles(upscalers: dict[str, UpscalerCheckpoint], tmp_path: Path) -> None:
    tiny.make(tmp_path / "tiny")
    upscaler, plain = upscalers["diffusion"], a_checkpoint(tmp_path / "tiny")
    engine = DiffusersEngine("cpu", {upscaler.name: upscaler, plain.name: plain}, tmp_path)
    engine.begin(an_attempt_at(upscaler, tmp_path, 52, 38), Bystander())
    engine.begin(an_attempt(tmp_path / "quick", "2", num_inference_steps=1), Bystander())
    ended = [name for _ in range(30) for name, _ in engine.tick()]

    assert ended == ["2", "1"]


def test_an_upscaler_does_nothing_else(upscalers: dict[str, UpscalerCheckpoint], tmp_path: Path) -> None:
    upscaler = upscalers["diffusion"]
    engine = DiffusersEngine("cpu", {upscaler.name: upscaler}, tmp_path)
    sampler = {"checkpoint": upscaler.name, "sampler": upscaler.sampler}
    with pytest.raises(Unfeasible, match="enlarges 4 times, and does nothing else"):
        engine.draw(an_attempt(tmp_path / "spool", **sampler), Bystander())
    with pytest.raises(Unfeasible, match="enlarges 4 times"):
        engine.draw(an_attempt_at(upscaler, tmp_path, 32, 32, factor=2), Bystander())


@pytest.mark.parametrize(("kind", "beside"), [("diffusion", 7), ("latent", 8)])
def test_another_unet_is_not_taken_for_an_upscalers(
    upscalers: dict[str, UpscalerCheckpoint], tmp_path: Path, kind: str, beside: int
) -> None:
    other = {"diffusion": "latent", "latent": "diffusion"}[kind]
    wrong = upscalers[kind].model_copy(update={"weights": upscalers[other].weights})
    with pytest.raises(CheckpointUnusable, match=rf"this kind of upscaler {beside}"):
        DiffusersEngine("cpu", {wrong.name: wrong}, tmp_path).load(wrong.name)


def test_entries_say_what_their_kind_can_do() -> None:
    with pytest.raises(ValueError, match="a factor of 2 is none"):
        tiny_upscalers.an_upscaler(Path("/nowhere"), kind="diffusion", factor=2)
    with pytest.raises(ValueError, match='the sampler "Euler" alone'):
        tiny_upscalers.an_upscaler(Path("/nowhere"), kind="latent", factor=2)
