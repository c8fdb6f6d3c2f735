"""What can be found out about a picture's making from its file alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from PIL import Image

from config.settings import Limits
from provenance import credentials, metadata, watermark
from provenance.carrier import Pixels
from provenance.credentials import Credentials
from provenance.identity import Identity
from provenance.intake import TEXT_LENGTH, decode, refusing, upright
from provenance.pdq import pdq
from provenance.search import Sighting, look, restored

SETTINGS_LENGTH = 4_000  # of the text's end, where they stand; reading takes the square of it
SETTINGS = ("Model", "Seed", "Size", "Version", "Record")  # told of a file that has them, and nothing else


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a file has: the watermark's agreeing bits (of 136) and record id, the parameters text, what XMP declares.

    `size` is the width and height, `sha256` the file's, `pdq` the hash of what is to be seen (None where that is too
    plain), `settings` what the parameters text says besides prompts.
    """

    size: tuple[int, int]
    sha256: str
    pdq: str | None
    agreement: int
    record_id: str | None
    parameters: str | None
    settings: Mapping[str, str]
    made_by_a_model: bool
    credentials: Credentials | None = None

    @property
    def marked(self) -> bool:
        """Whether so many bits agree by chance in fewer than one of a million pictures."""
        return self.agreement >= watermark.FOUND_AT


@dataclass(frozen=True, slots=True)
class Trace:
    """Where the watermark was met, and the record id that was read there."""

    sighting: Sighting
    record_id: str | None


def examine(data: bytes, limits: Limits, identity: Identity | None = None) -> Findings:
    """Return what anybody's file of a picture says, read as it is; `identity` is ours. Raises RefusedPicture."""
    image = decode(data, limits)
    with refusing():
        parameters = _parameters(image)
        declared = metadata.MADE_BY_A_MODEL in metadata.readable(image.info.get("xmp", ""))
        pixels = upright(image)
    height, width, _ = pixels.shape
    return Findings(
        size=(width, height),
        sha256=sha256(data).hexdigest(),
        pdq=pdq(pixels),
        agreement=watermark.detect(pixels),
        record_id=watermark.read_record(pixels),
        parameters=parameters,
        settings=_settings(parameters),
        made_by_a_model=declared,
        credentials=credentials.read(data, identity),
    )


def marked_record(data: bytes, limits: Limits) -> str | None:
    """Return the record id that a file carries in its pixels as they are, or else in its texts.

    Raises RefusedPicture.
    """
    image = decode(data, limits)
    with refusing():
        said = _settings(_parameters(image)).get("Record")
        return watermark.read_record(upright(image)) or said


def trace(data: bytes, limits: Limits, sizes: Sequence[tuple[int, int]]) -> Trace:
    """Look for the watermark at each size (w, h) and in all that else may have happened. Raises RefusedPicture."""
    image = decode(data, limits)
    with refusing():
        pixels = upright(image)
    sighting = look(pixels, sizes)
    return Trace(sighting, _record_at(pixels, sighting))


def _record_at(pixels: Pixels, sighting: Sighting) -> str | None:
    """Return the record id in the picture as the mark was found in it; a crop has lost where an id begins."""
    if not sighting.found or sighting.offset != (0, 0):
        return None
    return watermark.read_record(restored(pixels, sighting))


def _parameters(image: Image.Image) -> str | None:
    text = image.info.get(metadata.PARAMETERS) or metadata.from_exif(image.getexif())
    return str(text)[:TEXT_LENGTH] if text else None


def _settings(parameters: str | None) -> dict[str, str]:
    said = {} if parameters is None else metadata.parse(parameters[-SETTINGS_LENGTH:])
    return {name: said[name] for name in SETTINGS if name in said}
