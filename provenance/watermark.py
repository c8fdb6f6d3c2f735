"""The invisible watermark: the message that other tools look for, and beside it the record's id.

The message lies where the stock decoder of invisible-watermark reads it (method dwtDctSvd, 136
bits), the id in a plane that it does not read.
"""

import numpy as np

from provenance import record_code
from provenance.carrier import Pixels, U, V

MESSAGE = b"StableDiffusionV1"
BITS = np.unpackbits(np.frombuffer(MESSAGE, np.uint8))
FOUND_AT = 96  #: bits that agree by chance in fewer than one of a million unmarked pictures


def embed(pixels: Pixels, record_id: str) -> Pixels:
    """Return a marked copy of H x W x 3 RGB pixels. Edges beyond a multiple of 8 stay as they are.

    Raises ValueError for an id that is not ten characters of Crockford's base 32.
    """
    marked = np.array(pixels, order="C")
    V.write(marked, record_code.encode(record_id))
    U.write(marked, BITS)
    return marked


def detect(pixels: Pixels) -> int:
    """Return how many of the 136 bits agree with the message: about 68 by chance, FOUND_AT is proof."""
    votes = U.votes(pixels, BITS.size)
    return int(np.count_nonzero(np.where(BITS, votes > 0, votes < 0)))


def read_record(pixels: Pixels) -> str | None:
    """Return the record's id that the pixels carry; by chance one is read in four million pictures."""
    return record_code.decode(V.votes(pixels, record_code.SIZE))
