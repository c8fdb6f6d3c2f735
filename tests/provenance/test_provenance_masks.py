from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from config.settings import load_settings
from config.words import UserError
from provenance.intake import RefusedPicture
from provenance.masks import mask_of_boxes, mask_of_file, mask_of_probabilities, mask_of_transparency

LIMITS = load_settings().limits.model_copy(update={"upload_bytes": 8_000_000, "upload_pixels": 4_000_000})
SIZE = (96, 128)


def saved(image, kind="PNG", **options):
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_box(mode, size, box, inside, outside=0):
    image = Image.new(mode, size, outside)
    image.paste(inside, box)
    return image


def area_of(made):
    image = Image.open(BytesIO(made.png))
    assert (image.format, image.mode) == ("PNG", "L")
    assert image.info == {}
    pixels = np.asarray(image)
    assert set(np.unique(pixels)) == {0, 255}
    assert made.share == pytest.approx((pixels == 255).mean())
    assert made.box == image.getbbox()
    return pixels == 255


def is_box(area, box):
    expected = np.zeros_like(area)
    expected[box[1] : box[3], box[0] : box[2]] = True
    return np.array_equal(area, expected)


@pytest.mark.parametrize(
    ("mode", "white"), [("L", 200), ("RGB", "white"), ("1", 1), ("I;16", 50_000), ("P", 255), ("LA", (200, 255))]
)
def test_what_is_white_is_drawn_anew_whatever_the_files_depth(mode, white):
    box = (10, 20, 30, 60)
    image = with_box("L", SIZE, box, 200).convert("P") if mode == "P" else None
    if mode == "I;16":
        grey = np.zeros(SIZE[::-1], np.uint16)
        grey[20:60, 10:30] = white
        image = Image.fromarray(grey)
    image = image or with_box(mode, SIZE, box, white, (0, 255) if mode == "LA" else 0)

    assert is_box(area_of(mask_of_file(saved(image), SIZE, LIMITS)), box)


def test_a_soft_edge_is_cut_in_its_middle():
    ramp = Image.fromarray(np.tile(np.linspace(0, 255, SIZE[0]).astype(np.uint8), (SIZE[1], 1)))

    assert is_box(area_of(mask_of_file(saved(ramp), SIZE, LIMITS)), (48, 0, 96, 128))


def test_what_is_transparent_goes_before_what_is_white():
    image = with_box("RGBA", SIZE, (10, 20, 30, 60), (0, 0, 0, 0), "white")

    assert is_box(area_of(mask_of_file(saved(image), SIZE, LIMITS)), (10, 20, 30, 60))
    assert is_box(area_of(mask_of_transparency(saved(image), LIMITS)), (10, 20, 30, 60))


def test_a_picture_without_transparency_has_no_mask_of_it():
    assert mask_of_transparency(saved(Image.new("RGB", SIZE, "teal")), LIMITS) is None
    assert mask_of_transparency(saved(Image.new("RGBA", SIZE, "teal")), LIMITS) is None


@pytest.mark.parametrize(
    ("orientation", "stored", "box"),
    [
        (3, (0, 0, 96, 64), (0, 64, 96, 128)),  # upside down
        (6, (0, 64, 96, 128), (0, 0, 64, 96)),  # to be turned clockwise
        (8, (0, 64, 96, 128), (64, 0, 128, 96)),  # and counter-clockwise
    ],
)
def test_a_turned_mask_is_set_upright(orientation, stored, box):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    seen = (SIZE[1], SIZE[0]) if orientation in (6, 8) else SIZE
    made = mask_of_file(saved(with_box("L", SIZE, stored, 255), exif=exif), seen, LIMITS)

    assert is_box(area_of(made), box)


@settings(deadline=None, max_examples=50)
@given(st.integers(64, 400), st.integers(64, 400), st.floats(0.3, 3))
def test_a_mask_that_was_scaled_with_its_picture_fits_and_a_stretched_one_does_not(width, height, scale):
    smaller = max(64, round(width * scale)), max(64, round(height * scale))
    if min(round(width * scale), round(height * scale)) >= 64:
        data = saved(with_box("L", smaller, (0, 0, smaller[0] // 2, smaller[1]), 255))
        assert mask_of_file(data, (width, height), LIMITS).share == pytest.approx(0.5, abs=0.02)
    wider = (width + width // 20 + 3, height)
    with pytest.raises(UserError, match=rf"{wider[0]}×{wider[1]} pixels and the picture {width}×{height}"):
        mask_of_file(saved(with_box("L", wider, (0, 0, 32, 32), 255)), (width, height), LIMITS)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (saved(Image.new("L", SIZE, 127)), "mask_empty"),
        (saved(Image.new("L", SIZE, 128)), "mask_full"),
        (saved(Image.new("RGBA", SIZE)), "mask_full"),
        (saved(Image.new("L", SIZE), "GIF", save_all=True, append_images=[Image.new("L", SIZE, 255)]), "mask_moves"),
        (saved(Image.new("L", (3000, 3000))), "too_many_pixels"),
        (saved(Image.new("L", (20, 20))), "too_few_pixels"),
        (b"\x89PNG\r\n\x1a\nnothing more", "damaged"),
        (b"GIF", "unknown_kind"),
        (bytes(8_000_001), "too_many_bytes"),
    ],
)
def test_what_is_no_mask_is_refused(data, key):
    with pytest.raises(UserError) as refusal:
        mask_of_file(data, SIZE, LIMITS)

    assert refusal.value.key == f"provenance.{key}"
    assert isinstance(refusal.value, RefusedPicture) is not key.startswith("mask_") or key == "mask_moves"


def test_boxes_and_all_but_them():
    made = mask_of_boxes([(0, 0, 10, 10), (5, 5, 20, 20)], SIZE, False)
    rest = mask_of_boxes([(0, 0, 10, 10), (5, 5, 20, 20)], SIZE, True)

    assert made.box == (0, 0, 20, 20)
    assert np.array_equal(area_of(made), ~area_of(rest))
    assert made.share * SIZE[0] * SIZE[1] == pytest.approx(100 + 225 - 25)


def test_what_a_network_sees_with_certainty_is_drawn_anew_with_its_edge():
    seen = np.full((352, 352), 0.1, np.float32)
    seen[100:200, 40:80] = 0.8
    seen[300:310, 300:310] = 0.3
    area = area_of(mask_of_probabilities(seen, (704, 352)))

    assert area.shape == (352, 704)
    assert area[100:200, 80:160].all()
    assert area[97, 120]
    assert not area[90, 120]
    assert not area[280:, 500:].any()


def test_what_a_network_does_not_see_has_no_mask():
    assert mask_of_probabilities(np.full((352, 352), 0.2, np.float32), SIZE) is None
