from math import comb

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from provenance import search
from provenance.search import BOUND, CROP_TRIALS, _searches, look, needed
from provenance.watermark import FOUND_AT, embed

RECORD = "7KQ2ZD4M0X"


def test_a_whole_picture_is_found_as_it_is(texture):
    sighting = look(embed(texture(0), RECORD))

    assert sighting.found
    assert (sighting.size, sighting.offset, sighting.needed) == ((512, 512), (0, 0), FOUND_AT)


@pytest.mark.parametrize(("top", "left", "height", "width"), [(1, 1, 511, 511), (0, 25, 512, 487), (67, 130, 400, 360)])
def test_a_crop_is_found_with_the_offset_of_its_blocks(texture, top, left, height, width):
    marked = embed(texture(1), RECORD)
    sighting = look(marked[top : top + height, left : left + width])

    assert sighting.found
    assert sighting.offset == (-left % 8, -top % 8)


def test_of_a_large_picture_the_middle_is_searched_and_the_offset_is_still_the_pictures(texture, monkeypatch):
    monkeypatch.setattr(search, "CROP_SIDE", 256)
    sighting = look(embed(texture(1), RECORD)[3:, 5:])

    assert sighting.found
    assert sighting.offset == (3, 5)


def test_a_picture_that_was_scaled_is_found_at_its_stored_size(texture):
    marked = Image.fromarray(embed(texture(2), RECORD))
    half = np.asarray(marked.resize((256, 256), Image.Resampling.BICUBIC))
    sighting = look(half, [(768, 768), (512, 512)])

    assert sighting.found
    assert sighting.size == (512, 512)


def test_a_mirrored_picture_is_found(texture):
    assert look(embed(texture(3, 250, 331), RECORD)[:, ::-1]).agreement == 136


@pytest.mark.parametrize("light", [0.85, 0.9, 1.1, 1.2])
def test_a_picture_in_another_light_is_found(texture, light):
    marked = Image.fromarray(embed(texture(4), RECORD))

    assert look(np.asarray(ImageEnhance.Brightness(marked).enhance(light))).found


def test_nothing_is_found_in_unmarked_pictures(texture):
    pictures = [*(texture(seed, 128, 256) for seed in range(4)), np.full((128, 128, 3), 200, np.uint8)]
    sightings = [look(pixels, [(256, 512)]) for pixels in pictures]

    assert not any(sighting.found for sighting in sightings)
    assert max(sighting.agreement for sighting in sightings) < needed(CROP_TRIALS) - 2


@pytest.mark.parametrize("trials", [1, 10, CROP_TRIALS])
def test_more_trials_need_more_agreement_and_just_as_much_as_the_bound_asks(trials):
    def chance(agreement):
        return trials * sum(comb(136, bits) for bits in range(agreement, 137)) / 2**136

    assert chance(needed(trials)) < BOUND <= chance(needed(trials) - 1)


def test_all_searches_together_keep_the_stated_bound():
    as_it_is = sum(comb(136, bits) for bits in range(FOUND_AT, 137)) / 2**136
    searches = len(list(_searches(np.zeros((16, 16, 3), np.uint8), [(64, 64)])))

    assert as_it_is + (searches - 1) * BOUND < 1e-6


def test_a_picture_too_small_to_search_is_not_found():
    assert not look(np.zeros((4, 4, 3), np.uint8), [(64, 64)]).found
