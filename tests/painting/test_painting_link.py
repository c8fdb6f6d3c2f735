"""Tokens: only those that were signed here, unchanged and in time, open anything."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.secret_key import derived_key
from painting.link import ID_BYTES, new_id, read, sign

KEY = derived_key(b"the bot's key", "painting")
UNTIL = 1_800_000_000
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

ids = st.binary(min_size=ID_BYTES, max_size=ID_BYTES)


@settings(deadline=None)
@given(ids, st.integers(0, 2**40))
def test_a_token_opens_its_painting_until_its_end(painting, until):
    token = sign(KEY, painting, until)

    assert read(KEY, token, until - 0.001) == painting
    assert read(KEY, token, until) is None


@settings(deadline=None)
@given(ids, st.data())
def test_a_token_that_was_changed_opens_nothing(painting, data):
    token = sign(KEY, painting, UNTIL)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(ALPHABET.replace(token[at], "")))

    assert read(KEY, token[:at] + other + token[at + 1 :], 0) is None


@settings(deadline=None)
@given(st.text(max_size=100))
def test_what_is_no_token_opens_nothing(text):
    assert read(KEY, text, 0) is None


@pytest.mark.parametrize("key", [b"the bot's key", derived_key(b"the bot's key", "another"), b""])
def test_another_key_opens_nothing(key):
    assert read(key, sign(KEY, new_id(), UNTIL), 0) is None


def test_the_end_of_one_token_is_good_for_no_other():
    one, other = (sign(KEY, new_id(), UNTIL) for _ in range(2))
    half = len(one) // 2

    assert read(KEY, one[:half] + other[half:], 0) is None
