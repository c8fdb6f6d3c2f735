"""The engine against diffusers' own pipelines: same inputs, same pictures."""

import pytest
import tiny
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from inference_kit import a_checkpoint, a_request

from inference.checkpoints import Family
from inference.engine.denoise import Schedule, condition, denoise, draw_noise
from inference.engine.fingerprint import make_deterministic
from inference.engine.loading import load
from inference.engine.schedulers import make_scheduler
from inference.request import Sampler

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' schedulers meet NumPy 2.4

PIPELINES = {
    Family.SD1: StableDiffusionPipeline,
    Family.SD2: StableDiffusionPipeline,
    Family.SDXL: StableDiffusionXLPipeline,
}
CASES = [(Family.SD1, sampler) for sampler in Sampler]
CASES += [(family, sampler) for family in (Family.SD2, Family.SDXL) for sampler in (Sampler.DDIM, Sampler.EULER_A)]
TOLERANCE = 1e-4  # of latents whose deviation is about one, in float32


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    make_deterministic()
    folder = tmp_path_factory.mktemp("checkpoints")
    for family in Family:
        tiny.make(folder / family, family)
    checkpoints = {family: a_checkpoint(folder / family, family=family) for family in Family}
    loaded = {family: load(checkpoint, torch.device("cpu"), folder) for family, checkpoint in checkpoints.items()}
    pipelines = {family: PIPELINES[family].from_pretrained(folder / family) for family in Family}
    return loaded, pipelines


@pytest.mark.parametrize(("family", "sampler"), CASES)
@torch.inference_mode()
def test_latents_equal_those_of_the_pipeline(models, family, sampler):
    model, pipeline = models[0][family], models[1][family]
    request = a_request(sampler=sampler, num_inference_steps=6, negative_prompt="blue", seed=3)
    generator = torch.Generator("cpu").manual_seed(request.seed)
    schedule = Schedule(model, request, 1.0)
    noise = draw_noise(model, request.width, request.height, generator) * schedule.scheduler.init_noise_sigma
    ours = denoise(model, schedule, noise, condition(model, request), generator, lambda _: None)
    pipeline.scheduler = make_scheduler(sampler, model.scheduler)
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
