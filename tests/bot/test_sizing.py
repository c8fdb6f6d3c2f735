"""Which size a picture gets."""

from math import log

from hypothesis import given
from hypothesis import strategies as st

from bot.aspects import RATIOS, WORDS, ratio_of
from bot.sizing import Size, choose_size, far_from_native, snap
from inference.checkpoints import Checkpoint, Family, Weights
from inference.request import SIDE, Sampler

sides = st.integers(*SIDE)


@st.composite
def checkpoints(draw: st.DrawFn) -> Checkpoint:
    multiple = draw(st.sampled_from([8, 16, 32, 64]))
    native = draw(st.sampled_from([256, 512, 768, 1024]))
    return checkpoint(native_side=native, side_multiple=multiple, max_side=2 * native, max_pixels=2 * native * native)


def checkpoint(**changes: object) -> Checkpoint:
    values: dict[str, object] = {
        "name": "test",
        "title": "Test",
        "weights": Weights(source="./nowhere"),
        "family": Family.SD1,
        "native_side": 512,
        "min_side": 256,
        "max_side": 1024,
        "max_pixels": 1024 * 768,
        "sampler": Sampler.DDIM,
        "num_inference_steps": 20,
        "guidance_scale": 7.5,
        "licence": "MIT",
        "licence_url": "LICENSE",
        "image_check": "closed world",
    }
    return Checkpoint.model_validate(values | changes)


@given(checkpoints(), sides, sides)
def test_a_snapped_size_is_one_that_the_checkpoint_draws(model: Checkpoint, width: int, height: int) -> None:
    size = snap(model, Size(width, height))

    for side in size:
        assert side % model.side_multiple == 0
        assert model.min_side <= side <= model.max_side
    assert size.width * size.height <= model.max_pixels


@given(checkpoints(), sides, sides)
def test_snapping_twice_changes_nothing_more(model: Checkpoint, width: int, height: int) -> None:
    once = snap(model, Size(width, height))

    assert snap(model, once) == once


@given(checkpoints(), sides, sides)
def test_a_size_that_can_be_drawn_stays(model: Checkpoint, width: int, height: int) -> None:
    multiple = model.side_multiple
    fitting = Size(
        *(max(model.min_side, min(side, model.native_side)) // multiple * multiple for side in (width, height))
    )

    assert snap(model, fitting) == fitting


@given(checkpoints(), sides, sides)
def test_a_wide_size_does_not_become_a_tall_one(model: Checkpoint, width: int, height: int) -> None:
    size = snap(model, Size(width, height))

    assert (size.width - size.height) * (width - height) >= 0


def test_a_size_that_is_nearly_square_keeps_its_shape_too() -> None:
    model = checkpoint(native_side=256, side_multiple=16, min_side=256, max_side=512, max_pixels=131_072)

    assert snap(model, Size(362, 361)) == (368, 352)
    assert snap(model, Size(361, 362)) == (352, 368)


@given(checkpoints(), st.sampled_from((*RATIOS, *WORDS)))
def test_an_aspect_is_drawn_at_about_the_native_area(model: Checkpoint, aspect: str) -> None:
    size = choose_size(model, None, None, aspect)

    assert abs(log(size.width / size.height) - log(ratio_of(aspect))) < 0.02
    assert abs(log(size.width * size.height) - 2 * log(model.native_side)) < 0.02


def test_a_side_that_is_not_given_is_native() -> None:
    model = checkpoint()

    assert choose_size(model, None, None, None) == (512, 512)
    assert choose_size(model, 640, None, None) == (640, 512)
    assert choose_size(model, None, 640, "2:1") == (512, 640)


def test_only_sizes_far_from_the_native_one_are_warned_of() -> None:
    model = checkpoint()

    assert not far_from_native(model, Size(512, 512))
    assert not far_from_native(model, Size(640, 512))
    assert far_from_native(model, Size(1024, 768))
    assert far_from_native(model, Size(256, 256))
    assert far_from_native(model, Size(1024, 256))
