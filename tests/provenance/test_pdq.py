"""The perceptual hash: that of the reference implementation, and stable where pictures are only handled."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from provenance.carrier import Pixels
from provenance.pdq import pdq, pdq_of_file

NEAR = 31  # of 256 bits
# by pdqhash 0.2.8, which wraps the reference implementation: seed, width, height, hash
GOLDEN = [
    (7, 72, 72, "562a6c9a867644bba3f6863951ea79c28e1d79c65c89bb4439cd9365ae150e1e"),
    (2, 256, 192, "b0c74f6cb8d4b0de748b9c95e10c86de98f89d3a428924889dfc9057cb976e71"),
    (3, 520, 1000, "aace80f0b03cba6e15ec40fe511c5a710b6fd337c37cf1070be516267188bef4"),
]


def scene(seed: int, size: tuple[int, int] = (256, 192)) -> Image.Image:
    """Return a picture of soft blobs."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def blocks(seed: int, width: int, height: int) -> Pixels:
    """Return a picture that no resampling made, so that it is the same with every version of the library."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return coarse.repeat(8, axis=0).repeat(8, axis=1)


def distance(one: Image.Image, other: Image.Image) -> int:
    hashes = [pdq(np.asarray(each.convert("RGB"))) for each in (one, other)]
    assert None not in hashes
    return (int(str(hashes[0]), 16) ^ int(str(hashes[1]), 16)).bit_count()


@pytest.mark.parametrize(("seed", "width", "height", "expected"), GOLDEN)
def test_it_is_the_hash_of_the_reference_implementation(seed: int, width: int, height: int, expected: str) -> None:
    assert pdq(blocks(seed, width, height)) == expected


@pytest.mark.parametrize("seed", range(5))
def test_handling_a_picture_changes_little(seed: int) -> None:
    picture, file = scene(seed), BytesIO()
    picture.save(file, "JPEG", quality=70)

    assert distance(picture, Image.open(file)) <= NEAR
    assert distance(picture, picture.resize((512, 384), Image.Resampling.LANCZOS)) <= NEAR
    assert distance(picture, picture.resize((128, 96), Image.Resampling.LANCZOS)) <= NEAR
    assert distance(picture, ImageEnhance.Brightness(picture).enhance(0.8)) <= NEAR


def test_other_pictures_are_far() -> None:
    pictures = [scene(seed) for seed in range(6)]

    assert min(distance(one, other) for one in pictures for other in pictures if one is not other) > NEAR


def test_a_picture_with_nothing_in_it_has_none() -> None:
    file = BytesIO()
    Image.new("RGB", (256, 256), "teal").save(file, "PNG")

    assert pdq_of_file(file.getvalue()) is None
