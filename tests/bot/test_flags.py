"""Settings at the end of a prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.filling import with_flags
from bot.flags import read_flags
from bot.wishes import Wish
from config.words import UserError


@pytest.mark.parametrize(
    ("typed", "prompt", "changes", "foreign"),
    [
        ("a fox", "a fox", {}, ()),
        ("a fox --ar 3:2", "a fox", {"aspect": "3:2"}, ()),
        ("a fox --AR 3:2 --seed 0 --steps 7", "a fox", {"aspect": "3:2", "seed": 0, "steps": 7}, ()),
        ("a fox --no text, frames --cfg 0", "a fox", {"negative_prompt": "text, frames", "guidance": 0.0}, ()),
        ("a fox --w 640 --h 512", "a fox", {"width": 640, "height": 512}, ()),
        ("a fox --s 250 --v 6.1 --tile", "a fox", {}, ("--s", "--v", "--tile")),
        ("a fox --style raw --sref https://x.y/z.png on ice", "a fox on ice", {}, ("--style", "--sref")),
        ("a fox --tile on ice", "a fox on ice", {}, ("--tile",)),
        ("a fox —ar 16:9 —no text", "a fox", {"aspect": "16:9", "negative_prompt": "text"}, ()),
        ("a fox — small — no text", "a fox — small — no text", {}, ()),
        ("a fox --aspect portrait in snow", "a fox in snow", {"aspect": "portrait"}, ()),
        ("a well--known fox, 2--3 times", "a well--known fox, 2--3 times", {}, ()),
        ("--seed 5", "", {"seed": 5}, ()),
        ("a fox --seed 5\nin snow", "a fox in snow", {"seed": 5}, ()),
        ("a fox --no text\n\nin snow", "a fox in snow", {"negative_prompt": "text"}, ()),
        ("a fox --tile\nraw meat", "a fox raw meat", {}, ("--tile",)),
    ],
)
def test_flags_are_read_as_settings(
    typed: str, prompt: str, changes: dict[str, object], foreign: tuple[str, ...]
) -> None:
    found = read_flags(typed)

    assert (found.prompt, found.changes, found.foreign) == (prompt, changes, foreign)
    assert found.unknown == ()


@pytest.mark.parametrize(
    "typed", ["a fox --ar wrong", "a fox --seed", "a fox --seed\n5", "a fox --steps many", "a fox --ar 90:1"]
)
def test_a_value_that_means_nothing_is_told(typed: str) -> None:
    with pytest.raises(UserError):
        read_flags(typed)


def test_a_flag_that_nobody_knows_is_told_and_its_words_stay() -> None:
    found = read_flags("a fox --sede 5 --seed 7 --sitting on a mat")

    assert (found.prompt, found.changes) == ("a fox --sede 5 --sitting on a mat", {"seed": 7})
    assert found.unknown == ("--sede", "--sitting")


@given(st.text(max_size=100))
def test_any_text_is_read_or_answered_with_a_sentence(text: str) -> None:
    try:
        found = read_flags(text)
    except UserError:
        return
    if not found.changes and not found.foreign and not found.unknown:
        assert found.prompt == text


@given(st.integers(0, 2**32 - 1), st.integers(1, 150))
def test_whatever_is_written_is_read_again(seed: int, steps: int) -> None:
    found = read_flags(f"a fox --seed {seed} --steps {steps}")

    assert found.changes == {"seed": seed, "steps": steps}
    assert found.prompt == "a fox"


LINES = st.text("abc ,\n\t", max_size=30)


@given(st.sampled_from(["--seed 5", "--ar\t3:2", "--no text, frames", "--tile", "--v 6.1", "--sede 5"]), LINES)
def test_a_flag_takes_nothing_of_the_lines_below_it(flag: str, below: str) -> None:
    alone, found = read_flags(f"a fox {flag}"), read_flags(f"a fox {flag}\n{below}")

    assert (found.changes, found.foreign, found.unknown) == (alone.changes, alone.foreign, alone.unknown)
    assert found.prompt == f"{alone.prompt} {below.strip()}".strip()


def test_an_option_goes_before_a_flag() -> None:
    wish = Wish(prompt="a fox --seed 5 --ar 3:2 --steps 9 --no text --s 1 --x 1", seed=0, width=320)
    read, notes = with_flags(wish)

    assert (read.prompt, read.seed, read.steps, read.negative_prompt) == ("a fox --x 1", 0, 9, "text")
    assert (read.width, read.aspect) == (320, None)
    assert [note.values for note in notes] == [{"flags": "--s"}, {"flags": "--x"}]
