from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from provenance import png


def opened(data):
    image = Image.open(BytesIO(data), formats=["PNG"])
    image.load()
    return image


@settings(max_examples=60, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 9), high=st.sampled_from([1, 3, 256]))
def test_every_pixel_comes_back(height, width, seed, high):
    pixels = np.random.default_rng(seed).integers(0, high, (height, width, 3), np.uint8)

    assert np.array_equal(pixels, np.asarray(opened(png.encode(pixels))))


def test_pictures_of_more_than_one_stripe_come_back(texture):
    pixels = texture(0, 900, 700)

    assert np.array_equal(pixels, np.asarray(opened(png.encode(pixels))))


@pytest.mark.parametrize("text", ["plain", "naïve", "猫 🐈\nשלום", "", "lone \ud800 surrogate", "a\0b"])
def test_every_text_can_be_kept(text):
    data = png.encode(np.zeros((2, 2, 3), np.uint8), {"parameters": text})

    kept = text.replace("\0", "").replace("\ud800", "?")
    assert opened(data).info["parameters"] == kept


def test_a_photograph_is_no_larger_than_pillow_makes_it(texture):
    pixels, file = texture(1), BytesIO()
    Image.fromarray(pixels).save(file, "PNG")

    assert len(png.encode(pixels)) <= len(file.getvalue())
