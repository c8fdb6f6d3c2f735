from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from provenance import watermark
from provenance.search import Way, look
from provenance.watermark import FOUND_AT, Method, detect, read_record

DECODER_METHOD = "dwtDctSvd"
RECORD = "7KQ2ZD4M0X"


def embed(pixels):
    return watermark.embed(pixels, RECORD)


def psnr(before, after):
    return 10 * np.log10(255**2 / np.mean((before.astype(float) - after) ** 2))


def stock_reading(pixels):
    from imwatermark import WatermarkDecoder

    return WatermarkDecoder("bytes", 136).decode(np.ascontiguousarray(pixels[..., ::-1]), DECODER_METHOD)


def resaved(pixels, kind, quality):
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def plain(*colour):
    return np.full((256, 256, 3), colour, np.uint8)


PLAIN = {
    "grey": plain(90, 140, 200),
    "white": plain(255, 255, 255),
    "black": plain(0, 0, 0),
    "red": plain(255, 0, 0),
    "yellow": plain(255, 255, 0),
    "blue": plain(0, 0, 255),
    "cyan": plain(0, 255, 255),
}


@pytest.mark.parametrize("seed", range(4))
def test_the_stock_decoder_reads_the_mark(texture, seed):
    assert stock_reading(embed(texture(seed))) == b"StableDiffusionV1"


@pytest.mark.parametrize("name", PLAIN)
def test_the_stock_decoder_reads_the_mark_on_one_colour_even_at_the_edge_of_what_there_is(name):
    marked = embed(PLAIN[name])

    assert stock_reading(marked) == b"StableDiffusionV1"
    assert psnr(PLAIN[name], marked) >= 37


@pytest.mark.parametrize("size", [(333, 517), (520, 264), (257, 256)])
def test_sides_that_eight_does_not_divide_are_marked_too(texture, size):
    pixels = texture(5, *size)
    marked = embed(pixels)

    assert stock_reading(marked) == b"StableDiffusionV1"
    assert detect(marked) == 136


def test_the_stock_encoders_mark_is_found(texture):
    from imwatermark import WatermarkEncoder

    encoder = WatermarkEncoder()
    encoder.set_watermark("bytes", b"StableDiffusionV1")

    assert detect(encoder.encode(texture(6)[..., ::-1].copy(), DECODER_METHOD)[..., ::-1]) == 136


@pytest.mark.parametrize("seed", range(4))
def test_nobody_sees_the_mark(texture, seed):
    pixels = texture(seed)

    assert psnr(pixels, embed(pixels)) >= 41


def test_noise_that_fills_the_range_never_wraps_around():
    pixels = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)

    assert np.abs(pixels.astype(int) - embed(pixels)).max() < 64


@pytest.mark.parametrize(("kind", "quality"), [("JPEG", 90), ("JPEG", 80), ("JPEG", 70), ("WEBP", 90), ("WEBP", 70)])
def test_the_mark_outlives_a_lossy_copy(texture, kind, quality):
    for seed in (1, 2, 10):
        assert detect(resaved(embed(texture(seed)), kind, quality)) >= FOUND_AT


def test_the_mark_outlives_half_size_and_back(texture):
    marked = Image.fromarray(embed(texture(1)))
    back = marked.resize((256, 256), Image.Resampling.BICUBIC).resize((512, 512), Image.Resampling.BICUBIC)

    assert detect(np.asarray(back)) >= FOUND_AT


def test_unmarked_pictures_are_never_called_marked(texture):
    agreements = [detect(texture(seed, 256, 256)) for seed in range(40)]
    agreements += [detect(pixels) for pixels in PLAIN.values()]

    assert max(agreements) < FOUND_AT - 4
    assert 60 < np.mean(agreements) < 76


def test_the_threshold_keeps_its_stated_bound():
    from math import comb

    assert sum(comb(136, agreeing) for agreeing in range(FOUND_AT, 137)) / 2**136 < 1e-6


@pytest.mark.parametrize("size", [(64, 64), (8, 8), (7, 500), (1, 1)])
def test_a_picture_too_small_for_136_bits_is_not_called_marked(texture, size):
    assert detect(embed(texture(2, *size))) < FOUND_AT


def test_marking_leaves_its_input_alone_and_gives_the_same_twice(texture):
    pixels = texture(3)
    before = pixels.copy()

    assert np.array_equal(embed(pixels), embed(pixels))
    assert np.array_equal(before, pixels)


def test_the_message_is_that_of_stable_diffusion():
    assert (watermark.MESSAGE, watermark.BITS.size) == (b"StableDiffusionV1", 136)


@pytest.mark.parametrize("record_id", ["0000000000", "ZZZZZZZZZZ", RECORD])
def test_the_records_id_is_read_back(texture, record_id):
    assert read_record(watermark.embed(texture(0, 256, 256), record_id)) == record_id


@pytest.mark.parametrize("name", ["grey", "white", "black", "yellow"])
def test_the_records_id_is_read_back_from_one_colour(name):
    assert read_record(embed(PLAIN[name])) == RECORD


@pytest.mark.parametrize(("kind", "quality"), [("JPEG", 90), ("JPEG", 70), ("WEBP", 90)])
def test_the_records_id_outlives_a_lossy_copy(texture, kind, quality):
    for seed in range(3):
        assert read_record(resaved(embed(texture(seed, 256, 256)), kind, quality)) == RECORD


def test_no_id_is_read_from_unmarked_pictures(texture):
    pictures = [*(texture(seed, 256, 256) for seed in range(20)), *PLAIN.values()]

    assert {read_record(pixels) for pixels in pictures} == {None}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("side", [256, 512])
def test_the_stock_decoder_reads_the_other_method_too_where_it_misses_its_own(texture, seed, side):
    from imwatermark import WatermarkDecoder

    pixels = texture(seed, side, side)
    marked = watermark.embed(pixels, RECORD, Method.DCT)
    read = WatermarkDecoder("bytes", 136).decode(np.ascontiguousarray(marked[..., ::-1]), "dwtDct")

    assert read == b"StableDiffusionV1"
    assert detect(marked, Method.DCT) == 136
    assert read_record(marked) == RECORD
    assert detect(pixels, Method.DCT) < FOUND_AT
    assert psnr(pixels, marked) > 36.5


@pytest.mark.parametrize("seed", range(4))
def test_what_others_mark_by_the_other_method_is_found(texture, seed):
    from imwatermark import WatermarkEncoder

    encoder = WatermarkEncoder()
    encoder.set_watermark("bytes", watermark.MESSAGE)
    theirs = encoder.encode(np.ascontiguousarray(texture(seed)[..., ::-1]), "dwtDct")[..., ::-1]
    sighting = look(np.ascontiguousarray(theirs))

    assert (sighting.way, sighting.found) == (Way.DCT, True)
