"""The engine against diffusers' own pipelines: same inputs, same pictures."""

import numpy as np
import pytest
import torch
from comparison import TOLERANCE, Pair, a_picture, distance
from diffusers import (
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
)
from inference_kit import a_request

from inference.checkpoints import Family
from inference.request import Sampler, Task

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' schedulers meet NumPy 2.4

EPSILON, TRAILING = {"prediction_type": "epsilon"}, {"timestep_spacing": "trailing"}
KINDS = {
    "sd1": (Family.SD1, {}, {}),
    "sd2 epsilon": (Family.SD2, {}, EPSILON),
    "sd2 v-prediction": (Family.SD2, {}, {}),
    "sdxl": (Family.SDXL, {}, {}),
    "sd turbo": (Family.SD2, {}, EPSILON | TRAILING),
    "sdxl turbo, lightning": (Family.SDXL, {}, TRAILING),
    "lcm": (Family.SD1, {"time_cond_proj_dim": 32}, {}),
    "sdxl lcm": (Family.SDXL, {"time_cond_proj_dim": 32}, {}),
}
FROM_WORDS = dict.fromkeys(Family, StableDiffusionPipeline) | {Family.SDXL: StableDiffusionXLPipeline}
FROM_PICTURES = {
    StableDiffusionPipeline: StableDiffusionImg2ImgPipeline,
    StableDiffusionXLPipeline: StableDiffusionXLImg2ImgPipeline,
}

FEW_STEPS = [  # and the guidance that they are used with
    ("sd turbo", Sampler.EULER, 1, 1.0),
    ("sd turbo", Sampler.EULER_A, 2, 1.0),
    ("sdxl turbo, lightning", Sampler.EULER_A, 1, 1.0),
    ("sdxl turbo, lightning", Sampler.EULER, 4, 1.0),
    ("lcm", Sampler.LCM, 4, 8.5),
    ("lcm", Sampler.LCM, 1, 1.0),
    ("sdxl lcm", Sampler.LCM, 4, 8.0),
]


def by_every_sampler(kinds: tuple[str, ...], *settings: float) -> list[tuple]:
    return [(kind, sampler, *settings) for kind in kinds for sampler in Sampler]


def in_the_long_run(cases: list[tuple]) -> list:
    return [pytest.param(*case, marks=pytest.mark.slow) for case in cases]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    folder = tmp_path_factory.mktemp("checkpoints")
    return {
        name: Pair.make(folder / name, FROM_WORDS[family], family, unet=unet, scheduler=scheduler)
        for name, (family, unet, scheduler) in KINDS.items()
    }


@pytest.mark.parametrize(
    ("kind", "sampler", "steps", "guidance"),
    [
        *by_every_sampler(("sd1", "sd2 v-prediction", "sdxl"), 6, 7.5),
        *in_the_long_run(by_every_sampler(("sd2 epsilon",), 6, 7.5)),
        *FEW_STEPS,
    ],
)
@torch.inference_mode()
def test_what_is_drawn_from_words_is_what_the_pipeline_draws(
    pairs: dict[str, Pair], kind: str, sampler: Sampler, steps: int, guidance: float
) -> None:
    request = a_request(
        sampler=sampler, num_inference_steps=steps, guidance_scale=guidance, negative_prompt="blue", seed=3
    )
    assert distance(pairs[kind].ours(request), pairs[kind].theirs(request)) < TOLERANCE


@pytest.mark.parametrize(
    ("kind", "sampler", "steps", "guidance", "strength"),
    [
        *by_every_sampler(("sd1",), 6, 7.5, 0.6),
        *in_the_long_run(by_every_sampler(("sd2 epsilon", "sd2 v-prediction", "sdxl"), 6, 7.5, 0.6)),
        *(("sd1", sampler, 20, 7.5, strength) for sampler in (Sampler.DDIM, Sampler.HEUN) for strength in (0.05, 0.99)),
        ("sd turbo", Sampler.EULER, 2, 1.0, 0.5),
        ("sdxl turbo, lightning", Sampler.EULER, 4, 1.0, 0.3),
        ("lcm", Sampler.LCM, 4, 8.5, 0.5),
        ("sdxl lcm", Sampler.LCM, 4, 8.0, 0.5),
    ],
)
@torch.inference_mode()
def test_what_is_drawn_over_a_picture_is_what_the_pipeline_draws(
    pairs: dict[str, Pair], kind: str, sampler: Sampler, steps: int, guidance: float, strength: float
) -> None:
    pair, picture = pairs[kind], a_picture()
    redraws = pair.remade(FROM_PICTURES[type(pair.pipeline)])
    request = a_request(
        task=Task.IMAGE_TO_IMAGE,
        source="0" * 64,
        strength=strength,
        sampler=sampler,
        num_inference_steps=steps,
        guidance_scale=guidance,
        negative_prompt="blue",
        seed=3,
    )
    start = pair.encode(pair.pipeline.image_processor.preprocess(picture))
    assert distance(pair.ours(request, over=(np.asarray(picture),)), redraws.theirs(request, image=start)) < TOLERANCE


@pytest.mark.parametrize("kind", ["sd1", "sd2 epsilon", "sd2 v-prediction", "sdxl", "sdxl turbo, lightning", "lcm"])
@torch.inference_mode()
def test_at_full_strength_a_picture_is_drawn_from_words_alone(pairs: dict[str, Pair], kind: str) -> None:
    """diffusers' pipelines for pictures would leave a trace of it: what a step's noise has not drowned."""
    pair, sampler = pairs[kind], Sampler.LCM if kind == "lcm" else Sampler.EULER
    words = a_request(sampler=sampler, seed=3)
    over = a_request(sampler=sampler, seed=3, task=Task.IMAGE_TO_IMAGE, source="0" * 64, strength=1.0)
    assert distance(pair.ours(over, over=(np.asarray(a_picture()),)), pair.theirs(words)) < TOLERANCE
