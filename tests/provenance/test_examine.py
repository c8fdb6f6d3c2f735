"""What a file tells of a picture's making, whoever sent it."""

from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest
from PIL import ExifTags, Image

from config.settings import load_settings
from provenance.intake import RefusedPicture
from provenance.metadata import to_exif
from provenance.pdq import pdq
from provenance.stamp import stamp
from provenance.verify import examine, marked_record, trace

LIMITS = load_settings().limits


@pytest.fixture
def stamped(texture, facts):
    return stamp(texture(0), facts)


def saved(image, kind, **options):
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(data):
    return Image.open(BytesIO(data)).convert("RGB")


def test_a_file_is_known_by_its_bytes_and_its_pixels(stamped):
    findings = examine(stamped.png, LIMITS)

    assert (findings.size, findings.sha256, findings.pdq) == ((512, 512), stamped.sha256, stamped.pdq)


def test_the_settings_are_told_without_the_prompts(stamped, facts):
    settings = examine(stamped.png, LIMITS).settings

    assert settings["Record"] == facts.record_id
    assert settings["Model"] == "demo, first"
    assert "lighthouse" not in str(settings)


def test_a_lossy_copy_keeps_the_mark_and_the_id_and_loses_the_rest(stamped, facts):
    findings = examine(saved(opened(stamped.png), "JPEG", quality=90), LIMITS)

    assert findings.marked
    assert findings.record_id == facts.record_id
    assert (findings.parameters, findings.settings, findings.made_by_a_model) == (None, {}, False)


def test_a_comment_that_is_no_settings_is_not_taken_for_them():
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0a day at the beach"
    findings = examine(saved(Image.new("RGB", (64, 64)), "JPEG", exif=exif), LIMITS)

    assert findings.settings == {}


def test_the_settings_of_a_webp_file_are_read(stamped):
    text = "a fox\nSteps: 20, Seed: 7, Model: other, Size: 64x64"

    assert examine(saved(opened(stamped.png), "WEBP", exif=to_exif(text)), LIMITS).settings["Seed"] == "7"


def test_a_picture_is_read_as_it_is_seen(stamped):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned by 90 degrees
    lying = opened(stamped.png).transpose(Image.Transpose.ROTATE_90)

    assert examine(saved(lying, "JPEG", quality=90, exif=exif), LIMITS).marked


@pytest.mark.parametrize("reader", [examine, lambda data, limits: trace(data, limits, [])])
@pytest.mark.parametrize(
    ("data", "changes", "reason"),
    [
        (b"no picture", {}, "no picture I can read"),
        (b"\x89PNG\r\n\x1a\n and then nothing", {}, "damaged"),
        (saved(Image.new("RGB", (64, 64)), "PNG")[:-30], {}, "damaged"),
        (saved(Image.new("RGB", (64, 64)), "PNG"), {"upload_bytes": 10}, "too large"),
        (saved(Image.new("RGB", (64, 64)), "PNG"), {"upload_pixels": 64 * 63}, "64×64 pixels"),
    ],
)
def test_what_is_no_picture_or_too_much_is_refused(reader, data, changes, reason):
    with pytest.raises(RefusedPicture, match=reason):
        reader(data, LIMITS.model_copy(update=changes))


def test_a_trace_at_another_size_reads_the_id_there(stamped, facts):
    half = saved(opened(stamped.png).resize((256, 256), Image.Resampling.BICUBIC), "PNG")
    found = trace(half, LIMITS, [(768, 768), (512, 512)])

    assert found.sighting.found
    assert (found.sighting.size, found.record_id) == ((512, 512), facts.record_id)


def test_a_trace_in_a_crop_has_no_id(stamped):
    found = trace(saved(opened(stamped.png).crop((3, 5, 500, 500)), "PNG"), LIMITS, [])

    assert found.sighting.found
    assert (found.sighting.offset, found.record_id) == ((5, 3), None)


def test_nothing_is_claimed_of_a_strangers_picture(texture):
    data = saved(Image.fromarray(texture(9)), "PNG")
    findings = examine(data, LIMITS)

    assert findings.sha256 == sha256(data).hexdigest()
    assert findings.pdq == pdq(np.asarray(opened(data)))
    assert not findings.marked
    assert (findings.record_id, findings.parameters, findings.made_by_a_model) == (None, None, False)
    assert not trace(data, LIMITS, [(256, 256)]).sighting.found


def test_a_picture_names_its_record_by_its_pixels_or_where_it_was_scaled_by_its_texts(stamped, facts):
    scaled = opened(stamped.png).resize((200, 200))
    texts = to_exif(Image.open(BytesIO(stamped.png)).info["parameters"])

    assert marked_record(saved(opened(stamped.png), "PNG"), LIMITS) == facts.record_id
    assert marked_record(saved(scaled, "WEBP", exif=texts), LIMITS) == facts.record_id
    assert marked_record(saved(scaled, "WEBP"), LIMITS) is None
