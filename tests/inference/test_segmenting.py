"""Things in a picture, found by words: CLIPSeg, tiny and random, loaded as a real one."""

import io

import numpy as np
import pytest
import tiny_segmenter
from PIL import Image

from inference.contract import CheckpointUnusable
from inference.segmenting import find_by_words


def a_picture() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 96, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_probabilities_depend_on_the_words(tmp_path):
    segmenter = tiny_segmenter.make(tmp_path / "clipseg")
    seen = find_by_words(segmenter, a_picture(), "the red circle")

    assert seen.shape == (64, 64)
    assert seen.dtype == np.float32
    assert ((seen > 0) & (seen < 1)).all()
    assert np.array_equal(seen, find_by_words(segmenter, a_picture(), "the red circle"))
    assert not np.array_equal(seen, find_by_words(segmenter, a_picture(), "a house"))
    assert find_by_words(segmenter, a_picture(), "a red circle " * 100).shape == (64, 64)


def test_pickled_weights_are_refused(tmp_path):
    segmenter = tiny_segmenter.make(tmp_path / "clipseg")
    (tmp_path / "clipseg" / "model.safetensors").rename(tmp_path / "clipseg" / "pytorch_model.bin")

    with pytest.raises(CheckpointUnusable, match=r"no \.safetensors file"):
        find_by_words(segmenter, a_picture(), "the red circle")


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(CheckpointUnusable, match="does not exist"):
        find_by_words(tiny_segmenter.entry(tmp_path / "gone"), a_picture(), "the red circle")
