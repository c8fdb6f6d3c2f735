"""A source picture drawn anew inside a mask: as diffusers' own pipeline does, and nowhere else."""

from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from comparison import TOLERANCE, Pair, a_picture, distance
from diffusers import StableDiffusionInpaintPipeline, StableDiffusionXLInpaintPipeline
from inference_kit import Bystander, a_checkpoint, a_request, an_attempt
from PIL import Image, ImageDraw

from inference.checkpoints import Family
from inference.contract import CheckpointUnusable, Unfeasible
from inference.engine.engine import DiffusersEngine
from inference.engine.mask import SEAM, paste
from inference.request import ImageRequest, InvalidRequest, Sampler, Task

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' schedulers meet NumPy 2.4

INPAINTING = {"in_channels": 9}
KINDS = {
    "ordinary": (StableDiffusionInpaintPipeline, Family.SD1, {}),
    "inpainting": (StableDiffusionInpaintPipeline, Family.SD1, INPAINTING),
    "v-prediction": (StableDiffusionInpaintPipeline, Family.SD2, {}),
    "xl": (StableDiffusionXLInpaintPipeline, Family.SDXL, {}),
    "xl inpainting": (StableDiffusionXLInpaintPipeline, Family.SDXL, INPAINTING),
}
SAMPLERS = (Sampler.DDIM, Sampler.EULER_A, Sampler.HEUN, Sampler.DPMPP_2M_KARRAS, Sampler.UNIPC, Sampler.LCM)


def a_mask(side: int = 128) -> Image.Image:
    """Return a mask with an edge that is straight and one that is round."""
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).rectangle((30, 41, 70, side), fill=255)
    ImageDraw.Draw(mask).ellipse((60, 20, 115, 75), fill=255)
    return mask


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    folder = tmp_path_factory.mktemp("checkpoints")
    return {
        name: Pair.make(folder / name, pipeline, family, unet=unet) for name, (pipeline, family, unet) in KINDS.items()
    }


def inpainting(**values: object) -> ImageRequest:
    return a_request(task=Task.INPAINT, source="0" * 64, mask="1" * 64, negative_prompt="blue", seed=3, **values)


@pytest.mark.parametrize("strength", [0.6, 1.0])
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_latents_equal_those_of_the_pipeline(
    pairs: dict[str, Pair], kind: str, sampler: Sampler, strength: float
) -> None:
    pair, picture, mask = pairs[kind], a_picture(), a_mask()
    request = inpainting(sampler=sampler, num_inference_steps=6, strength=strength)
    drawn = np.asarray(mask) >= 128
    ours = pair.ours(request, over=(np.asarray(picture),), mask=drawn)

    pixels = pair.pipeline.image_processor.preprocess(picture)
    outside = pair.encode(pixels * ~torch.from_numpy(drawn))
    theirs = pair.theirs(request, image=pair.encode(pixels), mask_image=mask, masked_image_latents=outside)
    assert distance(ours, theirs) < TOLERANCE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    tiny.make(folder / "ordinary")
    tiny.make(folder / "inpainting", unet=INPAINTING)
    a_picture().save(folder / "source.png")
    a_mask().save(folder / "mask.png")
    return folder


@pytest.fixture(scope="module", params=["ordinary", "inpainting"])
def engine(request: pytest.FixtureRequest, folder: Path) -> DiffusersEngine:
    return DiffusersEngine("cpu", {"tiny": a_checkpoint(folder / request.param)}, folder)


@pytest.fixture
def draw(engine: DiffusersEngine, folder: Path, tmp_path: Path):
    def draw(mask: str | Path = "mask.png", **values: object) -> np.ndarray:
        values = {"task": Task.INPAINT, "source": folder / "source.png", "strength": 1.0} | values
        attempt = an_attempt(tmp_path, mask=folder / mask, **values)
        (picture,) = engine.draw(attempt, Bystander()).pictures
        return np.load(picture.path)

    return draw


def test_outside_the_mask_every_pixel_stays(draw) -> None:
    source, drawn = np.asarray(a_picture()), np.asarray(a_mask()) >= 128
    for strength in (0.5, 1.0):
        picture = draw(strength=strength)
        assert np.array_equal(picture[~drawn], source[~drawn])
        assert np.abs(picture[drawn].astype(float) - source[drawn]).mean() > 5


def test_the_new_picture_fades_in(folder: Path) -> None:
    mask = np.zeros((64, 64), bool)
    mask[:, 32:] = True
    painted, source = np.full((64, 64, 3), 200, np.uint8), np.full((64, 64, 3), 40, np.uint8)
    row = paste(painted, source, mask)[5, :, 0].astype(int)

    assert list(row[:32]) == [40] * 32
    assert list(np.diff(row[31 : 32 + SEAM])) == [160 // SEAM] * SEAM
    assert list(row[31 + SEAM :]) == [200] * (33 - SEAM)


def test_a_thin_mask_gets_all_of_the_new_picture_where_it_is_deepest() -> None:
    mask = np.zeros((64, 64), bool)
    mask[:, 30:33] = True
    painted, source = np.full((64, 64, 3), 200, np.uint8), np.full((64, 64, 3), 40, np.uint8)
    assert list(paste(painted, source, mask)[5, 29:34, 0]) == [40, 120, 200, 120, 40]
    assert np.array_equal(paste(painted, source, np.zeros((64, 64), bool)), source)


def test_strength_zero_gives_the_source_back(draw) -> None:
    assert np.array_equal(draw(strength=0.0), np.asarray(a_picture()))


def test_an_inpainting_checkpoint_draws_from_words_alone_as_under_a_mask_over_all(folder: Path, tmp_path: Path) -> None:
    engine = DiffusersEngine("cpu", {"tiny": a_checkpoint(folder / "inpainting")}, folder)
    (free,) = engine.draw(an_attempt(tmp_path / "free"), Bystander()).pictures
    Image.new("L", (128, 128), 255).save(tmp_path / "all.png")
    everywhere = an_attempt(
        tmp_path / "all", source=folder / "source.png", mask=tmp_path / "all.png", task=Task.INPAINT, strength=1.0
    )
    (masked,) = engine.draw(everywhere, Bystander()).pictures

    assert np.array_equal(np.load(free.path), np.load(masked.path))


def test_a_mask_of_another_size_is_refused(draw, tmp_path: Path) -> None:
    a_mask(64).save(tmp_path / "small.png")
    with pytest.raises(Unfeasible, match="the mask measures"):
        draw(mask=tmp_path / "small.png")


def test_a_mask_that_is_no_picture_is_refused(draw, tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_bytes(b"nonsense")
    with pytest.raises(Unfeasible, match="cannot read the mask"):
        draw(mask=tmp_path / "mask.png")


def test_what_is_drawn_inside_a_mask_needs_one() -> None:
    with pytest.raises(InvalidRequest, match="mask"):
        a_request(task=Task.INPAINT, source="0" * 64, strength=1.0)


def test_a_unet_that_sees_other_things_is_refused_by_name(tmp_path: Path) -> None:
    tiny.make(tmp_path / "other", unet={"in_channels": 8})
    with pytest.raises(CheckpointUnusable, match="8 input channels"):
        DiffusersEngine("cpu", {"tiny": a_checkpoint(tmp_path / "other")}, tmp_path).load("tiny")
