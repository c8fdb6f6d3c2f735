"""The last step of a picture's making: mark it, check the mark, write the file that says what it is."""

from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from provenance import metadata, png, watermark
from provenance.pdq import pdq
from provenance.picture import Facts, Stamped


def stamp(pixels: NDArray[np.uint8], facts: Facts, method: watermark.Method = watermark.Method.SVD) -> Stamped:
    """Return the finished picture of H x W x 3 RGB pixels: the same bytes for the same pixels and facts."""
    pixels = np.ascontiguousarray(pixels)
    marked = watermark.embed(pixels, facts.record_id, method)
    texts = {metadata.PARAMETERS: metadata.parameters(facts), metadata.XMP: metadata.xmp(facts)}
    data = png.encode(marked, texts)
    return Stamped(
        png=data,
        sha256=sha256(data).hexdigest(),
        pixels_sha256=sha256(pixels.data).hexdigest(),
        pdq=pdq(marked),
        mark_found=watermark.detect(marked, method) >= watermark.FOUND_AT,
        record_found=watermark.read_record(marked) == facts.record_id,
    )
