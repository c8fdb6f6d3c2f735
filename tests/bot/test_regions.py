"""Parts of a picture by words."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.regions import SHARES, USUAL, Region, parse_region

SIDES = st.integers(64, 1_000)
PLACES = st.sampled_from([place for place in USUAL if place != "everything"])


def area(region: Region, width: int, height: int) -> NDArray[np.bool_]:
    """The pixels of a picture that the region holds."""
    inside = np.zeros((height, width), np.bool_)
    for left, top, right, bottom in region.boxes(width, height):
        inside[top:bottom, left:right] = True
    return inside != region.inverted


def parsed(words: str) -> Region:
    region = parse_region(words)
    assert region is not None, words
    return region


@pytest.mark.parametrize(
    ("words", "box"),
    [
        ("left half", (0, 0, 150, 200)),
        ("left", (0, 0, 150, 200)),
        ("The right-hand third of the picture", (200, 0, 300, 200)),
        ("top third", (0, 0, 300, 67)),
        ("lower quarter", (0, 150, 300, 200)),
        ("two thirds left", (0, 0, 200, 200)),
        ("left 30%", (0, 0, 90, 200)),
        ("30 percent of the left", (0, 0, 90, 200)),
        ("bottom right quarter", (150, 100, 300, 200)),
        ("the upper left corner", (0, 0, 150, 100)),
        ("right top", (150, 0, 300, 100)),
        ("centre", (75, 50, 225, 150)),
        ("Middle", (75, 50, 225, 150)),
        ("middle row", (0, 67, 300, 133)),
        ("center column", (100, 0, 200, 200)),
        ("everything", (0, 0, 300, 200)),
    ],
)
def test_words_name_a_rectangle(words: str, box: tuple[int, int, int, int]) -> None:
    region = parsed(words)

    assert region.boxes(300, 200) == [box]
    assert not region.inverted


@pytest.mark.parametrize(
    "words", ["", "red circle", "the left eye", "border collie", "left 0%", "left 150%", "half", "left and", "but left"]
)
def test_other_words_name_none(words: str) -> None:
    assert parse_region(words) is None


@settings(deadline=None)
@given(st.text(max_size=80))
def test_whatever_is_said_is_read(words: str) -> None:
    region = parse_region(words)

    assert region is None or region.parts


@settings(deadline=None)
@given(PLACES, st.sampled_from(sorted(SHARES)), SIDES, SIDES)
def test_an_amount_is_a_share_of_the_area(place: str, amount: str, width: int, height: int) -> None:
    pixels = np.count_nonzero(area(parsed(f"{place} {amount}"), width, height))

    assert abs(pixels - SHARES[amount] * width * height) <= 2 * (width + height)


@settings(deadline=None)
@given(PLACES, st.floats(1, 100), SIDES, SIDES)
def test_every_rectangle_lies_in_the_picture_and_has_pixels(
    place: str, percent: float, width: int, height: int
) -> None:
    for left, top, right, bottom in parsed(f"{place} {percent:.1f}%").boxes(width, height):
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


@settings(deadline=None)
@given(PLACES, SIDES, SIDES)
def test_everything_but_a_part_is_the_rest(place: str, width: int, height: int) -> None:
    part, rest = (area(parsed(words), width, height) for words in (place, f"everything but the {place}"))

    assert np.array_equal(part, ~rest)


@settings(deadline=None)
@given(st.integers(1, 99), SIDES, SIDES)
@example(1, 250, 64)
def test_two_sides_that_meet_leave_nothing_out(percent: int, width: int, height: int) -> None:
    assert area(parsed(f"left {percent}% and right {100 - percent}%"), width, height).all()


@settings(deadline=None)
@given(PLACES)
def test_capitals_and_spaces_do_not_matter(place: str) -> None:
    assert parse_region(f"  {place.upper()}\n ") == parse_region(place)
