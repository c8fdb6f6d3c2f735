import struct
import tracemalloc
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from config.settings import load_settings
from config.words import UserError, say
from provenance import png
from provenance.intake import RefusedPicture, take_in

LIMITS = load_settings().limits.model_copy(update={"upload_bytes": 8_000_000, "upload_pixels": 4_000_000})


def saved(image, kind, **options):
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels_of(source):
    image = Image.open(BytesIO(source.png))
    image.load()
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (source.width, source.height))
    assert image.info == {}
    return np.asarray(image)


def refusal_of(data, limits=LIMITS):
    with pytest.raises(RefusedPicture) as refusal:
        take_in(data, limits)
    return refusal.value.key.removeprefix("provenance.")


def png_of(width, height, body, *chunks, depth=8, colour=2):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    end = png.chunk(b"IEND", b"")
    return b"".join((png.SIGNATURE, png.chunk(b"IHDR", header), *chunks, png.chunk(b"IDAT", body), end))


def zeros_compressed(size):
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)), packer.flush()])


@pytest.fixture
def picture(texture):
    return Image.fromarray(texture(0, 96, 128))


@pytest.mark.parametrize("options", [{}, {"compress_level": 0}])
def test_a_png_comes_through_unchanged(picture, options):
    assert np.array_equal(pixels_of(take_in(saved(picture, "PNG", **options), LIMITS)), np.asarray(picture))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_pictures_are_taken(picture, kind):
    taken = pixels_of(take_in(saved(picture, kind, quality=95), LIMITS))

    assert np.abs(taken.astype(int) - np.asarray(picture)).mean() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photograph_is_set_upright(picture, orientation):
    turned = {3: 180, 6: 90, 8: 270}  # degrees counter-clockwise that the camera's turn undoes
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = picture.rotate(turned.get(orientation, 0), expand=True)
    source = take_in(saved(stored, "PNG", exif=exif), LIMITS)

    assert (source.width, source.height) == ((96, 128) if orientation in (5, 7) else (128, 96))
    if orientation in turned or orientation == 1:
        assert np.array_equal(pixels_of(source), np.asarray(picture))


def test_a_cmyk_photograph_becomes_rgb(picture):
    taken = pixels_of(take_in(saved(picture.convert("CMYK"), "JPEG", quality=95), LIMITS))

    assert np.abs(taken.astype(int) - np.asarray(picture)).mean() < 6


def test_colours_of_an_embedded_profile_are_converted(picture):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = srgb.replace(b"rXYZ", b"?XYZ").replace(b"bXYZ", b"rXYZ").replace(b"?XYZ", b"bXYZ")

    same = pixels_of(take_in(saved(picture, "PNG", icc_profile=srgb), LIMITS))
    other = pixels_of(take_in(saved(picture, "PNG", icc_profile=exchanged), LIMITS))

    assert np.abs(same.astype(int) - np.asarray(picture)).max() <= 2
    assert np.abs(other.astype(int) - np.asarray(picture)[..., ::-1]).max() <= 4


@pytest.mark.parametrize("profile", [b"", b"not a profile", bytes(200)])
def test_an_unusable_profile_is_passed_over(picture, profile):
    taken = pixels_of(take_in(saved(picture, "PNG", icc_profile=profile), LIMITS))

    assert np.array_equal(taken, np.asarray(picture))


def test_sixteen_bits_of_grey_keep_their_range():
    ramp = np.linspace(0, 65_535, 128 * 128).astype(np.uint16).reshape(128, 128)
    taken = pixels_of(take_in(saved(Image.fromarray(ramp), "PNG"), LIMITS))

    assert np.abs(taken[..., 0] - ramp / 257).max() <= 1


def test_sixteen_bit_colour_is_taken():
    rows = np.zeros((64, 1 + 64 * 6), np.uint8)
    rows[:, 1::2] = 200
    taken = pixels_of(take_in(png_of(64, 64, zlib.compress(rows.tobytes()), depth=16), LIMITS))

    assert (taken == 200).all()


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_few_colours_are_taken(picture, mode):
    stored = picture.convert(mode)

    assert np.array_equal(pixels_of(take_in(saved(stored, "PNG"), LIMITS)), np.asarray(stored.convert("RGB")))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_becomes_white(mode):
    taken = pixels_of(take_in(saved(Image.new(mode, (64, 64), 0), "PNG"), LIMITS))

    assert (taken == 255).all()


def test_a_transparent_palette_colour_becomes_white(picture):
    taken = pixels_of(take_in(saved(Image.new("P", (64, 64), 3), "GIF", transparency=3), LIMITS))

    assert (taken == 255).all()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_a_moving_picture_the_first_frame_is_taken_and_the_person_told(kind):
    frames = [Image.new("RGB", (80, 80), colour) for colour in ("red", "lime", "blue")]
    source = take_in(saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50), LIMITS)

    red, green, blue = pixels_of(source)[40, 40]
    assert red > 200
    assert max(green, blue) < 40
    assert source.notes == ("provenance.first_frame",)
    assert "first frame" in say(source.notes[0])


def test_a_still_picture_has_no_notes(picture):
    assert take_in(saved(picture, "GIF"), LIMITS).notes == ()


def test_place_and_camera_do_not_come_through(picture):
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Camera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 51.0, 0.0)
    source = take_in(saved(picture, "JPEG", exif=exif), LIMITS)

    assert b"Camera" not in source.png
    pixels_of(source)


def test_words_in_the_file_are_handed_on_to_be_checked(picture):
    notes = PngInfo()
    notes.add_text("parameters", "a secret word")
    notes.add_itxt("Comment", "слово")
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "a described word"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"UNICODE\0" + "a commented word".encode("utf-16-be")

    assert take_in(saved(picture, "PNG", pnginfo=notes), LIMITS).text == "a secret word\nслово"
    text = take_in(saved(picture, "JPEG", exif=exif, comment=b"a jpeg word"), LIMITS).text
    assert set(text.split("\n")) == {"a described word", "a commented word", "a jpeg word"}
    assert take_in(saved(picture, "GIF", comment=b"a gif word"), LIMITS).text == "a gif word"


def test_a_files_negative_prompt_is_told_apart(picture):
    notes = PngInfo()
    notes.add_text("parameters", "a fox\nNegative prompt: a harbour\nSteps: 20, Sampler: DDIM, Seed: 7, Size: 64x64")
    notes.add_text("Description", "a lantern")

    taken = take_in(saved(picture, "PNG", pnginfo=notes), LIMITS)

    assert (taken.text.split("\n"), taken.negative) == (["a fox", "20", "DDIM", "7", "64x64", "a lantern"], "a harbour")


def test_words_of_xmp_are_handed_on_without_their_tags(picture):
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:description>a packed word</dc:description></x:xmpmeta>"

    assert "a packed word" in take_in(saved(picture, "WEBP", xmp=packet), LIMITS).text
    assert "xmpmeta" not in take_in(saved(picture, "WEBP", xmp=packet), LIMITS).text


@pytest.mark.parametrize("data", [b"", b"hello", b"BM" + bytes(100), b"%PDF-1.7", b"<svg/>", b"RIFF____WAVE"])
def test_what_is_no_picture_is_refused(data):
    assert refusal_of(data) == "unknown_kind"


def test_a_file_of_too_many_bytes_is_refused_unread(picture):
    assert refusal_of(saved(picture, "PNG"), LIMITS.model_copy(update={"upload_bytes": 100})) == "too_many_bytes"


@pytest.mark.parametrize("side", [1, 63])
def test_a_tiny_picture_is_refused(side):
    assert refusal_of(saved(Image.new("RGB", (side, 200)), "PNG")) == "too_few_pixels"


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (10_000, 9_000), (2_001, 2_000), (16_385, 64)])
def test_a_picture_of_too_many_pixels_is_refused_from_its_header(width, height):
    assert refusal_of(png_of(width, height, b"")).startswith("too_")


def test_the_header_alone_refuses_every_kind():
    webp = bytearray(saved(Image.new("RGBA", (64, 64)), "WEBP", lossless=True, exif=b"Exif\0\0"))
    webp[24:30] = struct.pack("<I", 15_999)[:3] * 2
    gif = bytearray(saved(Image.new("P", (64, 64)), "GIF"))
    gif[6:10] = struct.pack("<HH", 20_000, 20_000)
    jpeg = bytearray(saved(Image.new("RGB", (64, 64)), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 20_000, 20_000)

    for data in (webp, gif, jpeg):
        assert refusal_of(bytes(data)) in {"too_many_pixels", "too_large_a_picture", "damaged"}


def test_bombs_are_bounded_in_memory():
    bomb = zeros_compressed(256 << 20)
    rows = zlib.compress(bytes(64 * (1 + 64 * 3)))
    text = png.chunk(b"zTXt", b"parameters\0\0" + bomb)
    profile = png.chunk(b"iCCP", b"profile\0\0" + bomb)
    international = png.chunk(b"iTXt", b"parameters\0\1\0\0\0" + bomb)
    bombs = [png_of(64, 64, bomb), *(png_of(64, 64, rows, chunk) for chunk in (text, profile, international))]
    tracemalloc.start()
    try:
        for data in bombs:
            try:
                source = take_in(data, LIMITS)
            except RefusedPicture:
                continue
            assert len(source.text) <= 20_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 64 << 20


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_short_is_refused(picture, kind, share):
    data = saved(picture, kind)

    assert refusal_of(data[: int(len(data) * share)]) == "damaged"


def test_every_refusal_says_what_to_do(picture):
    for data, limits in ((b"", LIMITS), (saved(picture, "PNG")[:200], LIMITS), (png_of(9, 9, b""), LIMITS)):
        with pytest.raises(UserError) as refusal:
            take_in(data, limits)
        assert "end" in str(refusal.value)


KINDS = ("PNG", "JPEG", "WEBP", "GIF")
HONEST = {kind: saved(Image.effect_mandelbrot((80, 72), (-2, -1, 1, 1), 40).convert("RGB"), kind) for kind in KINDS}


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(KINDS), tail=st.binary(max_size=300))
def test_random_bytes_raise_refusals_only(kind, tail):
    for data in (tail, HONEST[kind][:12] + tail, HONEST[kind][:64] + tail):
        with pytest.raises(UserError):
            take_in(data, LIMITS)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(kind=st.sampled_from(KINDS), damage=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=12))
def test_damaged_pictures_are_taken_or_refused(kind, damage):
    data = bytearray(HONEST[kind])
    for place, value in damage:
        data[int(place * len(data))] = value
    try:
        source = take_in(bytes(data), LIMITS)
    except UserError:
        return
    assert source.width * source.height <= LIMITS.upload_pixels
