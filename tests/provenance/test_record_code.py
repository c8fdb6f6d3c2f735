import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.record_code import ALPHABET, SIZE, decode, encode

IDS = st.text(ALPHABET, min_size=10, max_size=10)


def votes_of(record_id):
    return 2.0 * encode(record_id) - 1


@settings(deadline=None)  # the first example builds the code
@given(IDS)
def test_an_id_comes_back(record_id):
    assert decode(votes_of(record_id)) == record_id


@settings(deadline=None)
@given(IDS, st.lists(st.integers(0, 23), max_size=3), st.integers(0, 5))
def test_three_wrong_bits_of_any_word_are_mended(record_id, wrong, word):
    votes = votes_of(record_id)
    votes[[24 * word + place for place in set(wrong)]] *= -1

    assert decode(votes) == record_id


def test_weak_votes_count_for_less_than_strong_ones():
    votes = votes_of("7KQ2ZD4M0X")
    votes[:8] *= -0.1

    assert decode(votes) == "7KQ2ZD4M0X"


def test_noise_says_nothing():
    random = np.random.default_rng(0)

    assert {decode(random.normal(size=SIZE)) for _ in range(300)} == {None}


@pytest.mark.parametrize("vote", [-1.0, 0.0, 1.0])
def test_one_colour_says_nothing(vote):
    assert decode(np.full(SIZE, vote)) is None


@pytest.mark.parametrize("record_id", ["", "7", "7KQ2ZD4M0XX", "7kq2zd4m0x", "OILU000000"])
def test_what_is_no_id_is_not_encoded(record_id):
    with pytest.raises(ValueError, match=r"record id|substring"):
        encode(record_id)
