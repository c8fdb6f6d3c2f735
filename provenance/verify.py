"""What can be found out about a picture's making from its file alone."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from provenance import metadata, watermark


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The marks found: the watermark's agreeing bits (of 136) and record id, the parameters text, what XMP declares."""

    agreement: int
    record_id: str | None
    parameters: str | None
    made_by_a_model: bool

    @property
    def marked(self) -> bool:
        """Whether so many bits agree by chance in fewer than one of a million pictures."""
        return self.agreement >= watermark.FOUND_AT


def examine(data: bytes) -> Findings:
    """Return what the file of a picture says: PNG, WebP or JPEG, already taken in or our own."""
    image = Image.open(BytesIO(data), formats=["PNG", "WEBP", "JPEG"])
    image.load()
    pixels = np.asarray(image.convert("RGB"))
    return Findings(
        agreement=watermark.detect(pixels),
        record_id=watermark.read_record(pixels),
        parameters=image.info.get(metadata.PARAMETERS) or metadata.from_exif(image.getexif()),
        made_by_a_model=metadata.MADE_BY_A_MODEL.encode() in image.info.get("xmp", b""),
    )
