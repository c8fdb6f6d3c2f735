"""Which window over a picture is drawn, and how large."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.framing import Frame, Side, around, extended, panned, widened, zoomed
from bot.sizing import Size, snap
from config.settings import ROOT
from config.words import UserError
from inference.checkpoints import load_checkpoints
from inference.window import Window

CHECKPOINTS = load_checkpoints(ROOT / "config" / "models.toml")
DEMO = CHECKPOINTS["demo"]
NATIVE = Size(256, 256)
SIZES = st.builds(Size, st.integers(64, 4096), st.integers(64, 4096))  # smaller ones are not taken in
ALL = st.sampled_from(list(CHECKPOINTS.values()))
CHOICES = [
    *(partial(panned, side=side) for side in Side),
    partial(zoomed, factor=1.5),
    partial(zoomed, factor=2.0),
    partial(extended, left=64, top=0, right=0, bottom=0),
    partial(extended, left=1, top=2, right=3, bottom=4),
]


def test_a_side_goes_on_by_as_many_pixels_as_were_asked_for() -> None:
    frame = extended(DEMO, NATIVE, left=64, top=0, right=0, bottom=128)
    assert frame == Frame(Window(left=-64, top=0, width=320, height=384), Size(320, 384), Size(320, 384))


@pytest.mark.parametrize(("sides", "left"), [((1, 0, 0, 0), -8), ((0, 0, 1, 0), 0)])
def test_a_few_pixels_more_go_where_the_picture_is_continued_anyway(sides: tuple[int, ...], left: int) -> None:
    frame = extended(DEMO, NATIVE, *sides)
    assert frame == Frame(Window(left=left, top=0, width=264, height=256), Size(264, 256), Size(264, 256))


def test_what_would_be_too_large_is_drawn_smaller() -> None:
    frame = extended(DEMO, Size(768, 768), left=768, top=0, right=0, bottom=0)
    assert frame.window == Window(left=-768, top=0, width=1536, height=768)
    assert frame.size == Size(768, 384)


def test_what_would_be_too_long_is_refused() -> None:
    with pytest.raises(UserError, match="longer than this model draws"):
        extended(DEMO, NATIVE, left=4096, top=0, right=0, bottom=0)


def test_the_least_zoom_shows_more_too() -> None:
    assert not zoomed(DEMO, NATIVE, 1.0001).window.lies_in(*NATIVE)


def test_a_picture_is_widened_on_both_sides_or_made_taller() -> None:
    assert widened(DEMO, NATIVE, 2.0).window == Window(left=-128, top=0, width=512, height=256)
    assert widened(DEMO, NATIVE, 0.5).window == Window(left=0, top=-128, width=256, height=512)
    assert widened(DEMO, Size(512, 256), 1.0).window == Window(left=0, top=-128, width=512, height=512)
    with pytest.raises(UserError, match="already"):
        widened(DEMO, NATIVE, 1.0)


def test_who_zooms_out_sees_more_in_the_same_size() -> None:
    assert zoomed(DEMO, NATIVE, 2.0) == Frame(Window(left=-128, top=-128, width=512, height=512), NATIVE, NATIVE)
    assert zoomed(DEMO, NATIVE, 1.5).window == Window(left=-64, top=-64, width=384, height=384)
    for factor in (0.5, 1.0, 4.1, float("nan")):
        with pytest.raises(UserError, match="as far off"):
            zoomed(DEMO, NATIVE, factor)


def test_who_pans_sees_half_of_it_still() -> None:
    assert panned(DEMO, NATIVE, Side.LEFT).window == Window(left=-128, top=0, width=256, height=256)
    assert panned(DEMO, NATIVE, Side.DOWN).window == Window(left=0, top=128, width=256, height=256)


@given(ALL, SIZES, st.sampled_from(CHOICES))
def test_every_frame_can_be_drawn_and_shows_something_of_the_picture(checkpoint, size, choose) -> None:
    """It has the window's own shape; what would have to be squashed is refused."""
    try:
        frame = choose(checkpoint, size)
    except UserError:
        assert max(size) > 1.2 * min(size)
        return
    across, down = frame.size.width / frame.window.width, frame.size.height / frame.window.height
    assert 0.95 < across / down < 1.06
    assert snap(checkpoint, frame.size) == frame.size
    assert frame.window.touches(*size)
    assert not frame.window.lies_in(*size)


@st.composite
def boxes(draw: st.DrawFn) -> tuple[Size, tuple[int, int, int, int]]:
    size = draw(SIZES)
    left, top = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    return size, (left, top, draw(st.integers(left + 1, size.width)), draw(st.integers(top + 1, size.height)))


@given(ALL, boxes())
def test_a_part_is_drawn_with_what_is_around_it(checkpoint, sized) -> None:
    size, (left, top, right, bottom) = sized
    frame = around(checkpoint, size, (left, top, right, bottom))
    if frame is None:
        assert snap(checkpoint, size) == size
        return
    x0, y0, x1, y1 = frame.window.box
    assert frame.window.lies_in(*size)
    assert x0 <= left < right <= x1
    assert y0 <= top < bottom <= y1
    assert snap(checkpoint, frame.size) == frame.size


def test_a_small_part_of_a_large_picture_is_drawn_at_the_size_that_is_drawn_best() -> None:
    frame = around(DEMO, Size(2048, 1000), (1000, 990, 1040, 1000))
    assert frame == Frame(Window(left=892, top=744, width=256, height=256), NATIVE, Size(2048, 1000))


def test_a_long_thin_part_is_drawn_with_more_around_it_rather_than_squashed() -> None:
    frame = around(DEMO, Size(2048, 2048), (0, 1000, 2048, 1010))
    assert frame is not None
    assert frame.window.height >= frame.window.width / 3
    assert frame.size.width / frame.size.height == pytest.approx(frame.window.width / frame.window.height, rel=0.05)
