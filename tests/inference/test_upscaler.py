"""Pictures twice as large: tile by tile as in one go, and no worse than plain enlarging where nothing was learned."""

import numpy as np
import pytest
import tiny
import torch
from inference_kit import Bystander, a_checkpoint, an_attempt
from PIL import Image
from safetensors.torch import save_file

from inference.checkpoints import Weights
from inference.engine.engine import DiffusersEngine
from inference.engine.pictures import Picture, to_picture, to_tensor
from inference.engine.upscaler import HALO, TILE, Upscaler
from inference.request import Task


def random_upscaler() -> Upscaler:
    """Return one that adds something visible, as far from each pixel as it can look."""
    torch.manual_seed(0)
    upscaler = Upscaler()
    torch.nn.init.normal_(upscaler.tail.weight, std=0.05)
    return upscaler.eval()


def a_picture(width: int, height: int) -> Picture:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@torch.inference_mode()
@pytest.mark.parametrize(("width", "height"), [(TILE + 40, TILE - 56), (2 * TILE, 64), (32, 24)])
def test_tiles_make_the_picture_that_would_be_made_in_one_go(width: int, height: int) -> None:
    upscaler, picture = random_upscaler(), a_picture(width, height)
    padded = torch.nn.functional.pad(to_tensor(picture), (HALO,) * 4, mode="replicate")
    whole = to_picture(upscaler(padded)[..., 2 * HALO : -2 * HALO, 2 * HALO : -2 * HALO])
    tiled = upscaler.enlarge(picture, 2)

    assert tiled.shape == (2 * height, 2 * width, 3)
    assert np.abs(tiled.astype(int) - whole).max() <= 1


@torch.inference_mode()
def test_four_times_is_twice_two_times() -> None:
    upscaler, picture = random_upscaler(), a_picture(40, 24)

    assert np.array_equal(upscaler.enlarge(picture, 4), upscaler.enlarge(upscaler.enlarge(picture, 2), 2))


@torch.inference_mode()
def test_where_nothing_was_learned_it_enlarges_plainly() -> None:
    smooth = np.tile(np.linspace(0, 255, 48).astype(np.uint8)[None, :, None], (48, 1, 3))
    plain = np.asarray(Image.fromarray(smooth).resize((96, 96), Image.Resampling.BICUBIC))
    made = Upscaler().enlarge(smooth, 2)

    assert np.abs(made.astype(int) - plain)[8:-8, 8:-8].max() <= 4


def test_a_checkpoint_that_brings_one_enlarges_with_it_and_says_so_in_its_fingerprint(tmp_path) -> None:
    tiny.make(tmp_path / "tiny")
    save_file(random_upscaler().state_dict(), tmp_path / "upscaler.safetensors")
    weights = Weights(source=str(tmp_path), file="upscaler.safetensors")
    plain, learned = (
        DiffusersEngine("cpu", {"tiny": a_checkpoint(tmp_path / "tiny", upscaler=each)}, tmp_path)
        for each in (None, weights)
    )
    picture = a_picture(64, 64)
    Image.fromarray(picture).save(tmp_path / "source.png")
    values = {"task": Task.UPSCALE, "factor": 2, "width": 128, "height": 128, "strength": 0.0}
    attempt = an_attempt(tmp_path / "spool", source=tmp_path / "source.png", **values)
    made = np.load(learned.draw(attempt, Bystander(), thrifty=False).pictures[0].path)

    with torch.inference_mode():
        assert np.array_equal(made, Upscaler.load(tmp_path / "upscaler.safetensors", "cpu").enlarge(picture, 2))
    assert learned.load("tiny")["weights"] != plain.load("tiny")["weights"]
