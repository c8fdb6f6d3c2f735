"""The engine in this process, with tiny weights of every family."""

import io
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from inference_kit import Bystander, a_checkpoint, an_attempt
from PIL import Image

from inference.checkpoints import Family
from inference.contract import Unfeasible
from inference.engine.engine import DiffusersEngine
from inference.engine.schedulers import SCHEDULERS
from inference.request import Sampler, Task

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' schedulers meet NumPy 2.4


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    for family in Family:
        tiny.make(folder / family, family)
    return folder


@pytest.fixture(scope="module")
def engines(folder, tmp_path_factory) -> dict[str, DiffusersEngine]:
    cache = tmp_path_factory.mktemp("cache")
    checkpoints = {family: a_checkpoint(folder / family, "tiny", family=family) for family in Family}
    return {family: DiffusersEngine("cpu", {"tiny": checkpoint}, cache) for family, checkpoint in checkpoints.items()}


@pytest.fixture
def draw(engines, tmp_path):
    def draw(watch=None, source=None, family="sd1", thrifty=False, **values):
        attempt = an_attempt(tmp_path, source=source, **values)
        drawing = engines[family].draw(attempt, watch or Bystander(), thrifty=thrifty)
        return [np.load(picture.path) for picture in drawing.pictures]

    return draw


@pytest.fixture
def source(tmp_path) -> Path:
    """A picture of smooth colours, with an edge."""
    across, down = np.meshgrid(np.linspace(0, 255, 128), np.linspace(255, 0, 128))
    picture = np.stack([across, down, np.where(across > 128, 200, 40)], axis=-1).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "source.png")
    return tmp_path / "source.png"


def difference(one, other) -> float:
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


def test_another_seed_and_another_prompt_give_other_pictures(draw):
    first, second = draw(count=2)
    (other,) = draw(prompt="blue house at night")
    assert first.std() > 10
    assert difference(first, second) > 5
    assert difference(first, other) > 5


def test_a_negative_prompt_and_guidance_matter(draw):
    (plain,) = draw()
    assert difference(plain, draw(negative_prompt="blue")[0]) > 0.5
    assert difference(plain, draw(guidance_scale=1.0)[0]) > 0.5


def test_a_negative_prompt_does_nothing_without_guidance(draw):
    assert np.array_equal(draw(guidance_scale=1.0)[0], draw(guidance_scale=1.0, negative_prompt="blue")[0])


def test_each_picture_of_several_is_the_one_that_its_seed_gives_alone(draw):
    together = draw(seed=7, count=3)
    for index, picture in enumerate(together):
        assert np.array_equal(picture, draw(seed=7 + index)[0])


@pytest.mark.parametrize("sampler", Sampler)
def test_every_sampler_draws_to_the_end(draw, sampler):
    watch = Bystander()
    (picture,) = draw(watch, sampler=sampler, num_inference_steps=5)
    assert sampler in SCHEDULERS
    assert picture.std() > 2
    assert watch.steps[-1][0] == watch.steps[-1][1] == len(watch.steps)


@pytest.mark.parametrize("sampler", Sampler)
def test_every_sampler_redraws_and_stays_nearer_at_low_strength(draw, source, sampler):
    values = {"sampler": sampler, "source": source, "task": Task.IMAGE_TO_IMAGE, "num_inference_steps": 10}
    original = np.asarray(Image.open(source))
    near, far = (draw(strength=strength, **values)[0] for strength in (0.2, 0.9))
    assert difference(near, original) < difference(far, original)


@pytest.mark.parametrize("family", ["sd2", "sdxl"])
def test_other_families_draw_and_redraw(draw, source, family):
    (one,), (other,) = draw(family=family), draw(family=family, prompt="blue house at night", negative_prompt="red")
    assert difference(one, other) > 0.1
    (redrawn,) = draw(family=family, source=source, task=Task.IMAGE_TO_IMAGE, strength=0.5)
    assert redrawn.shape == (128, 128, 3)


def test_strength_zero_gives_the_source_back(draw, source):
    (picture,) = draw(source=source, task=Task.IMAGE_TO_IMAGE, strength=0.0)
    assert np.array_equal(picture, np.asarray(Image.open(source)))


def test_strength_one_ignores_the_source(draw, source):
    (picture,) = draw(source=source, task=Task.IMAGE_TO_IMAGE, strength=1.0)
    assert np.array_equal(picture, draw()[0])


def test_more_strength_moves_further_from_the_source(draw, source):
    original = np.asarray(Image.open(source))
    values = {"source": source, "task": Task.IMAGE_TO_IMAGE, "num_inference_steps": 20}
    distances = [difference(draw(strength=strength, **values)[0], original) for strength in (0.0, 0.2, 0.5, 0.9)]
    assert distances == sorted(distances)
    assert distances[1] < distances[3] / 2, distances


def test_a_small_strength_of_few_steps_takes_one_step_still(draw, source):
    watch = Bystander()
    draw(watch, source=source, task=Task.IMAGE_TO_IMAGE, strength=0.2, num_inference_steps=2)
    assert len(watch.steps) == 1


def test_a_source_of_another_shape_is_cut_and_scaled(draw, source):
    (picture,) = draw(source=source, task=Task.IMAGE_TO_IMAGE, strength=0.3, width=192, height=64)
    assert picture.shape == (64, 192, 3)


def test_a_source_that_is_no_picture_is_unfeasible(draw, tmp_path):
    (tmp_path / "source.png").write_bytes(b"\x89PNG nonsense")
    with pytest.raises(Unfeasible, match="source picture"):
        draw(source=tmp_path / "source.png", task=Task.IMAGE_TO_IMAGE, strength=0.3)


def test_an_upscale_is_larger_and_keeps_the_picture(draw, source):
    watch = Bystander()
    values = {"task": Task.UPSCALE, "factor": 2, "width": 256, "height": 256, "strength": 0.2, "source": source}
    (picture,) = draw(watch, num_inference_steps=5, **values)
    enlarged = np.asarray(Image.open(source).resize((256, 256), Image.Resampling.LANCZOS))
    assert picture.shape == (256, 256, 3)
    assert difference(picture, enlarged) < 25
    assert watch.steps[-1] == (9, 9)  # one step for each of 3 x 3 tiles of 128 that overlap
    assert np.array_equal(picture, draw(num_inference_steps=5, **values)[0])


def test_previews_show_what_becomes_of_the_picture(draw):
    watch = Bystander()
    (picture,) = draw(watch, num_inference_steps=8)
    preview = Image.open(io.BytesIO(watch.previews[-1])).convert("RGB").resize((16, 16))
    small = Image.fromarray(picture).resize((16, 16))
    assert len(watch.previews) == 8
    assert difference(np.asarray(preview), np.asarray(small)) < 16


def test_a_thrifty_drawing_differs_little(draw):
    """Of what is larger than the VAE's tiles, whose sides have 256 pixels; else it would not differ at all."""
    (thrifty,), (plain,) = draw(thrifty=True, width=512, height=64), draw(width=512, height=64)
    assert 0 < difference(thrifty, plain) < 2


def test_what_the_text_encoder_cannot_read_is_told(engines, tmp_path):
    prompt = " ".join(["circle"] * 75 + ["green", "house"])
    drawing = engines["sd1"].draw(an_attempt(tmp_path, prompt=prompt), Bystander(), thrifty=False)
    assert drawing.truncated == "green house"
    drawing = engines["sd1"].draw(an_attempt(tmp_path, prompt="circle " * 75), Bystander(), thrifty=False)
    assert drawing.truncated == ""


def test_emoji_and_other_scripts_are_read(draw):
    assert difference(draw(prompt="🦊🌅 дом")[0], draw(prompt="بيت")[0]) > 0.1


def test_what_the_checkpoint_cannot_draw_is_unfeasible(draw, folder, tmp_path):
    with pytest.raises(Unfeasible, match="pixels"):
        draw(width=1024, height=512)
    checkpoint = a_checkpoint(folder / "sd1", samplers=(Sampler.DDIM,))
    engine = DiffusersEngine("cpu", {"tiny": checkpoint}, tmp_path)
    with pytest.raises(Unfeasible, match="Euler"):
        engine.draw(an_attempt(tmp_path, sampler=Sampler.EULER), Bystander(), thrifty=False)


def test_the_fingerprint_names_what_decides_the_numerics(engines):
    first, second = engines["sd1"].load("tiny"), engines["sdxl"].load("tiny")
    assert {"torch", "diffusers", "transformers", "device", "dtype", "attention", "engine", "weights"} <= set(first)
    assert first["torch"] == torch.__version__
    assert first["dtype"] == "float32"
    assert len(first["weights"]) == 64
    assert first["weights"] != second["weights"]


def test_the_same_seed_makes_the_same_tiny_checkpoint(folder, tmp_path):
    tiny.make(tmp_path / "again", Family.SD1)
    for path in (folder / "sd1").rglob("*.safetensors"):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(folder / "sd1")).read_bytes()
