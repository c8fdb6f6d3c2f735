from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import numpy as np
from PIL import Image

from config.settings import load_settings
from provenance.pdq import pdq_of_file
from provenance.stamp import stamp
from provenance.verify import examine

LIMITS = load_settings().limits


def test_the_same_pixels_and_facts_give_the_same_bytes(texture, facts):
    assert stamp(texture(0), facts) == stamp(texture(0), facts)


def test_the_file_is_a_marked_picture_that_says_how_it_was_made(texture, facts):
    stamped = stamp(texture(0), facts)
    findings = examine(stamped.png, LIMITS)

    assert stamped.mark_found
    assert stamped.record_found
    assert findings.record_id == facts.record_id
    assert findings.marked
    assert findings.made_by_a_model
    assert findings.parameters is not None
    assert findings.parameters.startswith("a lighthouse")


def test_hashes_identify_the_file_and_the_pixels_before_marking(texture, facts):
    pixels = texture(0)
    stamped = stamp(pixels, facts)

    assert stamped.sha256 == sha256(stamped.png).hexdigest()
    assert stamped.pixels_sha256 == sha256(pixels.tobytes()).hexdigest()
    assert stamped.pdq == pdq_of_file(stamped.png)
    assert stamped.pixels_sha256 == stamp(pixels, replace(facts, record_id="8000000000")).pixels_sha256


def test_a_picture_too_small_for_the_mark_is_stamped_and_says_so(texture, facts):
    stamped = stamp(texture(0, 64, 64), facts)

    assert not stamped.mark_found
    assert not stamped.record_found
    assert Image.open(BytesIO(stamped.png)).size == (64, 64)


def test_pixels_may_be_a_view(texture, facts):
    pixels = texture(0)[::-1]

    assert stamp(pixels, facts) == stamp(np.ascontiguousarray(pixels), facts)
