"""The values of a setting along one side of a comparison."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.axes import read_axis
from config.words import UserError


@pytest.mark.parametrize(
    ("setting", "text", "values"),
    [
        ("seed", "0, 1,2", (0, 1, 2)),
        ("seed", "5-8, 100", (5, 6, 7, 8, 100)),
        ("steps", "10-30 (+10)", (10, 20, 30)),
        ("steps", "30-10 (-10)", (30, 20, 10)),
        ("steps", "3-1", (3, 2, 1)),
        ("guidance", "1-2 [5]", (1.0, 1.25, 1.5, 1.75, 2.0)),
        ("guidance", "3, 7.5", (3.0, 7.5)),
        ("guidance", "1-2(+0.5)", (1.0, 1.5, 2.0)),
        ("sampler", "DDIM, Euler a", ("DDIM", "Euler a")),
        ("prompt", "a red fish | a cat, sitting", ("a red fish", "a cat, sitting")),
    ],
)
def test_values_are_read_as_people_write_them(setting: str, text: str, values: tuple[object, ...]) -> None:
    axis = read_axis(setting, text)
    assert (axis.setting, axis.values) == (setting, values)
    assert [type(value) for value in axis.values] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("setting", "text", "sentence"),
    [
        ("seed", "one", "cannot read one"),
        ("seed", "1.5", "cannot read 1.5"),
        ("seed", "5-1 (+1)", "cannot read 5-1"),
        ("seed", "1-5 (+0)", "cannot read 1-5"),
        ("guidance", "1-2 [1]", "cannot read"),
        ("seed", " , ", "1 to 25"),
        ("seed", "1-1000000000", "1 to 25"),
        ("seed", "1, 1", "twice"),
        ("sampler", "DDIM, DDIM", "twice"),
    ],
)
def test_what_cannot_be_compared_is_said(setting: str, text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read_axis(setting, text)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=25, unique=True))
def test_plain_lists_come_back_as_they_are(seeds: list[int]) -> None:
    assert read_axis("seed", ",".join(map(str, seeds))).values == tuple(seeds)


@given(st.sampled_from(["seed", "steps", "guidance", "sampler", "prompt"]), st.text(max_size=60))
def test_whatever_is_written_is_read_or_refused_in_words(setting: str, text: str) -> None:
    try:
        values = read_axis(setting, text).values
    except UserError:
        return
    assert 1 <= len(values) <= 25
