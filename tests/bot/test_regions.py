"""Parts of a picture by words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.regions import SHARES, USUAL, Region, parse_region

SIDES = st.integers(64, 2_000)
PLACES = st.sampled_from([place for place in USUAL if place != "everything"])


def cells(region: Region, width: int, height: int) -> set[tuple[int, int]]:
    """Every eighth pixel of a picture that the region holds."""
    boxes = region.boxes(width, height)
    return {
        (x, y)
        for x in range(0, width, 8)
        for y in range(0, height, 8)
        if any(left <= x < right and top <= y < bottom for left, top, right, bottom in boxes) is not region.inverted
    }


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


@given(st.text(max_size=80))
def test_whatever_is_said_is_read(words: str) -> None:
    region = parse_region(words)

    assert region is None or region.parts


@given(PLACES, st.sampled_from(sorted(SHARES)), SIDES, SIDES)
def test_an_amount_is_a_share_of_the_area(place: str, amount: str, width: int, height: int) -> None:
    boxes = parsed(f"{place} {amount}").boxes(width, height)
    area = sum((right - left) * (bottom - top) for left, top, right, bottom in boxes)

    assert abs(area - SHARES[amount] * width * height) <= 2 * (width + height)


@given(PLACES, st.floats(1, 100), SIDES, SIDES)
def test_every_rectangle_lies_in_the_picture_and_has_pixels(
    place: str, percent: float, width: int, height: int
) -> None:
    for left, top, right, bottom in parsed(f"{place} {percent:.1f}%").boxes(width, height):
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


@given(PLACES, SIDES, SIDES)
def test_everything_but_a_part_is_the_rest(place: str, width: int, height: int) -> None:
    part = cells(parsed(place), width, height)
    rest = cells(parsed(f"everything but the {place}"), width, height)

    assert not part & rest
    assert len(part | rest) == len(range(0, width, 8)) * len(range(0, height, 8))


@given(st.integers(1, 99), SIDES, SIDES)
def test_two_sides_that_meet_leave_nothing_out(percent: int, width: int, height: int) -> None:
    both = cells(parsed(f"left {percent}% and right {100 - percent}%"), width, height)

    assert len(both) == len(range(0, width, 8)) * len(range(0, height, 8))


@given(PLACES)
def test_capitals_and_spaces_do_not_matter(place: str) -> None:
    assert parse_region(f"  {place.upper()}\n ") == parse_region(place)
