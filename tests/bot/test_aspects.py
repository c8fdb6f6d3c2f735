"""Aspects by ratio and by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.aspects import FARTHEST, RATIOS, WORDS, ratio_of
from config.words import UserError


@given(st.integers(1, 9999), st.integers(1, 9999), st.sampled_from([":", " : ", "x", "×", "/"]))
def test_any_ratio_is_read_unless_it_is_extreme(across: int, down: int, between: str) -> None:
    if max(across, down) > FARTHEST * min(across, down):
        with pytest.raises(UserError, match="too long and thin"):
            ratio_of(f"{across}{between}{down}")
    else:
        assert ratio_of(f"{across}{between}{down}") == across / down


@pytest.mark.parametrize(
    ("text", "expected"), [("Phone  Wallpaper ", 0.45), ("2.39:1", 2.39), ("2,39:1", 2.39), ("CINEMA", 2.39)]
)
def test_words_and_fractions_are_read(text: str, expected: float) -> None:
    assert ratio_of(text) == expected


def test_all_that_is_suggested_can_be_drawn() -> None:
    assert all(ratio_of(text) > 0 for text in (*RATIOS, *WORDS))


@pytest.mark.parametrize("text", ["", "16", "16:", "0:5", "0:0", "-1:2", "1:2:3", "nice", "9" * 5000])
def test_what_is_no_aspect_is_told_with_the_words_that_are(text: str) -> None:
    with pytest.raises(UserError) as caught:
        ratio_of(text)
    assert caught.value.key in ("bot.aspect_unknown", "bot.aspect_extreme")
