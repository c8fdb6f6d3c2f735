"""Other people's words in a message."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wording import escape, quote, shorten, span
from config.words import speaks

HOSTILE = st.text(st.sampled_from("`*_~|<>[]()@#\\ \nab"), max_size=60)


@given(HOSTILE, st.integers(1, 150))
def test_a_quoted_text_cannot_leave_its_block(text: str, limit: int) -> None:
    quoted = quote(text, limit)

    assert quoted.count("```") == 2
    assert quoted.startswith("```\n")
    assert quoted.endswith("\n```")
    assert len(quoted) <= limit + len("```\n\n```")
    assert quoted[4:-4].replace("\u200b", "") == text or "…" in quoted


@given(HOSTILE)
def test_an_escaped_text_has_no_live_markup_and_one_line(text: str) -> None:
    escaped = escape(text)

    assert "\n" not in escaped
    assert re.fullmatch(r"(\\[\\*_~`|<>\[\]@#]|[^\\*_~`|<>\[\]@#])*", escaped)


@given(st.text(max_size=60), st.integers(1, 60))
def test_a_shortened_text_keeps_within_its_limit(text: str, limit: int) -> None:
    short = shorten(text, limit)

    assert len(short) <= limit
    assert short == text or short.endswith("…")


def test_durations_are_told_in_units_that_people_read() -> None:
    assert span(0.2, "en-US") == "1 s"
    assert span(45, "en-US") == "45 s"
    assert span(200, "en-US") == "3 min"


@pytest.mark.parametrize(("locale", "spoken"), [("en", True), ("en-GB", True), ("xx", False), ("xx-YY", False)])
def test_a_language_is_spoken_where_the_catalogue_has_words_of_it(locale: str, spoken: bool) -> None:
    assert speaks(locale) is spoken
