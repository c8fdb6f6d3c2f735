"""Pictures that people send: bounded before they are decoded, and stripped to upright RGB pixels."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps

from config.settings import Limits
from config.words import UserError
from provenance import credentials, metadata, png
from provenance.carrier import Pixels
from provenance.identity import Identity

SIDE = (64, 16_384)
TEXT_LENGTH = 20_000
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", 0, "PNG"),
    (b"\xff\xd8\xff", 0, "JPEG"),
    (b"GIF87a", 0, "GIF"),
    (b"GIF89a", 0, "GIF"),
    (b"WEBP", 8, "WEBP"),
)
_TAGS = re.compile(r"<[^>]*>")
_WHITE = (255, 255, 255, 255)


class RefusedPicture(UserError):
    """A picture that cannot be taken in; the sentence says what to send instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A picture somebody sent: an RGB PNG file without metadata, and the text that the file had held.

    `text` is what was asked for in it, `negative` what its negative prompts asked to leave out. `notes` are keys of
    sentences on what was changed, for the reply.
    """

    png: bytes
    width: int
    height: int
    text: str
    negative: str = ""
    notes: tuple[str, ...] = ()


def take_in(data: bytes, limits: Limits) -> Source:
    """Return the picture in the bytes of a PNG, JPEG, WebP or GIF file. Raises RefusedPicture."""
    image = decode(data, limits)
    with refusing():
        text, negative = _text_of(image)
        pixels = upright(image)
    height, width, _ = pixels.shape
    animated = image.format != "JPEG" and getattr(image, "is_animated", False)
    notes = ("provenance.first_frame",) if animated else ()
    return Source(png=png.encode(pixels), width=width, height=height, text=text, negative=negative, notes=notes)


def decode(data: bytes, limits: Limits) -> Image.Image:
    """Return the picture in the bytes of a PNG, JPEG, WebP or GIF file, as it lies there. Raises RefusedPicture."""
    if len(data) > limits.upload_bytes:
        raise RefusedPicture("provenance.too_many_bytes", limit=limits.upload_bytes / 1e6)
    kind = _kind(data)
    with refusing():
        image = Image.open(BytesIO(data), formats=[kind])
    _check_size(image, limits.upload_pixels)
    with refusing():
        image.load()
    return image


def upright(image: Image.Image) -> Pixels:
    """Return the picture's pixels as RGB, turned as it is to be seen; the picture itself is turned with them."""
    ImageOps.exif_transpose(image, in_place=True)
    return np.asarray(_to_rgb(image))


def to_grey(image: Image.Image) -> Image.Image:
    """Return the picture in 8-bit grey, whatever its depth; what is transparent counts as white."""
    return _to_rgb(image).convert("L")


def take_in_signed(data: bytes, limits: Limits, version: str, identity: Identity) -> Source:
    """Return the picture as `take_in` does; where it has content credentials, its own lead to them.

    Raises RefusedPicture.
    """
    taken = take_in(data, limits)
    if credentials.read(data) is None:
        return taken
    return replace(taken, png=credentials.sign_taken_in(taken.png, data, version, identity))


def _kind(data: bytes) -> str:
    for signature, offset, kind in _SIGNATURES:
        if data.startswith(signature, offset):
            return kind
    raise RefusedPicture("provenance.unknown_kind")


@contextmanager
def refusing() -> Iterator[None]:
    """Turn whatever decoding raises into a refusal; what it only warns of, nobody would read."""
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except Image.DecompressionBombError as error:
        raise RefusedPicture("provenance.too_large_a_picture") from error
    except Exception as error:
        raise RefusedPicture("provenance.damaged") from error


def _check_size(image: Image.Image, limit: int) -> None:
    low, high = SIDE
    if image.width * image.height > limit or max(image.size) > high:
        raise RefusedPicture(
            "provenance.too_many_pixels", width=image.width, height=image.height, limit=limit / 1e6, high=high
        )
    if min(image.size) < low:
        raise RefusedPicture("provenance.too_few_pixels", width=image.width, height=image.height, low=low)


def _text_of(image: Image.Image) -> tuple[str, str]:
    """Return what the file says in words, so that it can be checked like a prompt and its negative prompt."""
    exif = image.getexif()
    texts: list[object] = [
        value for name, value in image.info.items() if isinstance(value, str) and name != metadata.XMP
    ]
    texts += [exif.get(ExifTags.Base.ImageDescription), metadata.from_exif(exif), image.info.get("comment")]
    texts += [_TAGS.sub(" ", metadata.readable(image.info.get("xmp", "")))]
    readable = (text for text in map(metadata.readable, filter(None, texts)) if text.strip())
    sides = list(zip(*map(metadata.wanted_and_unwanted, readable), strict=True)) or [(), ()]
    wanted, unwanted = ("\n".join(filter(None, side))[:TEXT_LENGTH] for side in sides)
    return wanted, unwanted


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return Image.fromarray(_to_8_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image).convert("RGB")
    if image.mode in ("RGB", "CMYK") and "icc_profile" in image.info:
        image = _to_srgb(image, image.info["icc_profile"])
    return image.convert("RGB")


def _to_8_bits(grey: NDArray[np.integer]) -> NDArray[np.uint8]:
    return ((grey.clip(0, 65_535).astype(np.uint32) + 128) // 257).astype(np.uint8)


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return the colours of the embedded profile in sRGB; as they are where the profile is unusable."""
    try:
        embedded = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(image, embedded, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image
    return converted or image
