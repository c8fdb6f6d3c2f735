"""The engine against diffusers' own pipelines: same inputs, same pictures."""

import json

import pytest
import tiny
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from inference_kit import a_checkpoint, a_request

from inference.checkpoints import Family
from inference.engine.fingerprint import make_deterministic
from inference.engine.loading import load
from inference.engine.painting import Painting, Schedule
from inference.engine.press import Press
from inference.engine.schedulers import make_scheduler
from inference.request import Sampler

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' schedulers meet NumPy 2.4

PIPELINES = {
    Family.SD1: StableDiffusionPipeline,
    Family.SD2: StableDiffusionPipeline,
    Family.SDXL: StableDiffusionXLPipeline,
}
CASES = [(family, sampler) for family in Family for sampler in Sampler]
SCHEDULER = "scheduler/scheduler_config.json"
TOLERANCE = 1e-4  # of latents whose deviation is about one, in float32


@pytest.fixture(scope="module")
@torch.inference_mode()
def models(tmp_path_factory):
    make_deterministic()
    folder = tmp_path_factory.mktemp("checkpoints")
    for family in Family:
        tiny.make(folder / family, family)
    checkpoints = {family: a_checkpoint(folder / family, family=family) for family in Family}
    loaded = {family: load(checkpoint, torch.device("cpu"), folder) for family, checkpoint in checkpoints.items()}
    pipelines = {family: PIPELINES[family].from_pretrained(folder / family) for family in Family}
    press = Press(folder)
    for model in loaded.values():
        press.prepare(model)
    configs = {family: json.loads((folder / family / SCHEDULER).read_text()) for family in Family}
    return loaded, pipelines, press, configs


@pytest.mark.parametrize(("family", "sampler"), CASES)
@torch.inference_mode()
def test_latents_equal_those_of_the_pipeline(models, family, sampler):
    model, pipeline, press = models[0][family], models[1][family], models[2]
    request = a_request(sampler=sampler, num_inference_steps=6, negative_prompt="blue", seed=3)
    size = (request.width, request.height)
    schedule, told = Schedule(model, request, 1.0), model.reader.condition(request)
    painting = Painting(model, schedule, told, request.seed, size=size)
    while painting.left:
        painting.advance(press.predict(model, [painting.rows()])[0])
    ours = painting.latents
    pipeline.scheduler = make_scheduler(sampler, models[3][family])
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        request.prompt,
        negative_prompt=request.negative_prompt,
        width=request.width,
        height=request.height,
        num_inference_steps=request.num_inference_steps,
        guidance_scale=request.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(request.seed),
        output_type="latent",
        eta=0.3 if sampler is Sampler.TCD else 0.0,  # the scheduler's own defaults, which the pipeline passes over
    ).images
    assert float((ours - theirs).abs().max()) < TOLERANCE * max(1.0, float(theirs.std()))
