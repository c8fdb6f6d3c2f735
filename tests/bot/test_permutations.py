"""Braces that stand for several prompts."""

from contextlib import suppress
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.permutations import expand
from config.words import UserError

LIMIT = 10
PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{},\\"), max_size=12)
WORDS = st.text("abcdef", min_size=1, max_size=4)
GROUPS = st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a bird", ["a bird"]),
        ("  a  bird ", ["  a  bird "]),
        ("{red, green} bird", ["red bird", "green bird"]),
        ("{ red ,green } {bird,fish}", ["red bird", "red fish", "green bird", "green fish"]),
        ("{a {red, blue} cat, dog}", ["a red cat", "a blue cat", "dog"]),
        ("a {big, } bird", ["a big bird", "a bird"]),
        ("{,} bird", ["bird"]),
        ("{red, red} bird", ["red bird"]),
        ("{red} bird", ["red bird"]),
        ("{}", [""]),
        (r"a \{red, green\} bird", ["a {red, green} bird"]),
        (r"{one\, two, three}", ["one, two", "three"]),
        (r"\(bird:1.2\) {a, b}", [r"\(bird:1.2\) a", r"\(bird:1.2\) b"]),
        ("Tom, {Dick, Harry}", ["Tom, Dick", "Tom, Harry"]),
    ],
)
def test_each_alternative_is_a_prompt(written: str, expected: list[str]) -> None:
    assert list(expand(written, LIMIT)) == expected


@given(GROUPS)
def test_several_groups_stand_for_each_with_each(groups: list[list[str]]) -> None:
    written = " ".join(f"{{{', '.join(group)}}}" for group in groups)
    expected = list(dict.fromkeys(" ".join(words) for words in product(*groups)))

    assert list(expand(written, 64)) == expected


@given(PLAIN)
def test_what_has_no_braces_stays_as_it_is(text: str) -> None:
    assert expand(text, LIMIT) == (text,)


@given(st.text(st.sampled_from("ab{}\\"), max_size=12))
def test_escaped_braces_stand_for_themselves(text: str) -> None:
    escaped = text.replace("{", r"\{").replace("}", r"\}")

    assert expand(escaped, LIMIT) == (text,)


@given(st.text(st.sampled_from("ab {},\\"), max_size=60), st.integers(1, LIMIT))
def test_any_text_comes_to_few_prompts_that_are_no_longer_or_to_a_sentence(text: str, limit: int) -> None:
    with suppress(UserError):
        prompts = expand(text, limit)

        assert 1 <= len(prompts) <= limit
        assert len(set(prompts)) == len(prompts)
        assert all(len(prompt) <= len(text) for prompt in prompts)


@pytest.mark.parametrize("written", ["{red, green bird", "red, green} bird", "{a, {b}", "}{"])
def test_a_brace_without_the_other_is_told(written: str) -> None:
    with pytest.raises(UserError, match=r"without its [{}]") as caught:
        expand(written, LIMIT)
    assert caught.value.key == "bot.brace_alone"


@pytest.mark.parametrize(
    "written", ["{a,b}" * 400, "{" * 900 + "a,b" + "}" * 900 + "{c,d}" * 4, "{1,2,3,4,5,6,7,8,9,10,11}"]
)
def test_more_than_a_message_carries_is_told_at_once(written: str) -> None:
    with pytest.raises(UserError, match="more than 10"):
        expand(written, LIMIT)
