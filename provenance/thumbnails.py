"""Smaller copies of a picture: a thumbnail, a sheet of them, and a file small enough to send."""

from io import BytesIO
from math import sqrt

from PIL import Image

from provenance import metadata
from provenance.credentials import sign_copy
from provenance.identity import Identity
from provenance.png import unsigned

QUALITIES = (95, 90, 80)
THUMBNAIL_QUALITY = 80
SIGNATURE_BYTES = 8 << 10  # about twice what our own credentials take, beside those of the original
WEBP_SIDE = 16_383  # the most that the format can say


def thumbnail(data: bytes, side: int) -> bytes:
    """Return the picture as WebP that fits into a square of `side` pixels; never enlarged."""
    image = _open(data)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return _webp(image, THUMBNAIL_QUALITY)


def shrink_and_sign(data: bytes, limit: int, version: str, identity: Identity) -> tuple[bytes, str]:
    """Return the file in at most `limit` bytes with its suffix, signed anew where it had to be made smaller.

    Where a signature would take more than half of that, there is none: the watermark is.
    """
    if len(data) <= limit:
        return data, "png"
    room = len(data) - len(unsigned(data)) + SIGNATURE_BYTES
    smaller, kind = shrink_to_fit(data, limit - room if room <= limit // 2 else limit)
    signed = sign_copy(smaller, data, version, identity)
    return (signed if len(signed) <= limit else smaller), kind


def shrink_to_fit(data: bytes, limit: int) -> tuple[bytes, str]:
    """Return the file in at most `limit` bytes with its suffix, its texts kept.

    It stays a PNG file where that fits; else it becomes WebP of falling quality, and then of
    falling size, until it does.
    """
    if len(data) <= limit:
        return data, "png"
    image = _open(data)
    image.thumbnail((WEBP_SIDE, WEBP_SIDE), Image.Resampling.LANCZOS)
    for quality in QUALITIES:
        if len(smaller := _webp(image, quality)) <= limit:
            return smaller, "webp"
    while len(smaller) > limit and max(image.size) > 1:
        image = _reduced(image, 0.9 * sqrt(limit / len(smaller)))
        smaller = _webp(image, QUALITIES[-1])
    return smaller, "webp"


def _open(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data), formats=["PNG", "WEBP"])
    image.load()
    return image if image.mode == "RGB" else image.convert("RGB")


def _reduced(image: Image.Image, factor: float) -> Image.Image:
    size = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
    reduced = image.resize(size, Image.Resampling.LANCZOS)
    reduced.info = image.info
    return reduced


def _webp(image: Image.Image, quality: int) -> bytes:
    """Return the picture as WebP; of its texts, the parameters go where the web UI looks for them: EXIF."""
    file = BytesIO()
    exif = metadata.to_exif(image.info.get(metadata.PARAMETERS))
    image.save(file, "WEBP", quality=quality, exif=exif, xmp=image.info.get("xmp", b""))
    return file.getvalue()
