"""Pictures changed through a window, continued beyond their edges, blended, varied by seed; several that differ."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from comparison import a_picture
from inference_kit import Bystander, a_checkpoint, a_request
from PIL import Image

from inference.contract import Unfeasible
from inference.engine.engine import DiffusersEngine
from inference.engine.mask import SEAM
from inference.engine.noise import middle, slerp
from inference.protocol import Attempt
from inference.request import Blended, ImageRequest, Sampler, Task, Variant, Variation
from inference.window import Window

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' schedulers meet NumPy 2.4

Draw = Callable[..., list[np.ndarray]]
SOURCE = {"source": "0" * 64, "strength": 1.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("changes")
    tiny.make(folder / "tiny")
    a_picture().save(folder / "small.png")
    a_picture().resize((301, 203), Image.Resampling.BICUBIC).save(folder / "large.png")
    mask = np.zeros((203, 301), np.uint8)
    mask[60:120, 100:180] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    a_picture().transpose(Image.Transpose.ROTATE_90).save(folder / "turned.png")
    return folder


@pytest.fixture(scope="module")
def engine(folder: Path) -> DiffusersEngine:
    return DiffusersEngine("cpu", {"tiny": a_checkpoint(folder / "tiny")}, folder)


@pytest.fixture
def draw(engine: DiffusersEngine, folder: Path, tmp_path: Path) -> Draw:
    def draw(file: str = "small.png", mask_file: str = "mask.png", **values: object) -> list[np.ndarray]:
        asked = a_request(**values)
        attempt = Attempt(
            id="1",
            request=asked,
            source_path=str(folder / file),
            mask_path=str(folder / mask_file),
            blended_paths=(str(folder / "small.png"), str(folder / "turned.png"))[: len(asked.blended)],
            spool=str(tmp_path),
        )
        return [np.load(picture.path) for picture in engine.draw(attempt, Bystander()).pictures]

    return draw


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


@pytest.mark.parametrize("window", [(70, 40, 128, 128), (76, 60, 128, 64), (40, 0, 256, 203)])
def test_through_a_window_a_part_of_a_picture_of_any_size_is_drawn(draw: Draw, folder: Path, window: tuple) -> None:
    """It is drawn at its own size, enlarged or reduced; outside the mask every pixel of the picture stays."""
    left, top, width, height = window
    through = Window(left=left, top=top, width=width, height=height)
    (made,) = draw("large.png", task=Task.INPAINT, mask="1" * 64, window=through, **SOURCE)
    source, mask = pixels(folder / "large.png"), pixels(folder / "mask.png") > 0

    assert made.shape == source.shape
    assert np.array_equal(made[~mask], source[~mask])
    assert np.abs(made[mask].astype(float) - source[mask]).mean() > 5


def test_a_window_beyond_the_picture_is_no_place_to_paint(draw: Draw) -> None:
    window = Window(left=200, top=0, width=128, height=128)
    with pytest.raises(Unfeasible, match="beyond"):
        draw("large.png", task=Task.INPAINT, mask="1" * 64, window=window, **SOURCE)


@pytest.mark.parametrize(
    ("left", "top", "width", "height"),
    [(-64, 0, 192, 128), (0, -64, 128, 192), (-32, -32, 192, 192), (64, 0, 192, 128)],
)
def test_a_picture_is_continued_and_stays_as_it_was(
    draw: Draw, folder: Path, left: int, top: int, width: int, height: int
) -> None:
    window = Window(left=left, top=top, width=width, height=height)
    (made,) = draw(task=Task.OUTPAINT, window=window, width=width, height=height, **SOURCE)
    source = pixels(folder / "small.png")
    assert made.shape == (height, width, 3)

    x, y = max(0, -left), max(0, -top)
    shown = source[max(0, top) :, max(0, left) :]
    inner = tuple(slice(SEAM, length - SEAM) for length in shown.shape[:2])
    placed = made[y : y + shown.shape[0], x : x + shown.shape[1]]
    assert np.array_equal(placed[inner], shown[inner])


def test_an_edge_at_which_nothing_is_continued_has_no_seam(draw: Draw, folder: Path) -> None:
    window = Window(left=0, top=0, width=192, height=128)
    (made,) = draw(task=Task.OUTPAINT, window=window, width=192, height=128, **SOURCE)
    assert np.array_equal(made[:, : 128 - SEAM], pixels(folder / "small.png")[:, : 128 - SEAM])


def test_who_zooms_out_sees_the_whole_picture_smaller(draw: Draw, folder: Path) -> None:
    (made,) = draw(task=Task.OUTPAINT, window=Window(left=-64, top=-64, width=256, height=256), **SOURCE)
    small = np.asarray(Image.open(folder / "small.png").resize((64, 64), Image.Resampling.LANCZOS))
    difference = np.abs(made[32 + SEAM : 96 - SEAM, 32 + SEAM : 96 - SEAM].astype(int) - small[SEAM:-SEAM, SEAM:-SEAM])
    assert made.shape == (128, 128, 3)
    assert difference.mean() < 8


def test_nothing_is_continued_from_a_picture_out_of_sight(draw: Draw) -> None:
    window = Window(left=128, top=0, width=128, height=128)
    with pytest.raises(Unfeasible, match="lies in the window"):
        draw(task=Task.OUTPAINT, window=window, **SOURCE)


def test_a_blend_depends_on_each_of_its_pictures_and_on_their_words(draw: Draw) -> None:
    def blend(*prompts: str) -> np.ndarray:
        parts = tuple(Blended(source="0" * 64, prompt=prompt) for prompt in prompts)
        (made,) = draw(task=Task.BLEND, blended=parts, strength=0.6)
        return made

    one, other = blend("a red circle", "a star"), blend("a red circle", "a fish")
    assert not np.array_equal(one, other)
    assert np.array_equal(one, blend("a star", "a red circle"))  # the order of words that are all meant alike is none


def test_the_middle_of_pictures_is_as_strong_as_they_are() -> None:
    one, other = torch.randn(1, 4, 16, 16), torch.randn(1, 4, 16, 16)
    assert torch.equal(middle([one]), one)
    mixed = middle([one, other])
    assert float(mixed.std()) == pytest.approx(float((one.std() + other.std()) / 2), rel=1e-4)
    assert torch.allclose(mixed, middle([other, one]))


def test_between_two_seeds_lies_noise_of_the_same_strength() -> None:
    one, other = torch.randn(1, 4, 32, 32), torch.randn(1, 4, 32, 32)
    assert torch.allclose(slerp(one, other, 0.0), one, atol=1e-6)
    assert torch.allclose(slerp(one, other, 1.0), other, atol=1e-6)
    assert float(slerp(one, other, 0.5).std()) == pytest.approx(1.0, abs=0.05)
    assert torch.equal(slerp(one, one, 0.5), one)


def test_a_variation_by_seed_goes_from_one_picture_to_the_other(draw: Draw) -> None:
    def varied(strength: float, **values: object) -> np.ndarray:
        variation = Variation(seed=2, strength=strength)
        (made,) = draw(seed=1, variations=(variation,), **values)
        return made.astype(float)

    (one,), (other,) = draw(seed=1), draw(seed=2)
    assert np.array_equal(varied(0.0), one)
    assert np.array_equal(varied(1.0), other)
    distances = [np.abs(varied(strength) - one).mean() for strength in (0.1, 0.3, 0.6)]
    assert distances == sorted(distances)
    assert distances[0] > 0


def test_a_variation_can_be_varied_again(draw: Draw) -> None:
    first, second = Variation(seed=2, strength=0.3), Variation(seed=3, strength=0.3)
    (once,), (twice,), (again,) = (
        draw(seed=1, variations=chain) for chain in ((first,), (first, second), (first, second))
    )
    assert np.array_equal(twice, again)
    assert not np.array_equal(once, twice)


def test_the_bounds_of_each_variant_hold_and_not_those_of_what_none_of_them_draws(draw: Draw) -> None:
    large, small = {"width": 1024, "height": 1024}, Variant(width=128, height=128)
    (made,) = draw(**large, variants=(small,))
    assert made.shape == (128, 128, 3)
    with pytest.raises(Unfeasible, match="at most"):
        draw(variants=(small, Variant(**large)), count=2)


def test_a_mask_of_a_single_line_is_drawn(draw: Draw, folder: Path, tmp_path: Path) -> None:
    """It lies between the pixels of which one stands for each latent."""
    line = np.zeros((203, 301), np.uint8)
    line[61:140, 101:104] = 255
    Image.fromarray(line).save(folder / "line.png")
    window = Window(left=76, top=60, width=128, height=128)
    where = {"task": Task.INPAINT, "mask": "1" * 64, "window": window} | SOURCE
    (one,), (other,) = (draw("large.png", "line.png", seed=seed, **where) for seed in (1, 2))

    assert np.array_equal(one[line == 0], other[line == 0])
    assert not np.array_equal(one[line > 0], other[line > 0])


def test_variants_are_the_pictures_that_each_request_would_draw_alone(draw: Draw) -> None:
    variants = (
        Variant(prompt="a blue star"),
        Variant(seed=0),
        Variant(sampler=Sampler.EULER, num_inference_steps=3),
        Variant(guidance_scale=1.0),
    )
    asked: ImageRequest = a_request(seed=5, variants=variants, count=4)
    together = draw(seed=5, variants=variants, count=4)

    for single, made in zip(asked.singles(), together, strict=True):
        (alone,) = draw(**single.to_dict())
        assert np.array_equal(made, alone)
    assert len({made.tobytes() for made in together}) == 4
