from io import BytesIO

import pytest
from PIL import Image

from config.settings import load_settings
from provenance.metadata import parameters
from provenance.stamp import stamp
from provenance.thumbnails import shrink_to_fit, thumbnail
from provenance.verify import examine

LIMITS = load_settings().limits


@pytest.fixture
def picture(texture, facts):
    return stamp(texture(0), facts).png


def test_a_thumbnail_fits_its_square_and_keeps_the_shape(texture, facts):
    small = Image.open(BytesIO(thumbnail(stamp(texture(0, 256, 512), facts).png, 128)))

    assert (small.format, small.size) == ("WEBP", (128, 64))


def test_a_thumbnail_is_never_enlarged(texture, facts):
    assert Image.open(BytesIO(thumbnail(stamp(texture(0, 64, 64), facts).png, 128))).size == (64, 64)


def test_a_file_that_fits_stays_as_it_is(picture):
    assert shrink_to_fit(picture, len(picture)) == (picture, "png")


@pytest.mark.parametrize("limit", [200_000, 60_000, 5_000])
def test_a_file_that_does_not_fit_is_made_smaller_and_keeps_its_texts(picture, facts, limit):
    data, suffix = shrink_to_fit(picture, limit)
    findings = examine(data, LIMITS)

    assert suffix == "webp"
    assert len(data) <= limit
    assert findings.parameters == parameters(facts)
    assert findings.made_by_a_model


def test_a_smaller_file_of_the_same_size_still_carries_the_mark(picture):
    data, _ = shrink_to_fit(picture, len(picture) // 2)

    assert Image.open(BytesIO(data)).size == (512, 512)
    assert examine(data, LIMITS).marked
