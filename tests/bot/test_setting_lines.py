"""Settings as lines of text."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import request

from bot.setting_lines import read_sampler, read_setting_lines, setting_lines
from config.words import UserError
from inference.request import GUIDANCE, STEPS, Sampler, Task

SIDES = st.integers(8, 512).map(lambda eighth: 8 * eighth)


@given(st.integers(*STEPS), st.integers(0, 300), st.sampled_from(Sampler), SIDES, SIDES)
def test_what_was_written_is_read_again(steps: int, guidance: int, sampler: Sampler, width: int, height: int) -> None:
    asked = request(
        width=width, height=height, num_inference_steps=steps, guidance_scale=guidance / 10, sampler=sampler
    )

    assert read_setting_lines(setting_lines(asked)) == {
        "steps": steps,
        "guidance": guidance / 10,
        "sampler": sampler,
        "width": width,
        "height": height,
        "checkpoint": "demo",
        "count": 1,
    }
    assert GUIDANCE[0] <= guidance / 10 <= GUIDANCE[1]


def test_what_cannot_be_changed_of_a_variation_is_not_offered() -> None:
    varied = request(task=Task.IMAGE_TO_IMAGE, prompt="", source="0" * 64, strength=0.5)

    assert setting_lines(varied) == "steps: 20\nguidance: 7.5\nsampler: DDIM"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("\n  \n", {}),
        ("steps:", {}),
        ("  STEPS =  30 ", {"steps": 30}),
        ("guidance: 7,5", {"guidance": 7.5}),
        ("size: 640 × 512", {"width": 640, "height": 512}),
        ("size: 640X512", {"width": 640, "height": 512}),
        ("size:640*512", {"width": 640, "height": 512}),
        ("width: 640", {"width": 640}),
        ("aspect: 16:9", {"aspect": "16:9"}),
        ("sampler: euler A", {"sampler": Sampler.EULER_A}),
        ("model: demo\ncount: 4", {"checkpoint": "demo", "count": 4}),
    ],
)
def test_lines_are_read_leniently(text: str, expected: dict[str, object]) -> None:
    assert read_setting_lines(text) == expected


@pytest.mark.parametrize(
    ("text", "key", "named"),
    [
        ("thirty steps", "bot.setting_line_unreadable", "thirty steps"),
        ("colour: red", "bot.setting_unknown", "colour"),
        ("steps: many", "bot.setting_unreadable", "many"),
        ("steps: 1e9999", "bot.setting_unreadable", "1e9999"),
        ("size: large", "bot.setting_unreadable", "large"),
        ("aspect: long", "bot.aspect_unknown", "long"),
        ("aspect: 7:1", "bot.aspect_extreme", "7:1"),
        ("sampler: Magic", "bot.sampler_unknown", "Magic"),
    ],
)
def test_a_line_that_means_nothing_is_named(text: str, key: str, named: str) -> None:
    with pytest.raises(UserError) as caught:
        read_setting_lines(text)

    assert caught.value.key == key
    assert named in caught.value.sentence("en-US")


@given(st.text(max_size=200))
def test_any_text_is_read_or_answered_with_a_sentence(text: str) -> None:
    with suppress(UserError):
        read_setting_lines(text)


def test_every_sampler_is_found_by_its_name_in_any_case() -> None:
    assert [read_sampler(f" {sampler.value.upper()} ") for sampler in Sampler] == list(Sampler)
